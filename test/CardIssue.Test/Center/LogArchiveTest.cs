using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

/// <summary>The log's older entries in a file: both verify, alone and together; what was archived does not keep orders from going on.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public sealed class LogArchiveTest(EngineKind engine)
{
    private StoreBench _bench = null!;

    private StoredLog Log => new(_bench.Database, _bench.Log, _bench.Keys, _bench.Time);

    private string Archive(int number = 1) => Path.Combine(_bench.Directory, $"archive-{number}.jsonl");

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync(engine);
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        await Log.CheckpointAsync();
        _bench.Time.Advance(TimeSpan.FromDays(100));
        await Note("Later");
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task OlderEntries_Archived_BothPartsVerifyAndGoOnFromEachOther()
    {
        var before = (await Log.VerifyAsync()).Entries;
        var archive = await ArchiveAsync(50);
        Assert.That(archive!.Entries, Is.EqualTo(before - 1), "all but what came later");
        Assert.That(LogArchive.Verify(Archive(), _bench.Keys), Is.EqualTo((archive, Array.Empty<LogFinding>())).Using<(LogArchive?, IReadOnlyList<LogFinding>)>(
            (a, b) => a.Item1 == b.Item1 && a.Item2.Count == b.Item2.Count));
        var report = await Log.VerifyAsync(LogCheckpoint.Load(_bench.Log.CheckpointDirectory));
        Assert.That(report.Findings, Is.Empty);
        Assert.That(report.Starts, Is.EqualTo(archive.To));
        var said = (await Log.ReadAsync(new LogQuery { Kind = "LogArchived" })).Single();
        Assert.That(said.Entry.Detail, Does.Contain("\"person\":\"ann\"").And.Contain(archive.Sha256.ToString()));

        // A second one goes on from the first.
        _bench.Time.Advance(TimeSpan.FromDays(100));
        await Note("Later still");
        await Log.CheckpointAsync();
        var second = await ArchiveAsync(50, 2);
        Assert.That(second!.From, Is.EqualTo(archive.To));
        await _bench.RestartAsync();
        Assert.That((await Log.VerifyAsync(LogCheckpoint.Load(_bench.Log.CheckpointDirectory))).Findings, Is.Empty);
        Assert.That(await ArchiveAsync(50, 3), Is.Null, "nothing is so old");
        Assert.That(File.Exists(Archive(3)), Is.False);
    }

    [Test]
    public async Task OpenOrder_WhoseEntriesWereArchived_IsStillHeldAgainstTheLog()
    {
        await ArchiveAsync(50);
        await _bench.RestartAsync();
        Assert.That((await Log.ReadAsync(new LogQuery(new OrderId("o2")))).Select(row => row.Entry.Kind), Is.EqualTo(new[] { "Carried" }));
        Assert.That(await _bench.Database.LookAtRowsAsync(default), Is.Empty, "its row is under the seal of that commit");
        Assert.That((await Log.VerifyAsync()).Findings, Is.Empty);
        Assert.That((await _bench.ViewAsync("o2")).State, Is.EqualTo(OrderState.Ready));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Issued));
    }

    [Test]
    public async Task Terminal_ThatRemembersWhatWasArchived_IsNoWitnessOfALoss()
    {
        var history = new StoreHistory(_bench.Database);
        var note = await history.PositionAsync(_bench.Keys.Center.Id);
        await Note("After the note");
        _bench.Time.Advance(TimeSpan.FromDays(100));
        await Note("Later still");
        Assert.That((await ArchiveAsync(50))!.To.Single().Sequence, Is.GreaterThan(note.Sequence));
        await _bench.Database.WriteAsync(store => store.Log("x", "More", new { }), default);
        Assert.That(_bench.Keys.TryVerifyNote(SignedWitnessNote.Sign(note, _bench.Keys.Signing), out var shown), Is.True);
        Assert.That(await history.CompareAsync(shown!), Is.EqualTo(HistoryFinding.Known));
    }

    [Test]
    public async Task EntriesThatAreNotArchived_Deleted_IsRefusedByTheStoreItself()
    {
        await ArchiveAsync(50);
        Assert.That(async () => await _bench.Database.WriteAsync(store => store.Execute("DELETE FROM log_entries"), default), Throws.Exception);
        Assert.That(async () => await _bench.Database.WriteAsync(store => store.Execute("UPDATE log_entries SET kind = 'x'"), default), Throws.Exception);
        Assert.That((await Log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task AnchorThatNoEntryVouchesFor_Verify_IsAGap()
    {
        await _bench.Database.WriteAsync(store =>
        {
            LogAnchors.Advance(store, new LogHead("h1", 3, LogTable.HashAt(store, "h1", 3)!.Value));
            return true;
        }, default);
        Assert.That((await Log.VerifyAsync()).Findings.Select(finding => (finding.Kind, finding.Sequence)), Does.Contain((LogFindingKind.Gap, 3L)));
    }

    [TestCase("\"kind\":\"Imported\"", "\"kind\":\"Exported\"", LogFindingKind.ChangedRow)]
    [TestCase("\"archive\":1,", "\"archive\":1,\"x\":1,", null)]
    [TestCase("\"entries\":", "\"entries\":1", LogFindingKind.BadSignature)]
    public async Task ChangedArchive_Verify_SaysSo(string part, string instead, LogFindingKind? kind)
    {
        await ArchiveAsync(50);
        await File.WriteAllTextAsync(Archive(), (await File.ReadAllTextAsync(Archive())).Replace(part, instead));
        var (_, findings) = LogArchive.Verify(Archive(), _bench.Keys);
        if (kind is null) Assert.That(findings, Is.Empty);
        else Assert.That(findings.Select(finding => finding.Kind), Does.Contain(kind.Value));
    }

    [Test]
    public async Task CutArchive_Verify_SaysSo()
    {
        await ArchiveAsync(50);
        var lines = await File.ReadAllLinesAsync(Archive());
        await File.WriteAllLinesAsync(Archive(), lines[..^1]);
        Assert.That(LogArchive.Verify(Archive(), _bench.Keys).Findings.Select(finding => finding.Kind), Is.EqualTo(new[] { LogFindingKind.Cut }));
        await File.WriteAllLinesAsync(Archive(), [.. lines[..2], .. lines[3..]]);
        Assert.That(LogArchive.Verify(Archive(), _bench.Keys).Findings.Select(finding => finding.Kind), Does.Contain(LogFindingKind.Gap));
        await File.WriteAllLinesAsync(Archive(), lines[1..]);
        Assert.That(LogArchive.Verify(Archive(), _bench.Keys).Findings, Is.Not.Empty);
    }

    [Test]
    public async Task CutBeforeTheCommit_LogIsWhole_AndNoFileIsWrittenOver()
    {
        // The file is written and the commit refused: as cut between the two.
        var auditor = TestPeople.Of(_bench.Database, "ann");
        await File.WriteAllTextAsync(Archive(), "mine");
        Assert.That(async () => await LogArchiving.WriteAsync(_bench.Database, _bench.Keys, Archive(), _bench.Time.GetUtcNow().AddDays(-50), auditor), Throws.InstanceOf<IOException>());
        Assert.That(await File.ReadAllTextAsync(Archive()), Is.EqualTo("mine"));
        Assert.That((await Log.VerifyAsync()).Findings, Is.Empty);
        Assert.That(async () => await LogArchiving.WriteAsync(_bench.Database, _bench.Keys, Archive(2), _bench.Time.GetUtcNow().AddDays(-29), auditor),
            Throws.InstanceOf<ArgumentOutOfRangeException>(), "too young");
    }

    private Task<LogArchive?> ArchiveAsync(int days, int number = 1) =>
        LogArchiving.WriteAsync(_bench.Database, _bench.Keys, Archive(number), _bench.Time.GetUtcNow().AddDays(-days), _bench.Ann);

    private Task<LogRow> Note(string kind) => _bench.Database.WriteAsync(store => store.Log("x", kind.Replace(" ", ""), new { }), default);
}
