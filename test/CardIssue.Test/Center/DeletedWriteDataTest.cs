using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Center;

/// <summary>What is deleted is gone from the store's file, too. A database server promises no such thing.</summary>
[TestFixture, Parallelizable]
public sealed class DeletedWriteDataTest
{
    private static readonly CardId Card1 = StoreBench.Card(1);

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open() => _bench = await StoreBench.OpenAsync();

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task EndedLongAgo_DeleteWriteData_IsGoneFromTheFiles()
    {
        var secret = ByteString.Copy("a-very-secret-sealed-record"u8);
        await _bench.ImportAsync(_bench.New("o2", "c2") with { SealedData = secret });
        await _bench.IssueAsync("o2", Card1);
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.Zero);
        Assert.That(Holds(secret), Is.True);
        _bench.Time.Advance(_bench.Options.KeepWriteData);
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.EqualTo(1));
        Assert.That(Holds(secret), Is.False);
    }

    [Test]
    public async Task SomebodyReads_DeleteWriteData_SaysThatItStandsInTheLogStill_AndTheNextTimeItIsGone()
    {
        var secret = ByteString.Copy("a-very-secret-sealed-record"u8);
        await _bench.ImportAsync(_bench.New("o2", "c2") with { SealedData = secret });
        await _bench.IssueAsync("o2", Card1);
        _bench.Time.Advance(_bench.Options.KeepWriteData);
        await _bench.Database.ReadAsync(store =>
        {
            store.Number("SELECT count(*) FROM orders");
            var fault = Assert.ThrowsAsync<StoreException>(() => _bench.Desk.DeleteWriteDataAsync()).GetAwaiter().GetResult();
            Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Busy));
            return 0;
        }, default);
        Assert.That(Holds(secret), Is.True);
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.Zero, "it was deleted already");
        Assert.That(Holds(secret), Is.False);
    }

    private bool Holds(ByteString secret) => Directory.EnumerateFiles(_bench.Directory).Any(path =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content.AsSpan().IndexOf(secret.Span) >= 0;
    });
}
