using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Center;

/// <summary>What the desk does with an order in every state, and when its code is spent and its life over.</summary>
[TestFixture, Parallelizable]
public sealed class DeskStatesTest
{
    private static readonly CardId Card1 = StoreBench.Card(1), Card2 = StoreBench.Card(2);

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        await _bench.ImportAsync(_bench.New("o1"));
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    /// <summary>Whether the code is spent; whether the order has ended, at the last thing that was done.</summary>
    [TestCase(Standing.Ready, false, false)]
    [TestCase(Standing.Claimed, false, false)]
    [TestCase(Standing.Bound, true, false)]
    [TestCase(Standing.Writing, true, false)]
    [TestCase(Standing.Closing, true, false)]
    [TestCase(Standing.Issued, true, true)]
    [TestCase(Standing.Waiting, true, false)]
    [TestCase(Standing.WaitingUnbound, false, false)]
    [TestCase(Standing.Voiding, true, false)]
    [TestCase(Standing.Voided, true, true)]
    [TestCase(Standing.VoidedUnbound, false, true)]
    [TestCase(Standing.QuarantinedReady, false, false)]
    public async Task OrderInAnyState_CodeSpent_AndEnded(object standing, bool isSpent, bool hasEnded)
    {
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        await _bench.BringToAsync("o1", (Standing)standing, Card1);
        var view = await _bench.ViewAsync("o1");
        Assert.That((view.CodeSpent, view.Ended), Is.EqualTo((isSpent, hasEnded ? _bench.Time.GetUtcNow() : (DateTimeOffset?)null)));
        Assert.That(view.Imported, Is.EqualTo(_bench.Time.GetUtcNow() - TimeSpan.FromMinutes(1)));
        _bench.Time.Advance(TimeSpan.FromMinutes(1));
        await _bench.RestartAsync();
        Assert.That((await _bench.ViewAsync("o1")).Ended, Is.EqualTo(view.Ended));
    }

    [Test]
    public async Task IssuedOrder_Voided_EndsAtItsVoid_NotAtItsBlock()
    {
        await _bench.BringToAsync("o1", Standing.Issued, Card1);
        var issued = _bench.Time.GetUtcNow();
        _bench.Time.Advance(TimeSpan.FromHours(1));
        await _bench.VoidAsync("o1");
        Assert.That((await _bench.ViewAsync("o1")).Ended, Is.EqualTo(issued));
        _bench.Time.Advance(TimeSpan.FromHours(1));
        await _bench.Pump(new RememberingFeed()).PumpAsync();
        Assert.That((await _bench.ViewAsync("o1")).Ended, Is.EqualTo(issued + TimeSpan.FromHours(2)));
    }

