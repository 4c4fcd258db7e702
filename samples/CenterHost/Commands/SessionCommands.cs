using System.CommandLine;
using CardIssue.Center.Terminals;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>session</c>: what runs now at the host that serves this directory, and the end of it.</summary>
internal static class SessionCommands
{
    public static Command Make(Shell shell) => Shell.Group("session", "The sessions of terminals that are let in now.", List(shell),
        End(shell));

    private static Command List(Shell shell) => shell.Command("list",
        "Lists the sessions of the host that serves this directory, with the order that each works on.", [], async (call, cancellation) =>
    {
        // Who looks is somebody, as everywhere.
        await using var center = await call.OpenAsync(cancellation);
        var sessions = call.Files.IsServed() ? SessionBoard.Read(call.Files) : [];
        return await call.Answers.ListAsync(sessions, it => it,
            it => $"{it.Session}  {it.Terminal}  line {it.Line}  {it.Address ?? "no address"}  {it.Phase}{(it.Order is null ? "" : $"  order {it.Order}")}",
            call.Files.IsServed() ? "No terminal is in." : "The center is not served here.");
    });

    private static Command End(Shell shell)
    {
        var name = new Argument<string>("SESSION") { Description = "Its name, as session list has it." };
        return shell.Command("end", "Ends a session as a lost line would: the terminal comes back by itself, its order stays with its card and is recovered.", [name], async (call, cancellation) =>
        {
            var session = call.Get(name)!;
            if (session.Length > ISessionEnds.MaxName || string.IsNullOrWhiteSpace(session))
                throw new CommandException(ExitCode.Usage, "That is no session's name; see session list.");
            await using var center = await call.OpenAsync(cancellation);
            if (!call.Files.IsServed() || SessionBoard.Read(call.Files).All(it => it.Session != session))
                throw new CommandException(ExitCode.Usage, $"There is no session {session} here; see session list.");
            TerminalCommands.Check(await center.Terminals.EndSessionAsync(session, center.By, cancellation), $"session {session}");
            return await call.Answers.SayAsync(new { ok = true, session, ending = true },
                $"Session {session} ends within two seconds. To keep its terminal out, use terminal disable.");
        });
    }
}
