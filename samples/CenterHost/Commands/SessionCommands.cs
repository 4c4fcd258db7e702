using System.CommandLine;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>session</c>: what runs now at all hosts, and the end of it.</summary>
internal static class SessionCommands
{
    public static Command Make(Shell shell) => Shell.Group("session", "The sessions of terminals that are let in now.", List(shell),
        End(shell));

    private static Command List(Shell shell) => shell.Command("list",
        "Lists the sessions of all hosts of the center, with the order that each works on.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        return await call.Answers.ListAsync(
            await center.Terminals.SessionsAsync(cancellation),
            it => new
            {
                session = it.Name, host = it.Host, terminal = it.Terminal.Value, line = it.Line.Value, address = it.Address,
                since = it.Since.UtcDateTime, phase = it.Phase.ToString(), order = it.Order?.Value,
            },
            it => $"{it.Name}  host {it.Host}  {it.Terminal}  line {it.Line}  {it.Address ?? "no address"}  since {it.Since:u}  {it.Phase}"
                + (it.Order is null ? "" : $"  order {it.Order}"),
            "No terminal is in.");
    });

    private static Command End(Shell shell)
    {
        var name = new Argument<string>("SESSION") { Description = "Its name, as session list has it; at whatever host it is." };
        return shell.Command("end", "Ends a session as a lost line would: the terminal comes back by itself, its order stays with its card and is recovered.", [name], async (call, cancellation) =>
        {
            var session = call.Get(name)!;
            if (session.Length > ILiveSessions.MaxName || string.IsNullOrWhiteSpace(session))
                throw new CommandException(ExitCode.Usage, "That is no session's name; see session list.");
            await using var center = await call.OpenAsync(cancellation);
            if ((await center.Terminals.SessionsAsync(cancellation)).FirstOrDefault(it => it.Name == session) is not { } there)
                throw new CommandException(ExitCode.Usage, $"There is no session {session}; see session list.");
            TerminalCommands.Check(await center.Terminals.EndSessionAsync(session, center.By, cancellation), $"session {session}");
            return await call.Answers.SayAsync(new { ok = true, session, host = there.Host, ending = true },
                $"Session {session} at host {there.Host} ends within two seconds. To keep its terminal out, use terminal disable.");
        });
    }
}