    [TestCase(Standing.Issued)]
    [TestCase(Standing.VoidedUnbound)]
    public async Task WriteData_IsKeptAsLongAsItIsSaid_AfterTheEnd(object standing)
    {
        _bench.Time.Advance(TimeSpan.FromDays(3));
        await _bench.BringToAsync("o1", (Standing)standing, Card1);
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        _bench.Time.Advance(_bench.Options.KeepWriteData - TimeSpan.FromMilliseconds(1));
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.Zero);
        _bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.EqualTo(1));
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.Zero, "once");
        Assert.That(await _bench.DeclineAsync("o2"), Is.Null, "what has not ended keeps it");
    }

    /// <summary>The state after a retry; null where none is possible.</summary>
    [TestCase(Standing.Ready, null)]
    [TestCase(Standing.Claimed, null)]
    [TestCase(Standing.Bound, null)]
    [TestCase(Standing.Writing, null)]
    [TestCase(Standing.Closing, null)]
    [TestCase(Standing.Issued, null)]
    [TestCase(Standing.Waiting, OrderState.Writing)]
    [TestCase(Standing.WaitingUnbound, OrderState.Ready)]
    [TestCase(Standing.Voiding, null)]
    [TestCase(Standing.Voided, null)]
    [TestCase(Standing.Quarantined, null)]
    [TestCase(Standing.QuarantinedReady, null)]
    public async Task OrderInAnyState_Retry(object standing, object? next)
    {
        await _bench.BringToAsync("o1", (Standing)standing, Card1);
        var before = await _bench.ViewAsync("o1");
        Assert.That(await _bench.RetryAsync("o1"), Is.EqualTo(next is null ? DeskOutcome.WrongState : DeskOutcome.Done));
        var view = await _bench.ViewAsync("o1");
        if (next is null) Assert.That(view, Is.EqualTo(before));
        else Assert.That((view.State, view.WaitingRecord, view.Progress),
            Is.EqualTo(((OrderState)next, (int?)null, before.Progress with { Attempt = 1 })));
        Assert.That(await _bench.RetryAsync("o9"), Is.EqualTo(DeskOutcome.NotFound));
    }

    [Test]
    public async Task WaitingOrderThatIsBeingVoided_Retry_IsRefused()
    {
        await _bench.BringToAsync("o1", Standing.Waiting, Card1);
        Assert.That(await _bench.VoidAsync("o1"), Is.EqualTo(DeskOutcome.BlockOrdered));
        Assert.That(await _bench.RetryAsync("o1"), Is.EqualTo(DeskOutcome.WrongState));
    }

    /// <summary>A claim in doubt that waits at its last attempt has all of them again.</summary>
    [Test]
    public async Task WaitingAtTheLastAttempt_Retry_HasAllAttemptsAgain()
    {
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Bound(Card1), new OrderChange.Leaving(1, 3), new OrderChange.Waiting(1),
            new OrderChange.Released());
        Assert.That((await _bench.ViewAsync("o1")).WaitingRecord, Is.EqualTo(1));
        await _bench.RetryAsync("o1");
        Assert.That((await _bench.ViewAsync("o1")).Progress, Is.EqualTo(new OrderProgress(0, 1, 1, 1)));
    }

    [TestCase(Standing.Ready, true)]
    [TestCase(Standing.Claimed, true)]
    [TestCase(Standing.Writing, true)]
    [TestCase(Standing.Waiting, true)]
    [TestCase(Standing.Quarantined, true)]
    [TestCase(Standing.Issued, false)]
    [TestCase(Standing.Voided, false)]
    [TestCase(Standing.VoidedUnbound, false)]
    [TestCase(Standing.Voiding, false)]
    [TestCase(Standing.VoidingIssued, false)]
    public async Task OrderInAnyState_RenewCode(object standing, bool isDone)
    {
        await _bench.BringToAsync("o1", (Standing)standing, Card1);
        var before = await _bench.ViewAsync("o1");
        var expires = _bench.Time.GetUtcNow().AddDays(99);
        Assert.That(await _bench.RenewCodeAsync("o1", StoreBench.Verifier, expires),
            Is.EqualTo(isDone ? DeskOutcome.Done : DeskOutcome.WrongState));
        var view = await _bench.ViewAsync("o1");
        Assert.That(view, Is.EqualTo(before with { CodeExpires = isDone ? expires : before.CodeExpires, Updated = view.Updated }));
        Assert.That(await _bench.RenewCodeAsync("o9", StoreBench.Verifier, expires), Is.EqualTo(DeskOutcome.NotFound));
    }

    [TestCase(0, 1, false)]
    [TestCase(1, 1, true)]
    [TestCase(NewOrder.MaxVerifier, 1, true)]
    [TestCase(NewOrder.MaxVerifier + 1, 1, false)]
    [TestCase(1, 0, false)]
    [TestCase(1, -1, false)]
    public async Task NewCode_OfAnyLengthAndExpiry_IsTakenOrDoesNotFit(int length, int milliseconds, bool fits) =>
        Assert.That(await _bench.RenewCodeAsync("o1", ByteString.Own(new byte[length]),
            _bench.Time.GetUtcNow() + TimeSpan.FromMilliseconds(milliseconds)),
            Is.EqualTo(fits ? DeskOutcome.Done : DeskOutcome.DoesNotFit));

    /// <summary>What a void comes to, what the feed is told, and whether the card may ever be used again.</summary>
    [TestCase(Standing.Ready, DeskOutcome.Done, false)]
    [TestCase(Standing.Claimed, DeskOutcome.Done, false)]
    [TestCase(Standing.WaitingUnbound, DeskOutcome.Done, false)]
    [TestCase(Standing.QuarantinedReady, DeskOutcome.Done, false)]
    [TestCase(Standing.Bound, DeskOutcome.BlockOrdered, true)]
    [TestCase(Standing.Writing, DeskOutcome.BlockOrdered, true)]
    [TestCase(Standing.Closing, DeskOutcome.BlockOrdered, true)]
    [TestCase(Standing.Waiting, DeskOutcome.BlockOrdered, true)]
    [TestCase(Standing.Quarantined, DeskOutcome.BlockOrdered, true)]
    [TestCase(Standing.Issued, DeskOutcome.BlockOrdered, true)]
    [TestCase(Standing.QuarantinedIssued, DeskOutcome.BlockOrdered, true)]
    public async Task OrderInAnyState_Void_BlocksItsCardFirst_AndItIsNeverUsedAgain(object standing, DeskOutcome outcome, bool hasCard)
    {
        await _bench.BringToAsync("o1", (Standing)standing, Card1);
        var feed = new RememberingFeed();
        await _bench.Pump(feed).PumpAsync();
        feed.Told.Clear();
        Assert.That(await _bench.VoidAsync("o1"), Is.EqualTo(outcome));
        if (hasCard) Assert.That(await _bench.VoidAsync("o1"), Is.EqualTo(DeskOutcome.WrongState), "it is under way");
        Assert.That((await _bench.ViewAsync("o1")).State == OrderState.Voided, Is.Not.EqualTo(hasCard), "not before the feed was told");
        await _bench.Pump(feed).PumpAsync();
        Assert.That(feed.Told.Select(told => (told.Kind, told.Card)), Is.EqualTo(hasCard
            ? new (FeedEventKind, CardId?)[] { (FeedEventKind.Blocked, Card1), (FeedEventKind.Voided, Card1) }
            : [(FeedEventKind.Voided, null)]));
        var view = await _bench.ViewAsync("o1");
        Assert.That((view.State, view.Session, view.VoidOrdered), Is.EqualTo((OrderState.Voided, (string?)null, false)));
        Assert.That((await _bench.Orders.CardAsync(Card1)).Standing, Is.EqualTo(hasCard ? CardStanding.Voided : CardStanding.Free));
        Assert.That(await _bench.VoidAsync("o1"), Is.EqualTo(DeskOutcome.WrongState));
    }

    [Test]
    public async Task Voided_ReissueThatDoesNotFit_IsRefusedForEachReason()
    {
        await _bench.BringToAsync("o1", Standing.VoidedUnbound, Card1);
        await _bench.ImportAsync(_bench.New("o5", "c5"));
        var good = _bench.New("o2", sequence: 2);
        (string Why, NewOrder Order)[] bad =
        [
            ("another customer", good with { Customer = "c2" }),
            ("the same sequence number", good with { Sequence = 1 }),
            ("a later sequence number", good with { Sequence = 3 }),
            ("a code that has expired", good with { CodeExpires = _bench.Time.GetUtcNow() }),
            ("no such product", good with { Product = new CardIssue.Center.Products.ProductRef("gold", 2) }),
            ("an order that is there", good with { Order = new OrderId("o5") }),
            ("no write data", good with { SealedData = default }),
        ];
        foreach (var (why, order) in bad) Assert.That(await _bench.ReissueAsync("o1", order), Is.EqualTo(DeskOutcome.DoesNotFit), why);
        Assert.That(await _bench.ReissueAsync("o5", good), Is.EqualTo(DeskOutcome.WrongState));
        Assert.That(await _bench.ReissueAsync("o9", good), Is.EqualTo(DeskOutcome.NotFound));
        Assert.That(await _bench.ReissueAsync("o1", good), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await _bench.Desk.HistoryAsync(new OrderId("o2")))[0],
            Has.Property("Change").EqualTo("Reissued").And.Property("Detail").EqualTo("o1"));
    }

    [Test]
    public async Task CardOfNoTries_Unbar_IsNotFound_AndOnlyThatCardIsUnbarred()
    {
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1), new OrderChange.Authenticating(Card2));
        Assert.That(await _bench.DoAsync(new CenterAct.UnbarCard(StoreBench.Card(3))), Is.EqualTo(DeskOutcome.NotFound));
        Assert.That(await _bench.DoAsync(new CenterAct.UnbarCard(Card1)), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await _bench.Orders.CardTriesAsync(Card1), await _bench.Orders.CardTriesAsync(Card2)), Is.EqualTo((0, 1)));
    }
}
