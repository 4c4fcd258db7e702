using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>health</c>: whether the host that serves this directory can serve terminals; for what watches over it.</summary>
internal static class HealthCommand
{
    private const int LongestWait = 3_600;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Command Make(Shell shell)
    {
        var live = new Option<bool>("--live") { Description = "Only whether the process works: else a new start is needed." };
        var wait = NumberOption.Of("--wait", "Wait until it is, so many seconds at most.", 0, LongestWait, 0);
        const string About = "Says whether the host that serves this directory is ready; ends with 1 where it is not.";
        return shell.Command("health", About, [live, wait], async (call, cancellation) =>
        {
            var end = DateTimeOffset.UtcNow.AddSeconds(call.Get(wait));
            var told = HealthBoard.Read(call.Files);
            while (!IsGood(told) && DateTimeOffset.UtcNow < end)
            {
                await Task.Delay(Pause, cancellation);
                told = HealthBoard.Read(call.Files);
            }
            if (told is null || !IsGood(told))
                throw new CommandException(ExitCode.Failed, $"The host that serves {call.Files.Directory} is not well: {Trouble(told)}.");
            return await call.Answers.SayAsync(
                new { ok = true, at = told.At.UtcDateTime, checks = told.Checks.ToDictionary(check => check.Name, check => check.Text) },
                string.Join('\n', [call.Get(live) ? "live" : "ready", .. told.Checks.Select(check => $"{check.Name,-10} {check.Text}")]));

            bool IsGood(HealthOnBoard? host) => host is { IsReady: true } || (call.Get(live) && host is { IsLive: true });
        });
    }

    /// <summary>What is not as it should be, in words.</summary>
    public static string Trouble(HealthOnBoard? told) => told is null
        ? "it gives no sign of life, or there is none"
        : string.Join(", ", told.Checks.Where(check => !check.IsGood).Select(check => $"{check.Name} {check.Text}"));
}
