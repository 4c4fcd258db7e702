using System.CommandLine;
using CardIssue.Center.Hosting;
using CardIssue.Center.People;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary>The first people of a center: with <c>init</c>, or <c>person begin</c> where a center has none yet.</summary>
internal sealed class FirstPeople : IDisposable
{
    private readonly List<FirstPerson> _people = [];

    private FirstPeople() { }

    public IReadOnlyList<FirstPerson> People => _people;

    public static Option<string[]> Names() => new("--person")
    {
        Description = "The first people, two or more; each becomes a supervisor and a key custodian. Give it once for each.", HelpName = "NAME",
        DefaultValueFactory = _ => [],
    };

    public static Option<string[]> Passwords() => new("--person-password-file")
    {
        Description = "The files with their passwords, in the same order; asked for, twice each, when left out.", HelpName = "FILE", DefaultValueFactory = _ => [],
    };

    /// <summary>Their names, checked before anything is made.</summary>
    /// <exception cref="CommandException">There are too few, one is no name, or one comes twice.</exception>
    public static IReadOnlyList<PersonName> Check(IReadOnlyList<string> names, IReadOnlyList<string> files)
    {
        var people = names.Select(name => new PersonName(name)).ToList();
        if (people.Count < IPeople.MinFirst || people.Distinct().Count() != people.Count)
            throw new CommandException(ExitCode.Usage, $"A center begins with {IPeople.MinFirst} different people at least: --person NAME --person NAME.");
        return files.Count == 0 || files.Count == people.Count
            ? people
            : throw new CommandException(ExitCode.Usage, "Give --person-password-file once for each --person, or not at all.");
    }

    /// <summary>Reads or asks for their passwords.</summary>
    public static FirstPeople Read(IReadOnlyList<PersonName> names, IReadOnlyList<string> files, CancellationToken cancellation)
    {
        var first = new FirstPeople();
        try
        {
            using var input = new SecretInput();
            for (var i = 0; i < names.Count; i++)
                first._people.Add(new FirstPerson(names[i], input.ReadNew($"password of {names[i]}", files.Count > 0 ? files[i] : null, "--person-password-file FILE for each", cancellation)));
            return first;
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    /// <summary>Looks at their passwords, before anything is made.</summary>
    /// <exception cref="CommandException">One breaks the rule.</exception>
    public void Check(Call call)
    {
        var options = new CenterOptions();
        OpenCenter.Configure(options, call);
        foreach (var person in _people)
            if (options.People.FaultOf(person.Name, person.Password) is not PasswordFault.None and var fault)
                throw new CommandException(ExitCode.Usage, $"{person.Name}: {PersonText.Why(fault)} Nothing was made.");
    }

    /// <summary>Makes them.</summary>
    /// <exception cref="CommandException">There are people already, or a password breaks the rule.</exception>
    public async Task MakeAsync(OpenCenter center, CancellationToken cancellation)
    {
        var outcome = await center.People.BeginAsync(_people, cancellation);
        if (outcome is PersonOutcome.Done) return;
        throw outcome is PersonOutcome.WrongState
            ? new CommandException(ExitCode.Refused, "This center has people, or had some; a supervisor asks for further ones with person add. Where its people are gone, restore the latest backup.")
            : new CommandException(ExitCode.Usage, "The people or their passwords are not possible; nobody was made.");
    }

    public static Command Begin(Shell shell)
    {
        var (names, files) = (Names(), Passwords());
        return shell.Command("begin", "Makes the first people of a center that has none; once.", [names, files], async (call, cancellation) =>
        {
            var people = Check(call.Get(names)!, call.Get(files)!);
            await using var center = OpenCenter.In(call);
            _ = center.Vault;
            using var first = Read(people, call.Get(files)!, cancellation);
            first.Check(call);
            await first.MakeAsync(center, cancellation);
            return await call.Answers.SayAsync(new { ok = true, people = people.Select(name => name.Value) }, $"{string.Join(" and ", people)} are the center's first people.");
        });
    }

    public void Dispose()
    {
        foreach (var person in _people) person.Password.Dispose();
    }
}
