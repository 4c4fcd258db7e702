using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

[TestFixture, Parallelizable]
public class StoredLogTest
{
    private readonly LogKeys _keys = new();
    private string _directory = null!;
    private CenterDatabase _database = null!;
    private StoredLog _log = null!;

    [SetUp]
    public Task OpenAsync()
    {
        _directory = Path.Combine(Path.GetTempPath(), "cardissue-log-" + Guid.NewGuid().ToString("N"));
        return ReopenAsync();
    }

    [TearDown]
    public async Task Close()
    {
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private string Exported => Path.Combine(_directory, "exported");

    private async Task ReopenAsync(string instance = "h1")
    {
        if (_database is not null) await _database.DisposeAsync();
        var options = new LogOptions { Directory = Path.Combine(_directory, "log"), CheckpointDirectory = Exported, Instance = instance };
        _database = await CenterDatabase.OpenAsync(new StoreOptions { Directory = _directory }, options, _keys, TimeProvider.System);
        _log = new StoredLog(_database, options, _keys, TimeProvider.System);
    }

    private static LogEntry Entry(int number) => new("s1", new TerminalId("t1"), new LineNumber(2), number % 3 == 0 ? null : new OrderId($"o{number}"),
        LogDirection.Out, 270, "Record", $$"""{"number":{{number}}}""");

    private async Task AppendAsync(int count)
    {
        for (var i = 1; i <= count; i++) await _log.AppendAsync(Entry(i), new byte[] { 1, (byte)i });
    }

    private void Tamper(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "center.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "DROP TRIGGER IF EXISTS log_entries_stay; DROP TRIGGER IF EXISTS log_entries_fixed; " + sql;
        command.ExecuteNonQuery();
    }

    private static (LogFindingKind, long)[] Places(LogReport report) => [.. report.Findings.Select(finding => (finding.Kind, finding.Sequence))];

    [Test]
    public async Task WholeLog_Verify_IsOk()
    {
        await AppendAsync(10);
        var checkpoint = await _log.CheckpointAsync();
        await ReopenAsync();
        await AppendAsync(5);
        await ReopenAsync("h2");
        await _log.AppendAsync(Entry(1), default);
        var report = await _log.VerifyAsync(LogCheckpoint.Load(Exported));
        Assert.That(report.IsOk, Is.True, report.Findings.ToString());
        Assert.That(report.Entries, Is.EqualTo(17), "the checkpoint has an entry too");
        Assert.That(report.Heads.Select(head => (head.Instance, head.Sequence)), Is.EqualTo(new[] { ("h1", 16L), ("h2", 1L) }));
        Assert.That(LogCheckpoint.Load(Exported), Is.EqualTo(checkpoint));
    }

    [Test]
    public async Task Appended_Read_IsWhatWasAppendedAndOnlyAnHmacOfTheBytes()
    {
        var row = await _log.AppendAsync(Entry(1), new byte[] { 9, 8, 7 });
        Assert.That(await _log.ReadAsync(new LogQuery(Order: new OrderId("o1"))), Is.EqualTo(new[] { row }));
        Assert.That(row.Digest, Is.EqualTo(ByteString.Own(_keys.Hmac([9, 8, 7]))));
        Assert.That(await _log.ReadAsync(new LogQuery(Order: new OrderId("o2"))), Is.Empty);
    }

    [Test]
    public async Task PlainLog_ChangeOrDelete_TheFileItselfRefuses()
    {
        await Assert.ThrowsAsync<SqliteException>(async () =>
        {
            await AppendAsync(1);
            await _database.ExecuteAsync("DELETE FROM log_entries");
        });
    }

    [TestCase("UPDATE log_entries SET detail = '{\"number\":70}' WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET digest = x'00' WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET hash = zeroblob(32) WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET at = at + 1 WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET at = 9223372036854775807 WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET order_id = NULL WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET order_id = 'no name!' WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET line = line + 4294967296 WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET step = 'x' WHERE sequence = 7")]
    [TestCase("UPDATE log_entries SET direction = 77 WHERE sequence = 7")]
    public async Task EntryChanged_Verify_NamesIt(string sql)
    {
        await AppendAsync(10);
        Tamper(sql);
        Assert.That(Places(await _log.VerifyAsync()), Does.Contain((LogFindingKind.ChangedRow, 7L)));
        using var export = new MemoryStream();
        Assert.That(await _log.ExportAsync(export), Is.EqualTo(10));
    }

    /// <summary>An entry that is not its hash's is not read, whatever it says that it is.</summary>
    [TestCase("UPDATE log_entries SET detail = '{' WHERE sequence = 2")]
    [TestCase("UPDATE log_entries SET detail = '{\"change\":7,\"fence\":\"x\"}' WHERE sequence = 2")]
    [TestCase("UPDATE log_entries SET kind = 'LogTakenOver', detail = '{}' WHERE sequence = 2")]
    public async Task ChangeOfAnOrderMadeUnreadable_Verify_NamesItAndGoesOn(string sql)
    {
        var change = new LogEntry("s1", null, null, new OrderId("o1"), LogDirection.None, 0, "Bound",
            """{"change":"Bound","fence":1,"state":"Bound","card":null,"confirmed":0,"inDoubt":0,"attempt":1,"furthest":0,"unproved":0,"what":""}""");
        for (var i = 0; i < 3; i++) await _log.AppendAsync(change, default);
        Tamper(sql);
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.ChangedRow, 2L) }));
    }

    [Test]
    public async Task OrderAddedToAnEntryWithout_Verify_NamesIt()
    {
        await AppendAsync(10);
        Tamper("UPDATE log_entries SET order_id = 'no name!' WHERE sequence = 6");
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.ChangedRow, 6L) }));
    }

    [Test]
    public async Task MiddleEntryDeleted_Verify_NamesTheGap()
    {
        await AppendAsync(10);
        Tamper("DELETE FROM log_entries WHERE sequence IN (4, 5)");
        var report = await _log.VerifyAsync();
        Assert.That(Places(report), Is.EqualTo(new[] { (LogFindingKind.Gap, 6L) }));
        Assert.That(report.Findings[0].Text, Does.Contain("4 to 5"));
    }

    [Test]
    public async Task EntriesSwapped_Verify_NamesBoth()
    {
        await AppendAsync(10);
        Tamper("UPDATE log_entries SET sequence = -1 WHERE sequence = 4; UPDATE log_entries SET sequence = 4 WHERE sequence = 5; "
            + "UPDATE log_entries SET sequence = 5 WHERE sequence = -1");
        var places = Places(await _log.VerifyAsync());
        Assert.That(places, Does.Contain((LogFindingKind.ChangedRow, 4L)));
        Assert.That(places, Does.Contain((LogFindingKind.ChangedRow, 5L)));
    }

    [Test]
    public async Task TailCutWithItsCheckpoints_VerifyAgainstTheExported_NamesTheCut()
    {
        await AppendAsync(10);
        await _log.CheckpointAsync();
        Tamper("DELETE FROM log_entries WHERE sequence > 6; DELETE FROM log_checkpoints");
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.Unsealed, 6L) }), "the latest commit sealed another end");
        Assert.That(Places(await _log.VerifyAsync(LogCheckpoint.Load(Exported))), 
            Is.EqualTo(new[] { (LogFindingKind.Cut, 7L), (LogFindingKind.CheckpointGap, 1L), (LogFindingKind.Unsealed, 6L) }));
    }

    [Test]
    public async Task TailCutAndWrittenAnew_Verify_IsRewritten()
    {
        await AppendAsync(10);
        await _log.CheckpointAsync();
        Tamper("DELETE FROM log_entries WHERE sequence > 6");
        EngineStatements.Reseal(Path.Combine(_directory, "center.db"), _keys);
        await AppendAsync(8);
        Assert.That(Places(await _log.VerifyAsync(LogCheckpoint.Load(Exported))), Is.EqualTo(new[] { (LogFindingKind.Rewritten, 11L) }));
    }

    /// <summary>The center itself would otherwise seal what is left, with its key.</summary>
    [TestCase("DELETE FROM log_entries WHERE sequence > 6; DELETE FROM log_checkpoints")]
    [TestCase("DELETE FROM log_entries; DELETE FROM log_checkpoints")]
    [TestCase("DELETE FROM log_entries WHERE sequence > 6; DELETE FROM log_heads")]
    [TestCase("DELETE FROM log_entries; DELETE FROM log_checkpoints; DELETE FROM log_heads")]
    [TestCase("UPDATE log_entries SET hash = zeroblob(32) WHERE sequence = 11")]
    [TestCase("UPDATE store_meta SET generation = generation + 5")]
    public async Task EndOfTheLogChanged_NextCommit_IsRefused_AndNothingIsSealedAnew(string sql)
    {
        await AppendAsync(10);
        await _log.CheckpointAsync();
        Tamper(sql);
        var fault = await Assert.ThrowsAsync<StoreException>(() => AppendAsync(1));
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Altered));
        Assert.That((await _log.VerifyAsync()).IsOk, Is.False);
    }

    [Test]
    public async Task WholeChainGone_Verify_NamesTheCut()
    {
        await AppendAsync(3);
        await _log.CheckpointAsync();
        Tamper("DELETE FROM log_entries");
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.Cut, 1L), (LogFindingKind.Unsealed, 0L) }));
    }

    [TestCase("UPDATE log_checkpoints SET at = at + 1")]
    [TestCase("UPDATE log_checkpoints SET heads = '[]'")]
    [TestCase("UPDATE log_checkpoints SET heads = 'nothing'")]
    [TestCase("UPDATE log_checkpoints SET signature = x'00'")]
    public async Task CheckpointEdited_Verify_SaysBadSignature(string sql)
    {
        await AppendAsync(3);
        await _log.CheckpointAsync();
        Tamper(sql);
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.BadSignature, 1L) }));
    }

    [Test]
    public async Task ExportedCheckpointEdited_Verify_SaysBadSignature()
    {
        await AppendAsync(3);
        var file = Path.Combine(Exported, (await _log.CheckpointAsync()).FileName);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\"sequence\": 4", "\"sequence\": 3"));
        Assert.That(Places(await _log.VerifyAsync(LogCheckpoint.Load(Exported))), Is.EqualTo(new[] { (LogFindingKind.BadSignature, 1L) }));
    }

    /// <summary>What someone does who can write the file and has no key: every hash anew, the seals and checkpoints away.</summary>
    [Test]
    public async Task LogMadeAnewWithoutTheKey_VerifyWithTheVault_NamesTheFirstForgedEntry()
    {
        await AppendAsync(10);
        await _log.CheckpointAsync();
        await RemakeAsync(7);
        Assert.That(Places(await _log.VerifyAsync()), Does.Contain((LogFindingKind.Forged, 7L)).And.Not.Contain((LogFindingKind.ChangedRow, 7L)));
    }

    [Test]
    public async Task MacsTakenOut_VerifyWithTheVault_NothingVouchesForTheEntries()
    {
        await AppendAsync(10);
        Tamper("UPDATE log_entries SET mac = x''");
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.Forged, 10L) }));
    }

    [Test]
    public async Task MacOfAnotherEntry_VerifyWithTheVault_IsForged()
    {
        await AppendAsync(10);
        Tamper("UPDATE log_entries SET mac = (SELECT mac FROM log_entries WHERE sequence = 4) WHERE sequence = 5");
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.Forged, 5L) }));
    }

    [TestCase("DELETE FROM log_heads", 10)]
    [TestCase("UPDATE log_heads SET mac = zeroblob(32)", 10)]
    [TestCase("UPDATE log_heads SET generation = generation - 1; UPDATE store_meta SET generation = generation - 1", 10)]
    public async Task SealOfTheEndChanged_VerifyWithTheVault_SaysSo(string sql, long place)
    {
        await AppendAsync(10);
        Tamper(sql);
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.Unsealed, place) }));
    }

    [Test]
    public async Task StoreOfAnotherCommitThanItsLog_Verify_SaysSo()
    {
        await AppendAsync(3);
        Tamper("UPDATE store_meta SET generation = generation - 1");
        Assert.That((await _log.VerifyAsync()).Findings.Select(finding => finding.Kind), Is.EqualTo(new[] { LogFindingKind.Unsealed }));
    }

    [TestCase("DELETE FROM log_checkpoints WHERE number = 2", 3L)]
    [TestCase("DELETE FROM log_checkpoints WHERE number < 3", 3L)]
    public async Task CheckpointTakenOut_Verify_NamesTheGap(string sql, long before)
    {
        for (var i = 0; i < 3; i++)
        {
            await AppendAsync(1);
            await _log.CheckpointAsync();
        }
        Tamper(sql);
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.CheckpointGap, before) }));
    }

    /// <summary>Those at the end, too: the log names each, and so does what was exported.</summary>
    [TestCase("DELETE FROM log_checkpoints WHERE number = 3")]
    [TestCase("DELETE FROM log_checkpoints")]
    public async Task LatestCheckpointsTakenOut_Verify_NamesThem_AndTheNextIsAboveThem(string sql)
    {
        for (var i = 0; i < 3; i++)
        {
            await AppendAsync(1);
            await _log.CheckpointAsync();
        }
        Tamper(sql);
        foreach (var exported in new[] { null, LogCheckpoint.Load(Exported) })
            Assert.That(Places(await _log.VerifyAsync(exported)), Does.Contain((LogFindingKind.CheckpointGap, 3L)));
        Assert.That((await _log.CheckpointAsync()).Number, Is.EqualTo(4));
        Assert.That(Places(await _log.VerifyAsync()), Has.Some.Matches<(LogFindingKind, long)>(place => place.Item1 is LogFindingKind.CheckpointGap));
    }

    [Test]
    public async Task NameOfTheNextCheckpoint_IsSomebodysFile_Checkpoint_IsNotWrittenOverIt()
    {
        await AppendAsync(1);
        await _log.CheckpointAsync();
        var stranger = Path.Combine(Exported, "checkpoint-0000000002.json");
        await File.WriteAllTextAsync(stranger, "somebody's");
        var fault = await Assert.ThrowsAsync<StoreException>(() => _log.CheckpointAsync());
        Assert.That((fault!.Fault, fault.Message.Contains(stranger, StringComparison.Ordinal)), Is.EqualTo((StoreFault.Altered, true)));
        Assert.That(await File.ReadAllTextAsync(stranger), Is.EqualTo("somebody's"));
        Assert.That((await _log.CheckpointAsync()).Number, Is.EqualTo(3), "the second is in the store");
        Assert.That(LogCheckpoint.Load(Exported)!.Number, Is.EqualTo(3));
        Assert.That(Directory.GetFiles(Exported), Has.Length.EqualTo(3));
    }

    private async Task RemakeAsync(long from)
    {
        var rows = await _log.ReadAsync(new LogQuery());
        var before = rows.Single(row => row.Sequence == from - 1).Hash;
        foreach (var row in rows.Where(row => row.Sequence >= from))
        {
            var forged = row with { Entry = row.Entry with { Kind = "Nothing" } };
            before = LogChain.HashOf(before, forged);
            Tamper($"UPDATE log_entries SET kind = 'Nothing', hash = x'{before}' WHERE sequence = {row.Sequence}");
        }
        Tamper($"UPDATE log_heads SET hash = x'{before}'; DELETE FROM log_checkpoints");
    }

    [Test]
    public async Task ManyAtOnce_Append_ShareCommits()
    {
        const int count = 500;
        var before = _database.Commits;
        var rows = await Task.WhenAll(Enumerable.Range(1, count).Select(i => _log.AppendAsync(Entry(i), default)));
        Assert.That(_database.Commits - before, Is.LessThan(count / 4));
        Assert.That(rows.Select(row => row.Sequence).Order(), Is.EqualTo(Enumerable.Range(1, count).Select(i => (long)i)));
        Assert.That((await _log.VerifyAsync()).IsOk, Is.True);
    }

    [Test]
    public async Task DiskFull_Append_FailsAndNothingIsLostAndItWorksAgain()
    {
        await AppendAsync(3);
        await _database.ExecuteAsync("PRAGMA max_page_count = 1");
        var appended = 3;
        var fault = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            for (; appended < 1_000; appended++)
                await _log.AppendAsync(Entry(1) with { Detail = $$"""{"filler":"{{new string('x', 8_000)}}"}""" }, default);
        });
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Full));
        Assert.That((await _log.VerifyAsync()).Entries, Is.EqualTo(appended));
        await _database.ExecuteAsync("PRAGMA max_page_count = 1000000");
        await AppendAsync(2);
        var report = await _log.VerifyAsync();
        Assert.That((report.IsOk, report.Entries), Is.EqualTo((true, appended + 2L)));
    }

    [Test]
    public async Task Log_Export_IsOneJsonObjectALine()
    {
        await AppendAsync(4);
        using var export = new MemoryStream();
        Assert.That(await _log.ExportAsync(export), Is.EqualTo(4));
        var lines = System.Text.Encoding.UTF8.GetString(export.ToArray()).TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.EqualTo(5), "the last one seals the chain's end");
        using var last = System.Text.Json.JsonDocument.Parse(lines[^1]);
        Assert.That((last.RootElement.GetProperty("end").GetString(), last.RootElement.GetProperty("sequence").GetInt64()), Is.EqualTo(("h1", 4L)));
        using var first = System.Text.Json.JsonDocument.Parse(lines[0]);
        Assert.That(first.RootElement.GetProperty("step").GetString(), Is.EqualTo("S270"));
        Assert.That(first.RootElement.GetProperty("detail").GetProperty("number").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task DetailIsNoJson_Append_IsALocalBug() =>
        await Assert.ThrowsAsync<ArgumentException>(() => _log.AppendAsync(Entry(1) with { Detail = "{" }, default));
}
