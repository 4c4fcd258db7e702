using CardIssue.Center.Approvals;
using CardIssue.Center.Feed;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public class DatabaseOrderDeskTest(EngineKind engine)
{
    private static readonly OrderId O1 = new("o1");
    private static readonly CardId Card1 = StoreBench.Card(1);

    private StoreBench _bench = null!;
    private RememberingFeed _feed = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync(engine);
        _feed = new RememberingFeed();
        await _bench.ImportAsync(_bench.New("o1"));
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    private async Task<ClaimOutcome.Claimed> HalfWrittenAsync()
    {
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Bound(Card1), new OrderChange.Leaving(1, 3));
        return claim;
    }

    [Test]
    public async Task Waiting_Retry_GoesOnWhereItWasWithAttemptOne()
    {
        var claim = await HalfWrittenAsync();
        await _bench.SaveAsync(claim, new OrderChange.Waiting(1), new OrderChange.Released());
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.Waiting));
        Assert.That(await _bench.Desk.RetryAsync(O1, _bench.Ann, "new reader"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.Desk.RetryAsync(O1, _bench.Ann, "again"), Is.EqualTo(DeskOutcome.WrongState));
        var again = await _bench.ClaimedAsync("o1");
        Assert.That((again.State, again.Progress, again.Bound), Is.EqualTo((OrderState.Writing, new OrderProgress(0, 1, 1, 1), Card1)));
    }

    [Test]
    public async Task OnePersonTwice_Void_IsRefused()
    {
        var asked = await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.VoidOrder(O1), "lost");
        Assert.That((await _bench.Approvals.ApproveAsync(TestPeople.Of(_bench.Database, "ANN"), asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.SamePerson));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
    }

    [Test]
    public async Task BoundOrder_Void_BlocksFirstAndIsVoidedOnceThatWasTold()
    {
        var claim = await HalfWrittenAsync();
        Assert.That(await _bench.VoidAsync(O1, "card broke"), Is.EqualTo(DeskOutcome.BlockOrdered));
        Assert.That(await _bench.Orders.SaveAsync(O1, claim.Fence, new OrderChange.Confirmed(1)), Is.InstanceOf<SaveOutcome.ClaimLost>());
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.Waiting));
        _feed.Fails = true;
        await Assert.ThrowsAsync<IOException>(() => _bench.Pump(_feed).PumpAsync());
        Assert.That((await _bench.ViewAsync("o1")).VoidOrdered, Is.True);
        Assert.That(await _bench.Desk.ReissueAsync(O1, _bench.New("o2", sequence: 2), _bench.Ann), Is.EqualTo(DeskOutcome.WrongState));
        await _bench.RestartAsync();
        _feed.Fails = false;
        Assert.That(await _bench.Pump(_feed).PumpAsync(), Is.EqualTo(2));
        Assert.That(_feed.Told.Select(told => (told.Kind, told.Card)),
            Is.EqualTo(new (FeedEventKind, CardId?)[] { (FeedEventKind.Blocked, Card1), (FeedEventKind.Voided, Card1) }));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Voided));
        Assert.That((await _bench.Orders.CardAsync(Card1)).Standing, Is.EqualTo(CardStanding.Voided));
    }

    [Test]
    public async Task Voided_Reissue_OnceWithTheNextNumberAndAnotherCard()
    {
        await HalfWrittenAsync();
        await _bench.VoidAsync(O1, "card broke");
        await _bench.Pump(_feed).PumpAsync();
        Assert.That(await _bench.Desk.ReissueAsync(O1, _bench.New("o2", sequence: 5), _bench.Ann), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await _bench.Desk.NextSequenceAsync("c1"), Is.EqualTo(2));
        Assert.That(await _bench.Desk.ReissueAsync(O1, _bench.New("o2", sequence: 2), _bench.Ann), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.Desk.ReissueAsync(O1, _bench.New("o3", sequence: 3), _bench.Ann), Is.EqualTo(DeskOutcome.AlreadyReissued));
        var claim = await _bench.ClaimedAsync("c1");
        Assert.That(claim.Order, Is.EqualTo(new OrderId("o2")));
        Assert.That(await _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Bound(Card1)), Is.InstanceOf<SaveOutcome.CardInUse>());
    }

    [Test]
    public async Task Issued_IsLiveOnlyOnceTheFeedWasTold()
    {
        await _bench.IssueAsync("o1", Card1);
        Assert.That((await _bench.ViewAsync("o1")).IsLive, Is.False);
        await _bench.Pump(_feed).PumpAsync();
        Assert.That((await _bench.ViewAsync("o1")).IsLive, Is.True);
        Assert.That(_feed.Told.Single().Kind, Is.EqualTo(FeedEventKind.Issued));
        Assert.That(await _bench.Pump(_feed).PumpAsync(), Is.Zero);
    }

    [Test]
    public async Task JsonLinesFeed_ToldTwiceWithATornLineBetween_EachEventIsALine()
    {
        var path = Path.Combine(_bench.Directory, "feed", "issued.jsonl");
        await _bench.IssueAsync("o1", Card1);
        await _bench.Pump(new JsonLinesFeed(path)).PumpAsync();
        await File.AppendAllTextAsync(path, "{\"eventId\":\"to");
        await _bench.VoidAsync(O1, "stolen");
        await _bench.Pump(new JsonLinesFeed(path)).PumpAsync();
        var lines = await File.ReadAllLinesAsync(path);
        Assert.That(lines.Where(line => line.EndsWith('}')).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()),
            Is.EqualTo(new[] { "issued", "blocked", "voided" }));
    }

    [Test]
    public async Task IssuedSinceTheBackup_QuarantineAllAndReconcile_StaysIssued()
    {
        await _bench.IssueAsync("o1", Card1);
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        Assert.That(await _bench.Desk.QuarantineAllAsync(_bench.Time.GetUtcNow(), _bench.Ann, "restored"), Is.EqualTo(2));
        Assert.That(await _bench.ReconcileAsync(O1, new Reconciliation.GoesOn(null, OrderProgress.None), "?"), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await _bench.ReconcileAsync(O1, new Reconciliation.WasIssued(Card1), "log"), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(await _bench.Pump(_feed).PumpAsync(), Is.EqualTo(1), "told once only");
    }

    [Test]
    public async Task Quarantined_ReconcileAsTheLogSays_GoesOnThere()
    {
        await HalfWrittenAsync();
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "restored");
        var o2 = new OrderId("o2");
        Assert.That(await _bench.ReconcileAsync(o2, new Reconciliation.GoesOn(Card1, new OrderProgress(1, 0, 1, 1)), "log"),
            Is.EqualTo(DeskOutcome.DoesNotFit), "the card is another order's");
        Assert.That(await _bench.ReconcileAsync(o2, new Reconciliation.WasIssued(StoreBench.Card(2)), "log"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.ReconcileAsync(O1, new Reconciliation.GoesOn(Card1, new OrderProgress(2, 3, 1, 3)), "log"), Is.EqualTo(DeskOutcome.Done));
        var claim = await _bench.ClaimedAsync("o1");
        Assert.That((claim.Bound, claim.Progress), Is.EqualTo(((CardId?)Card1, new OrderProgress(2, 3, 1, 3, Unproved: 3))));
        await _bench.Pump(_feed).PumpAsync();
        Assert.That(_feed.Told.Single().Order, Is.EqualTo(o2));
    }

    [Test]
    public async Task Told_Events_AreInTheLog_EachOnce()
    {
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        await _bench.IssueAsync("o2", Card1);
        await _bench.VoidAsync(new OrderId("o2"), "it broke");
        for (var i = 0; i < 2; i++) await _bench.Pump(_feed).PumpAsync();
        Assert.That(_feed.Told.Select(told => told.Kind), Is.EqualTo(new[] { FeedEventKind.Issued, FeedEventKind.Blocked, FeedEventKind.Voided }));
        Assert.That(await LoggedAsync("Told"), Is.EqualTo(_feed.Told.Select(told => ("o2", $$"""{"event":"{{told.EventId}}","number":{{told.Id}},"kind":"{{told.Kind}}"}"""))));
    }

    private async Task<IEnumerable<(string Order, string Detail)>> LoggedAsync(string kind) =>
        (await new StoredLog(_bench.Database, _bench.Log, _bench.Keys, _bench.Time).ReadAsync(new LogQuery()))
        .Where(row => row.Entry.Kind == kind).Select(row => (row.Entry.Order!.Value.Value, row.Entry.Detail));

    [Test]
    public async Task SomeOrders_Count_IsByState()
    {
        await _bench.ImportAsync(_bench.New("o2", "c2"), _bench.New("o3", "c3"));
        await _bench.IssueAsync("o1", Card1);
        Assert.That(await _bench.Desk.CountAsync(), Is.EquivalentTo(new Dictionary<OrderState, int> { [OrderState.Ready] = 2, [OrderState.Issued] = 1 }));
    }

    [Test]
    public async Task EndedLongAgo_DeleteWriteData_IsGone_AndTheLogSaysSo()
    {
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        await _bench.IssueAsync("o2", Card1);
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.Zero);
        _bench.Time.Advance(_bench.Options.KeepWriteData);
        Assert.That(await _bench.Desk.DeleteWriteDataAsync(), Is.EqualTo(1));
        Assert.That(await _bench.Database.ReadAsync(
            store => store.Number("SELECT count(*) FROM orders WHERE order_id = 'o2' AND sealed IS NULL"), default), Is.EqualTo(1));
        Assert.That(await LoggedAsync("WriteDataDeleted"), Is.EqualTo(new[] { ("o2", "{}") }));
    }
}
