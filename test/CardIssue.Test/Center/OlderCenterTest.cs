using System.IO.Compression;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

/// <summary>
/// A center's directory as the version made it that had the log in a file of its own: it had served a terminal, which issued one card, and was stopped
/// in order (<c>Older/center-before-one-store.zip</c>; its vault's passphrase is "correct horse battery").
/// </summary>
[TestFixture, Parallelizable]
public sealed class OlderCenterTest
{
    private string _folder = "";
    private FileKeyVault _vault = null!;

    [SetUp]
    public void Unpack()
    {
        _folder = Directory.CreateTempSubdirectory("cardissue-older-").FullName;
        ZipFile.ExtractToDirectory(Path.Combine(Repository.Root, "test", "CardIssue.Test", "Center", "Older", "center-before-one-store.zip"), _folder);
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        _vault = FileKeyVault.Open(Path.Combine(Data, "vault.json"), passphrase);
    }

    [TearDown]
    public void Delete()
    {
        _vault.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "center");

    private string OldLog => Path.Combine(Data, "log", "log.db");

    private LogOptions Log => new() { Directory = Path.Combine(Data, "log"), CheckpointDirectory = Path.Combine(Data, "checkpoints") };

    private Task<CenterDatabase> OpenAsync(ILogKeys? keys = null) => CenterDatabase.OpenAsync(new StoreOptions { Directory = Data }, Log, keys ?? _vault, TimeProvider.System);

    [Test]
    public async Task OlderCenter_Opened_HasItsOrdersAndItsWholeLog_AndGoesOn()
    {
        var entries = EntriesInTheOlderLog();
        await using var database = await OpenAsync();
        var log = new StoredLog(database, Log, _vault, TimeProvider.System);
        var report = await log.VerifyAsync(LogCheckpoint.Load(Log.CheckpointDirectory));
        Assert.That(report.Findings, Is.Empty);
        Assert.That((report.Entries, report.Checkpoints, report.WithVault), Is.EqualTo((entries + 2, 2, true)));
        Assert.That(File.Exists(OldLog), Is.False);
        Assert.That(database.RestoredFrom, Is.Null);
        var desk = new DatabaseOrderDesk(database, new OrderOptions());
        Assert.That((await desk.GetAsync(new OrderId("E2E-0001")))!.State, Is.EqualTo(OrderState.Issued));
        Assert.That((await desk.CountAsync())[OrderState.Ready], Is.GreaterThan(0));
        // The table of orders was made anew since: what refers to them found them again.
        Assert.That(await database.ReadAsync(store => store.Query("PRAGMA foreign_key_check", row => row.Text("table")), default), Is.Empty);
        Assert.That(await desk.HistoryAsync(new OrderId("E2E-0001")), Is.Not.Empty);
        Assert.That((await desk.CardAsync((await desk.GetAsync(new OrderId("E2E-0001")))!.Card!.Value))!.Contents, Has.Count.EqualTo(1));
        Assert.That((await log.CheckpointAsync()).Number, Is.EqualTo(2), "their numbers go on");
        Assert.That((await log.ReadAsync(new LogQuery())).Select(row => row.Entry.Kind), Does.Contain("Issued").And.Contain("LogTakenOver").And.Contain("RowsTakenOver"));
    }

    /// <summary>Its rows have no seals, once: who takes them off again, or brings rows of before in, has rows that nobody wrote.</summary>
    [Test]
    public async Task OlderCenter_Opened_HasItsRowsUnderTheVaultsKey_AndNeverTakesAnyOverAgain()
    {
        Assert.That(_vault.TakesOverRows, Is.True);
        await using (var database = await OpenAsync())
        {
            Assert.That(_vault.TakesOverRows, Is.False);
            Assert.That(await new StoreHistory(database).SettleRowsAsync(), Is.Empty);
            await database.ExecuteAsync("UPDATE orders SET state = 1, seal = NULL, seal_generation = NULL WHERE order_id = 'E2E-0001'");
            var desk = new DatabaseOrderDesk(database, new OrderOptions());
            Assert.That((await Assert.ThrowsAsync<StoreException>(() => desk.GetAsync(new OrderId("E2E-0001"))))!.Message, Does.Contain("E2E-0001 of orders"));
            await database.ExecuteAsync("UPDATE store_meta SET row_sums = NULL");
        }
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var again = FileKeyVault.Open(Path.Combine(Data, "vault.json"), passphrase);
        Assert.That(again.TakesOverRows, Is.False, "it is in the vault's file");
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => OpenAsync(again)))!.Fault, Is.EqualTo(StoreFault.Altered));
    }

    private long EntriesInTheOlderLog()
    {
        using var connection = new SqliteConnection($"Data Source={OldLog};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM log_entries";
        return (long)command.ExecuteScalar()!;
    }

    [Test]
    public async Task OlderCenter_OpenedTwice_TakesItsLogOverOnce()
    {
        await (await OpenAsync()).DisposeAsync();
        File.Copy(OldLog + ".taken-over", OldLog);
        await using var database = await OpenAsync();
        Assert.That((await new StoredLog(database, Log, _vault, TimeProvider.System).VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task TakenOverEntryChanged_Verify_NamesIt()
    {
        await using var database = await OpenAsync();
        await database.ExecuteAsync("DROP TRIGGER log_entries_fixed");
        await database.ExecuteAsync("UPDATE log_entries SET detail = '{}' WHERE sequence = 5");
        var report = await new StoredLog(database, Log, _vault, TimeProvider.System).VerifyAsync();
        Assert.That(report.Findings.Select(finding => (finding.Kind, finding.Sequence)), Does.Contain((LogFindingKind.ChangedRow, 5L)));
    }

    [Test]
    public async Task OlderCenter_OpenedWithoutTheVault_SaysWhatToDo()
    {
        var fault = await Assert.ThrowsAsync<StoreException>(() => OpenAsync(new PublicLogKeys(_vault.Identity)));
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Older));
        Assert.That(fault.Message, Does.Contain("with the vault"));
        Assert.That(File.Exists(OldLog), Is.True);
    }
}
