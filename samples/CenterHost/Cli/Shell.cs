using System.CommandLine;
using System.CommandLine.Parsing;
using CardIssue.Center.People;

namespace CardIssue.CenterHost.Cli;

/// <summary>What all commands share: where they write, and the options that each of them has.</summary>
internal sealed class Shell(TextWriter output, TextWriter error)
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "The center's directory.", HelpName = "DIR", DefaultValueFactory = _ => "center", Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON: one object, or one a line for lists.", Recursive = true };

    private readonly Option<string?> _passphrase = new("--passphrase-file")
    {
        Description = "The file with the vault's passphrase, - for standard input; else CARDISSUE_PASSPHRASE_FILE names it, or it is asked for.",
        HelpName = "FILE|-", Recursive = true,
    };

    private readonly Option<string?> _person = new("--as")
    {
        Description = "Who you are: the name of your account; else CARDISSUE_PERSON says it.", HelpName = "NAME", Recursive = true,
    };

    private readonly Option<string?> _password = new("--password-file")
    {
        Description = "The file with your password, - for standard input; else CARDISSUE_PASSWORD_FILE names it, or it is asked for.",
        HelpName = "FILE|-", Recursive = true,
    };

    public void AddCommonOptions(RootCommand root)
    {
        root.Options.Add(_data);
        root.Options.Add(_json);
        root.Options.Add(_passphrase);
        root.Options.Add(_person);
        root.Options.Add(_password);
    }

    /// <summary>A command that does something.</summary>
    public Command Command(string name, string description, IEnumerable<Symbol> symbols, Func<Call, CancellationToken, Task<ExitCode>> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Option option) command.Options.Add(option);
            if (symbol is Argument argument) command.Arguments.Add(argument);
        }
        command.SetAction(async (parsed, cancellation) => (int)await run(MakeCall(parsed, cancellation), cancellation));
        return command;
    }

    /// <summary>A command that only groups others.</summary>
    public static Command Group(string name, string description, params ReadOnlySpan<Command> commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands) group.Subcommands.Add(command);
        return group;
    }

    private Call MakeCall(ParseResult parsed, CancellationToken cancellation) => new(
        parsed, PathOf(parsed), System.IO.Path.GetFullPath(parsed.GetValue(_data)!),
        parsed.GetValue(_passphrase) ?? Environment.GetEnvironmentVariable("CARDISSUE_PASSPHRASE_FILE"),
        parsed.GetValue(_person) ?? Environment.GetEnvironmentVariable("CARDISSUE_PERSON"),
        parsed.GetValue(_password) ?? Environment.GetEnvironmentVariable("CARDISSUE_PASSWORD_FILE"),
        new Answers(output, error, parsed.GetValue(_json)), cancellation)
    {
        NamesCenter = parsed.GetResult(_data) is { Implicit: false },
    };

    /// <summary>The command without the program, such as "order void".</summary>
    private static string PathOf(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Parent: not null } command; at = command.Parent) names.Insert(0, command.Command.Name);
        return string.Join(' ', names);
    }
}

/// <summary>One command line that is being carried out.</summary>
/// <param name="Parsed">The options.</param>
/// <param name="Path">The command without the program, such as "order void".</param>
/// <param name="Directory">The center's directory.</param>
/// <param name="PassphraseFile">Where the vault's passphrase is: a file, "-" for standard input, or null when it must be asked for.</param>
/// <param name="Person">Who it is, as he says; null when he does not.</param>
/// <param name="PasswordFile">Where the person's password is: a file, "-" for standard input, or null when it must be asked for.</param>
/// <param name="Answers">Where to answer.</param>
/// <param name="Cancellation">Ends what waits for somebody.</param>
internal sealed record Call(
    ParseResult Parsed, string Path, string Directory, string? PassphraseFile, string? Person, string? PasswordFile, Answers Answers,
    CancellationToken Cancellation)
{
    private const string Passphrase = "vault's passphrase", PassphraseWays = "--passphrase-file FILE, --passphrase-file - or CARDISSUE_PASSPHRASE_FILE";

    private const string PasswordWays = "--password-file FILE, --password-file - or CARDISSUE_PASSWORD_FILE";

    public CenterFiles Files { get; } = new(Directory);

    /// <summary>Whether the center's directory was named: what goes without a center looks into one only then.</summary>
    public bool NamesCenter { get; init; }

    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    public T? Get<T>(Argument<T> argument) => Parsed.GetValue(argument);

    /// <summary>Opens the center that is in the directory, for the person who gives this command and may.</summary>
    /// <exception cref="CommandException">Nobody said who, the password does not fit, or the person may not.</exception>
    public async Task<OpenCenter> OpenAsync(CancellationToken cancellation)
    {
        var center = OpenCenter.In(this);
        try
        {
            await center.LogInAsync(this, cancellation);
            return center;
        }
        catch
        {
            await center.DisposeAsync();
            throw;
        }
    }

    /// <summary>The name of who gives this command.</summary>
    /// <exception cref="CommandException">Nobody said it, or it is none.</exception>
    public PersonName ReadPerson() => Person is { Length: > 0 } name
        ? new PersonName(name)
        : throw new CommandException(ExitCode.Usage, "Say who you are: --as NAME, or CARDISSUE_PERSON.");

    /// <summary>Asks for the person's password, or reads it.</summary>
    public Core.Primitives.SecretBytes ReadPassword(PersonName name)
    {
        OnlyOnce("-", PassphraseFile, PasswordFile);
        using var input = new SecretInput();
        return input.Read($"password of {name}", PasswordFile, PasswordWays, Cancellation);
    }

    /// <summary>Standard input gives one secret.</summary>
    /// <exception cref="CommandException">It was named for several.</exception>
    public static void OnlyOnce(string source, params ReadOnlySpan<string?> sources)
    {
        if (System.MemoryExtensions.Count(sources, source) > 1) throw new CommandException(ExitCode.Usage, "Standard input can give only one secret; name a file for the others.");
    }

    /// <summary>Asks for the passphrase, or reads it.</summary>
    public Core.Primitives.SecretBytes ReadPassphrase()
    {
        using var input = new SecretInput();
        return input.Read(Passphrase, PassphraseFile, PassphraseWays, Cancellation);
    }

    /// <summary>Reads the passphrase of a vault that is to be made; asks twice.</summary>
    public Core.Primitives.SecretBytes ReadNewPassphrase()
    {
        using var input = new SecretInput();
        return input.ReadNew(Passphrase, PassphraseFile, PassphraseWays, Cancellation);
    }
}
