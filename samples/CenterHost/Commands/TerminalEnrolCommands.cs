using System.CommandLine;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>terminal add --id</c> and <c>terminal remove</c>: a code in place of files, and the end of a terminal.</summary>
internal static class TerminalEnrolCommands
{
    /// <summary>A code is good for a day unless said otherwise.</summary>
    public const int DefaultHours = 24;

    public static Command Remove(Shell shell)
    {
        var id = TerminalCommands.Id();
        return shell.Command("remove", "Takes a terminal away, with its readers and an unused enrolment code. Its name may be added again, with other keys.", [id], async (call, cancellation) =>
        {
            var terminal = new TerminalId(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            TerminalCommands.Check(await center.Terminals.RemoveAsync(terminal, center.By, cancellation), $"terminal {terminal}");
            return await call.Answers.SayAsync(new { ok = true, terminal = terminal.Value, removed = true },
                $"Terminal {terminal} is gone; a session that it has ends now. What it did stays in the log.");
        });
    }

    /// <summary>Makes a code, which is shown here and nowhere else.</summary>
    /// <exception cref="CommandException">It was not made.</exception>
    public static async Task<ExitCode> InviteAsync(
        Call call, TerminalId terminal, ValueList<LineNumber> lines, ValueList<System.Net.IPNetwork> networks, int hours,
            CancellationToken cancellation)
    {
        await using var center = await call.OpenAsync(cancellation);
        using var code = EnrolmentCode.Create(terminal);
        var until = TimeProvider.System.GetUtcNow().AddHours(hours);
        var enrolment = new TerminalInvitation(terminal, lines, networks, center.Vault.CreateEnrolmentVerifier(code), until);
        TerminalChange change;
        try
        {
            change = await center.Terminals.InviteAsync(enrolment, center.By, cancellation);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCode.Usage, UsageFaults.WordsOf(e), e);
        }
        if (change is TerminalChange.NeedsApproval)
            throw new CommandException(ExitCode.Refused,
                $"Terminal {terminal} is disabled, or could come from more than {TerminalRecord.MaxAddressesAlone} address: "
                + "that is not one person's to decide. Enrol it from one address; the rest is asked for with terminal enable, or terminal add --file and --reason.");
        TerminalCommands.Check(change, $"terminal {terminal}");
        return await call.Answers.SayAsync(
            new { ok = true, terminal = terminal.Value, code = code.Show(), until = until.UtcDateTime,
                center = center.Vault.Identity.Id.Value },
            $"""
            Terminal {terminal} may enrol once until {until.ToLocalTime():yyyy-MM-dd HH:mm}, with the code below, which is shown this once.
            At the terminal: terminalhost enroll --center HOST:PORT --code CODE
            {code.Show()}
            """);
    }

    public static object View(TerminalInvitation it) => new
    {
        terminal = it.Terminal.Value,
        lines = it.Lines.Select(line => line.Value),
        addresses = it.Networks.Select(network => network.ToString()),
        mayEnrolUntil = it.ExpiresAt.UtcDateTime,
        madeBy = it.MadeBy,
    };

    public static string Text(TerminalInvitation it) =>
        $"{it.Terminal}  may enrol until {it.ExpiresAt:u}  line {string.Join(", ", it.Lines)}  code by {it.MadeBy}";
}
