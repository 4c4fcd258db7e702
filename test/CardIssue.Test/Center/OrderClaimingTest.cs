using CardIssue.Center.Orders;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

/// <summary>Who gets an order, in every state that it may be in; and what becomes of the tries that were counted.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres)]
internal sealed class OrderClaimingTest(EngineKind engine)
{
    private static readonly CardId Card1 = StoreBench.Card(1);

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync(engine);
        await _bench.ImportAsync(_bench.New("o1"));
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [TestCase(Standing.Ready, null)]
    [TestCase(Standing.Claimed, null)]
    [TestCase(Standing.Bound, null)]
    [TestCase(Standing.Writing, null)]
    [TestCase(Standing.Closing, null)]
    [TestCase(Standing.Issued, DeclineCode.AlreadyIssued)]
    [TestCase(Standing.Waiting, DeclineCode.Waiting)]
    [TestCase(Standing.WaitingUnbound, DeclineCode.Waiting)]
    [TestCase(Standing.Voiding, DeclineCode.Waiting)]
    [TestCase(Standing.VoidingIssued, DeclineCode.Waiting)]
    [TestCase(Standing.Voided, DeclineCode.OrderOrCode)]
    [TestCase(Standing.VoidedUnbound, DeclineCode.OrderOrCode)]
    [TestCase(Standing.Quarantined, DeclineCode.Waiting)]
    [TestCase(Standing.QuarantinedReady, DeclineCode.Waiting)]
    [TestCase(Standing.QuarantinedIssued, DeclineCode.Waiting)]
    public async Task OrderInAnyState_ByToken_AndByCode_IsClaimedOrDeclined(object standing, DeclineCode? declined)
    {
        var claim = await _bench.BringToAsync("o1", (Standing)standing, Card1);
        var before = (await _bench.ViewAsync("o1"), (await _bench.Desk.HistoryAsync(claim.Order)).Count);

        var byToken = await _bench.Orders.ResumeAsync(claim.Token, StoreBench.At("t1", "s2") with { Operator = null });

        Assert.That((byToken as ClaimOutcome.Declined)?.Code, Is.EqualTo(declined));
        if (declined is null)
        {
            await _bench.SaveAsync((ClaimOutcome.Claimed)byToken, new OrderChange.Released());
        }
        else
        {
            Assert.That(((ClaimOutcome.Declined)byToken).Order, Is.EqualTo(claim.Order));
            Assert.That((await _bench.ViewAsync("o1"), (await _bench.Desk.HistoryAsync(claim.Order)).Count), Is.EqualTo(before),
                "nothing was changed");
        }
        Assert.That(await _bench.DeclineAsync("o1", "t2", "s3"), Is.EqualTo(declined), "by code, from another terminal");
    }

