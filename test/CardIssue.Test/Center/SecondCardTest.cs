using CardIssue.Test.Center.Engines;
using System.Reflection;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Center;

/// <summary>Every way to a second card of one order: it takes two people, and the first card is blocked at the issuer before and never used again.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres)]
public class SecondCardTest(EngineKind engine)
{
    private static readonly OrderId O1 = new("o1");
    private static readonly CardId First = StoreBench.Card(1), Second = StoreBench.Card(2), Lost = StoreBench.Card(3);

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

    /// <summary>A closed card that the center has not heard of yet: quarantined, reconciled without a card, by one person, it had a live twin.</summary>
    [Test]
    public async Task ClosedCard_QuarantineAndReconcileWithoutIt_BlocksItFirstAndTakesTwo()
    {
        await ClosingAsync();
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "restored");
        var act = new CenterAct.ReconcileOrder(O1, new Reconciliation.GoesOn(null, OrderProgress.None));
        var asked = await _bench.Approvals.AskAsync(_bench.Ann, act, "card lost");
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Ann, asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.SamePerson));
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.Waiting));
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id)).Act, Is.EqualTo(DeskOutcome.Done));

        Assert.That((await _bench.Orders.CardAsync(First)).Standing, Is.EqualTo(CardStanding.Voided));
        _feed.Fails = true;
        await Assert.ThrowsAsync<IOException>(() => _bench.Pump(_feed).PumpAsync());
        await _bench.RestartAsync();
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.Waiting), "the issuer was not told");
        _feed.Fails = false;
        await _bench.Pump(_feed).PumpAsync();
        Assert.That(_feed.Told.Select(told => (told.Kind, told.Card, told.Reason)), Is.EqualTo(new (FeedEventKind, CardId?, string)[] { (FeedEventKind.Blocked, First, "ann and bob: card lost") }));
        var claim = await _bench.ClaimedAsync("o1");
        Assert.That(await _bench.Orders.SaveAsync(O1, claim.Fence, new OrderChange.Bound(First)), Is.InstanceOf<SaveOutcome.CardInUse>());
        await _bench.SaveAsync(claim, new OrderChange.Bound(Second));
        Assert.That((await _bench.Desk.HistoryAsync(O1)).Single(entry => entry.Change == "Reconciled").Detail, Is.EqualTo("ann and bob: card lost"));
    }

    [Test]
    public async Task BoundCard_ReconcileWithAnother_BlocksTheFirst()
    {
        await ClosingAsync();
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "restored");
        Assert.That(await _bench.ReconcileAsync(O1, new Reconciliation.GoesOn(Second, new OrderProgress(1, 0, 1, 1)), "log"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.Waiting));
        await _bench.Pump(_feed).PumpAsync();
        Assert.That(_feed.Told.Select(told => (told.Kind, told.Card)), Is.EqualTo(new (FeedEventKind, CardId?)[] { (FeedEventKind.Blocked, First) }));
        Assert.That((await _bench.ClaimedAsync("o1")).Bound, Is.EqualTo(Second));
        Assert.That((await _bench.Orders.CardAsync(First)).Standing, Is.EqualTo(CardStanding.Voided));
    }

    [Test]
    public async Task BoundCard_ReconcileAsIssuedOnAnother_BlocksTheFirstBeforeTheOtherIsLive()
    {
        await ClosingAsync();
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "restored");
        Assert.That(await _bench.ReconcileAsync(O1, new Reconciliation.WasIssued(Second), "log"), Is.EqualTo(DeskOutcome.Done));
        await _bench.Pump(_feed).PumpAsync();
        Assert.That(_feed.Told.Select(told => (told.Kind, told.Card)),
            Is.EqualTo(new (FeedEventKind, CardId?)[] { (FeedEventKind.Blocked, First), (FeedEventKind.Issued, Second) }));
        Assert.That(((await _bench.Orders.CardAsync(First)).Standing, (await _bench.Orders.CardAsync(Second)).Standing), Is.EqualTo((CardStanding.Voided, CardStanding.Issued)));
    }

    [Test]
    public async Task SameCard_Reconcile_BlocksNothing()
    {
        await ClosingAsync();
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "restored");
        Assert.That(await _bench.ReconcileAsync(O1, new Reconciliation.GoesOn(First, new OrderProgress(2, 3, 1, 3), Closing: true), "log"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.Pump(_feed).PumpAsync(), Is.Zero);
        Assert.That((await _bench.ClaimedAsync("o1")).Bound, Is.EqualTo(First));
    }

    /// <summary>After a restore the store may not know the card that the log shows.</summary>
    [Test]
    public async Task CardThatTheStoreDoesNotKnow_ReconcileOrVoid_IsBlockedToo([Values] bool isVoid)
    {
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        var other = await _bench.ClaimedAsync("o2");
        await _bench.SaveAsync(other, new OrderChange.Bound(Second));
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "restored");
        CenterAct With(CardId card) => isVoid ? new CenterAct.VoidOrder(O1, card)
            : new CenterAct.ReconcileOrder(O1, new Reconciliation.GoesOn(null, OrderProgress.None), card);
        Assert.That(await _bench.DoAsync(With(Second)), Is.EqualTo(DeskOutcome.DoesNotFit), "another order's");
        Assert.That(await _bench.DoAsync(With(Lost)), Is.EqualTo(isVoid ? DeskOutcome.BlockOrdered : DeskOutcome.Done));
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.Waiting));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.Not.EqualTo(OrderState.Voided));
        await _bench.Pump(_feed).PumpAsync();
        Assert.That((_feed.Told[0].Kind, _feed.Told[0].Card), Is.EqualTo((FeedEventKind.Blocked, (CardId?)Lost)));
        Assert.That((await _bench.Orders.CardAsync(Lost)).Standing, Is.EqualTo(CardStanding.Voided));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(isVoid ? OrderState.Voided : OrderState.Ready));
    }

    [Test]
    public async Task CardOfAnOpenOrder_VoidWithAnotherCard_DoesNotFit()
    {
        await ClosingAsync();
        Assert.That(await _bench.DoAsync(new CenterAct.VoidOrder(O1, Lost)), Is.EqualTo(DeskOutcome.DoesNotFit), "what the store says of it is not in doubt");
    }

    /// <summary>Two blocks of one order, told one after the other: the void waits for both.</summary>
    [Test]
    public async Task DroppedCardAndThenVoided_Void_WaitsForBothBlocks()
    {
        await ClosingAsync();
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "restored");
        Assert.That(await _bench.ReconcileAsync(O1, new Reconciliation.GoesOn(Second, new OrderProgress(1, 0, 1, 1)), "log"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.VoidAsync(O1, "both broke"), Is.EqualTo(DeskOutcome.BlockOrdered));
        await _bench.Database.WriteAsync(transaction =>
        {
            FeedOutbox.MarkTold(transaction, FeedOutbox.Untold(transaction, null, 1), _bench.Database.Now);
            return true;
        }, default);
        Assert.That((await _bench.ViewAsync("o1")).State, Is.Not.EqualTo(OrderState.Voided), "the second card's block is not told");
        await _bench.Pump(_feed).PumpAsync();
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Voided));
        Assert.That(_feed.Told.Select(told => (told.Kind, told.Card)),
            Is.EqualTo(new (FeedEventKind, CardId?)[] { (FeedEventKind.Blocked, Second), (FeedEventKind.Voided, Second) }));
    }

    [Test]
    public async Task IssuedCard_ReconcileOtherwise_IsRefusedWhateverTwoPeopleSay()
    {
        await _bench.IssueAsync("o1", First);
        await _bench.Desk.QuarantineAllAsync(DateTimeOffset.UnixEpoch, _bench.Ann, "restored");
        foreach (var found in new Reconciliation[] { new Reconciliation.GoesOn(null, OrderProgress.None), new Reconciliation.GoesOn(Second, new OrderProgress(1, 0, 1, 1)),
            new Reconciliation.GoesOn(First, new OrderProgress(1, 0, 1, 1)), new Reconciliation.WasIssued(Second) })
            Assert.That(await _bench.ReconcileAsync(O1, found, "?"), Is.EqualTo(DeskOutcome.DoesNotFit), $"{found}");
    }

    [Test]
    public async Task WaitingOrder_Retry_KeepsItsCardAndIsAClerksAct()
    {
        var claim = await ClosingAsync();
        await _bench.SaveAsync(claim, new OrderChange.Waiting(3), new OrderChange.Released());
        Assert.That(await _bench.Desk.RetryAsync(O1, TestPeople.Of(_bench.Database, "eve", PersonRoles.Auditor), "?"), Is.EqualTo(DeskOutcome.NotAllowed));
        await TestPeople.AddAsync(_bench.Database, _bench.RecordKeys, ("carl", PersonRoles.Clerk));
        Assert.That(await _bench.Desk.RetryAsync(O1, TestPeople.Of(_bench.Database, "carl", PersonRoles.Clerk), "found the card"), Is.EqualTo(DeskOutcome.Done));
        var again = await _bench.ClaimedAsync("o1");
        Assert.That((again.State, again.Bound), Is.EqualTo((OrderState.Closing, (CardId?)First)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _bench.Orders.SaveAsync(O1, again.Fence, new OrderChange.Bound(Second)));
    }

    [Test]
    public async Task RenewedCode_CustomerWithAnotherOpenOrder_GivesNoTriesAtThatOne()
    {
        await _bench.ImportAsync(_bench.New("o2", sequence: 2));
        for (var i = 0; i < _bench.Options.CodeAttemptsPerCustomer; i++) await _bench.ClaimAsync("o2", right: false);
        Assert.That(await _bench.DeclineAsync("o2"), Is.EqualTo(DeclineCode.TooMany));
        Assert.That(await _bench.Desk.RenewCodeAsync(O1, StoreBench.Verifier, _bench.Time.GetUtcNow().AddDays(1), _bench.Ann), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.DeclineAsync("o2"), Is.EqualTo(DeclineCode.TooMany));
        Assert.That(await _bench.DoAsync(new CenterAct.ClearCodeTries("c1")), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.ClaimAsync("o2"), Is.InstanceOf<ClaimOutcome.Claimed>());
    }

    /// <summary>What changes something at the desk, the registry, the accounts and the vault takes who does it; a new method is looked at here first.</summary>
    [TestCase(typeof(IOrderDesk), "FindCardAsync CardAsync NextSequenceAsync PutBackAsync ListAsync EnumerateAsync EnumerateCardsAsync GetAsync HistoryAsync CountAsync DeleteWriteDataAsync")]
    [TestCase(typeof(ITerminalRegistry), "GetAsync ListAsync KnowsCertificateAsync ChangedSinceAsync ReadersAsync VersionedReadersAsync LinesAsync")]
    [TestCase(typeof(IReaderRequests), "AskForReaderAsync SettleReaderAsync ReaderRequestsAsync")]
    [TestCase(typeof(IPeople), "AnyAsync BeginAsync AuthenticateAsync ChangePasswordAsync ListAsync")]
    [TestCase(typeof(IApprovals), "ListAsync GetAsync")]
    [TestCase(typeof(IKeyCeremony), "get_Ceremonies Begin Enter Cancel")]
    public void PublicMethods_ThatTakeNoProofOfAPerson_AreThese(Type type, string names) => Assert.That(
        type.GetMethods().Where(method => method.IsAbstract && !method.GetParameters().Any(it => it.ParameterType == typeof(CenterPerson) || it.ParameterType == typeof(KeyApproval)))
            .Select(method => method.Name).Order(),
        Is.EqualTo(names.Split(' ').Order()));

    [TestCase(typeof(CenterPerson))]
    [TestCase(typeof(KeyApproval))]
    public void Proof_IsMadeByNobodyOutside(Type type)
    {
        Assert.That(type.IsSealed, Is.True);
        Assert.That(type.GetConstructors(BindingFlags.Public | BindingFlags.Instance | BindingFlags.NonPublic).Where(it => it.IsPublic || it.IsFamily), Is.Empty);
    }

    /// <summary>An order of two records whose closing has left for its card.</summary>
    private async Task<ClaimOutcome.Claimed> ClosingAsync()
    {
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(First), new OrderChange.Bound(First), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1),
            new OrderChange.Leaving(2, 1), new OrderChange.Confirmed(2), new OrderChange.Closing(1));
        return claim;
    }
}
