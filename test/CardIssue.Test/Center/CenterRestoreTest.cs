using CardIssue.Center.Orders;
using CardIssue.Center.Recovery;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Test.Center.Engines;
using Npgsql;

namespace CardIssue.Test.Center;

/// <summary>A restore that took place is always found; one that came to nothing leaves the center as it was.</summary>
[TestFixture, Parallelizable, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CenterRestoreTest
{
    private StoreBench _bench = null!;

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task AnotherHostServes_RestoreIsRefused_AndNothingIsQuarantined()
    {
        await OpenAsync(EngineKind.Postgres);
        using (var other = PostgresStore.Open(_bench.Place))
        {
            other.Serve("two");
            Assert.That(Assert.Throws<StoreException>(() => _bench.Restore(overNewer: true))!.Fault, Is.EqualTo(StoreFault.Served));
        }
        await AssertAsItWasAsync();
    }

    [Test]
    public async Task EndedWhileTheStoreIsKeptAside_NothingIsQuarantined_AndNoHalfOfItIsLeft()
    {
        await OpenAsync(EngineKind.Postgres);
        using var stop = new CancellationTokenSource();
        await Assert.CatchAsync<OperationCanceledException>(() => RestoreWhileKeptAsideAsync(stop.Cancel, stop.Token));
        Assert.That(Directory.GetDirectories(_bench.Directory, "before-restore-*"), Is.Empty);
        await AssertAsItWasAsync();
    }

    /// <summary>What a command wrote is not in what was kept aside: it would be lost.</summary>
    [Test]
    public async Task ChangedWhileTheStoreIsKeptAside_RestoreIsRefused_AndNothingIsQuarantined()
    {
        await OpenAsync(EngineKind.Postgres);
        var fault = await Assert.ThrowsAsync<StoreException>(() => RestoreWhileKeptAsideAsync(
            () => PostgresServer.Execute(_bench.Place.Postgres, "UPDATE store_meta SET generation = generation + 1")));
        Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Busy));
        PostgresServer.Execute(_bench.Place.Postgres, "UPDATE store_meta SET generation = generation - 1");
        await AssertAsItWasAsync();
    }

    /// <summary>The other host's last commit comes after the first look at what it has.</summary>
    [Test]
    public async Task OtherHostGoesOnUntilTheRestoreBegins_WhatItDidIsNotReplaced()
    {
        await OpenAsync(EngineKind.Postgres, goesOn: false);
        Task restoring;
        using (var other = PostgresStore.Open(_bench.Place))
        {
            other.Serve("two");
            restoring = Task.Run(() => _bench.Restore());
            await UntilAsync("""
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'SELECT pg_try_advisory_lock(1128353604, 1)%'
                """, restoring);
            PostgresServer.Execute(_bench.Place.Postgres, "UPDATE store_meta SET generation = generation + 1");
        }
        // Served where the restore has not waited for long enough.
        await restoring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(restoring.Exception?.InnerException, Is.InstanceOf<RecoveryException>().Or.InstanceOf<StoreException>());
        PostgresServer.Execute(_bench.Place.Postgres, "UPDATE store_meta SET generation = generation - 1");
        await AssertAsItWasAsync();
    }

    [Test]
    public async Task Restored_AndTheNextRestoreIsRefused_TheFirstIsStillFound()
    {
        await OpenAsync(EngineKind.Postgres);
        Assert.That(_bench.Restore(overNewer: true).Unchanged, Is.False);
        using (var other = PostgresStore.Open(_bench.Place))
        {
            other.Serve("two");
            Assert.That(Assert.Throws<StoreException>(() => _bench.Restore())!.Fault, Is.EqualTo(StoreFault.Served));
        }
        await _bench.StartAsync();
        Assert.That((await _bench.ViewAsync("o2")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.Desk.PutBackAsync())!.FoundBy, Does.Contain("restore"));
    }

    /// <summary>The disk fails at the last step: a folder stands where the database belongs.</summary>
    [Test]
    public async Task FileCannotBePutInPlace_NothingIsMarked()
    {
        await OpenAsync(EngineKind.Sqlite);
        var target = _bench.Place.DatabasePath;
        var kept = target + ".kept";
        File.Move(target, kept);
        Directory.CreateDirectory(target);
        Assert.That(() => _bench.Restore(overNewer: true), Throws.InstanceOf<IOException>());
        Directory.Delete(target);
        File.Move(kept, target);
        await AssertAsItWasAsync();
    }

    /// <summary>Settings of another machine name another store, which the next try would then be of.</summary>
    [Test]
    public async Task RestoreIsRefused_OtherFilesOfTheBackup_AreNotPutBack()
    {
        await OpenAsync(EngineKind.Postgres);
        await _bench.StartAsync();
        var settings = Path.Combine(_bench.Directory, "settings.json");
        await File.WriteAllTextAsync(settings, "{}");
        var (folder, places) = (Path.Combine(_bench.Directory, "second"), new Dictionary<string, string> { ["settings.json"] = settings });
        await CenterBackup.MakeAsync(_bench.Database, _bench.Keys, new CenterId("C-1"), places, folder, "ann");
        await _bench.Database.DisposeAsync();
        File.Delete(settings);
        using (var other = PostgresStore.Open(_bench.Place))
        {
            other.Serve("two");
            Assert.That(() => Restore(), Throws.InstanceOf<StoreException>());
        }
        Assert.That(File.Exists(settings), Is.False);
        Restore();
        Assert.That(await File.ReadAllTextAsync(settings), Is.EqualTo("{}"));
        Assert.That(Directory.GetFiles(_bench.Directory, "*.restoring*"), Is.Empty);

        void Restore() => CenterRestore.PutBack(folder, CenterBackup.Read(folder), _bench.Keys, _bench.Place, places, false, _bench.Time);
    }

    /// <summary>A center that was killed leaves a write-ahead log, and people move the database away alone.</summary>
    [Test]
    public async Task DatabaseMovedAwayWithoutItsLog_TheLogIsKeptAside_AndTheStoreIsTheBackup()
    {
        await OpenAsync(EngineKind.Sqlite, stops: false);
        var target = _bench.Place.DatabasePath;
        var left = new[] { "-wal", "-shm" }.Select(end => (Path: target + end, Content: ReadShared(target + end))).ToList();
        await _bench.Database.DisposeAsync();
        File.Delete(target);
        foreach (var (path, content) in left) await File.WriteAllBytesAsync(path, content);

        var aside = _bench.Restore().KeptAside;

        Assert.That(File.Exists(Path.Combine(aside!, "center.db-wal")), Is.True);
        Assert.That(await File.ReadAllBytesAsync(target), Is.EqualTo(await File.ReadAllBytesAsync(Path.Combine(LostStore.BackupOf(_bench), "center.db"))));
        Assert.That(CenterBackup.StateOf(target).Generation, Is.EqualTo(CenterBackup.Read(LostStore.BackupOf(_bench)).Generation));
        await _bench.StartAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.StoredLog().VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>What goes into a database is opened first: a restore that was killed then leaves a log of its own copy.</summary>
    [Test]
    public async Task LogOfARestoreThatWasKilled_IsNotPlayedIntoTheNext()
    {
        await OpenAsync(EngineKind.Postgres);
        var staged = _bench.Place.DatabasePath + ".restoring";
        var stray = Path.Combine(_bench.Directory, "stray.db");
        using (var other = SqliteFile.Open(stray, TimeSpan.FromSeconds(1)))
        {
            // Every page of it is in the log then.
            other.Execute("VACUUM");
            foreach (var end in new[] { "-wal", "-shm" }) await File.WriteAllBytesAsync(staged + end, ReadShared(stray + end));
        }
        Assert.That(() => _bench.Restore(overNewer: true), Throws.Nothing);
        using var restored = PostgresStore.OpenToRead(_bench.Place);
        Assert.That(CenterBackup.StateOf(restored).Heads, Is.EqualTo(CenterBackup.Read(LostStore.BackupOf(_bench)).Heads));
        Assert.That(Directory.GetFiles(_bench.Directory, "*.restoring*"), Is.Empty);
    }

    /// <summary>A center with a backup of two orders that are ready; afterwards one of them is issued.</summary>
    private async Task OpenAsync(EngineKind kind, bool goesOn = true, bool stops = true)
    {
        _bench = await StoreBench.OpenAsync(kind);
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
        await _bench.BackUpAsync();
        if (goesOn) await _bench.IssueAsync("o1", StoreBench.Card(1));
        if (stops) await _bench.Database.DisposeAsync();
    }

    private async Task AssertAsItWasAsync()
    {
        Assert.That(Directory.GetFiles(_bench.Directory, "*.restor*"), Is.Empty);
        await _bench.StartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Null);
        Assert.That((await _bench.Desk.ListAsync()).Select(order => order.State), Has.None.EqualTo(OrderState.Quarantined));
        Assert.That(await _bench.Desk.PutBackAsync(), Is.Null);
    }

    /// <summary>Restores; the act comes after the state was taken that is kept aside, and before its first order is written there.</summary>
    private async Task RestoreWhileKeptAsideAsync(Action act, CancellationToken cancellation = default)
    {
        Task restoring;
        using (var holds = PostgresServer.Connect(_bench.Place.Postgres))
        {
            Sql.Execute(holds, "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
            restoring = Task.Run(() => CenterRestore.PutBack(LostStore.BackupOf(_bench), CenterBackup.Read(LostStore.BackupOf(_bench)),
                _bench.Keys, _bench.Place, new Dictionary<string, string>(), overNewer: true, _bench.Time, cancellation), CancellationToken.None);
            await UntilAsync("""
                SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """, restoring);
            act();
        }
        await restoring;
    }

    private async Task UntilAsync(string isThere, Task orEnded)
    {
        using var connection = PostgresServer.Connect(_bench.Place.Postgres);
        for (var patience = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Delay(5))
        {
            using var command = new NpgsqlCommand(isThere, connection);
            if ((long)command.ExecuteScalar()! > 0 || orEnded.IsCompleted) return;
            Assert.That(patience.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)), isThere);
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }
}
