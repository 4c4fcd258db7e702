using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

/// <summary>Lists of orders, cards and log entries: filters, pages, and what comes while one looks.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public sealed class ListsTest(EngineKind engine)
{
    private StoreBench _bench = null!;

    private StoredLog Log => new(_bench.Database, _bench.Log, _bench.Keys, TimeProvider.System);

    [SetUp]
    public async Task Open() => _bench = await StoreBench.OpenAsync(engine);

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task MoreThanAPage_OrdersAndLog_AreListedWholeAndInOrder()
    {
        var ids = Enumerable.Range(0, RowPages.Rows + 5).Select(i => $"o{i:D5}").ToArray();
        await _bench.ImportAsync([.. ids.Select(id => _bench.New(id, customer: id))]);
        Assert.That(await OrdersAsync(new OrderQuery()), Is.EqualTo(ids));
        Assert.That(await OrdersAsync(new OrderQuery { After = new OrderId(ids[^3]) }), Is.EqualTo(ids[^2..]));
        Assert.That(await OrdersAsync(new OrderQuery { Customer = ids[7] }), Is.EqualTo(ids[7..8]));
        Assert.That((await Log.EnumerateAsync(new LogQuery { Kind = "Imported" }).ToListAsync()).Select(row => row.Entry.Order?.Value), Is.EqualTo(ids));
    }

    [Test]
    public async Task Filters_Orders_GiveThoseThatFitAlone()
    {
        await _bench.ImportAsync(_bench.New("o1", "c1"), _bench.New("o2", "c2"), _bench.New("o3", "c1", 2));
        _bench.Time.Advance(TimeSpan.FromHours(1));
        var later = _bench.Time.GetUtcNow();
        await _bench.ClaimedAsync("o2", terminal: "t9");
        Assert.That(await OrdersAsync(new OrderQuery { State = OrderState.Ready }), Is.EqualTo(new[] { "o1", "o3" }));
        Assert.That(await OrdersAsync(new OrderQuery { Customer = "c1" }), Is.EqualTo(new[] { "o1", "o3" }));
        Assert.That(await OrdersAsync(new OrderQuery { Terminal = new TerminalId("t9") }), Is.EqualTo(new[] { "o2" }));
        Assert.That(await OrdersAsync(new OrderQuery { Since = later }), Is.EqualTo(new[] { "o2" }));
        Assert.That(await OrdersAsync(new OrderQuery { Until = later }), Is.EqualTo(new[] { "o1", "o3" }));
        Assert.That(await OrdersAsync(new OrderQuery { Product = "gold", ProductVersion = 1, Customer = "c1", After = new OrderId("o1") }), Is.EqualTo(new[] { "o3" }));
        Assert.That(await OrdersAsync(new OrderQuery { Product = "gold", ProductVersion = 2 }), Is.Empty);
    }

    /// <summary>By the branch that a terminal is of now; the log says who moved it.</summary>
    [Test]
    public async Task Branch_OrdersAndCards_AreThoseOfItsTerminals()
    {
        var registry = new DatabaseTerminalRegistry(_bench.Database);
        foreach (var name in new[] { "t1", "t2" })
        {
            using var key = P256PrivateKey.Generate();
            await registry.PutAsync(new TerminalRecord(new TerminalId(name), [new LineNumber(1)], [], key.PublicKey.Encoded, key.PublicKey.Encoded, default, 1, true));
        }
        await _bench.ImportAsync(_bench.New("o1", "c1"), _bench.New("o2", "c2"));
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        await _bench.ClaimedAsync("o2", terminal: "t2");
        var (north, south) = (new BranchId("north"), new BranchId("south"));
        Assert.That(await registry.SetBranchAsync(new TerminalId("t1"), north, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        Assert.That(await registry.SetBranchAsync(new TerminalId("t2"), south, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        Assert.That(await registry.SetBranchAsync(new TerminalId("t3"), south, _bench.Ann), Is.EqualTo(TerminalChange.NotFound));
        await _bench.RestartAsync();
        Assert.That((await new DatabaseTerminalRegistry(_bench.Database).GetAsync(new TerminalId("t1")))!.Branch, Is.EqualTo(north));
        Assert.That(await OrdersAsync(new OrderQuery { Branch = north }), Is.EqualTo(new[] { "o1" }));
        Assert.That(await OrdersAsync(new OrderQuery { Branch = south }), Is.EqualTo(new[] { "o2" }));
        Assert.That(await CardsAsync(new CardQuery { Branch = north }), Is.EqualTo(new[] { "o1" }));
        Assert.That(await CardsAsync(new CardQuery { Branch = south }), Is.Empty);
        Assert.That((await Log.EnumerateAsync(new LogQuery { Kind = "TerminalMoved" }).ToListAsync()).Select(row => row.Entry.Detail),
            Is.EqualTo(new[] { """{"person":"ann","to":"north"}""", """{"person":"ann","to":"south"}""" }));
    }

    [Test]
    public async Task Filters_Cards_GiveThoseThatFitAlone()
    {
        await _bench.ImportAsync(_bench.New("o1", "c1"), _bench.New("o2", "c2"));
        await _bench.IssueAsync("o1", StoreBench.Card(2));
        _bench.Time.Advance(TimeSpan.FromHours(1));
        await _bench.IssueAsync("o2", StoreBench.Card(1));
        Assert.That(await CardsAsync(new CardQuery()), Is.EqualTo(new[] { "o2", "o1" }), "by the card's identity");
        Assert.That(await CardsAsync(new CardQuery { After = StoreBench.Card(1) }), Is.EqualTo(new[] { "o1" }));
        Assert.That(await CardsAsync(new CardQuery { Since = _bench.Time.GetUtcNow() }), Is.EqualTo(new[] { "o2" }));
        Assert.That(await CardsAsync(new CardQuery { Until = _bench.Time.GetUtcNow(), Terminal = new TerminalId("t1"), Product = "gold" }), Is.EqualTo(new[] { "o1" }));
        Assert.That(await CardsAsync(new CardQuery { Standing = CardStanding.Voided }), Is.Empty);
        Assert.That(await CardsAsync(new CardQuery { Customer = "c2", ProductVersion = 1 }), Is.EqualTo(new[] { "o2" }));
    }

    [Test]
    public async Task Filters_Log_GiveThoseThatFitAlone()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await _bench.Database.WriteAsync(store => store.Log("s7", "Talked", new { person = "An_n" }), default);
        await _bench.Database.WriteAsync(store => store.Log("s7", "Talked", new { askedBy = "annn", person = "bob" }), default);
        var all = await Log.EnumerateAsync(new LogQuery()).ToListAsync();
        Assert.That(all, Is.EqualTo(await Log.ReadAsync(new LogQuery(Most: 100_000))));
        Assert.That(await LogAsync(new LogQuery { Person = "an_N" }), Is.EqualTo(new[] { "Talked" }), "no wildcard, and small and capital letters are one");
        Assert.That(await LogAsync(new LogQuery(Session: "s7") { Person = "annn" }), Has.Length.EqualTo(1));
        Assert.That(await LogAsync(new LogQuery(Session: "s7") { Kind = "Talked" }), Has.Length.EqualTo(2));
        Assert.That(await LogAsync(new LogQuery { Until = _bench.Time.GetUtcNow() }), Is.Empty);
        var place = LogPlace.Of(all[^2]);
        Assert.That(LogPlace.Parse(place.ToString()), Is.EqualTo(place));
        Assert.That(await Log.EnumerateAsync(new LogQuery { After = place }).ToListAsync(), Is.EqualTo(all[^1..]));
    }

    [TestCase("")]
    [TestCase("1/h1")]
    [TestCase("x/h1/1")]
    [TestCase("1//1")]
    [TestCase("999999999999999999/h1/1")]
    public void WhatIsNoPlace_Parse_IsNull(string text) => Assert.That(LogPlace.Parse(text), Is.Null);

    [Test, CancelAfter(20_000)]
    public async Task NewEntries_Followed_ComeOnceEachAndOnlyThoseThatFit(CancellationToken cancellation)
    {
        await _bench.Database.WriteAsync(store => store.Log("s1", "Before", new { }), cancellation);
        await _bench.Database.WriteAsync(store => store.Log("s1", "Latest", new { }), cancellation);
        await using var following = Log.FollowAsync(new LogQuery(Session: "s1", Most: 1), cancellation).GetAsyncEnumerator(cancellation);
        Assert.That(await NextAsync(), Is.EqualTo("Latest"));
        var next = NextAsync();
        // Another process, with a chain of its own.
        await using var other = await CenterDatabase.OpenAsync(
            _bench.Place, new LogOptions { Directory = _bench.Log.Directory, CheckpointDirectory = _bench.Log.CheckpointDirectory, Instance = "h2" }, _bench.Keys, _bench.Time, cancellation);
        await other.WriteAsync(store => store.Log("s1", "Other", new { }), cancellation);
        Assert.That(await next, Is.EqualTo("Other"));
        await _bench.Database.WriteAsync(store => store.Log("s2", "NotAskedFor", new { }), cancellation);
        await _bench.Database.WriteAsync(store => store.Log("s1", "Own", new { }), cancellation);
        Assert.That(await NextAsync(), Is.EqualTo("Own"));

        async Task<string> NextAsync() => await following.MoveNextAsync() ? following.Current.Entry.Kind : "the end";
    }

    [Test]
    public async Task Receipt_ShownAgain_AfterItsTerminalBeganAnother_AndTheLogSaysToWhom()
    {
        await _bench.ImportAsync(_bench.New("o1", "c1"), _bench.New("o2", "c2"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(StoreBench.Card(1)), new OrderChange.Bound(StoreBench.Card(1)), new OrderChange.Leaving(1, 1),
            new OrderChange.Confirmed(1), new OrderChange.Closing(1));
        var saved = new SessionRecord.Saved(claim.Order, claim.Fence, new OrderChange.Issued(StoreBench.Card(1))) { Receipt = "CARD ISSUED\nProof: the card's MAC" };
        Assert.That((await _bench.Orders.CommitAsync([saved])).Refusal, Is.Null);
        await _bench.SaveAsync(claim, new OrderChange.Released());
        await _bench.ClaimedAsync("o2");
        var (outcome, receipt) = await _bench.Desk.ReceiptAsync(claim.Order, _bench.Bob);
        Assert.That((outcome, receipt!.Text, receipt.State), Is.EqualTo((DeskOutcome.Done, "CARD ISSUED\nProof: the card's MAC", OrderState.Issued)));
        Assert.That((await _bench.Desk.ReceiptAsync(new OrderId("o2"), _bench.Bob)).Receipt!.Text, Is.Null);
        Assert.That((await _bench.Desk.ReceiptAsync(new OrderId("o3"), _bench.Bob)).Outcome, Is.EqualTo(DeskOutcome.NotFound));
        Assert.That(await LogAsync(new LogQuery(claim.Order) { Person = "bob" }), Is.EqualTo(new[] { "ReceiptShown" }));
    }

    private async Task<string[]> OrdersAsync(OrderQuery query) => [.. (await _bench.Desk.EnumerateAsync(query).ToListAsync()).Select(order => order.Order.Value)];

    private async Task<string[]> CardsAsync(CardQuery query) => [.. (await _bench.Desk.EnumerateCardsAsync(query).ToListAsync()).Select(card => card.Order.Value)];

    private async Task<string[]> LogAsync(LogQuery query) => [.. (await Log.EnumerateAsync(query).ToListAsync()).Select(row => row.Entry.Kind)];
}
