using CardIssue.Center.Approvals;
using CardIssue.Center.Feed;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Test.Products.Json;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// Cards that are issued and then rewritten, with real parts: whole after every cut, never another card, never over what is not known.
/// </summary>
[TestFixture, Parallelizable]
public sealed class RewritingTest
{
    /// <summary>
    /// Commands of a rewrite without faults: opening 4, authentication 2, before 2, records 2 and 1, closing 2; a few more for the reopening.
    /// </summary>
    private const int Commands = 16;

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task IssuedCard_Rewritten_HoldsTheNewData_AndTheRegistryKnowsIt(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product(mode);
        var card = await shop.IssuedAsync("i-1", product);
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 250)), Is.Null);
        var before = await shop.ViewAsync("r-1");
        Assert.That((before.State, before.Card, before.CodeSpent, before.Progress), Is.EqualTo((OrderState.Ready, (await shop.ViewAsync("i-1")).Card, false, OrderProgress.None)));
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("r-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        ThatHolds(card, 250);
        var view = await shop.ViewAsync("r-1");
        Assert.That((view.State, view.CodeSpent, view.Rewrite), Is.EqualTo((OrderState.Rewritten, true, "points")));
        Assert.That((await shop.ViewAsync("i-1")).State, Is.EqualTo(OrderState.Issued));
        var known = await shop.CardOfAsync("i-1");
        Assert.That(known.Standing, Is.EqualTo(CardStanding.Issued));
        Assert.That(known.Contents.Select(it => (it.Order.Value, it.Rewrite, it.State)),
            Is.EqualTo(new[] { ("i-1", null, OrderState.Issued), ("r-1", "points", OrderState.Rewritten) }));
        var feed = new RememberingFeed();
        await new FeedPump(shop.Database, feed, TimeProvider.System, TimeSpan.FromSeconds(1)).PumpAsync();
        Assert.That(feed.Told.Select(told => (told.Kind, told.Order.Value, told.Card)),
            Is.EqualTo(new[] { (FeedEventKind.Issued, "i-1", view.Card), (FeedEventKind.Rewritten, "r-1", view.Card) }));
        var log = await shop.Log.ReadAsync(new LogQuery(new OrderId("r-1")));
        Assert.That(log.Select(row => row.Entry.Kind), Does.Contain("Rewritten").And.Contain("Told"));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>The same card again and again, each time from what the last left; done again after its end, nothing goes.</summary>
    [TestCase("endToEnd", CutMoment.BeforeExecution)]
    [TestCase("endToEnd", CutMoment.BeforeResponse)]
    [TestCase("module", CutMoment.BeforeExecution)]
    [TestCase("module", CutMoment.BeforeResponse)]
    public async Task PowerCut_AtAnyCommand_TheCardIsRewrittenWhole(string mode, CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product(mode);
        var card = await shop.IssuedAsync("i-1", product);
        for (var at = 1; at <= Commands; at++)
        {
            Assert.That(await shop.OrderRewriteAsync($"r-{at}", product, "points", "i-1", Rewrites.Change(at - 1, at)), Is.Null);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);

            var outcome = await shop.IssueAsync($"r-{at}");

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            ThatHolds(card, at);
            Assert.That((await shop.ViewAsync($"r-{at}")).State, Is.EqualTo(OrderState.Rewritten));
            shop.Reader.Remove();
        }
        Assert.That((await shop.Desk.CardAsync((await shop.ViewAsync("i-1")).Card!.Value))!.Contents, Has.Count.EqualTo(Commands + 1));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>A terminal that knows nothing of what was begun: with the code, as at another branch.</summary>
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task TerminalDies_InMidRecord_OnlyTheSameCardGoesOn(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product(mode);
        var (other, card) = (await shop.IssuedAsync("i-2", product, 2), await shop.IssuedAsync("i-1", product));
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 7)), Is.Null);
        shop.Reader.Insert(card);
        var dying = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Of the issues both records were shown before.
        shop.WhenShown("WritingRecord  2", () => dying.TrySetResult());
        await shop.TerminalDiesAsync("r-1", dying.Task);
        Assert.That(await shop.CancelAsync("r-1"), Is.EqualTo(DeskOutcome.GoesForward));

        shop.Reader.Insert(other);
        var second = shop.IssueAsync("r-1");
        await shop.ShowsAsync("CardRejected OtherCard");
        shop.Reader.Insert(card);

        Assert.That((await second).Ending, Is.EqualTo(IssueEnding.Issued));
        ThatHolds(card, 7);
        Assert.That(other.Holds(Rewrites.Points), Is.EqualTo(Rewrites.Hex(0)));
        Assert.That(other.Holds(Rewrites.Stamp), Is.Null);
    }

    [Test]
    public async Task AnotherCard_FromTheStart_IsRefused_AndNotTouched()
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product("endToEnd");
        var (other, card) = (await shop.IssuedAsync("i-2", product, 2), await shop.IssuedAsync("i-1", product));
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 7)), Is.Null);
        shop.Reader.Insert(Shop.Card(3));
        var rewriting = shop.IssueAsync("r-1");
        await shop.ShowsAsync("CardRejected OtherCard");
        shop.Reader.Insert(other);
        await shop.ShowsAsync("CardRejected OtherCard", times: 2);
        shop.Reader.Insert(card);

        Assert.That((await rewriting).Ending, Is.EqualTo(IssueEnding.Issued));
        ThatHolds(card, 7);
        Assert.That(other.Holds(Rewrites.Points), Is.EqualTo(Rewrites.Hex(0)));
        Assert.That(other.State.FailedAuthentications, Is.Zero);
    }

    /// <summary>The customer only drops in: he names himself, or his card is named, and each time the earliest is done.</summary>
    [Test]
    public async Task SeveralWaiting_InOneVisit_AreDoneInTheirOrder()
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product("endToEnd");
        var card = await shop.IssuedAsync("i-1", product);
        Assert.That(await shop.OrderRewriteAsync("r-2", product, "points", "i-1", Rewrites.Change(0, 10)), Is.Null);
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(10, 20)), Is.Null);
        Assert.That(await shop.OrderRewriteAsync("r-0", product, "block", "i-1", []), Is.Null);
        shop.Reader.Insert(card);
        var later = await shop.IssueAsync("r-1");
        Assert.That((later.Ending, later.Detail), Is.EqualTo((IssueEnding.Declined, nameof(DeclineCode.Waiting))));
        shop.Reader.Remove();
        shop.Reader.Insert(card);

        var first = await shop.IssueAsync("customer-i-1");
        shop.Reader.Remove();
        shop.Reader.Insert(card);
        var second = await shop.IssueAsync((await shop.ViewAsync("i-1")).Card!.Value.ToString());
        shop.Reader.Remove();
        shop.Reader.Insert(card);
        var third = await shop.IssueAsync("customer-i-1");

        Assert.That(new[] { first.Ending, second.Ending, third.Ending }, Is.All.EqualTo(IssueEnding.Issued));
        ThatHolds(card, 20);
        Assert.That(card.Inspect().Application(Products.Application).LifeCycle, Is.EqualTo(0x87));
        Assert.That((await shop.CardOfAsync("i-1")).Contents.Select(it => it.Order.Value), Is.EqualTo(new[] { "i-1", "r-2", "r-1", "r-0" }));
    }

    [Test]
    public async Task CardChangedElsewhere_IsTold_AndNotWrittenOn()
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product("endToEnd");
        var card = await shop.IssuedAsync("i-1", product);
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(5, 10)), Is.Null);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("r-1");

        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Aborted, nameof(AbortCode.WriteFailed))));
        Assert.That(card.Holds(Rewrites.Points), Is.EqualTo(Rewrites.Hex(0)));
        Assert.That(card.Holds(Rewrites.Stamp), Is.Null);
        var view = await shop.ViewAsync("r-1");
        Assert.That((view.State, view.WaitingRecord, view.Progress.Furthest), Is.EqualTo((OrderState.Waiting, 0, 0)));
        Assert.That((await shop.Desk.HistoryAsync(new OrderId("r-1"))).Last(it => it.Change == "Waiting").Detail,
            Is.EqualTo("record 0: GET DATA DF02 tells other data than expected, 5 bytes"));
        Assert.That(await shop.DoAsync(new CenterAct.VoidOrder(new OrderId("r-1"))), Is.EqualTo(DeskOutcome.VoidsNoCard));
        Assert.That(await shop.CancelAsync("r-1"), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await shop.ViewAsync("r-1")).State, Is.EqualTo(OrderState.Cancelled));
        Assert.That((await shop.CardOfAsync("i-1")).Standing, Is.EqualTo(CardStanding.Issued));
    }

    /// <summary>A card may be of an earlier version; what waits for it counts as done.</summary>
    [Test]
    public async Task NextVersion_BeginsFromTheVersionsThatItNames_AndTheCardHasItThen()
    {
        await using var shop = await Shop.OpenAsync();
        var (one, two) = (Rewrites.Product("endToEnd"), Rewrites.Product("endToEnd", 2));
        var card = await shop.IssuedAsync("i-1", one);
        Assert.That(await shop.OrderRewriteAsync("r-1", two, "block", "i-1", []), Does.Contain("does not begin from that"));
        Assert.That(await shop.OrderRewriteAsync("r-1", two, "points", "i-1", Rewrites.Change(0, 1)), Is.Null);
        Assert.That(await shop.OrderRewriteAsync("r-2", two, "block", "i-1", []), Is.Null);
        Assert.That((await shop.CardOfAsync("i-1")).Product.Version, Is.EqualTo(1));
        shop.Reader.Insert(card);

        Assert.That((await shop.IssueAsync("customer-i-1")).Ending, Is.EqualTo(IssueEnding.Issued));

        Assert.That((await shop.CardOfAsync("i-1")).Product.Version, Is.EqualTo(2));
    }

    [Test]
    public async Task CardThatIsNotThere_OrNotHis_OrVoided_TakesNoRewrite()
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product("endToEnd");
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 1)), Is.EqualTo("no card was issued by order i-1"));
        var card = await shop.IssuedAsync("i-1", product);
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 1), "somebody"), Does.Contain("is another customer's"));
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 1)), Is.Null);
        Assert.That(await shop.DoAsync(new CenterAct.VoidOrder(new OrderId("i-1"))), Is.EqualTo(DeskOutcome.BlockOrdered));
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("r-1")).Detail, Is.EqualTo(nameof(DeclineCode.Waiting)));
        shop.Reader.Remove();
        await new FeedPump(shop.Database, new RememberingFeed(), TimeProvider.System, TimeSpan.FromSeconds(1)).PumpAsync();
        Assert.That((await shop.ViewAsync("i-1")).State, Is.EqualTo(OrderState.Voided));

        Assert.That((await shop.IssueAsync("r-1")).Detail, Is.EqualTo(nameof(DeclineCode.Waiting)));

        Assert.That(card.Holds(Rewrites.Points), Is.EqualTo(Rewrites.Hex(0)));
        Assert.That(await shop.CancelAsync("r-1"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await shop.OrderRewriteAsync("r-2", product, "points", "i-1", Rewrites.Change(0, 1)), Does.Contain("is Voided"));
    }

    /// <summary>
    /// After the store was put back a rewrite waits for people like every other order, and keeps its card whatever they say.
    /// </summary>
    [Test]
    public async Task QuarantinedRewrite_KeepsItsCard_AndGoesOn()
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product("endToEnd");
        var card = await shop.IssuedAsync("i-1", product);
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 9)), Is.Null);
        await shop.Desk.QuarantineAllAsync(null, TestPeople.Of(shop.Database, "ann"), "test");
        Assert.That((await shop.ViewAsync("r-1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That(await shop.CancelAsync("r-1"), Is.EqualTo(DeskOutcome.WrongState));
        var (id, its) = (new OrderId("r-1"), (await shop.ViewAsync("r-1")).Card!.Value);
        var stranger = new CardId(ByteString.FromHex("0045AA"));
        Assert.That(await shop.DoAsync(new CenterAct.ReconcileOrder(id, new Reconciliation.GoesOn(stranger, OrderProgress.None))), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await shop.DoAsync(new CenterAct.ReconcileOrder(id, new Reconciliation.WasIssued(stranger))), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await shop.DoAsync(new CenterAct.ReconcileOrder(id, new Reconciliation.GoesOn(its, OrderProgress.None), stranger)), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await shop.DoAsync(new CenterAct.ReconcileOrder(id, new Reconciliation.GoesOn(null, OrderProgress.None))), Is.EqualTo(DeskOutcome.Done));
        shop.Reader.Insert(card);

        Assert.That((await shop.IssueAsync("r-1")).Ending, Is.EqualTo(IssueEnding.Issued));

        ThatHolds(card, 9);
        Assert.That((await shop.CardOfAsync("i-1")).Standing, Is.EqualTo(CardStanding.Issued));
    }

    [Test]
    public async Task CardThatNeverTakesIt_ThreeAttempts_TheRewriteWaits_AndGoesOnFromThere()
    {
        await using var shop = await Shop.OpenAsync();
        var product = Rewrites.Product("endToEnd");
        var card = await shop.IssuedAsync("i-1", product);
        // The card takes no such tag.
        var refused = product.Replace("\"items\": [ { \"tag\": \"DF03\"", "\"items\": [ { \"tag\": \"C9\"", StringComparison.Ordinal)
            .Replace("\"version\": 1,", "\"version\": 2,", StringComparison.Ordinal);
        Assert.That(await shop.OrderRewriteAsync("r-1", refused, "points", "i-1", Rewrites.Change(0, 3)), Is.Null);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("r-1");

        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Aborted, nameof(AbortCode.WriteFailed))));
        var view = await shop.ViewAsync("r-1");
        Assert.That((view.State, view.WaitingRecord), Is.EqualTo((OrderState.Waiting, 2)));
        Assert.That(await shop.CancelAsync("r-1"), Is.EqualTo(DeskOutcome.GoesForward));
        Assert.That((await shop.CardOfAsync("i-1")).Standing, Is.EqualTo(CardStanding.Issued));
        Assert.That(await shop.OrderRewriteAsync("r-2", product, "points", "i-1", Rewrites.Change(3, 4)), Does.Contain("does not begin from that"));
    }

    /// <summary>The samples' own rewrites, with the samples' own orders.</summary>
    [Test]
    public async Task SampleRewrites_OfTheSampleCard_AreDone()
    {
        await using var shop = await Shop.OpenAsync();
        // The shop's vault has the master key of samples/orders under another name.
        var product = Samples.Change(Samples.EndToEnd, "\"issuer-test\"", "\"visa\"");
        await shop.OrderAsync("E2E-0001", product, Samples.ReadOrders(Samples.Orders).Orders![0].Fields);
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("E2E-0001")).Ending, Is.EqualTo(IssueEnding.Issued));
        var reading = Samples.ReadOrders(Samples.Rewrites);
        Assert.That(reading.Lines(), Is.Empty);
        var entries = reading.Orders!.Select(entry => (entry.Order.Value, entry.Rewrite!.Name, entry.Fields.ToDictionary()))
            .Concat([("block", "block", []), ("unblock", "unblock", [])]).ToList();
        foreach (var (order, rewrite, fields) in entries) Assert.That(await shop.OrderRewriteAsync(order, product, rewrite, "E2E-0001", fields), Is.Null);

        foreach (var (order, rewrite, _) in entries)
        {
            shop.Reader.Remove();
            shop.Reader.Insert(card);
            var outcome = await shop.IssueAsync("customer-E2E-0001");
            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"{rewrite}: {outcome.Detail}");
            Assert.That((await shop.ViewAsync(order)).State, Is.EqualTo(OrderState.Rewritten));
            if (rewrite == "block") Assert.That(card.Inspect().Application(Products.Application).LifeCycle, Is.EqualTo(0x8F));
        }
        Assert.That(card.Holds(0xDF21), Is.EqualTo("000350"));
        Assert.That(card.Inspect().Application(Products.Application).LifeCycle, Is.EqualTo(0x0F));
    }

    private static void ThatHolds(CardSimulator card, int points)
    {
        Assert.That(card.Holds(Rewrites.Points), Is.EqualTo(Rewrites.Hex(points)));
        Assert.That(card.Holds(Rewrites.Stamp), Is.EqualTo(Rewrites.Hex(points + 0x1000)));
        Assert.That(card.State.FailedAuthentications, Is.Zero);
    }
}
