namespace CardIssue.Bench;

/// <summary>One visit.</summary>
/// <param name="Syncs">How often the center's disk was waited for, admission and the card's removal included.</param>
/// <param name="Time">From the terminal's asking for access to the card's being issued.</param>
internal sealed record SyncRun(long Syncs, TimeSpan Time);

/// <summary>
/// How often a center waits for its disk for one issue of three records, and what that costs: the time with 10 ms added to each sync, beside the time without,
/// in one run.
/// </summary>
internal static class SyncBench
{
    private const int MostSyncs = 12, Visits = 9;

    /// <summary>Of the time that twelve syncs are slower by: what else a sleep of 10 ms takes.</summary>
    private const double Margin = 1.15;

    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(10);

    public static async Task<int> RunAsync(bool check)
    {
        var report = new BenchReport("center-syncs", "Syncs of the disk for an issue of three records");
        await using var shop = await BenchShop.OpenAsync();
        foreach (var mode in new[] { BenchProduct.EndToEnd, BenchProduct.Module })
        {
            // The first one pays for compiling; it is not counted.
            await shop.VisitAsync(mode, TimeSpan.Zero);
            var (quick, slow) = (new List<SyncRun>(), new List<SyncRun>());
            for (var visit = 0; visit < Visits; visit++)
            {
                quick.Add(await shop.VisitAsync(mode, TimeSpan.Zero));
                slow.Add(await shop.VisitAsync(mode, Delay));
            }
            // Now and then SQLite moves its write-ahead log into the file, which is two or three syncs more for a thousand pages.
            var syncs = Median(quick.Concat(slow).Select(run => (double)run.Syncs));
            var (without, with) = (Median(quick.Select(run => run.Time.TotalMilliseconds)), Median(slow.Select(run => run.Time.TotalMilliseconds)));
            var ratio = (with - without) / (MostSyncs * Delay.TotalMilliseconds);
            report.Line($"\"mode\":\"{mode}\",\"visits\":{2 * Visits},\"syncs\":{syncs:F0},\"mostSyncs\":{quick.Concat(slow).Max(run => run.Syncs)},\"ms\":{without:F0},\"msWith10MsPerSync\":{with:F0},\"addedOverTwelveSyncs\":{ratio:F2}");
            report.Bar($"{mode}", syncs, MostSyncs);
            if (syncs > MostSyncs) report.Missed($"{mode} takes {syncs:F0} syncs; {MostSyncs} is the most");
            if (ratio > Margin) report.Missed($"{mode} takes {with - without:F0} ms more with 10 ms added to each sync; {MostSyncs} times that, and a margin of {Margin:F2}, is the most");
        }
        return report.End(check);
    }

    private static double Median(IEnumerable<double> values)
    {
        var ordered = values.Order().ToList();
        return ordered[ordered.Count / 2];
    }
}
