using CardIssue.Test;

namespace CardIssue.Bench;

/// <summary>
/// What a second host adds: 200 terminals at one host on PostgreSQL, and at two, each of which has one core and no other. The database, the terminals and their
/// cards have what cores there are besides; where there are none they share the hosts'.
/// </summary>
internal static class HostsBench
{
    private const double Target = 1.6;

    public static async Task<int> RunAsync(bool check)
    {
        var report = new BenchReport("hosts", "Issues a second, each host with one core");
        var (one, two) = (await RunAsync(report, 1), await RunAsync(report, 2));
        report.Bar($"1 host", one);
        report.Bar($"2 hosts", two, one * Target);
        if (two / one < Target) report.Missed($"two hosts make {two / one:F2} times as many as one; {Target} is the aim");
        return report.End(check, $"\"times\":{two / one:F2},\"cores\":{Environment.ProcessorCount},\"coresBesides\":{Math.Max(0, Environment.ProcessorCount - 2)}");
    }

    private static async Task<double> RunAsync(BenchReport report, int hosts)
    {
        var size = CenterBench.Size();
        using var server = new PostgresProcess(CenterBench.Serve);
        PostgresProcess.Execute(server.PlaceOf("postgres"), "CREATE DATABASE center");
        await using var center = await BenchCenter.StartAsync(server.PlaceOf("center"), hosts, size.Terminals, size.Orders(hosts), pinned: true);
        await using var terminals = new BenchTerminals(center);
        await center.MeasureAsync(() => terminals.IssueAsync(size.WarmingUp(hosts)));
        var run = await center.MeasureAsync(() => terminals.IssueAsync(size.Issues));
        report.Line($"\"hosts\":{hosts},\"terminals\":{size.Terminals},\"issues\":{run.Issues},\"perSecond\":{run.Issues / run.Seconds:F1},\"hostsUseOfTheirCores\":{run.CoreSeconds / run.Seconds / hosts:F2},\"p50Ms\":{run.Percentile(50):F0},\"p99Ms\":{run.Percentile(99):F0}");
        return run.Issues / run.Seconds;
    }
}
