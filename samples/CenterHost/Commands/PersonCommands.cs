using System.CommandLine;
using CardIssue.Center.Approvals;
using CardIssue.Center.People;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>person</c>: the people who work at the center.</summary>
internal static class PersonCommands
{
    public static Command Make(Shell shell) => Shell.Group("person", "The people who work at the center, and what each may do.",
        FirstPeople.Begin(shell), List(shell), Add(shell), Roles(shell), Password(shell), Reset(shell), Lock(shell), Unlock(shell));

    private static Argument<string> Name() => new("NAME") { Description = "The name of the account: 1 to 64 of A-Z a-z 0-9 . _ -; Ann and ann are one." };

    private static Option<string[]> Role() => new("--role")
    {
        Description = $"What the person may do: {PersonText.RoleNames}; may be given several times.", Required = true, HelpName = "ROLE",
    };

    private static Command List(Shell shell)
    {
        var list = new ListOptions("person");
        var role = new Option<string?>("--role") { Description = $"Only who has this role: {PersonText.RoleNames}.", HelpName = "ROLE" };
        var issuer = ListFilters.Issuer();
        var locked = new Option<bool>("--locked") { Description = "Only who is locked, or shut out after wrong passwords." };
        return shell.Command("list", "Lists the people.", list.With(role, issuer, locked), async (call, cancellation) =>
        {
            var roles = call.Get(role) is { } word ? PersonText.Parse([word]) : PersonRoles.None;
            await using var center = await call.OpenAsync(cancellation);
            var his = (await center.People.ListAsync(cancellation)).Where(it => center.By.IsFor(it.Issuer)).ToList();
            var of = await center.IssuerOfAsync(call.Get(issuer), cancellation);
            var people = list.Of(call, his, it => it.Name.Value,
                it => (of is null || it.Issuer == of) && it.Roles.HasFlag(roles) && (!call.Get(locked) || it.IsLocked || it.LockedUntil is not null));
            return await call.Answers.ListAsync(people,
                it => new
                {
                    person = it.Name.Value, issuer = it.Issuer?.Value, roles = PersonText.Of(it.Roles), mustChangePassword = it.IsOneTime, locked = it.IsLocked,
                    shutUntil = it.LockedUntil?.UtcDateTime, changed = it.Changed.UtcDateTime,
                },
                it => $"{it.Name}  {PersonText.Of(it.Roles)}{(it.Issuer is { } of ? $"  of issuer {of}" : "")}{(it.IsOneTime ? "  must change the password" : "")}{(it.IsLocked ? "  LOCKED" : "")}"
                    + (it.LockedUntil is { } until ? $"  shut until {until:u} after wrong passwords" : ""), "No people.");
        });
    }

    private static Command Add(Shell shell)
    {
        var (name, role, half, reason) = (Name(), Role(), ApprovalCommands.Half(), OrderDeskCommands.Reason());
        var issuer = new Option<string?>("--issuer")
        {
            Description = "Whose people it is one of, for good; when left out yours, or the center's own, who are there for all issuers.", HelpName = "NAME",
        };
        return shell.Command("add", "Asks for an account. Its first password is in two halves, yours and that of who approves.", [name, role, issuer, half, reason], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var act = new CenterAct.AddPerson(Of(call, name), PersonText.Parse(call.Get(role)!), await center.IssuerOfAsync(call.Get(issuer), cancellation));
            return await Asking.AskAsync(call, center, act, call.Get(reason)!, call.Get(half), cancellation);
        });
    }

    private static Command Roles(Shell shell)
    {
        var (name, role, reason) = (Name(), Role(), OrderDeskCommands.Reason());
        return shell.Command("roles", "Asks for other roles of a person.", [name, role, reason],
            (call, cancellation) => AskAsync(call, new CenterAct.SetRoles(Of(call, name), PersonText.Parse(call.Get(role)!)), call.Get(reason)!, null, cancellation));
    }

    private static Command Reset(Shell shell)
    {
        var (name, half, reason) = (Name(), ApprovalCommands.Half(), OrderDeskCommands.Reason());
        return shell.Command("reset", "Asks for a new password of somebody who forgot his, in two halves.", [name, half, reason],
            (call, cancellation) => AskAsync(call, new CenterAct.ResetPassword(Of(call, name)), call.Get(reason)!, call.Get(half), cancellation));
    }

    private static Command Unlock(Shell shell)
    {
        var (name, reason) = (Name(), OrderDeskCommands.Reason());
        return shell.Command("unlock", "Asks to lift the lock of an account.", [name, reason],
            (call, cancellation) => AskAsync(call, new CenterAct.UnlockPerson(Of(call, name)), call.Get(reason)!, null, cancellation));
    }

    private static Command Lock(Shell shell)
    {
        var name = Name();
        return shell.Command("lock", "Locks an account at once.", [name], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var outcome = await center.People.LockAsync(Of(call, name), center.By, cancellation);
            if (outcome is not PersonOutcome.Done)
                throw new CommandException(outcome is PersonOutcome.NotFound ? ExitCode.Usage : ExitCode.Refused, PersonText.Why(outcome, Of(call, name)));
            return await call.Answers.SayAsync(new { ok = true, person = call.Get(name), locked = true }, $"{call.Get(name)} is locked.");
        });
    }

    private static Command Password(Shell shell)
    {
        var fresh = new Option<string?>("--new-password-file") { Description = "The file with the new password, - for standard input; asked for twice when left out.", HelpName = "FILE|-" };
        return shell.Command("password", "Changes your own password (--as NAME), which needs the old one.", [fresh], async (call, cancellation) =>
        {
            var name = call.ReadPerson();
            Call.OnlyOnce("-", call.PassphraseFile, call.PasswordFile, call.Get(fresh));
            await using var center = OpenCenter.In(call);
            var people = center.People;
            using var old = call.ReadPassword(name);
            using var input = new SecretInput();
            using var password = input.ReadNew($"new password of {name}", call.Get(fresh), "--new-password-file FILE or --new-password-file -", cancellation);
            var fault = await people.ChangePasswordAsync(name, old, password, cancellation);
            if (fault is not PasswordFault.None)
                throw new CommandException(fault is PasswordFault.Refused or PasswordFault.Locked ? ExitCode.Refused : ExitCode.Usage, PersonText.Why(fault));
            return await call.Answers.SayAsync(new { ok = true, person = name.Value }, $"{name} has a new password.");
        });
    }

    private static PersonName Of(Call call, Argument<string> name) => new(call.Get(name)!);

    private static async Task<ExitCode> AskAsync(Call call, CenterAct act, string reason, string? half, CancellationToken cancellation)
    {
        await using var center = await call.OpenAsync(cancellation);
        return await Asking.AskAsync(call, center, act, reason, half, cancellation);
    }
}
