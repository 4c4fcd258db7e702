using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Center;

/// <summary>What is quarantined, and what ends a quarantine: every bound of what people may say, and all that comes of it.</summary>
[TestFixture, Parallelizable]
public sealed class QuarantineTest
{
    private static readonly CardId Card1 = StoreBench.Card(1), Card2 = StoreBench.Card(2);

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    /// <summary>
    /// Card, confirmed, in doubt, attempt, furthest, whether the closing had left; and the state that comes of it, null where it is
    /// impossible.
    /// </summary>
    private static readonly (bool Card, OrderProgress Progress, bool Closing, OrderState? State)[] Found =
    [
        (false, OrderProgress.None, false, OrderState.Ready),
        (false, OrderProgress.None, true, null),
        (false, new(1, 0, 1, 1), false, null),
        (false, new(0, 1, 1, 1), false, null),
        (false, new(0, 0, 2, 0), false, null),
        (false, new(0, 0, 1, 1), false, null),
        (false, new(0, 0, 1, 0, 1), false, null),
        (true, OrderProgress.None, false, OrderState.Bound),
        (true, new(0, 0, 2, 0), false, OrderState.Bound),
        (true, new(0, 0, 0, 0), false, null),
        (true, new(0, 0, -1, 0), false, null),
        (true, new(-1, 0, 1, 0), false, null),
        (true, new(-1, 0, 1, 1), false, null),
        (true, new(0, 1, 1, 1), false, OrderState.Writing),
        (true, new(0, 0, 1, 1), false, OrderState.Writing),
        (true, new(1, 0, 1, 1), false, OrderState.Writing),
        (true, new(1, 2, 3, 2), false, OrderState.Writing),
        (true, new(1, 2, 3, 7), false, OrderState.Writing),
        (true, new(1, 1, 1, 2), false, null),
        (true, new(1, 3, 1, 3), false, null),
        (true, new(1, -1, 1, 2), false, null),
        (true, new(1, 2, 1, 1), false, null),
        (true, new(2, 0, 1, 1), false, null),
        (true, new(2, 0, 1, 2), false, OrderState.Writing),
        (true, new(0, 0, 1, -1), false, null),
        (true, new(1, 0, 1, ProtocolLimits.MaxRecords + 1), false, OrderState.Writing),
        (true, new(1, 0, 1, ProtocolLimits.MaxRecords + 2), false, null),
        (true, new(ProtocolLimits.MaxRecords, ProtocolLimits.MaxRecords + 1, 1, ProtocolLimits.MaxRecords + 1), true, OrderState.Closing),
        (true, new(ProtocolLimits.MaxRecords + 1, ProtocolLimits.MaxRecords + 2, 1, ProtocolLimits.MaxRecords + 2), true, null),
        (true, new(1, 2, 1, 2), true, OrderState.Closing),
        (true, new(1, 0, 1, 2), true, OrderState.Closing),
        (true, new(1, 0, 1, 1), true, null),
        (true, new(0, 1, 1, 1), true, null),
        (true, new(0, 0, 1, 2), true, null),
    ];

    [Test]
    public async Task GoesOn_WithAnyProgress_IsThatState_OrDoesNotFit()
    {
        await _bench.BringToAsync("o1", Standing.Writing, Card1);
        foreach (var (hasCard, progress, closing, state) in Found)
        {
            var what = $"{hasCard}, {progress}, {closing}";
            // Without a card goes on what never had one: a card that was bound would be blocked (SecondCardTest).
            var id = hasCard ? "o1" : "o2";
            await _bench.QuarantineAllAsync();
            var before = (await _bench.ViewAsync(id), (await HistoryAsync(id)).Count);
            var outcome = await _bench.ReconcileAsync(id, new Reconciliation.GoesOn(hasCard ? Card1 : null, progress, closing));
            Assert.That(outcome, Is.EqualTo(state is null ? DeskOutcome.DoesNotFit : DeskOutcome.Done), what);
            var view = await _bench.ViewAsync(id);
            if (state is null)
            {
                Assert.That((view, (await HistoryAsync(id)).Count), Is.EqualTo(before), what);
                continue;
            }
            Assert.That((view.State, view.Card, view.Progress, view.CodeSpent, view.WaitingRecord, view.Ended),
                Is.EqualTo((state.Value, hasCard ? Card1 : (CardId?)null, progress with { Unproved = progress.Furthest }, hasCard,
                    (int?)null, (DateTimeOffset?)null)), what);
            Assert.That((await HistoryAsync(id))[^1],
                Has.Property("Change").EqualTo("Reconciled").And.Property("State").EqualTo(state.Value), what);
            Assert.That(await _bench.Orders.CardAsync(Card1), Has.Property("Standing").EqualTo(CardStanding.Bound).And.Property("Order").EqualTo(new OrderId("o1")), what);
        }
    }

