using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Recovery;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.EndToEnd;

namespace CardIssue.Test.Center;

/// <summary>
/// Rewrites in the store: bound from the start, done at any branch, settled like every other order when the store was put back.
/// </summary>
[TestFixture, Parallelizable]
public sealed class RewriteOrdersTest
{
    private static readonly CardId Card1 = StoreBench.Card(1), Card2 = StoreBench.Card(2);

    private static readonly ProductRecord Product = RecordOf(Rewrites.Product("endToEnd"));

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        foreach (var (order, customer, card) in new[] { ("i1", "c1", Card1), ("i2", "c2", Card2) })
        {
            Assert.That((await _bench.Orders.ImportAsync(Product, [_bench.New(order, customer) with { Product = Product.Ref }])).Refusal, Is.Null);
            await _bench.IssueAsync(order, card);
        }
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    private static ProductRecord RecordOf(string text)
    {
        var body = ByteString.Own(Encoding.UTF8.GetBytes(text));
        return ProductRecord.Of(CardProductFile.Read(body.Span, "p").Product!, body);
    }

    private async Task<string?> RewriteAsync(string order, string customer, CardId card, string name = "points") => (await _bench.Orders.ImportAsync(Product,
        [_bench.New(order, customer) with { Product = Product.Ref, Rewrite = new RewriteOf(name, card) }])).Refusal;

    [Test]
    public async Task Rewrite_BegunAtOneBranch_GoesOnAtAnother_WithItsCard()
    {
        Assert.That(await RewriteAsync("r1", "c1", Card1), Is.Null);
        var claim = await _bench.ClaimedAsync("r1");
        Assert.That((claim.Bound, claim.Progress, claim.Rewrite, claim.OnCard?.Product), Is.EqualTo(((CardId?)Card1, OrderProgress.None, new RewriteOf("points", Card1), Product.Ref)));
        await _bench.SaveAsync(claim, new OrderChange.Released());
        Assert.That((await _bench.ViewAsync("r1")).CodeSpent, Is.False, "its card was not there");
        claim = await _bench.ClaimedAsync("r1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1), new OrderChange.Opened(Card1, true), new OrderChange.Leaving(1, 1), new OrderChange.Released());

        var again = await _bench.ClaimedAsync("r1", "t2", "s2");

        Assert.That((again.State, again.Bound, again.Progress.InDoubt), Is.EqualTo((OrderState.Writing, (CardId?)Card1, 1)));
        await _bench.SaveAsync(again, new OrderChange.Opened(Card1, true), new OrderChange.Confirmed(1), new OrderChange.Closing(1), new OrderChange.Issued(Card1));
        Assert.That((await _bench.ViewAsync("r1")).State, Is.EqualTo(OrderState.Rewritten));
        Assert.That(await _bench.DeclineAsync("r1"), Is.EqualTo(DeclineCode.AlreadyIssued));
        Assert.That((await _bench.Orders.CardAsync(Card1)).Standing, Is.EqualTo(CardStanding.Issued));
        Assert.That(await _bench.Desk.NextSequenceAsync("c1"), Is.EqualTo(2), "a rewrite takes no sequence number");
    }

    [Test]
    public async Task CardVoidedMeanwhile_IsNotAuthenticated()
    {
        Assert.That(await RewriteAsync("r1", "c1", Card1), Is.Null);
        var claim = await _bench.ClaimedAsync("r1");
        await _bench.VoidAsync(new OrderId("i1"), "stolen");
        await _bench.Pump(new RememberingFeed()).PumpAsync();

        Assert.That(await _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Authenticating(Card1)), Is.InstanceOf<SaveOutcome.CardInUse>());
    }

