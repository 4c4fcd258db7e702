using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Center;

[TestFixture, Parallelizable]
public class CenterDatabaseTest
{
    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open() => _bench = await StoreBench.OpenAsync();

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    private string DatabaseFile => Path.Combine(_bench.Directory, "center.db");

    private async Task<byte[]> BackUpAsync()
    {
        await _bench.Database.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        await using var file = new FileStream(DatabaseFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var copy = new byte[file.Length];
        await file.ReadExactlyAsync(copy);
        return copy;
    }

    private async Task PutBackAsync(byte[] copy)
    {
        await _bench.Database.DisposeAsync();
        await File.WriteAllBytesAsync(DatabaseFile, copy);
        File.Delete(DatabaseFile + "-wal");
        File.Delete(DatabaseFile + "-shm");
        await _bench.StartAsync();
    }

    /// <summary>A store that is gone is made anew only where nothing else of it is left.</summary>
    private async Task BeginAnewAsync()
    {
        File.Delete(DatabaseFile);
        File.Delete(Path.Combine(_bench.Directory, "log", "center.generation"));
        await _bench.StartAsync();
    }

    [Test]
    public async Task OlderCopyPutBack_Open_QuarantinesWhatIsNotIssued()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"), _bench.New("o3", "c3"));
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        _bench.Time.Advance(TimeSpan.FromHours(1));
        await _bench.SaveAsync(await _bench.ClaimedAsync("o3"), new OrderChange.Bound(StoreBench.Card(3)));
        var backup = await BackUpAsync();
        var backupTime = _bench.Time.GetUtcNow();
        _bench.Time.Advance(TimeSpan.FromHours(1));
        await _bench.IssueAsync("o2", StoreBench.Card(2));
        await PutBackAsync(backup);

        Assert.That(_bench.Database.RestoredFrom, Is.EqualTo(backupTime));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That((await _bench.ViewAsync("o2")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.ViewAsync("o3")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That(await _bench.DeclineAsync("o2"), Is.EqualTo(DeclineCode.Waiting));
        await _bench.RestartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Null, "told once");
    }

    [Test]
    public async Task GenerationFileGone_Open_QuarantinesEverything()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await _bench.Database.DisposeAsync();
        File.Delete(Path.Combine(_bench.Directory, "log", "center.generation"));
        await _bench.StartAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task StoreGoneOrEmptied_Open_IsRefusedAndNothingIsMade(bool emptied)
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var backup = await BackUpAsync();
        await _bench.Database.DisposeAsync();
        foreach (var file in Directory.GetFiles(_bench.Directory, "center.db*")) File.Delete(file);
        if (emptied) await File.WriteAllBytesAsync(DatabaseFile, []);

        var fault = await Assert.ThrowsAsync<StoreException>(_bench.StartAsync);
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Lost));
        Assert.That(fault.Message, Does.Contain("center.generation").And.Contain("Restore the latest backup"));
        Assert.That(new FileInfo(DatabaseFile) is { Exists: true, Length: > 0 }, Is.False);

        await File.WriteAllBytesAsync(DatabaseFile, backup);
        await _bench.StartAsync();
        Assert.That(await _bench.Desk.ListAsync(), Has.Count.EqualTo(1), "the way out that it names");
    }

    [Test]
    public async Task StoppedAfterACommitAndBeforeTheCopyOfItsNumber_Open_IsNoRestore()
    {
        var mirror = Path.Combine(_bench.Directory, "log", "center.generation");
        await _bench.ImportAsync(_bench.New("o1"));
        var older = new byte[56];
        await using (var file = new FileStream(mirror, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)) await file.ReadExactlyAsync(older);
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        await _bench.Database.DisposeAsync();
        await File.WriteAllBytesAsync(mirror, older);
        await _bench.StartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Null);
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
    }

    [Test]
    public async Task DiskFull_Save_FailsAndNothingIsLostAndItWorksAgain()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await _bench.Database.ExecuteAsync("PRAGMA max_page_count = 1");
        var large = _bench.New("o2", "c2") with { SealedData = ByteString.Own(new byte[100_000]) };
        var fault = await Assert.ThrowsAsync<StoreException>(() => _bench.ImportAsync(large));
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Full));
        Assert.That(fault.Message, Does.Contain("make room"));
        Assert.That(await _bench.Desk.ListAsync(), Has.Count.EqualTo(1));
        await _bench.Database.ExecuteAsync("PRAGMA max_page_count = 1000000");
        Assert.That((await _bench.ImportAsync(large)).Imported, Is.EqualTo(1));
    }

    [Test]
    public async Task NoDatabase_Open_SaysCorrupt()
    {
        await _bench.Database.DisposeAsync();
        await File.WriteAllTextAsync(DatabaseFile, new string('x', 8_192));
        var fault = await Assert.ThrowsAsync<StoreException>(() => _bench.StartAsync());
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Corrupt));
        await BeginAnewAsync();
    }

    [Test]
    public async Task WrittenByANewerVersion_Open_IsRefused()
    {
        await _bench.Database.ExecuteAsync(
            "INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('CardIssue.Center.Storage.Scripts.Store.999_future.sql', '2030-01-01')");
        await _bench.Database.DisposeAsync();
        var fault = await Assert.ThrowsAsync<StoreException>(() => _bench.StartAsync());
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Newer));
        await BeginAnewAsync();
    }

    [Test]
    [Platform(Exclude = "Win")]
    public void Opened_DirectoryAndFiles_AreTheirOwnersOnly()
    {
        if (OperatingSystem.IsWindows()) return;
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        foreach (var path in Directory.EnumerateFiles(_bench.Directory).Append(_bench.Directory))
            Assert.That(File.GetUnixFileMode(path) & others, Is.EqualTo(UnixFileMode.None), path);
    }

    [Test]
    public async Task Opened_Settings_AreDurable()
    {
        var settings = await _bench.Database.WriteAsync(
            connection => (Mode: connection.First("PRAGMA journal_mode", row => (string)row[0]), Sync: connection.Number("PRAGMA synchronous"),
                Keys: connection.Number("PRAGMA foreign_keys")), default);
        Assert.That(settings, Is.EqualTo(("wal", 2L, 1L)));
    }

    [Test]
    public async Task OptionOutOfRange_Open_NamesIt()
    {
        var options = new StoreOptions { Directory = _bench.Directory, BusyTimeout = TimeSpan.Zero, MaxWaiting = 0 };
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => CenterDatabase.OpenAsync(options, new LogOptions(), new LogKeys(), new FakeTimeProvider()));
        Assert.That(failure!.Failures, Has.Exactly(2).Items);
    }
}