    /// <summary>It is no longer held: a retry of what waits later must not bring an earlier state back.</summary>
    [Test]
    public async Task GoesOn_AfterWaiting_WaitsAndIsRetriedFromWhereItThenIs()
    {
        await _bench.BringToAsync("o1", Standing.Waiting, Card1);
        await _bench.QuarantineAllAsync();
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(Card1, OrderProgress.None)), Is.EqualTo(DeskOutcome.Done));
        var held = await _bench.Database.ReadAsync(connection => OrderRow.Find(connection, new OrderId("o1"))!.HeldState, default);
        Assert.That(held, Is.Null);
        await _bench.SaveAsync(await _bench.ClaimedAsync("o1"), new OrderChange.Waiting(1), new OrderChange.Released());
        Assert.That(await _bench.RetryAsync("o1"), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Bound));
    }

    [Test]
    public async Task WasIssued_OfAnOrderThatTheStoreHasNotAsIssued_IsInTheRegistry_EndedNow_AndToldOnce()
    {
        await _bench.BringToAsync("o1", Standing.Closing, Card1);
        await _bench.QuarantineAllAsync();
        _bench.Time.Advance(TimeSpan.FromHours(3));
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(Card2)), Is.EqualTo(DeskOutcome.Done));
        var view = await _bench.ViewAsync("o1");
        Assert.That((view.State, view.Card, view.CodeSpent, view.Ended, view.Progress.InDoubt, view.IsLive),
            Is.EqualTo((OrderState.Issued, (CardId?)Card2, true, (DateTimeOffset?)_bench.Time.GetUtcNow(), 0, false)));
        var known = await _bench.Orders.CardAsync(Card2);
        Assert.That((known.Standing, known.Order), Is.EqualTo((CardStanding.Issued, (OrderId?)new OrderId("o1"))));
        var registered = await _bench.Database.ReadAsync(store => store.Query("SELECT * FROM issued_cards WHERE standing = 3",
            row => (row.Text("customer")!, row.Int("sequence"), row.Time("issued_at"))).Single(), default);
        Assert.That(registered, Is.EqualTo(("c1", 1, (DateTimeOffset?)_bench.Time.GetUtcNow())));
        await _bench.ImportAsync(_bench.New("o3", "c3"));
        var other = await _bench.ClaimedAsync("o3");
        Assert.That(await _bench.Orders.SaveAsync(other.Order, other.Fence, new OrderChange.Bound(Card2)),
            Is.InstanceOf<SaveOutcome.CardInUse>());
        var feed = new RememberingFeed();
        await _bench.Pump(feed).PumpAsync();
        Assert.That(feed.Told.Select(told => (told.Kind, told.Order, told.Card)),
            Is.EqualTo(new[] { (FeedEventKind.Blocked, new OrderId("o1"), (CardId?)Card1), (FeedEventKind.Issued, new OrderId("o1"), Card2) }),
            "the card that it had is blocked first");
        Assert.That((await _bench.ViewAsync("o1")).IsLive, Is.True);
    }

    [Test]
    public async Task WasIssued_OfAnIssuedOrder_KeepsItsEnd_AndIsToldNothingNew()
    {
        await _bench.BringToAsync("o1", Standing.Issued, Card1);
        var before = await _bench.ViewAsync("o1");
        _bench.Time.Advance(TimeSpan.FromHours(3));
        await _bench.QuarantineAllAsync(DateTimeOffset.UnixEpoch);
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(Card2)), Is.EqualTo(DeskOutcome.DoesNotFit),
            "on another card");
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(Card1, new OrderProgress(1, 2, 1, 2), true)),
            Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(null, OrderProgress.None)), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(Card1)), Is.EqualTo(DeskOutcome.Done));
        var view = await _bench.ViewAsync("o1");
        Assert.That(view, Is.EqualTo(before with { Updated = view.Updated, Fence = view.Fence }));
        var feed = new RememberingFeed();
        await _bench.Pump(feed).PumpAsync();
        Assert.That(feed.Told, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task WasIssued_OfAnOrderThatWasBoundToNoCard_SpendsItsCode()
    {
        await _bench.BringToAsync("o1", Standing.QuarantinedReady, Card1);
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(Card1)), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await _bench.ViewAsync("o1")).CodeSpent, Is.True);
    }

    [TestCase(Standing.Bound, true)]
    [TestCase(Standing.Issued, true)]
    [TestCase(Standing.Voided, true)]
    [TestCase(Standing.Ready, false)]
    public async Task CardOfAnotherOrder_Reconcile_DoesNotFit(object standing, bool isTaken)
    {
        await _bench.BringToAsync("o2", (Standing)standing, Card2);
        await _bench.BringToAsync("o1", Standing.QuarantinedReady, Card1);
        var expected = isTaken ? DeskOutcome.DoesNotFit : DeskOutcome.Done;
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(Card2, new OrderProgress(0, 1, 1, 1))), Is.EqualTo(expected));
        await _bench.QuarantineAllAsync();
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(Card2)), Is.EqualTo(expected));
    }

    private static IEnumerable<object> Standings => Enum.GetValues<Standing>().Cast<object>();

    [TestCaseSource(nameof(Standings))]
    public async Task NotQuarantined_OrBeingVoided_OrUnknown_Reconcile_IsRefused(object standing)
    {
        await _bench.BringToAsync("o1", (Standing)standing, Card1);
        var isQuarantined = standing is Standing.Quarantined or Standing.QuarantinedReady or Standing.QuarantinedIssued;
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(Card1)),
            Is.EqualTo(isQuarantined ? DeskOutcome.Done : DeskOutcome.WrongState));
        Assert.That(await _bench.ReconcileAsync("o9", new Reconciliation.WasIssued(Card1)), Is.EqualTo(DeskOutcome.NotFound));
    }

    [Test]
    public async Task Quarantined_ThenBeingVoided_Reconcile_IsRefused()
    {
        await _bench.BringToAsync("o1", Standing.Quarantined, Card1);
        Assert.That(await _bench.VoidAsync("o1"), Is.EqualTo(DeskOutcome.BlockOrdered));
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.WasIssued(Card1)), Is.EqualTo(DeskOutcome.WrongState));
        Assert.That(await _bench.ReconcileAsync("o1", new Reconciliation.GoesOn(Card1, OrderProgress.None)), Is.EqualTo(DeskOutcome.WrongState));
    }

    /// <summary>Whether it is quarantined where nothing is said of when the copy was made, and the state that is held.</summary>
    [TestCase(Standing.Ready, true, OrderState.Ready)]
    [TestCase(Standing.Claimed, true, OrderState.Ready)]
    [TestCase(Standing.Bound, true, OrderState.Bound)]
    [TestCase(Standing.Writing, true, OrderState.Writing)]
    [TestCase(Standing.Closing, true, OrderState.Closing)]
    [TestCase(Standing.Waiting, true, OrderState.Waiting)]
    [TestCase(Standing.Voiding, true, OrderState.Writing)]
    [TestCase(Standing.Issued, false, null)]
    [TestCase(Standing.VoidingIssued, false, null)]
    [TestCase(Standing.Voided, false, null)]
    [TestCase(Standing.VoidedUnbound, false, null)]
    [TestCase(Standing.Quarantined, false, OrderState.Writing)]
    public async Task OrderInAnyState_QuarantineAll_IsOrIsNot(object standing, bool isTaken, object? held)
    {
        await _bench.BringToAsync("o1", (Standing)standing, Card1);
        var before = await _bench.ViewAsync("o1");
        var history = (await HistoryAsync()).Count;
        var others = (await _bench.ViewAsync("o2")).State == OrderState.Quarantined ? 0 : 1;
        Assert.That(await _bench.QuarantineAllAsync(), Is.EqualTo(others + (isTaken ? 1 : 0)));
        var view = await _bench.ViewAsync("o1");
        Assert.That(view.State, Is.EqualTo(isTaken ? OrderState.Quarantined : before.State));
        Assert.That((view.Session, view.Card, view.Progress, view.CodeSpent, view.Ended),
            Is.EqualTo(((string?)null, before.Card, before.Progress, before.CodeSpent, before.Ended)));
        Assert.That((await HistoryAsync()).Count, Is.EqualTo(history + (isTaken ? 1 : 0)));
        Assert.That(await _bench.Database.ReadAsync(connection => OrderRow.Find(connection, new OrderId("o1"))!.HeldState, default),
            Is.EqualTo((OrderState?)held));
    }

    [Test]
    public async Task IssuedOrders_QuarantineAll_ThoseSinceTheTimeAlone()
    {
        await _bench.BringToAsync("o1", Standing.Issued, Card1);
        var issued = _bench.Time.GetUtcNow();
        await _bench.BringToAsync("o2", Standing.Voided, Card2);
        Assert.That(await _bench.QuarantineAllAsync(), Is.Zero);
        Assert.That(await _bench.QuarantineAllAsync(issued + TimeSpan.FromMilliseconds(1)), Is.Zero);
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(await _bench.QuarantineAllAsync(issued), Is.EqualTo(1), "not what is voided");
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Quarantined));
    }

    [Test]
    public async Task ClaimedOrder_QuarantineAll_ItsSessionIsFenced()
    {
        var claim = await _bench.BringToAsync("o1", Standing.Claimed, Card1);
        await _bench.QuarantineAllAsync();
        Assert.That(await _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Bound(Card1)),
            Is.InstanceOf<SaveOutcome.ClaimLost>());
    }

    private Task<IReadOnlyList<OrderHistoryEntry>> HistoryAsync(string order = "o1") => _bench.Desk.HistoryAsync(new OrderId(order));
}
