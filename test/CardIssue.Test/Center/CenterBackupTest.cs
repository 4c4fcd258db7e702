using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Recovery;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Center;

[TestFixture, Parallelizable]
public class CenterBackupTest
{
    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task WhileSessionsIssue_Backup_IsOneConsistentState()
    {
        await _bench.ImportAsync([.. Enumerable.Range(10, 40).Select(n => _bench.New($"o{n}", $"c{n}"))]);
        var issuing = Task.Run(async () =>
        {
            for (var n = 10; n < 50; n++) await _bench.IssueAsync($"o{n}", StoreBench.Card(n));
        });
        var manifests = new List<BackupManifest>();
        for (var n = 0; !issuing.IsCompleted || n == 0; n++) manifests.Add(await _bench.BackUpAsync(Path.Combine(_bench.Directory, $"b{n}")));
        await issuing;
        TestContext.Out.WriteLine($"{manifests.Count} backups while 40 orders were issued");

        for (var n = 0; n < manifests.Count; n++)
        {
            var folder = Path.Combine(_bench.Directory, $"b{n}");
            Assert.That(() => CenterBackup.Verify(folder, CenterBackup.Read(folder), _bench.Keys), Throws.Nothing);
            var (_, generation, heads) = CenterBackup.StateOf(Path.Combine(folder, CenterBackup.StorePart));
            Assert.That((generation, heads), Is.EqualTo((manifests[n].Generation, manifests[n].Heads)));
        }
        var options = new StoreOptions { Directory = Path.Combine(_bench.Directory, "copy") };
        CenterRestore.PutBack(Path.Combine(_bench.Directory, "b0"), manifests[0], _bench.Keys, options, new Dictionary<string, string>(), false, _bench.Time);
        await using var copy = await CenterDatabase.OpenAsync(options, new() { Directory = options.Directory, Instance = "h1" }, _bench.Keys, _bench.Time);
        var report = await new CardIssue.Center.Log.StoredLog(copy, _bench.Log, _bench.Keys, _bench.Time).VerifyAsync();
        Assert.That(report.IsOk, Is.True, report.Findings.ToString());
        Assert.That(copy.RestoredFrom, Is.Not.Null, "another machine: nothing proves that nothing changed");
        foreach (var order in await new DatabaseOrderDesk(copy, _bench.Options).ListAsync())
            Assert.That(order.State, Is.EqualTo(OrderState.Quarantined).Or.EqualTo(OrderState.Issued), order.Order.ToString());
    }

    [Test]
    public async Task AnyByteOfAnyPartChanged_Restore_IsRefused()
    {
        await _bench.BackUpAsync();
        await _bench.Database.DisposeAsync();
        var random = new Random(Seed());
        foreach (var path in Directory.GetFiles(LostStore.BackupOf(_bench)))
        {
            var whole = await File.ReadAllBytesAsync(path);
            for (var i = 0; i < 20; i++)
            {
                var changed = (byte[])whole.Clone();
                changed[random.Next(changed.Length)] ^= (byte)random.Next(1, 256);
                await File.WriteAllBytesAsync(path, changed);
                // A change of white space in the manifest alone is none of what it says.
                if (Path.GetFileName(path) == BackupManifest.FileName && IsTheSame(changed, whole)) continue;
                var fault = Assert.Throws<RecoveryException>(() => _bench.Restore());
                Assert.That(fault!.Fault, Is.EqualTo(RecoveryFault.Altered), path);
            }
            await File.WriteAllBytesAsync(path, whole[..^1]);
            if (Path.GetFileName(path) != BackupManifest.FileName) Assert.Throws<RecoveryException>(() => _bench.Restore(), path);
            await File.WriteAllBytesAsync(path, whole);
        }
        Assert.Throws<RecoveryException>(() => _bench.Restore(keys: new LogKeys()), "another center's vault");
        Assert.That(Directory.GetFiles(_bench.Directory, "*restor*"), Is.Empty, "nothing was begun");
        await _bench.StartAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
    }