    /// <summary>The same sequence number and card as the issue has, and other rewrites have: only issues have them for themselves.</summary>
    [Test]
    public async Task ImportOfRewrites_NamesAnIssuedCardOfTheCustomer()
    {
        Assert.That(await RewriteAsync("r1", "c1", Card2), Does.Contain("is another customer's"));
        Assert.That(await RewriteAsync("r1", "c1", StoreBench.Card(9)), Does.Contain("no such card in the registry"));
        Assert.That(await RewriteAsync("r1", "c1", Card1, "nothing"), Does.Contain("has no rewrite nothing"));
        Assert.That(await RewriteAsync("r1", "c1", Card1), Is.Null);
        Assert.That(await RewriteAsync("r2", "c1", Card1), Is.Null);
        Assert.That(await RewriteAsync("r2", "c1", Card1), Does.Contain("its order id is known already"));
        Assert.That(await _bench.DeclineAsync("r2"), Is.EqualTo(DeclineCode.Waiting));
        Assert.That((await _bench.ClaimedAsync("c1")).Order.Value, Is.EqualTo("r1"));
    }

    [Test]
    public async Task EveryStateOfARewrite_SettledFromTheLaterLog_IsAsItWas()
    {
        foreach (var order in new[] { "done", "cancelled", "waiting" }) Assert.That(await RewriteAsync(order, "c1", Card1), Is.Null);
        Assert.That(await RewriteAsync("writing", "c2", Card2), Is.Null);
        Assert.That(await RewriteAsync("kept", "c2", Card2), Is.Null);
        await _bench.BackUpAsync();
        var claim = await _bench.ClaimedAsync("done");
        await _bench.SaveAsync(claim, new OrderChange.Opened(Card1, true), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1), new OrderChange.Closing(1),
            new OrderChange.Issued(Card1), new OrderChange.Released());
        Assert.That(await _bench.Desk.CancelAsync(new OrderId("cancelled"), _bench.Ann, "not wanted"), Is.EqualTo(DeskOutcome.Done));
        claim = await _bench.ClaimedAsync("waiting");
        await _bench.SaveAsync(claim, new OrderChange.Opened(Card1, true), new OrderChange.Waiting(0, "GET DATA DF02 tells other data"), new OrderChange.Released());
        claim = await _bench.ClaimedAsync("writing");
        await _bench.SaveAsync(claim, new OrderChange.Opened(Card2, true), new OrderChange.Leaving(1, 1), new OrderChange.Released());
        Assert.That(await RewriteAsync("lost", "c2", Card2), Is.Null);
        string[] orders = ["done", "cancelled", "waiting", "writing", "kept"];
        var lost = await StandingsAsync(orders);
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();

        var plan = await _bench.SettleAsync(log);

        Assert.That(plan.Steps.Where(step => step.Way is ReconcileWay.ByHand), Is.Empty);
        Assert.That(await StandingsAsync(orders), Is.EqualTo(lost));
        Assert.That((await _bench.Desk.CardAsync(Card1))!.Contents.Select(it => it.State),
            Is.EqualTo(new[] { OrderState.Issued, OrderState.Rewritten, OrderState.Cancelled, OrderState.Waiting }));
        foreach (var card in new[] { Card1, Card2 }) Assert.That((await _bench.Orders.CardAsync(card)).Standing, Is.EqualTo(CardStanding.Issued));
        var feed = new RememberingFeed();
        await _bench.Pump(feed).PumpAsync();
        Assert.That(feed.Told.Count(told => told is { Kind: FeedEventKind.Rewritten, Order.Value: "done" }), Is.EqualTo(1));
        Assert.That(feed.Told.Select(told => told.Kind), Has.None.EqualTo(FeedEventKind.Blocked));
        Assert.That(await RewriteAsync("lost", "c2", Card2), Is.Null, "it was not begun: it is imported again");
        Assert.That((await _bench.StoredLog().VerifyAsync()).IsOk, Is.True);
    }

    private async Task<List<(OrderState, CardId?, OrderProgress, int?)>> StandingsAsync(string[] orders)
    {
        var standings = new List<(OrderState, CardId?, OrderProgress, int?)>();
        foreach (var order in orders)
        {
            var view = await _bench.ViewAsync(order);
            standings.Add((view.State, view.Card, view.Progress, view.WaitingRecord));
        }
        return standings;
    }
}
