using System.Security.Cryptography;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.Core;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

[TestFixture]
public class SqliteExchangeLogTest
{
    private sealed class Keys : ILogKeys
    {
        private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
        public byte[] Hmac(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_key, data);
        public byte[] SignCheckpoint(ReadOnlySpan<byte> data) => HMACSHA512.HashData(_key, data);
        public bool VerifyCheckpoint(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
            CryptographicOperations.FixedTimeEquals(HMACSHA512.HashData(_key, data), signature);
    }

    private readonly Keys _keys = new();
    private string _directory = null!;
    private SqliteExchangeLog _log = null!;

    [SetUp]
    public void Open()
    {
        _directory = Path.Combine(Path.GetTempPath(), "cardissue-log-" + Guid.NewGuid().ToString("N"));
        _log = OpenLog("h1");
    }

    [TearDown]
    public async Task Close()
    {
        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private string Exported => Path.Combine(_directory, "exported");

    private SqliteExchangeLog OpenLog(string instance) =>
        SqliteExchangeLog.Open(new LogOptions { Directory = _directory, CheckpointDirectory = Exported, Instance = instance }, _keys, TimeProvider.System);

    private static LogEntry Entry(int number) => new("s1", new TerminalId("t1"), new LineNumber(2), number % 3 == 0 ? null : new OrderId($"o{number}"),
        LogDirection.Out, 270, "Record", $$"""{"number":{{number}}}""");

    private async Task AppendAsync(int count)
    {
        for (var i = 1; i <= count; i++) await _log.AppendAsync(Entry(i), new byte[] { 1, (byte)i });
    }

    private void Tamper(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "log.db")};Pooling=False");
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
        await _log.DisposeAsync();
        _log = OpenLog("h1");
        await AppendAsync(5);
        await using (var other = OpenLog("h2")) await other.AppendAsync(Entry(1), default);
        var report = await _log.VerifyAsync(LogCheckpoint.Load(Exported));
        Assert.That(report.IsOk, Is.True, report.Findings.ToString());
        Assert.That(report.Entries, Is.EqualTo(16));
        Assert.That(report.Heads.Select(head => (head.Instance, head.Sequence)), Is.EqualTo(new[] { ("h1", 15L), ("h2", 1L) }));
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
            await _log.File.ExecuteAsync("DELETE FROM log_entries", default);
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
        Assert.That((await _log.VerifyAsync()).IsOk, Is.True, "without a checkpoint from off the host a cut is not seen");
        Assert.That(Places(await _log.VerifyAsync(LogCheckpoint.Load(Exported))), Is.EqualTo(new[] { (LogFindingKind.Cut, 7L) }));
    }

    [Test]
    public async Task TailCutAndWrittenAnew_Verify_IsRewritten()
    {
        await AppendAsync(10);
        await _log.CheckpointAsync();
        Tamper("DELETE FROM log_entries WHERE sequence > 6");
        await AppendAsync(8);
        Assert.That(Places(await _log.VerifyAsync(LogCheckpoint.Load(Exported))), Is.EqualTo(new[] { (LogFindingKind.Rewritten, 10L) }));
    }

    [Test]
    public async Task WholeChainGone_Verify_NamesTheCut()
    {
        await AppendAsync(3);
        await _log.CheckpointAsync();
        Tamper("DELETE FROM log_entries");
        Assert.That(Places(await _log.VerifyAsync()), Is.EqualTo(new[] { (LogFindingKind.Cut, 1L) }));
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
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\"sequence\": 3", "\"sequence\": 2"));
        Assert.That(Places(await _log.VerifyAsync(LogCheckpoint.Load(Exported))), Is.EqualTo(new[] { (LogFindingKind.BadSignature, 1L) }));
    }

    [Test]
    public async Task ManyAtOnce_Append_ShareCommits()
    {
        const int count = 500;
        var before = _log.Commits;
        var rows = await Task.WhenAll(Enumerable.Range(1, count).Select(i => _log.AppendAsync(Entry(i), default)));
        Assert.That(_log.Commits - before, Is.LessThan(count / 4));
        Assert.That(rows.Select(row => row.Sequence).Order(), Is.EqualTo(Enumerable.Range(1, count).Select(i => (long)i)));
        Assert.That((await _log.VerifyAsync()).IsOk, Is.True);
    }

    [Test]
    public async Task DiskFull_Append_FailsAndNothingIsLostAndItWorksAgain()
    {
        await AppendAsync(3);
        await _log.File.ExecuteAsync("PRAGMA max_page_count = 1", default);
        var appended = 3;
        var fault = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            for (; appended < 1_000; appended++)
                await _log.AppendAsync(Entry(1) with { Detail = $$"""{"filler":"{{new string('x', 8_000)}}"}""" }, default);
        });
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Full));
        Assert.That((await _log.VerifyAsync()).Entries, Is.EqualTo(appended));
        await _log.File.ExecuteAsync("PRAGMA max_page_count = 1000000", default);
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
        Assert.That(lines, Has.Length.EqualTo(4));
        using var first = System.Text.Json.JsonDocument.Parse(lines[0]);
        Assert.That(first.RootElement.GetProperty("step").GetString(), Is.EqualTo("S270"));
        Assert.That(first.RootElement.GetProperty("detail").GetProperty("number").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task DetailIsNoJson_Append_IsALocalBug() =>
        await Assert.ThrowsAsync<ArgumentException>(() => _log.AppendAsync(Entry(1) with { Detail = "{" }, default));
}
