using System.Diagnostics;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test;

namespace CardIssue.Bench;

/// <summary>
/// Entries of the log by 200 writers at once, each of which waits until its entry is durable before it writes the next: with commits that all who wait share, as the
/// center has them, beside a commit and a sync for each entry. Both take turns in one run.
/// </summary>
internal static class LogBench
{
    private const int Writers = 200, Rounds = 5, Together = 20, Each = 2;

    /// <summary>How many times as many entries, where a sync takes as long as a slow disk's; and how many share a sync at least.</summary>
    private const double LeastTimes = 10, LeastShare = 20;

    private static readonly TimeSpan SlowSync = TimeSpan.FromMilliseconds(10);

    private const string Serve = """
        $as "$bin/postgres" -D data -k "$dir" -c listen_addresses= >server.log 2>&1 &
        server=$!
        cat >/dev/null
        """;

    public static async Task<int> RunAsync(bool check)
    {
        var report = new BenchReport("log", "Entries of the log by 200 writers, a second; slow disk: 10 ms more a sync");
        foreach (var added in new[] { TimeSpan.Zero, SlowSync })
            await CompareAsync("sqlite", added, async batch => await WrittenLog.InFileAsync(batch, added), report);
        using (var server = new PostgresProcess(Serve))
        {
            await CompareAsync("postgres", TimeSpan.Zero, async batch =>
            {
                PostgresProcess.Execute(server.PlaceOf("postgres"), $"CREATE DATABASE of{batch}");
                return await WrittenLog.OpenAsync(server.PlaceOf($"of{batch}"), batch);
            }, report);
        }
        return report.End(check);
    }

    private static async Task CompareAsync(string store, TimeSpan added, Func<int, Task<WrittenLog>> open, BenchReport report)
    {
        await using var shared = await open(new StoreOptions().MaxBatch);
        await using var single = await open(1);
        var (together, alone) = (new Appends(), new Appends());
        for (var round = 0; round <= Rounds; round++)
        {
            var (a, b) = (await shared.AppendAsync(Writers, Together), await single.AppendAsync(Writers, Each));
            // The first round pays for compiling; it is not counted.
            if (round == 0) continue;
            together.Add(a);
            alone.Add(b);
        }
        Tell(report, store, added, "shared syncs", together);
        Tell(report, store, added, "one sync each", alone);
        var times = together.PerSecond / alone.PerSecond;
        report.Line($"\"store\":\"{store}\",\"addedMsPerSync\":{added.TotalMilliseconds},\"timesOneSyncEach\":{times:F1}");
        if (added > TimeSpan.Zero && times < LeastTimes)
            report.Missed($"shared commits make {times:F1} times the entries of one sync each; {LeastTimes} is the aim");
        if (together.Count / (double)together.Waits < LeastShare)
            report.Missed($"{store}: {together.Count / (double)together.Waits:F1} entries share a wait for the disk; {LeastShare} is the aim");
    }

    private static void Tell(BenchReport report, string store, TimeSpan added, string commits, Appends appends)
    {
        report.Bar($"{store}{(added > TimeSpan.Zero ? ", slow disk" : "")}, {commits}", appends.PerSecond);
        report.Line($"\"store\":\"{store}\",\"addedMsPerSync\":{added.TotalMilliseconds},\"commits\":\"{commits}\",\"writers\":{Writers},\"entries\":{appends.Count},\"perSecond\":{appends.PerSecond:F0},\"entriesPerWait\":{appends.Count / (double)appends.Waits:F1},\"p50Ms\":{appends.Percentile(50):F1},\"p99Ms\":{appends.Percentile(99):F1}");
    }

    /// <summary>What was written.</summary>
    private sealed class Appends
    {
        private readonly List<double> _milliseconds = [];
        private double _seconds;

        /// <summary>Waits for the disk: SQLite's syncs as they are counted; with PostgreSQL its commits.</summary>
        public long Waits { get; private set; }

        public int Count => _milliseconds.Count;

        public double PerSecond => Count / _seconds;

        public void Add((IEnumerable<double> Milliseconds, double Seconds, long Waits) round)
        {
            _milliseconds.AddRange(round.Milliseconds);
            _seconds += round.Seconds;
            Waits += round.Waits;
        }

        public double Percentile(int percent)
        {
            _milliseconds.Sort();
            return _milliseconds[Math.Min(Count - 1, Count * percent / 100)];
        }
    }

    /// <summary>A log in a store of its own.</summary>
    private sealed class WrittenLog : IAsyncDisposable
    {
        private static readonly ReadOnlyMemory<byte> Frame = new byte[200];
        private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-bench-").FullName;
        private readonly FileKeyVault _vault;
        private readonly SqliteDisk? _disk;
        private CenterDatabase _database = null!;
        private StoredLog _log = null!;

        private WrittenLog(bool isFile)
        {
            if (isFile) _disk = SqliteDisk.Of(_folder);
            using var passphrase = SecretBytes.Random(16);
            _vault = FileKeyVault.Create(
                Path.Combine(_folder, "vault"), passphrase, new CenterId("bench"), new Argon2Cost(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1));
        }

        private long Waits => _disk?.Syncs ?? _database.Commits;

        public static async Task<WrittenLog> InFileAsync(int batch, TimeSpan added)
        {
            var log = await OpenAsync("", batch);
            log._disk!.Delay = added;
            return log;
        }

        public static async Task<WrittenLog> OpenAsync(string postgres, int batch)
        {
            var written = new WrittenLog(postgres.Length == 0);
            var options = new LogOptions { Directory = Path.Combine(written._folder, "log") };
            var store = new StoreOptions { Directory = Path.Combine(written._folder, "data"), Postgres = postgres, MaxBatch = batch };
            written._database = await CenterDatabase.OpenAsync(store, options, written._vault, TimeProvider.System);
            written._log = new StoredLog(written._database, options, written._vault, TimeProvider.System);
            return written;
        }

        /// <summary>Each writer adds so many, one after the other.</summary>
        public async Task<(IEnumerable<double> Milliseconds, double Seconds, long Waits)> AppendAsync(int writers, int each)
        {
            var (before, began) = (Waits, Stopwatch.GetTimestamp());
            var took = await Task.WhenAll(Enumerable.Range(1, writers).Select(writer => Task.Run(() => AppendAsync($"s-{writer}", each))));
            return (took.SelectMany(some => some), Stopwatch.GetElapsedTime(began).TotalSeconds, Waits - before);
        }

        public async ValueTask DisposeAsync()
        {
            await _database.DisposeAsync();
            _vault.Dispose();
            _disk?.Dispose();
            Directory.Delete(_folder, recursive: true);
        }

        private async Task<double[]> AppendAsync(string session, int count)
        {
            var took = new double[count];
            for (var i = 0; i < count; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await _log.AppendAsync(
                    new LogEntry(session, new TerminalId("bench"), new LineNumber(1), new OrderId("B-1"), LogDirection.In, 270, "ScriptResult", """{"script":1}"""), Frame);
                took[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            }
            return took;
        }
    }
}
