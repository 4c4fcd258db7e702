using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public sealed class CardStockTest(EngineKind engine)
{
    private static readonly TerminalId T1 = new("t1");

    private StoreBench _bench = null!;

    private CardStock Stock => new(_bench.Database);

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync(engine);
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"), _bench.New("o3", "c3"));
        foreach (var name in new[] { "t1", "t2" })
        {
            using var key = P256PrivateKey.Generate();
            var record = new TerminalRecord(new TerminalId(name), [new LineNumber(1)], [], key.PublicKey.Encoded, key.PublicKey.Encoded, default, 1, true);
            Assert.That(await new DatabaseTerminalRegistry(_bench.Database).PutAsync(record, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        }
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task IssuedAndSpoiltCards_AreUsed_AndWhatIsNotThereWhenCountedIsMissing()
    {
        await MoveAsync(StockOutcome.Done, StockMoveKind.Delivered, 10);
        _bench.Time.Advance(TimeSpan.FromHours(1));
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        var claim = await _bench.ClaimedAsync("o2");
        await _bench.SaveAsync(claim, new OrderChange.Bound(StoreBench.Card(2)), new OrderChange.Leaving(1, 1), new OrderChange.Waiting(1), new OrderChange.Released());
        await MoveAsync(StockOutcome.Done, StockMoveKind.Scrapped, 2, reason: "bent");
        Assert.That(await ReportAsync(), Is.EqualTo(new StockReport(T1, "gold", 10, 1, 2, null, null, null)));

        Assert.That(await _bench.VoidAsync(new OrderId("o2"), "spoilt"), Is.EqualTo(DeskOutcome.BlockOrdered).Or.EqualTo(DeskOutcome.Done));
        await _bench.Pump(new RememberingFeed()).PumpAsync();
        await MoveAsync(StockOutcome.Done, StockMoveKind.Counted, 5);
        var counted = await ReportAsync();
        Assert.That((counted.Used, counted.Expected, counted.Counted, counted.Missing), Is.EqualTo((2L, 6L, 5L, 1L)));

        _bench.Time.Advance(TimeSpan.FromHours(1));
        await _bench.IssueAsync("o3", StoreBench.Card(3));
        var later = await ReportAsync();
        Assert.That((later.Expected, later.Missing), Is.EqualTo((5L, 1L)), "what was missing when it was counted");
        await _bench.RestartAsync();
        Assert.That(await ReportAsync(), Is.EqualTo(later));
    }

    [Test]
    public async Task NumberedCards_AreDeliveredOnceAndScrappedWhereTheyAre()
    {
        await MoveAsync(StockOutcome.Done, StockMoveKind.Delivered, 10, first: 100);
        await MoveAsync(StockOutcome.Done, StockMoveKind.Delivered, 10, first: 110);
        await MoveAsync(StockOutcome.Overlaps, StockMoveKind.Delivered, 1, first: 109, terminal: "t2");
        await MoveAsync(StockOutcome.Done, StockMoveKind.Scrapped, 4, first: 108, reason: "cut in two");
        await MoveAsync(StockOutcome.Overlaps, StockMoveKind.Scrapped, 1, first: 111, reason: "again");
        await MoveAsync(StockOutcome.NotThere, StockMoveKind.Scrapped, 2, first: 119, reason: "one is not there");
        await MoveAsync(StockOutcome.NotThere, StockMoveKind.Scrapped, 17, reason: "more than there are");
        await MoveAsync(StockOutcome.NotThere, StockMoveKind.Counted, 1, terminal: "t2");
        await MoveAsync(StockOutcome.DoesNotFit, StockMoveKind.Scrapped, 1, first: 100);
        await MoveAsync(StockOutcome.DoesNotFit, StockMoveKind.Delivered, 0);
        await MoveAsync(StockOutcome.NotFound, StockMoveKind.Delivered, 1, terminal: "t3");
        Assert.That((await ReportAsync()).Expected, Is.EqualTo(16));
    }

    private async Task<StockReport> ReportAsync() => (await Stock.ReportAsync()).Single();

    private async Task MoveAsync(StockOutcome outcome, StockMoveKind kind, long count, long? first = null, string reason = "", string terminal = "t1") =>
        Assert.That(await Stock.MoveAsync(new StockMove(new TerminalId(terminal), "gold", kind, count, first, reason), _bench.Ann), Is.EqualTo(outcome));
}
