using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

/// <summary>Verification with more than one checkpoint, and with more that is wrong than is told.</summary>
[TestFixture, Parallelizable]
public sealed class LogVerificationTest
{
    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open() => _bench = await StoreBench.OpenAsync();

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    private StoredLog Log => new(_bench.Database, _bench.Log, _bench.Keys, _bench.Time);

    /// <summary>
    /// Entries 1 to 5, checkpoint 1 with entry 6, entries 7 to 11, checkpoint 2 with entry 12; and after which the log was cut, with the
    /// store's checkpoints or without.
    /// </summary>
    [TestCase(12, true, null, null)]
    [TestCase(11, true, 12L, 2L)]
    [TestCase(8, true, 9L, 2L)]
    [TestCase(5, true, 6L, 2L)]
    [TestCase(0, true, 1L, 2L)]
    [TestCase(8, false, null, null)]
    [TestCase(6, false, null, null)]
    [TestCase(5, false, 6L, 1L)]
    [TestCase(0, false, 1L, 1L)]
    public async Task OlderOfTwoCheckpointsGiven_Verify_SeesTheCutByTheLatestThatKnowsOfIt(
        int cutAfter, bool withStored, long? at, long? by)
    {
        await AppendAsync(1, 5);
        var older = await Log.CheckpointAsync();
        await AppendAsync(6, 10);
        await Log.CheckpointAsync();
        Tamper($"DELETE FROM log_entries WHERE sequence > {cutAfter}{(withStored ? "" : "; DELETE FROM log_checkpoints")}");
        var report = await Log.VerifyAsync(LogCheckpoint.Load(Path.Combine(_bench.Log.CheckpointDirectory, older.FileName)));
        var cuts = report.Findings.Where(finding => finding.Kind == LogFindingKind.Cut).ToList();
        Assert.That(cuts.Select(cut => (long?)cut.Sequence), Is.EqualTo(at is null ? [] : new[] { at }));
        if (by is not null) Assert.That(cuts[0].Text, Does.Contain($"checkpoint {by} has entry"));
        Assert.That(report.Checkpoints, Is.EqualTo(withStored ? 3 : 1));
    }

    [Test]
    public async Task EntriesBeforeTheOlderCheckpointRewritten_Verify_SaysSoAtBoth()
    {
        await AppendAsync(1, 5);
        var older = await Log.CheckpointAsync();
        await AppendAsync(6, 10);
        await Log.CheckpointAsync();
        PutTailBack("DELETE FROM log_entries WHERE sequence > 4");
        await AppendAsync(5, 12);
        var report = await Log.VerifyAsync(older);
        Assert.That(report.Findings.Select(finding => (finding.Kind, finding.Sequence)),
            Is.EqualTo(new[] { (LogFindingKind.Rewritten, 6L), (LogFindingKind.Rewritten, 12L) }));
    }

    [TestCase(false, "checkpoint 1 and checkpoint 2 vouch for different entries 6")]
    [TestCase(true, "checkpoint 2 and checkpoint 1 vouch for different entries 6")]
    public async Task TwoCheckpointsThatVouchForDifferentEntries_Verify_NamesBoth(bool onlyExported, string told)
    {
        await AppendAsync(1, 5);
        var first = await Log.CheckpointAsync();
        PutTailBack("DELETE FROM log_entries WHERE sequence > 4");
        // Where the exported one is seen, a put-back is found.
        Directory.Delete(_bench.Log.CheckpointDirectory, recursive: true);
        await AppendAsync(99, 99);
        var second = await Log.CheckpointAsync();
        Assert.That((second.Number, second.Heads[0].Sequence, second.Heads[0].Hash == first.Heads[0].Hash), Is.EqualTo((2L, 6L, false)));
        if (onlyExported) Tamper("DELETE FROM log_checkpoints WHERE number = 1");
        var report = await Log.VerifyAsync(onlyExported ? first : null);
        Assert.That(report.Findings.Select(finding => (finding.Kind, finding.Instance, finding.Sequence, finding.Text)),
            Has.Some.EqualTo((LogFindingKind.Rewritten, "h1", 6L, told)));
    }

    [TestCase(LogReport.MaxFindings - 1, LogReport.MaxFindings - 1)]
    [TestCase(LogReport.MaxFindings, LogReport.MaxFindings)]
    [TestCase(LogReport.MaxFindings + 1, LogReport.MaxFindings)]
    public async Task ManyEntriesChanged_Verify_TellsAsManyAsItMay_AndReadsAll(int changed, int told)
    {
        const int Entries = LogReport.MaxFindings + 10;
        await Task.WhenAll(Enumerable.Range(1, Entries).Select(i => Log.AppendAsync(Entry(i), default)));
        Tamper($"UPDATE log_entries SET step = step + 1 WHERE sequence <= {changed}");
        var report = await Log.VerifyAsync();
        Assert.That((report.Findings.Count, report.Entries, report.IsOk), Is.EqualTo((told, (long)Entries, false)));
        Assert.That(report.Findings.Select(finding => (finding.Kind, finding.Sequence)),
            Is.EqualTo(Enumerable.Range(1, told).Select(i => (LogFindingKind.ChangedRow, (long)i))));
        Assert.That(report.Heads.Single().Sequence, Is.EqualTo(Entries));
    }

    private async Task AppendAsync(int first, int last)
    {
        for (var i = first; i <= last; i++) await Log.AppendAsync(Entry(i), default);
    }

    /// <summary>No two are the same, so that what is written anew is another chain.</summary>
    private static LogEntry Entry(int number) => new(
        "s1", null, null, null, LogDirection.None, 0, "Test", $$"""{"number":{{number}},"id":"{{Guid.NewGuid()}}"}""");

    /// <summary>With the seal that an older copy of the store had.</summary>
    private void PutTailBack(string sql)
    {
        Tamper(sql);
        EngineStatements.Reseal(Path.Combine(_bench.Directory, "center.db"), _bench.Keys);
    }

    private void Tamper(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_bench.Directory, "center.db")};Pooling=False");
        connection.Open();
        connection.Execute("DROP TRIGGER IF EXISTS log_entries_stay; DROP TRIGGER IF EXISTS log_entries_fixed; " + sql);
    }
}