    [Test]
    public async Task FolderThere_Backup_IsRefusedAndLeavesItAsItIs()
    {
        await _bench.BackUpAsync();
        var before = await File.ReadAllBytesAsync(Path.Combine(LostStore.BackupOf(_bench), BackupManifest.FileName));
        await Assert.ThrowsAsync<IOException>(() => _bench.BackUpAsync());
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(LostStore.BackupOf(_bench), BackupManifest.FileName)), Is.EqualTo(before));
    }

    [Test]
    public async Task Interrupted_Backup_LeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => _bench.BackUpAsync(cancellation: stop.Token));
        Assert.That(Directory.GetFileSystemEntries(_bench.Directory, "backup*"), Is.Empty);
    }

    [Test]
    public async Task InterruptedInTheCopy_Backup_LeavesNothing()
    {
        await _bench.ImportAsync([.. Enumerable.Range(1, 4).Select(n => _bench.New($"l{n}", $"l{n}") with { SealedData = ByteString.Own(new byte[8 << 20]) })]);
        using var stop = new CancellationTokenSource();
        var making = _bench.BackUpAsync(cancellation: stop.Token);
        var copy = new FileInfo(Path.Combine(LostStore.BackupOf(_bench) + ".unfinished", CenterBackup.StorePart));
        while (!making.IsCompleted && (!copy.Exists || copy.Length == 0)) copy.Refresh();
        await stop.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => making);
        Assert.That(Directory.GetFileSystemEntries(_bench.Directory, "backup*"), Is.Empty);
        Assert.That((await _bench.BackUpAsync()).Generation, Is.Positive, "the next one works");
    }

    [Test]
    [Platform(Exclude = "Win")]
    public async Task Backup_IsItsOwnersOnly()
    {
        if (OperatingSystem.IsWindows()) return;
        await _bench.BackUpAsync();
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        foreach (var path in Directory.GetFiles(LostStore.BackupOf(_bench)).Append(LostStore.BackupOf(_bench)))
            Assert.That(File.GetUnixFileMode(path) & others, Is.EqualTo(UnixFileMode.None), path);
    }

    [Test]
    public async Task Served_Restore_IsRefused()
    {
        await _bench.BackUpAsync();
        _bench.Database.Serve();
        Assert.That(Assert.Throws<StoreException>(() => _bench.Restore())!.Fault, Is.EqualTo(StoreFault.Served));
    }

    [Test]
    public async Task NothingChangedSince_Restore_QuarantinesNothing()
    {
        await _bench.BackUpAsync();
        await _bench.Database.DisposeAsync();
        Assert.That(_bench.Restore().Unchanged, Is.True);
        await _bench.StartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Null);
        Assert.That((await _bench.ClaimedAsync("o1")).State, Is.EqualTo(OrderState.Claimed));
    }

    /// <summary>The generation's copy is not flushed with each commit: equal numbers prove nothing where the store itself is
    /// gone.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task StoreGone_Restore_Quarantines(bool damaged)
    {
        await _bench.BackUpAsync();
        await _bench.Database.DisposeAsync();
        foreach (var file in Directory.GetFiles(_bench.Directory, "center.db*")) File.Delete(file);
        if (damaged) await File.WriteAllTextAsync(Path.Combine(_bench.Directory, "center.db"), new string('x', 8_192));
        _bench.Restore();
        _bench.Restore();
        await _bench.StartAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.Desk.PutBackAsync())!.FoundBy, Does.Contain("restore"));
        await _bench.RestartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Null, "found once");
    }

    [Test]
    public async Task NewerStore_Restore_IsRefusedUnlessToldSo_AndKeptAside()
    {
        await _bench.BackUpAsync();
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        await _bench.Database.DisposeAsync();
        Assert.That(Assert.Throws<RecoveryException>(() => _bench.Restore())!.Fault, Is.EqualTo(RecoveryFault.Newer));
        await _bench.StartAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Issued), "as it was");

        var aside = await _bench.LoseAndRestoreAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(CardIssue.Core.Protocol.Messages.DeclineCode.Waiting));
        await using var lost = await CenterDatabase.OpenAsync(new StoreOptions { Directory = aside, GenerationFile = Path.Combine(aside, "g") },
            new() { Directory = aside }, _bench.Keys, _bench.Time);
        Assert.That((await new DatabaseOrderDesk(lost, _bench.Options).GetAsync(new OrderId("o1")))!.Card, Is.EqualTo(StoreBench.Card(1)));
    }

    [Test]
    public async Task AnotherStore_Restore_IsRefused()
    {
        await _bench.BackUpAsync();
        await using var other = await StoreBench.OpenAsync();
        await other.Database.DisposeAsync();
        var fault = Assert.Throws<RecoveryException>(() => CenterRestore.PutBack(LostStore.BackupOf(_bench), CenterBackup.Read(LostStore.BackupOf(_bench)),
            _bench.Keys, LostStore.OptionsOf(other), new Dictionary<string, string>(), true, _bench.Time));
        Assert.That(fault!.Fault, Is.EqualTo(RecoveryFault.Foreign));
    }

    private static bool IsTheSame(byte[] one, byte[] other)
    {
        try
        {
            return BackupManifest.FromJson(one) == BackupManifest.FromJson(other);
        }
        catch (RecoveryException)
        {
            return false;
        }
    }

    private static int Seed()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        return seed;
    }
}
