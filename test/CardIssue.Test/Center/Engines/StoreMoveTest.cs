using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Recovery;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Center.Engines;

/// <summary>A store is moved from its file into a database: all of it or nothing, however often it is tried.</summary>
public sealed class StoreMoveTest
{
    private StoreBench _bench = null!;
    private StoreOptions _to = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _bench = await StoreBench.OpenAsync();
        _to = new StoreOptions { Directory = _bench.Directory, Postgres = PostgresServer.MakeEmpty() };
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
        await _bench.IssueAsync("o1", StoreBench.Card(1));
    }

    [TearDown]
    public async Task CloseAsync() => await _bench.DisposeAsync();

    [Test]
    public async Task Moved_GoesOnWhereItWas_NothingIsQuarantined_AndTheFileIsRefused()
    {
        var note = await new DatabaseOrderStore(_bench.Database, _bench.Options).History.PositionAsync(new("C-1"));
        Assert.That(await MoveAsync(), Is.GreaterThan(10));
        await _bench.Database.DisposeAsync();
        Assert.That((await Assert.ThrowsAsync<StoreException>(_bench.StartAsync))!.Fault, Is.EqualTo(StoreFault.Moved));
        Assert.That(StoreMove.MovedTo(_bench.Place), Is.EqualTo(_to.Postgres));
        await using var moved = await OpenMovedAsync();
        Assert.That((moved.RestoredFrom, moved.StoreId), Is.EqualTo(((DateTimeOffset?)null, note.Store)));
        Assert.That((await new StoredLog(moved, _bench.Log, _bench.Keys, _bench.Time).VerifyAsync()).Findings, Is.Empty);
        Assert.That(await moved.LookAtRowsAsync(default), Is.Empty);
        var desk = new DatabaseOrderDesk(moved, _bench.Options);
        Assert.That((await desk.ListAsync()).Select(order => order.State), Is.EqualTo(new[] { OrderState.Issued, OrderState.Ready }));
        // What the engine numbers goes on above what came along.
        Assert.That(await desk.RetryAsync(new OrderId("o2"), TestPeople.Of(moved), "none"), Is.EqualTo(DeskOutcome.WrongState));
        Assert.That((await new DatabaseOrderStore(moved, _bench.Options).ImportAsync(StoreBench.Product, [_bench.New("o3", "c3")])).Imported, Is.EqualTo(1));
    }

    [Test]
    public async Task CutAfterTheDatabaseHasIt_MovedAgain_BringsWhatCameSince()
    {
        await MoveAsync();
        // The mark in the file was not written: the store is still there.
        await _bench.Database.ExecuteAsync("UPDATE store_meta SET moved_to = NULL");
        await _bench.RestartAsync();
        await _bench.ImportAsync(_bench.New("o3", "c3"));
        await MoveAsync();
        await using var moved = await OpenMovedAsync();
        Assert.That(await new DatabaseOrderDesk(moved, _bench.Options).ListAsync(), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task GoneOnThere_OrAnothersStore_IsNotWrittenOver()
    {
        await MoveAsync();
        await using (var moved = await OpenMovedAsync()) await moved.WriteAsync(store => store.Log("test", "GoneOn", new { }), default);
        using (var file = EngineUnderTest.Connect(_bench.Place.DatabasePath)) file.Execute("UPDATE store_meta SET moved_to = NULL");
        await _bench.StartAsync();
        Assert.That((await Assert.ThrowsAsync<RecoveryException>(MoveAsync))!.Fault, Is.EqualTo(RecoveryFault.Newer));
        await using var other = await StoreBench.OpenAsync(EngineKind.Postgres);
        _to.Postgres = other.Place.Postgres;
        Assert.That((await Assert.ThrowsAsync<RecoveryException>(MoveAsync))!.Fault, Is.EqualTo(RecoveryFault.Foreign));
        Assert.That(StoreMove.MovedTo(_bench.Place), Is.Null);
    }

    [Test]
    public async Task ChangedRow_IsNotMoved_AndOneThatIsServedNeither()
    {
        using (var serving = new ServingLock(_bench.Place.LockPath))
        {
            serving.Take();
            Assert.That((await Assert.ThrowsAsync<StoreException>(MoveAsync))!.Fault, Is.EqualTo(StoreFault.Served));
        }
        await _bench.Database.ExecuteAsync("UPDATE orders SET customer = 'mallory' WHERE order_id = 'o2'");
        Assert.That((await Assert.ThrowsAsync<RecoveryException>(MoveAsync))!.Fault, Is.EqualTo(RecoveryFault.Altered));
        Assert.That(PostgresStore.IsThere(_to), Is.False);
    }

    private Task<long> MoveAsync() => StoreMove.ToPostgresAsync(_bench.Database, _bench.Keys, _to, "ann");

    private async Task<CenterDatabase> OpenMovedAsync()
    {
        await _bench.Database.DisposeAsync();
        return await CenterDatabase.OpenAsync(_to, _bench.Log, _bench.Keys, _bench.Time);
    }
}
