using CardIssue.Test;

namespace CardIssue.Bench;

/// <summary>
/// What a center's issues cost it: hosts as processes of their own, 200 terminals with TLS lines and virtual cards in this one, and the store in
/// SQLite with full sync, in PostgreSQL with one host and with two. Beside it, in the same run, the bare cryptography of the same issues in a
/// straight loop.
/// </summary>
internal static class CenterBench
{
    /// <summary>How much: "terminals issues warm", the issues of each, and how many a host has issued before. For a quick look.</summary>
    private const string SizeVariable = "CARDISSUE_BENCH_CENTER";

    /// <summary>Of what the bare cryptography allows on a core.</summary>
    private const double Target = 1.0 / 3;

    private const int Alone = 10, Records = 3;

    // Full sync, as a center insists on; the files are where the tests' are (in memory, where that can be).
    internal const string Serve = """
        $as "$bin/postgres" -D data -k "$dir" -c listen_addresses= -c max_connections=200 >server.log 2>&1 &
        server=$!
        cat >/dev/null
        """;

    /// <summary>How many terminals, the issues of each, and those before them.</summary>
    public static BenchSize Size()
    {
        var parts = SizeSetting.Read(SizeVariable, "200 5");
        return new BenchSize(parts[0], parts[1], parts.Length > 2 ? parts[2] : BenchSize.Warm);
    }

    public static async Task<int> RunAsync(bool check)
    {
        var size = Size();
        var report = new BenchReport("center", "Issues for each second of a core of the center");
        foreach (var (store, hosts) in new[] { ("sqlite", 1), ("postgres", 1), ("postgres", 2) })
        {
            using var server = store == "postgres" ? new PostgresProcess(Serve) : null;
            if (server is not null) PostgresProcess.Execute(server.PlaceOf("postgres"), "CREATE DATABASE center");
            await using var center = await BenchCenter.StartAsync(server?.PlaceOf("center") ?? "", hosts, size.Terminals, Alone + size.Orders(hosts));
            await using var terminals = new BenchTerminals(center);
            await center.MeasureAsync(() => terminals.IssueAsync(size.WarmingUp(hosts)));
            // One terminal alone shares no commit: its commits are its waits.
            var alone = await center.MeasureAsync(() => terminals.IssueAloneAsync(Alone));
            var run = await center.MeasureAsync(() => terminals.IssueAsync(size.Issues));
            var bare = new BareIssue(run).Measure();
            var ratio = run.PerCoreSecond / bare.PerCoreSecond;
            report.Line($"\"store\":\"{store}\",\"hosts\":{hosts},\"terminals\":{size.Terminals},\"issues\":{run.Issues},\"perSecond\":{run.Issues / run.Seconds:F1},\"perSecondAndCore\":{run.PerCoreSecond:F1},\"centerMsPerIssue\":{run.CoreSeconds / run.Issues * 1_000:F2},\"p50Ms\":{run.Percentile(50):F0},\"p99Ms\":{run.Percentile(99):F0},\"durableWaitsPerRecord\":{alone.Commits / (double)(alone.Issues * Records):F2},\"commitsPerRecord\":{run.Commits / (double)(run.Issues * Records):F2},\"logEntriesPerIssue\":{run.LogEntries / (double)run.Issues:F1},\"apdusPerIssue\":{run.Apdus / (double)run.Issues:F1},\"barePerSecondAndCore\":{bare.PerCoreSecond:F0},\"overBare\":{ratio:F3}");
            report.Bar($"{store}, {hosts} host{(hosts > 1 ? "s" : "")}", run.PerCoreSecond, bare.PerCoreSecond * Target);
            foreach (var (part, microseconds) in bare.Parts)
                report.Line($"\"store\":\"{store}\",\"hosts\":{hosts},\"bare\":\"{part}\",\"usPerIssue\":{microseconds:F1}");
            if (ratio < Target) report.Missed($"{store} with {hosts} host{(hosts > 1 ? "s" : "")} makes {ratio:F3} of what the bare cryptography allows on a core; {Target:F3} is the aim");
        }
        return report.End(check, $"\"cores\":{Environment.ProcessorCount}");
    }
}

/// <summary>How much a bench does.</summary>
/// <param name="Terminals">How many terminals.</param>
/// <param name="Issues">Issues of each that are counted.</param>
/// <param name="Before">Issues of a host before those: the first of a terminal lets it in, and the host's compiler is busy with most of them.</param>
internal sealed record BenchSize(int Terminals, int Issues, int Before)
{
    /// <summary>A host that has issued so many takes little less for the next thousand.</summary>
    public const int Warm = 3_000;

    /// <summary>Issues of each terminal that are not counted.</summary>
    public int WarmingUp(int hosts) => Math.Max(1, (Before * hosts) / Terminals);

    /// <summary>All of them.</summary>
    public int Orders(int hosts) => Terminals * (Issues + WarmingUp(hosts));
}

/// <summary>What a part of the run came to.</summary>
/// <param name="Issues">How many cards were issued.</param>
/// <param name="Seconds">In how long.</param>
/// <param name="CoreSeconds">Processor time of the center's hosts alone.</param>
/// <param name="Commits">Of the store.</param>
/// <param name="LogEntries">Entries of the log.</param>
/// <param name="Apdus">Commands that cards answered.</param>
/// <param name="CardBytes">Bytes of commands and responses.</param>
/// <param name="Milliseconds">Of each issue, from its being asked for to its being told.</param>
internal sealed record CenterRun(
    int Issues, double Seconds, double CoreSeconds, long Commits, long LogEntries, long Apdus, long CardBytes, IReadOnlyList<double> Milliseconds)
{
    /// <summary>Issues for each second of a core that the center has.</summary>
    public double PerCoreSecond => Issues / CoreSeconds;

    public double Percentile(int percent) => Milliseconds[Math.Min(Milliseconds.Count - 1, Milliseconds.Count * percent / 100)];
}
