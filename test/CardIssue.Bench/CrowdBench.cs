using System.Collections.Concurrent;
using System.Diagnostics;

namespace CardIssue.Bench;

/// <summary>500 terminals that issue one card after the other for ten minutes, all at once, at a host on SQLite: what each issue takes, and whether the host's memory stays.</summary>
internal static class CrowdBench
{
    /// <summary>How much: "terminals minutes". For a quick look.</summary>
    private const string SizeVariable = "CARDISSUE_BENCH_CROWD";

    /// <summary>More than two cores can issue; when they are all issued, the crowd ends early and says so.</summary>
    private const int OrdersPerSecond = 150;

    private const int WarmingUp = 2;

    /// <summary>Of the host's memory in the first minute that is counted.</summary>
    private const double MostMemory = 1.15;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(bool check)
    {
        var size = SizeSetting.Read(SizeVariable, "500 10");
        var (count, minutes) = (size[0], size[1]);
        var report = new BenchReport("crowd", $"{count} terminals: MiB of the host in each minute");
        await using var center = await BenchCenter.StartAsync("", hosts: 1, count, (count * WarmingUp) + (minutes * 60 * OrdersPerSecond));
        await using var terminals = new BenchTerminals(center);
        await center.MeasureAsync(() => terminals.IssueAsync(WarmingUp));
        var fresh = new ConcurrentQueue<double>();
        var issuing = terminals.IssueUntilAsync(Stopwatch.GetTimestamp() + (long)(minutes * Minute.TotalSeconds * Stopwatch.Frequency), fresh);
        var (memory, issued) = (new List<double>(), new List<double>());
        for (var minute = 1; minute <= minutes && !issuing.IsCompleted; minute++)
        {
            var load = await center.LoadAsync(Minute);
            memory.Add(center.Resident() / 1048576.0);
            report.Line($"\"minute\":{minute},\"residentMiB\":{memory[^1]:F0},\"loadOfACore\":{load:F2},{Taken(fresh, issued)}");
            report.Bar($"minute {minute}", memory[^1], memory[0] * MostMemory);
        }
        await issuing;
        // Those that were under way at the end count in all.
        Taken(fresh, issued);
        report.Line($"\"terminals\":{count},\"perSecond\":{issued.Count / (minutes * 60.0):F1},{Percentiles(issued)}");
        if (memory.Count < minutes) report.Missed($"the orders lasted for {memory.Count} of {minutes} minutes");
        if (memory.Max() > memory[0] * MostMemory) report.Missed($"the host grows from {memory[0]:F0} to {memory.Max():F0} MiB; {MostMemory} times the first minute's is the most");
        return report.End(check);
    }

    /// <summary>How long those of the last minute took, which go to the others.</summary>
    private static string Taken(ConcurrentQueue<double> fresh, List<double> all)
    {
        var before = all.Count;
        while (fresh.TryDequeue(out var took)) all.Add(took);
        return Percentiles(all[before..]);
    }

    private static string Percentiles(IEnumerable<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToList();
        return $"\"issues\":{sorted.Count},\"p50Ms\":{At(50):F0},\"p90Ms\":{At(90):F0},\"p99Ms\":{At(99):F0},"
            + $"\"longestMs\":{sorted.LastOrDefault():F0}";

        double At(int percent) => sorted.ElementAtOrDefault(Math.Min(sorted.Count - 1, sorted.Count * percent / 100));
    }
}