    /// <summary>By the branch that its terminal is of at that moment; what is begun is finished wherever its customer brings it.</summary>
    [Test]
    public async Task OrderOfABranch_IsBegunThereAlone_AndFinishedAnywhere_AndItsEventsNameIt()
    {
        var (north, south) = (new BranchId("north"), new BranchId("south"));
        await _bench.ImportAsync(_bench.New("o2", "c2") with { Branch = north });
        var registry = new DatabaseTerminalRegistry(_bench.Database);
        foreach (var name in new[] { "t1", "t2" })
        {
            using var key = P256PrivateKey.Generate();
            await registry.PutAsync(new TerminalRecord(new TerminalId(name), [new LineNumber(1)], [], key.PublicKey.Encoded, key.PublicKey.Encoded, default, 1, true));
        }
        await registry.SetBranchAsync(new TerminalId("t2"), south, _bench.Ann);
        var declined = (ClaimOutcome.Declined)await _bench.ClaimAsync("o2", "t1");
        Assert.That((declined.Code, declined.Detail, declined.Order), Is.EqualTo((DeclineCode.OtherBranch, "it is to be issued at branch north, and terminal t1 is of none", new OrderId("o2"))));
        Assert.That(((ClaimOutcome.Declined)await _bench.ClaimAsync("c2", "t2")).Detail, Does.EndWith("terminal t2 is of branch south"), "by its customer, too");
        Assert.That(await _bench.DeclineAsync("o2", "t2", right: false), Is.EqualTo(DeclineCode.OrderOrCode), "who has not its code learns nothing of it");
        Assert.That((await _bench.ViewAsync("o2")).Branch, Is.EqualTo(north));

        await registry.SetBranchAsync(new TerminalId("t1"), north, _bench.Ann);
        var claim = await _bench.ClaimedAsync("o2");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1), new OrderChange.Bound(Card1), new OrderChange.Leaving(1, 1), new OrderChange.Released());
        var over = await _bench.ClaimedAsync("o2", "t2", "s2");
        await _bench.SaveAsync(over, new OrderChange.Leaving(1, 2), new OrderChange.Confirmed(1), new OrderChange.Closing(1), new OrderChange.Issued(Card1));
        var feed = new RememberingFeed();
        await _bench.Pump(feed).PumpAsync();
        Assert.That(feed.Told.Select(told => (told.Order.Value, told.Branch)), Is.EqualTo(new[] { ("o2", (BranchId?)north) }));
        Assert.That(await ListedAsync(north), Is.EqualTo(new[] { "o2" }), "that it was finished at a terminal of another one changes nothing");
        Assert.That(await ListedAsync(south), Is.Empty);

        async Task<IEnumerable<string>> ListedAsync(BranchId branch)
        {
            var found = new List<string>();
            await foreach (var order in _bench.Desk.EnumerateAsync(new OrderQuery { Branch = branch })) found.Add(order.Order.Value);
            return found;
        }
    }

    [Test]
    public async Task Token_OfNobody_OfAnotherTerminal_OrReplacedByACode_IsDeclined()
    {
        var first = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(first, new OrderChange.Released());
        Assert.That(await ResumeAsync(ByteString.Own(new byte[ProtocolLimits.TokenLength]), "t1"), Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(await ResumeAsync(default, "t1"), Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(await ResumeAsync(first.Token, "t2"), Is.EqualTo(DeclineCode.OrderOrCode));
        var second = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(second, new OrderChange.Released());
        Assert.That(await ResumeAsync(first.Token, "t1"), Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(await ResumeAsync(second.Token, "t1"), Is.Null);
    }

    [Test]
    public async Task ResumedClaim_OfAnyCut_NamesWhoClaimedWithTheCode()
    {
        var first = await ByCodeAsync("olga");
        Assert.That(first.Operator, Is.EqualTo(new OperatorId("olga")));
        Assert.That((await ResumedAsync(first.Token)).Operator, Is.EqualTo(new OperatorId("olga")),
            "taken over from a session that did not end");
        await _bench.SaveAsync(await ResumedAsync(first.Token), new OrderChange.Bound(Card1), new OrderChange.Released());
        Assert.That((await ResumedAsync(first.Token)).Operator, Is.EqualTo(new OperatorId("olga")), "let go in between");
        await _bench.RestartAsync();
        await _bench.Orders.ReleaseSessionsOfHostAsync("h1");
        Assert.That((await ResumedAsync(first.Token)).Operator, Is.EqualTo(new OperatorId("olga")), "after a restart");
        var second = await ByCodeAsync("otto");
        await _bench.SaveAsync(second, new OrderChange.Released());
        Assert.That((await ResumedAsync(second.Token)).Operator, Is.EqualTo(new OperatorId("otto")),
            "another code's claim is its own operator's");
        Assert.That((await _bench.Desk.HistoryAsync(first.Order)).Where(entry => entry.Change == "Claimed").Select(entry => entry.Detail),
            Is.EqualTo(Enumerable.Repeat("olga", 5).Concat(["otto", "otto"]).Select(name =>
                $"session s1, host h1, terminal t1, operator {name}")));
        var kept = await _bench.Database.ReadAsync(connection =>
            CardIssue.Center.Orders.OrderRow.Find(connection, first.Order)!.Claim!.Operator, default);
        Assert.That(kept, Is.EqualTo(new OperatorId("otto")));
    }

    [Test]
    public async Task ClaimByCode_WithoutAnOperator_IsALocalBug_AndCountsNothing()
    {
        for (var i = 0; i < _bench.Options.CodeAttemptsPerCustomer; i++)
        {
            await Assert.ThrowsAsync<ArgumentException>(() =>
                _bench.Orders.ClaimAsync("o1", (_, _) => true, StoreBench.At("t1") with { Operator = null }));
        }
        Assert.That(await _bench.DeclineAsync("o1"), Is.Null);
    }

    [Test]
    public async Task SeveralOrders_Claim_EachIsCheckedAgainstItsOwnCode()
    {
        var verifiers = Enumerable.Range(2, 4).ToDictionary(i => $"o{i}", i => ByteString.FromHex($"C0DE0{i}"));
        await _bench.ImportAsync([.. verifiers.Select(order =>
            _bench.New(order.Key, $"c-{order.Key}") with { CodeVerifier = order.Value })]);
        foreach (var (order, verifier) in verifiers.Reverse())
        {
            foreach (var reference in new[] { order, $"c-{order}" })
            {
                var checks = new List<(OrderId, ByteString)>();
                await _bench.Orders.ClaimAsync(reference, (of, against) => { checks.Add((of, against)); return false; },
                    StoreBench.At("t1"));
                Assert.That(checks, Is.EqualTo(new[] { (new OrderId(order), verifier) }), reference);
            }
        }
        await _bench.RenewCodeAsync("o4", ByteString.FromHex("AB"), _bench.Time.GetUtcNow().AddDays(1));
        ByteString renewed = default;
        await _bench.Orders.ClaimAsync("o4", (_, against) => { renewed = against; return false; }, StoreBench.At("t1"));
        Assert.That(renewed, Is.EqualTo(ByteString.FromHex("AB")));
        await _bench.Orders.ClaimAsync("o5", (_, against) => { renewed = against; return false; }, StoreBench.At("t1"));
        Assert.That(renewed, Is.EqualTo(verifiers["o5"]), "another order's code stays");
    }

    [Test]
    public async Task RightCodes_AsManyAsOneLikes_AreNoTries()
    {
        for (var i = 0; i <= _bench.Options.CodeAttemptsPerTerminal; i++)
            await _bench.SaveAsync(await _bench.ClaimedAsync("o1"), new OrderChange.Released());
    }

    [Test]
    public async Task RightCodesWhileAnotherHasTheOrder_AreNoTriesEither()
    {
        await _bench.ClaimedAsync("o1");
        for (var i = 0; i <= _bench.Options.CodeAttemptsPerCustomer; i++) Assert.That(await _bench.DeclineAsync("o1", "t2", "s2"),
            Is.EqualTo(DeclineCode.Busy));
    }

    [Test]
    public async Task RightCode_TakesBackItsOwnTryAlone()
    {
        await WrongAsync(_bench.Options.CodeAttemptsPerCustomer - 1);
        await _bench.SaveAsync(await _bench.ClaimedAsync("o1"), new OrderChange.Released());
        await WrongAsync(1);
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
    }

    [Test]
    public async Task CardBound_GivesTheCustomersTriesBack_AndNoOtherCustomers()
    {
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        var most = _bench.Options.CodeAttemptsPerCustomer;
        await WrongAsync(most - 1);
        await WrongAsync(most - 1, "o2", "t2");
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1));
        await WrongAsync(1);
        await _bench.SaveAsync(claim, new OrderChange.Bound(Card1), new OrderChange.Released());
        await WrongAsync(most);
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
        await WrongAsync(1, "o2", "t2");
        Assert.That(await _bench.DeclineAsync("o2", "t2"), Is.EqualTo(DeclineCode.TooMany));
    }

    [Test]
    public async Task CodeRenewed_GivesTheCustomersTriesBack_AndNoOtherCustomers()
    {
        await _bench.ImportAsync(_bench.New("o2", "c2"));
        var most = _bench.Options.CodeAttemptsPerCustomer;
        await WrongAsync(most);
        await WrongAsync(most, "o2", "t2");
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
        Assert.That(await _bench.RenewCodeAsync("o1", StoreBench.Verifier, _bench.Time.GetUtcNow().AddDays(1)),
            Is.EqualTo(DeskOutcome.Done));
        await WrongAsync(most);
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
        Assert.That(await _bench.DeclineAsync("o2", "t2"), Is.EqualTo(DeclineCode.TooMany));
    }

    [Test]
    public async Task CodeThatExpired_OrIsGone_TheTryStaysCounted()
    {
        _bench.Time.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMilliseconds(1));
        await _bench.SaveAsync(await _bench.ClaimedAsync("o1"), new OrderChange.Released());
        _bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < _bench.Options.CodeAttemptsPerCustomer; i++) Assert.That(await _bench.DeclineAsync("o1"),
            Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
    }

    /// <summary>Known to others, a code is renewed: from that commit on the one before opens nothing, however far its check was by then.</summary>
    [Test]
    public async Task CodeRenewedWhileTheOneBeforeIsLookedAt_TheOneBeforeGetsNothing()
    {
        var renewed = ByteString.FromHex("AB");
        var overtaken = (ClaimOutcome.Declined)await _bench.Orders.ClaimAsync(
            "o1", (order, _) => _bench.RenewCodeAsync(order.Value, renewed, _bench.Time.GetUtcNow().AddDays(1)).Result == DeskOutcome.Done, StoreBench.At("t1"));
        Assert.That((overtaken.Code, overtaken.Order, overtaken.Detail),
            Is.EqualTo((DeclineCode.OrderOrCode, new OrderId("o1"), "the issue code is not the order's any more")));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await _bench.Orders.ClaimAsync("o1", (_, verifier) => verifier == renewed, StoreBench.At("t1")), Is.InstanceOf<ClaimOutcome.Claimed>());
    }

    /// <summary>A host whose vault is an older copy: the code may be right.</summary>
    [Test]
    public async Task CodeThatThisHostHasNoKeyFor_IsDeclinedAsTheCentersLack_AndIsNoTry()
    {
        for (var i = 0; i <= _bench.Options.CodeAttemptsPerTerminal; i++)
        {
            var lacking = (ClaimOutcome.Declined)await LackingAsync("o1");
            Assert.That((lacking.Code, lacking.Order, lacking.Detail), Is.EqualTo((DeclineCode.CenterLacks, new OrderId("o1"), "copy it")));
        }
        Assert.That(await _bench.DeclineAsync("o1"), Is.Null, "once its key is here");
    }

    /// <summary>What stands for the verifier of an order that is not there may be of such a key, too.</summary>
    [Test]
    public async Task OrderThatIsNotThere_AtAHostThatLacksAKey_IsDeclinedAndCountedAsEver()
    {
        for (var i = 0; i < _bench.Options.CodeAttemptsPerCustomer; i++)
        {
            var unknown = (ClaimOutcome.Declined)await LackingAsync("nobody");
            Assert.That((unknown.Code, unknown.Order), Is.EqualTo((DeclineCode.OrderOrCode, (OrderId?)null)));
        }
        Assert.That(((ClaimOutcome.Declined)await LackingAsync("nobody")).Code, Is.EqualTo(DeclineCode.TooMany));
    }

    [Test]
    public async Task Tries_LeaveTheWindow_OneByOne()
    {
        var most = _bench.Options.CodeAttemptsPerCustomer;
        await WrongAsync(1);
        _bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        await WrongAsync(most - 1);
        _bench.Time.Advance(_bench.Options.CodeWindow - TimeSpan.FromMilliseconds(2));
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
        _bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        await WrongAsync(1);
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
    }

    [Test]
    public async Task OrderWhoseWriteDataIsDeleted_IsDeclined()
    {
        await _bench.Database.WriteAsync(store => store.Execute("UPDATE orders SET sealed = NULL"), default);
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.NotNow));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
    }

    private Task<ClaimOutcome> LackingAsync(string reference) =>
        _bench.Orders.ClaimAsync(reference, (_, _) => throw new KeyVaultException("copy it"), StoreBench.At("t1"));

    private async Task WrongAsync(int times, string order = "o1", string terminal = "t1")
    {
        for (var i = 0; i < times; i++) Assert.That(await _bench.DeclineAsync(order, terminal, right: false),
            Is.EqualTo(DeclineCode.OrderOrCode));
    }

    private async Task<DeclineCode?> ResumeAsync(ByteString token, string terminal) =>
        (await _bench.Orders.ResumeAsync(token, StoreBench.At(terminal) with { Operator = null }) as ClaimOutcome.Declined)?.Code;

    private async Task<ClaimOutcome.Claimed> ResumedAsync(ByteString token) =>
        (ClaimOutcome.Claimed)await _bench.Orders.ResumeAsync(token, StoreBench.At("t1") with { Operator = null });

    /// <summary>A claim by an operator; whoever has the order lets go of it first.</summary>
    private async Task<ClaimOutcome.Claimed> ByCodeAsync(string name)
    {
        await _bench.Orders.ReleaseSessionsOfHostAsync("h1");
        return (ClaimOutcome.Claimed)await _bench.Orders.ClaimAsync(
            "o1", (_, verifier) => verifier == StoreBench.Verifier, StoreBench.At("t1") with { Operator = new OperatorId(name) });
    }
}
