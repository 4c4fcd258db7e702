using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>health</c>: whether the host that serves this directory can serve terminals; for what watches over it.</summary>
internal static class HealthCommand
{
    public static Command Make(Shell shell)
    {
        var live = new Option<bool>("--live") { Description = "Only whether the process works: else a new start is needed." };
        return shell.Command("health", "Says whether the host that serves this directory is ready; ends with 1 where it is not.", [live], async (call, _) =>
        {
            var told = HealthBoard.Read(call.Files)
                ?? throw new CommandException(ExitCode.Failed, $"No host that works serves {call.Files.Directory}.");
            var isGood = call.Get(live) ? told.IsLive : told.IsReady;
            await call.Answers.SayAsync(
                new { ok = isGood, at = told.At.UtcDateTime, checks = told.Checks.ToDictionary(check => check.Name, check => check.Text) },
                string.Join('\n', [isGood ? call.Get(live) ? "live" : "ready" : call.Get(live) ? "not live" : "not ready", .. told.Checks.Select(Text)]));
            return isGood ? ExitCode.Ok : ExitCode.Failed;
        });
    }

    private static string Text(Center.Hosting.CenterCheck check) => $"{check.Name,-10} {check.Text}";
}
