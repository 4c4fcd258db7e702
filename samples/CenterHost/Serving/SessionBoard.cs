using System.Text.Json;
using CardIssue.Center.Sessions;
using CardIssue.CenterHost.Cli;
using Microsoft.Extensions.Hosting;

namespace CardIssue.CenterHost.Serving;

/// <summary>One session, as other processes of this host see it.</summary>
internal sealed record SessionOnBoard(string Session, string Terminal, int Line, string? Address, string Phase, string? Order);

/// <summary>
/// Sessions live in the serving process: it writes them beside the center's files whenever they change, each second at most, for <c>session
/// list</c>. It is no record of anything.
/// </summary>
internal sealed class SessionBoard(CenterServer server, CenterFiles files, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The sessions that are there now; none where nobody serves.</summary>
    public static IReadOnlyList<SessionOnBoard> Read(CenterFiles files)
    {
        try
        {
            return InputFile.IsThere(files.Sessions)
                ? JsonSerializer.Deserialize<List<SessionOnBoard>>(File.ReadAllBytes(files.Sessions)) ?? []
                : [];
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new CommandException(ExitCode.File, $"{files.Sessions} can't be read now; try again.", e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IReadOnlyList<SessionOnBoard>? shown = null;
        try
        {
            using var timer = new PeriodicTimer(Pause, time);
            do
            {
                List<SessionOnBoard> now =
                    [.. server.LiveSessions().Select(it => new SessionOnBoard(it.Name, it.Terminal.Value, it.Line.Value, it.Address,
                        it.Phase.ToString(), it.Order?.Value))];
                if (shown is not null && now.SequenceEqual(shown)) continue;
                if (BoardFile.Write(files.Sessions, now)) shown = now;
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            BoardFile.Write<IReadOnlyList<SessionOnBoard>>(files.Sessions, []);
        }
    }
}
