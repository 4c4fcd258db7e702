using CardIssue.Test;

namespace CardIssue.Bench;

/// <summary>
/// What a second host adds: 200 terminals at one host on PostgreSQL, and at two, each of which has one core and no other. The database, the terminals and their
/// cards have what cores there are besides. Where there are none, a host has a part of its core, small enough that the rest is never all used, also by two.
/// </summary>
internal static class HostsBench
{
    private const double Target = 1.6;

    private const int Hosts = 2, CoresBesides = 2;

    /// <summary>An issue takes a host 15 ms of a core, and all others together 33: of two cores, two hosts can use two thirds of one.</summary>
    private const double SmallShare = 0.2;

    public static async Task<int> RunAsync(bool check)
    {
        var report = new BenchReport("hosts", "Issues a second, each host with one core or the same part of one");
        var besides = Math.Max(0, Environment.ProcessorCount - Hosts);
        var share = besides < CoresBesides && CoreShare.IsPossible ? SmallShare : 1;
        var (one, two) = (await RunAsync(report, 1, share), await RunAsync(report, Hosts, share));
        report.Bar($"1 host", one);
        report.Bar($"{Hosts} hosts", two, one * Target);
        if (two / one < Target) report.Missed($"two hosts make {two / one:F2} times as many as one; {Target} is the aim");
        return report.End(check, $"\"times\":{two / one:F2},\"cores\":{Environment.ProcessorCount},\"coresBesides\":{besides},\"coreOfAHost\":{share}");
    }

    private static async Task<double> RunAsync(BenchReport report, int hosts, double share)
    {
        var size = CenterBench.Size();
        using var server = new PostgresProcess(CenterBench.Serve);
        PostgresProcess.Execute(server.PlaceOf("postgres"), "CREATE DATABASE center");
        await using var center = await BenchCenter.StartAsync(server.PlaceOf("center"), hosts, size.Terminals, size.Orders(hosts), pinned: true);
        await using var terminals = new BenchTerminals(center);
        await center.MeasureAsync(() => terminals.IssueAsync(size.WarmingUp(hosts)));
        if (share < 1) center.Limit(share);
        var run = await center.MeasureAsync(() => terminals.IssueAsync(size.Issues));
        report.Line($"\"hosts\":{hosts},\"coreOfAHost\":{share},\"terminals\":{size.Terminals},\"issues\":{run.Issues},\"perSecond\":{run.Issues / run.Seconds:F1},\"hostsUseOfTheirCores\":{run.CoreSeconds / run.Seconds / hosts:F2},\"p50Ms\":{run.Percentile(50):F0},\"p99Ms\":{run.Percentile(99):F0}");
        return run.Issues / run.Seconds;
    }
}
