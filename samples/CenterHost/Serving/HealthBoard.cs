using System.Text.Json;
using CardIssue.Center.Hosting;
using CardIssue.CenterHost.Cli;
using Microsoft.Extensions.Hosting;

namespace CardIssue.CenterHost.Serving;

/// <summary>How a host stands, as other processes of its machine see it, and how many lines it has open; it may have been told which on its command line.</summary>
internal sealed record HealthOnBoard(DateTimeOffset At, bool IsLive, bool IsReady, IReadOnlyList<CenterCheck> Checks, int? Lines);

/// <summary>
/// The serving process writes how it stands beside the center's files, for <c>health</c> and <c>status</c>. What is older than
/// <see cref="Oldest"/> was written by one that hangs, or is gone.
/// </summary>
internal sealed class HealthBoard(CenterHealth health, ServedLines lines, CenterFiles files, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Oldest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>What was written last, if it is no older than it may be; null where nobody serves, or hangs.</summary>
    public static HealthOnBoard? Read(CenterFiles files)
    {
        try
        {
            return files.IsServed() && InputFile.IsThere(files.Health)
                && JsonSerializer.Deserialize<HealthOnBoard>(File.ReadAllBytes(files.Health)) is { } told && DateTimeOffset.UtcNow - told.At <= Oldest
                ? told : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new CommandException(ExitCode.File, $"{files.Health} can't be read now; try again.", e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            do
            {
                var report = health.Report();
                BoardFile.Write(files.Health, new HealthOnBoard(report.At, report.IsLive, report.IsReady, [.. report.Live, .. report.Ready], lines.Count));
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It ends; what it wrote last is soon too old.
        }
    }
}
