using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Center;

/// <summary>
/// Fencing numbers go up, also over a store that was put back: a session of before can change nothing, and no key is derived twice.
/// </summary>
[TestFixture]
public sealed class FenceTest
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

    /// <summary>Resumptions that wait at the same time share a commit, and so the number of one.</summary>
    [TestCase(1)]
    [TestCase(40)]
    public async Task OlderCopyPutBack_Claim_GivesNoNumberThatWasGivenBefore(int atOnce)
    {
        var first = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(first, new OrderChange.Released());
        var copy = await CopyAsync();
        var given = new List<long> { first.Fence };
        var resumed = await Task.WhenAll(Enumerable.Range(0, atOnce).Select(i =>
            _bench.Orders.ResumeAsync(first.Token, StoreBench.At("t1", $"s{i}"))));
        given.AddRange(resumed.Select(claim => ((ClaimOutcome.Claimed)claim).Fence));
        Assert.That(given, Is.Unique);
        await PutBackAsync(copy);

        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(null, OrderProgress.None)), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.ReconcileAsync("o2", new Reconciliation.GoesOn(null, OrderProgress.None)), Is.EqualTo(DeskOutcome.Done));
        var again = await _bench.ClaimedAsync("o1");
        Assert.That(again.Fence, Is.GreaterThan(given.Max()));
        Assert.That((await _bench.ClaimedAsync("o2")).Fence, Is.GreaterThan(given.Max()), "nor to another order");
        foreach (var fence in given)
            Assert.That(await _bench.Orders.SaveAsync(first.Order, fence, new OrderChange.Bound(StoreBench.Card(1))),
                Is.InstanceOf<SaveOutcome.ClaimLost>());
        await _bench.RestartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Null, "the copy of the store's number is not ahead of it");
    }

    [Test]
    public async Task OrderWithAHigherNumberThanTheStore_Claim_GoesOnAboveIt()
    {
        await _bench.Database.WriteAsync(store =>
        {
            (OrderRow.Find(store, new OrderId("o1"))! with { Fence = 1_000_000 }).Save(store, store.Now, "Released", "test");
            return 0;
        }, default);
        Assert.That((await _bench.ClaimedAsync("o1")).Fence, Is.EqualTo(1_000_001));
        Assert.That((await _bench.ClaimedAsync("o2")).Fence, Is.GreaterThan(1_000_001));
    }

    [Test]
    public async Task PartOfACommitThatFails_TakesItsNumberBack()
    {
        await _bench.Database.WriteAsync(store =>
        {
            Assert.That(() => store.Part(part =>
            {
                part.Restart(1_000_000);
                return part.Execute("no statement");
            }, _ => false), Throws.Exception);
            return 0;
        }, default);
        Assert.That((await _bench.ClaimedAsync("o1")).Fence, Is.LessThan(1_000_000));
        await _bench.RestartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Null);
    }

    private async Task<byte[]> CopyAsync()
    {
        await _bench.Database.DisposeAsync();
        var copy = await File.ReadAllBytesAsync(DatabaseFile);
        await _bench.StartAsync();
        return copy;
    }

    private async Task PutBackAsync(byte[] copy)
    {
        await _bench.Database.DisposeAsync();
        foreach (var file in Directory.GetFiles(_bench.Directory, "center.db*")) File.Delete(file);
        await File.WriteAllBytesAsync(DatabaseFile, copy);
        await _bench.StartAsync();
        Assert.That(_bench.Database.RestoredFrom, Is.Not.Null);
    }

    private string DatabaseFile => Path.Combine(_bench.Directory, "center.db");
}
