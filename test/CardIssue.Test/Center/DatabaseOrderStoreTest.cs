using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public class DatabaseOrderStoreTest(EngineKind engine)
{
    private StoreBench _bench = null!;

    private static readonly CardId Card1 = StoreBench.Card(1), Card2 = StoreBench.Card(2);

    [SetUp]
    public async Task Open() => _bench = await StoreBench.OpenAsync(engine);

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task SecondOrderTaken_Import_NoneIsThere()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var outcome = await _bench.ImportAsync(_bench.New("o2", "c2"), _bench.New("o1", "c3"));
        Assert.That(outcome.Imported, Is.Zero);
        Assert.That(outcome.Refusal, Does.Contain("order 2 of the list (o1)"));
        Assert.That(await _bench.Desk.ListAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task SeveralOrdersTaken_Import_AllAreTold()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
        var outcome = await _bench.ImportAsync(_bench.New("o2", "c9"), _bench.New("o3", "c3"), _bench.New("o4", "c2"), _bench.New("o1", "c8"));
        Assert.That(outcome.Refusals.Select(r => (r.Place, r.Order!.Value.Value)), Is.EqualTo(new[] { (1, "o2"), (3, "o4"), (4, "o1") }));
        Assert.That(await _bench.Desk.ListAsync(), Has.Count.EqualTo(2));
    }

    private static readonly ByteString Account1 = ByteString.FromHex(new string('1', 64)), Account2 = ByteString.FromHex(new string('2', 64));

    [Test]
    public async Task CardNumberAndSequenceOfAnotherOrder_Import_IsRefusedWhateverBecameOfIt()
    {
        await _bench.ImportAsync(_bench.New("o1") with { AccountDigest = Account1 });
        async Task<string?> RefusalAsync(string order, ByteString account, bool may = false) =>
            (await _bench.ImportAsync(_bench.New(order, $"customer-{order}") with { AccountDigest = account, MayRepeatAccount = may })).Refusal;
        Assert.That(await RefusalAsync("o2", Account1), Is.EqualTo("order 1 of the list (o2): its card number and sequence number are those of order o1, which is Ready"));
        await _bench.IssueAsync("o1", Card1);
        Assert.That(await RefusalAsync("o2", Account1), Does.EndWith("of order o1, which is Issued"));
        await _bench.VoidAsync(new OrderId("o1"), "lost");
        await _bench.Pump(new RememberingFeed()).PumpAsync();
        Assert.That(await RefusalAsync("o2", Account1), Does.EndWith("of order o1, which is Voided"));
        Assert.That(await RefusalAsync("o2", Account2), Is.Null);
        Assert.That(await RefusalAsync("o3", default), Is.Null);
        Assert.That(await RefusalAsync("o4", default), Is.Null, "a card of no account is like no other");
        Assert.That(await RefusalAsync("o5", Account1, may: true), Is.Null);
    }

    [Test]
    public async Task CardNumberAndSequenceTwiceInAList_Import_IsRefused()
    {
        var (first, second) = (_bench.New("o1") with { AccountDigest = Account1 }, _bench.New("o2", "c2") with { AccountDigest = Account1 });
        Assert.That((await _bench.ImportAsync(first, second)).Refusal, Does.Contain("order 2 of the list (o2): its card number and sequence number are those of order 1 of the list"));
        Assert.That((await _bench.ImportAsync(first, second with { MayRepeatAccount = true })).Imported, Is.EqualTo(2));
    }

    [Test]
    public async Task AccountDigestOfAnotherLength_Import_IsRefused() =>
        Assert.That((await _bench.ImportAsync(_bench.New("o1") with { AccountDigest = ByteString.FromHex("11") })).Refusal, Does.Contain("the account digest has 1 bytes"));

    [Test]
    public async Task Reissue_WithTheCardNumberAndSequenceOfTheVoidedOrder_DoesNotFit()
    {
        await _bench.ImportAsync(_bench.New("o1") with { AccountDigest = Account1 });
        await _bench.VoidAsync(new OrderId("o1"), "wrong name");
        var again = _bench.New("o2", sequence: 2) with { AccountDigest = Account1 };
        Assert.That(await _bench.Desk.ReissueAsync(new OrderId("o1"), again, _bench.Ann), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await _bench.Desk.ReissueAsync(new OrderId("o1"), again with { AccountDigest = Account2 }, _bench.Ann), Is.EqualTo(DeskOutcome.Done));
    }

    [Test]
    public async Task SameProductVersionWithOtherContent_Import_IsRefused()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var outcome = await _bench.Orders.ImportAsync(StoreBench.Product with { Body = ByteString.Copy("{ }"u8) }, [_bench.New("o2", "c2")]);
        Assert.That(outcome.Refusal, Does.Contain("new version"));
        Assert.That(await new DatabaseProductStore(_bench.Database).GetAsync(StoreBench.Product.Ref), Is.EqualTo(StoreBench.Product));
    }

    [TestCase("o1")]
    [TestCase("c1")]
    public async Task ReadyOrder_ClaimByReference_IsClaimed(string reference)
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync(reference);
        Assert.That(claim.Order, Is.EqualTo(new OrderId("o1")));
        Assert.That(claim.Fence, Is.GreaterThan(0));
        Assert.That(claim.Progress, Is.EqualTo(OrderProgress.None));
        Assert.That(claim.Token.Length, Is.EqualTo(ProtocolLimits.TokenLength));
        Assert.That(claim.SealedData, Is.EqualTo(ByteString.Copy("sealed"u8)));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Claimed));
    }

    [Test]
    public async Task TwoOpenOrders_ClaimByCustomer_IsDeclined()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", sequence: 2));
        Assert.That(await _bench.DeclineAsync("c1"), Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(await _bench.DeclineAsync("o2"), Is.Null);
    }

    [Test]
    public async Task UnknownOrder_Claim_ChecksSomeVerifierAndLooksLikeAWrongCode()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var checks = new List<ByteString>();
        var outcome = await _bench.Orders.ClaimAsync("nobody", (_, verifier) => { checks.Add(verifier); return true; }, StoreBench.At("t1"));
        Assert.That(((ClaimOutcome.Declined)outcome).Code, Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(checks, Is.EqualTo(new[] { StoreBench.Verifier }));
    }

    [Test]
    public async Task WrongCodesForACustomer_RightCodeAfterwards_TooManyUntilTheWindowPasses()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        for (var i = 0; i < _bench.Options.CodeAttemptsPerCustomer; i++)
            Assert.That(await _bench.DeclineAsync(i % 2 == 0 ? "o1" : "c1", $"t{i}", right: false), Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(await _bench.DeclineAsync("o1", "t9"), Is.EqualTo(DeclineCode.TooMany));
        await _bench.RestartAsync();
        Assert.That(await _bench.DeclineAsync("o1", "t9"), Is.EqualTo(DeclineCode.TooMany));
        _bench.Time.Advance(_bench.Options.CodeWindow);
        Assert.That(await _bench.DeclineAsync("o1", "t9"), Is.Null);
    }

    [Test]
    public async Task WrongCodesFromATerminal_OtherCustomer_TooManyThereOnly()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        for (var i = 0; i < _bench.Options.CodeAttemptsPerTerminal; i++) await _bench.DeclineAsync($"guess{i}", right: false);
        Assert.That(await _bench.DeclineAsync("o1", "t1"), Is.EqualTo(DeclineCode.TooMany));
        Assert.That(await _bench.DeclineAsync("o1", "t2"), Is.Null);
    }

    [Test]
    public async Task CenterStopsInTheCheck_TryStaysCounted()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        for (var i = 0; i < _bench.Options.CodeAttemptsPerCustomer; i++)
        {
            await Assert.ThrowsAsync<TimeoutException>(() =>
                _bench.Orders.ClaimAsync("o1", (_, _) => throw new TimeoutException(), StoreBench.At("t1")));
        }
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.TooMany));
    }

    [Test]
    public async Task CodeExpired_Claim_IsDeclined()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        _bench.Time.Advance(TimeSpan.FromDays(30));
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.OrderOrCode));
        Assert.That(await _bench.Desk.RenewCodeAsync(new OrderId("o1"), StoreBench.Verifier, _bench.Time.GetUtcNow().AddDays(1), _bench.Ann),
            Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.DeclineAsync("o1"), Is.Null);
    }

    [Test]
    public async Task TwoClaimsAtOnce_OneIsClaimedOneIsBusy()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var outcomes = await Task.WhenAll(_bench.ClaimAsync("o1", "t1", "s1"), _bench.ClaimAsync("o1", "t2", "s2"));
        Assert.That(outcomes.OfType<ClaimOutcome.Claimed>().Count(), Is.EqualTo(1));
        Assert.That(outcomes.OfType<ClaimOutcome.Declined>().Single().Code, Is.EqualTo(DeclineCode.Busy));
    }

    [Test]
    public async Task ClaimHeld_LeaseRunsOut_AnotherTakesOverAndTheFirstIsFenced()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var first = await _bench.ClaimedAsync("o1");
        _bench.Time.Advance(_bench.Options.Lease - TimeSpan.FromSeconds(1));
        Assert.That(await _bench.Orders.RenewAsync(first.Order, first.Fence), Is.True);
        _bench.Time.Advance(_bench.Options.Lease - TimeSpan.FromSeconds(1));
        Assert.That(await _bench.DeclineAsync("o1", "t2", "s2"), Is.EqualTo(DeclineCode.Busy));
        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await _bench.ClaimedAsync("o1", "t2", "s2");
        Assert.That(second.Fence, Is.GreaterThan(first.Fence));
        Assert.That(await _bench.Orders.RenewAsync(first.Order, first.Fence), Is.False);
        Assert.That(await _bench.Orders.SaveAsync(first.Order, first.Fence, new OrderChange.Bound(Card1)), Is.InstanceOf<SaveOutcome.ClaimLost>());
        Assert.That((await _bench.ViewAsync("o1")).Card, Is.Null);
    }

    [Test]
    public async Task HostStartsAnew_ReleaseItsSessions_ClaimsAreFree()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
        await _bench.ClaimAsync("o1", host: "h1");
        await _bench.ClaimAsync("o2", host: "h2");
        await _bench.RestartAsync();
        Assert.That(await _bench.Orders.ReleaseSessionsOfHostAsync("h1"), Is.EqualTo(1));
        Assert.That(await _bench.DeclineAsync("o1", "t2"), Is.Null);
        Assert.That(await _bench.DeclineAsync("o2", "t2"), Is.EqualTo(DeclineCode.Busy));
    }

    [Test]
    public async Task ClaimHeld_SameTerminalResumes_TakesOverAtOnce()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var first = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(first, new OrderChange.Bound(Card1), new OrderChange.Leaving(1, 1));
        var again = (ClaimOutcome.Claimed)await _bench.Orders.ResumeAsync(first.Token, StoreBench.At("t1", "s2") with { Operator = null });
        Assert.That(again.Fence, Is.GreaterThan(first.Fence));
        Assert.That(again.Bound, Is.EqualTo(Card1));
        Assert.That(again.Progress, Is.EqualTo(new OrderProgress(0, 1, 1, 1)));
        Assert.That(again.Token, Is.EqualTo(first.Token));
        Assert.That(await _bench.Orders.SaveAsync(first.Order, first.Fence, new OrderChange.Confirmed(1)), Is.InstanceOf<SaveOutcome.ClaimLost>());
    }

    [Test]
    public async Task TokenOfAnotherTerminal_Resume_IsDeclined()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Released());
        var outcome = await _bench.Orders.ResumeAsync(claim.Token, StoreBench.At("t2"));
        Assert.That(((ClaimOutcome.Declined)outcome).Code, Is.EqualTo(DeclineCode.OrderOrCode));
    }

    [Test]
    public async Task OrderIssued_Resume_SaysAlreadyIssued()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Released());
        await _bench.IssueAsync("o1", Card1);
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.AlreadyIssued));
        Assert.That(await _bench.DeclineAsync("c1"), Is.EqualTo(DeclineCode.AlreadyIssued));
        Assert.That(((ClaimOutcome.Declined)await _bench.Orders.ResumeAsync(claim.Token, StoreBench.At("t1"))).Code, Is.EqualTo(DeclineCode.OrderOrCode),
            "the token of an earlier claim by code is replaced by that of the later");
    }

    [Test]
    public async Task OrderDone_ResumedByItsTerminal_IsToldAgain_UntilItsTimeOrAnotherOrder()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"), _bench.New("o3", "c3"));
        var claim = await DoneAsync("o1", Card1);
        var told = new ClaimOutcome.Done(claim.Order, Card1, "CARD ISSUED");
        for (var i = 0; i < 2; i++) Assert.That(await ReturnAsync(claim), Is.EqualTo(told), "as often as it returns");
        await _bench.RestartAsync();
        await _bench.Orders.ReleaseSessionsOfHostAsync("h1");
        Assert.That(await ReturnAsync(claim), Is.EqualTo(told), "whoever was killed in between");
        Assert.That(((ClaimOutcome.Declined)await ReturnAsync(claim, "t2")).Code, Is.EqualTo(DeclineCode.OrderOrCode), "another terminal");
        Assert.That(await _bench.DeclineAsync("o1"), Is.EqualTo(DeclineCode.AlreadyIssued), "by code");
        Assert.That(await _bench.DeclineAsync("o2", right: false), Is.EqualTo(DeclineCode.OrderOrCode));
        await _bench.ClaimedAsync("o3", "t2", "s2");
        Assert.That(await ReturnAsync(claim), Is.EqualTo(told), "no order began there");
        await _bench.ClaimedAsync("o2");
        Assert.That(((ClaimOutcome.Declined)await ReturnAsync(claim)).Code, Is.EqualTo(DeclineCode.AlreadyIssued), "the next customer's order began");
    }

    [Test]
    public async Task OrderDone_LongAgo_Voided_OrQuarantined_IsNotToldAgain()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"), _bench.New("o3", "c3"));
        var old = await DoneAsync("o1", Card1, "t1");
        _bench.Time.Advance(_bench.Options.ReceiptKept - TimeSpan.FromSeconds(1));
        Assert.That(await ReturnAsync(old), Is.InstanceOf<ClaimOutcome.Done>());
        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(((ClaimOutcome.Declined)await ReturnAsync(old)).Code, Is.EqualTo(DeclineCode.AlreadyIssued));
        var voided = await DoneAsync("o2", Card2, "t2");
        await _bench.VoidAsync(voided.Order, "lost");
        Assert.That(((ClaimOutcome.Declined)await ReturnAsync(voided, "t2")).Code, Is.EqualTo(DeclineCode.Waiting));
        var put = await DoneAsync("o3", StoreBench.Card(3), "t3");
        await _bench.Desk.QuarantineAllAsync(_bench.Time.GetUtcNow().AddDays(-1), _bench.Ann, "restored");
        Assert.That(((ClaimOutcome.Declined)await ReturnAsync(put, "t3")).Code, Is.EqualTo(DeclineCode.Waiting));
    }

    [Test]
    public async Task TrySpared_IsTakenBack_AndNoMoreThanThat()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        for (var i = 0; i < 2 * _bench.Options.CardTries; i++)
            await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1), new OrderChange.Spared(Card1));
        Assert.That(await _bench.Orders.CardTriesAsync(Card1), Is.Zero);
        await _bench.SaveAsync(claim, new OrderChange.Spared(Card1), new OrderChange.Authenticating(Card1), new OrderChange.Authenticating(Card1),
            new OrderChange.Spared(Card1));
        Assert.That(await _bench.Orders.CardTriesAsync(Card1), Is.EqualTo(1));
    }

    private Task<ClaimOutcome> ReturnAsync(ClaimOutcome.Claimed claim, string terminal = "t1") =>
        _bench.Orders.ResumeAsync(claim.Token, StoreBench.At(terminal, "s9") with { Operator = null });

    /// <summary>As a session does it: the receipt is saved with the order's end.</summary>
    private async Task<ClaimOutcome.Claimed> DoneAsync(string order, CardId card, string terminal = "t1")
    {
        var claim = await _bench.ClaimedAsync(order, terminal);
        await _bench.SaveAsync(claim, new OrderChange.Bound(card), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1), new OrderChange.Closing(1));
        var saved = new SessionRecord.Saved(claim.Order, claim.Fence, new OrderChange.Issued(card)) { Receipt = "CARD ISSUED" };
        Assert.That((await _bench.Orders.CommitAsync([saved])).Refusal, Is.Null);
        await _bench.SaveAsync(claim, new OrderChange.Released());
        return claim;
    }

    [Test]
    public async Task CodeSpent_SameCode_ResumesTheBoundCard()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var first = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(first, new OrderChange.Bound(Card1), new OrderChange.Released());
        Assert.That((await _bench.ViewAsync("o1")).CodeSpent, Is.True);
        var again = await _bench.ClaimedAsync("o1", "t2", "s2");
        Assert.That(again.Bound, Is.EqualTo(Card1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _bench.Orders.SaveAsync(again.Order, again.Fence, new OrderChange.Bound(Card2)));
    }

    [Test]
    public async Task CardBoundToAnOrder_OtherOrder_CardInUse()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
        await _bench.SaveAsync(await _bench.ClaimedAsync("o1"), new OrderChange.Bound(Card1));
        var other = await _bench.ClaimedAsync("o2", "t2", "s2");
        Assert.That(await _bench.Orders.SaveAsync(other.Order, other.Fence, new OrderChange.Authenticating(Card1)), Is.InstanceOf<SaveOutcome.CardInUse>());
        Assert.That(await _bench.Orders.SaveAsync(other.Order, other.Fence, new OrderChange.Bound(Card1)), Is.InstanceOf<SaveOutcome.CardInUse>());
        Assert.That(await _bench.Orders.CardTriesAsync(Card1), Is.Zero);
        Assert.That((await _bench.Orders.CardAsync(Card1)).IsUsableFor(new OrderId("o1")), Is.True);
        Assert.That((await _bench.Orders.CardAsync(Card1)).IsUsableFor(new OrderId("o2")), Is.False);
        Assert.That((await _bench.ViewAsync("o2")).State, Is.EqualTo(OrderState.Claimed));
    }

    [Test]
    public async Task AuthenticationsWithoutSuccess_LimitReached_CardBarredInEveryOrder()
    {
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("o2", "c2"));
        var claim = await _bench.ClaimedAsync("o1");
        for (var i = 0; i < _bench.Options.CardTries; i++) await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1));
        await _bench.SaveAsync(claim, new OrderChange.Released());
        var other = await _bench.ClaimedAsync("o2", "t2", "s2");
        Assert.That(await _bench.Orders.SaveAsync(other.Order, other.Fence, new OrderChange.Authenticating(Card1)),
            Is.EqualTo(new SaveOutcome.CardBarred(_bench.Options.CardTries)));
        await _bench.SaveAsync(other, new OrderChange.Authenticating(Card2), new OrderChange.Bound(Card2));
        Assert.That(await _bench.Orders.CardTriesAsync(Card2), Is.Zero);
        Assert.That(await _bench.DoAsync(new CenterAct.UnbarCard(Card1)), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await _bench.Orders.CardAsync(Card1)).Barred, Is.False);
    }

    [Test]
    public async Task CardThatCouldNotShowThatItIsTheOneBegun_WhatEverLeftIsUnproved_AndFoundByALook()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Bound(Card1), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1),
            new OrderChange.Leaving(2, 1),
            new OrderChange.Opened(Card1, Proved: false), new OrderChange.Rewound(0, 2));
        Assert.That((await _bench.ViewAsync("o1")).Progress, Is.EqualTo(new OrderProgress(0, 0, 2, 2, Unproved: 2)));
        await _bench.SaveAsync(claim, new OrderChange.Confirmed(1), new OrderChange.Opened(Card1, Proved: true),
            new OrderChange.Leaving(2, 2), new OrderChange.Confirmed(2), new OrderChange.Leaving(3, 1));
        Assert.That((await _bench.ViewAsync("o1")).Progress, Is.EqualTo(new OrderProgress(2, 3, 1, 3, Unproved: 2)));
        await _bench.SaveAsync(claim, new OrderChange.NotDone(3, 2));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Confirmed(3)),
            "it left only for this card, and is not there");
    }

    [Test]
    public async Task Numbering_ClearsWhatWasCountedForTheBlankCard_AndBindsNothing()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1), new OrderChange.Numbering(Card1));
        Assert.That((await _bench.Orders.CardTriesAsync(Card1), (await _bench.ViewAsync("o1")).Card), Is.EqualTo((0, (CardId?)null)));
        await _bench.SaveAsync(claim, new OrderChange.Bound(Card2));
        Assert.That((await _bench.Orders.CardAsync(Card1)).Standing, Is.EqualTo(CardStanding.Free));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Numbering(Card1)));
    }

    [Test]
    public async Task OrderOfTwoRecords_EveryChange_IsThereAfterACrash()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        await Expect(new OrderChange.Authenticating(Card1), OrderState.Claimed, new OrderProgress(0, 0, 1, 0));
        await Expect(new OrderChange.Bound(Card1), OrderState.Bound, new OrderProgress(0, 0, 1, 0));
        await Expect(new OrderChange.Leaving(1, 1), OrderState.Writing, new OrderProgress(0, 1, 1, 1));
        await Expect(new OrderChange.Opened(Card1, Proved: true), OrderState.Writing, new OrderProgress(0, 1, 1, 1));
        await Expect(new OrderChange.NotDone(1, 2), OrderState.Writing, new OrderProgress(0, 0, 2, 1));
        await Expect(new OrderChange.Leaving(1, 2), OrderState.Writing, new OrderProgress(0, 1, 2, 1));
        await Expect(new OrderChange.Leaving(1, 3), OrderState.Writing, new OrderProgress(0, 1, 3, 1));
        await Expect(new OrderChange.Confirmed(1), OrderState.Writing, new OrderProgress(1, 0, 3, 1));
        await Expect(new OrderChange.Leaving(2, 1), OrderState.Writing, new OrderProgress(1, 2, 1, 2));
        await Expect(new OrderChange.Rewound(0, 2), OrderState.Writing, new OrderProgress(0, 0, 2, 2));
        await Expect(new OrderChange.Leaving(1, 2), OrderState.Writing, new OrderProgress(0, 1, 2, 2));
        await Expect(new OrderChange.Confirmed(1), OrderState.Writing, new OrderProgress(1, 0, 2, 2));
        await Expect(new OrderChange.Leaving(2, 2), OrderState.Writing, new OrderProgress(1, 2, 2, 2));
        await Expect(new OrderChange.Confirmed(2), OrderState.Writing, new OrderProgress(2, 0, 2, 2));
        await Expect(new OrderChange.Closing(1), OrderState.Closing, new OrderProgress(2, 3, 1, 3));
        await Expect(new OrderChange.NotDone(3, 2), OrderState.Closing, new OrderProgress(2, 0, 2, 3));
        await Expect(new OrderChange.Closing(2), OrderState.Closing, new OrderProgress(2, 3, 2, 3));
        await Expect(new OrderChange.Issued(Card1), OrderState.Issued, new OrderProgress(3, 0, 2, 3));
        await Expect(new OrderChange.Released(), OrderState.Issued, new OrderProgress(3, 0, 2, 3));
        Assert.That((await _bench.Desk.HistoryAsync(new OrderId("o1"))).Count(entry => entry.Change == "Leaving"), Is.EqualTo(6));
        Assert.That((await _bench.Orders.CardAsync(Card1)).Standing, Is.EqualTo(CardStanding.Issued));

        async Task Expect(OrderChange change, OrderState state, OrderProgress progress)
        {
            var view = await _bench.ViewAsync("o1");
            var fence = view.Session is null ? (await _bench.ClaimedAsync("o1")).Fence : view.Fence;
            Assert.That(await _bench.Orders.SaveAsync(new OrderId("o1"), fence, change), Is.InstanceOf<SaveOutcome.Saved>());
            await _bench.RestartAsync();
            var saved = await _bench.ViewAsync("o1");
            Assert.That((saved.State, saved.Progress), Is.EqualTo((state, progress)), change.ToString());
        }
    }

    private static IEnumerable<OrderChange> ChangesThatDoNotFit()
    {
        // The order is bound to card 1, record 1 is confirmed, nothing is in doubt.
        yield return new OrderChange.Confirmed(3);
        yield return new OrderChange.Confirmed(2);
        yield return new OrderChange.Confirmed(1);
        yield return new OrderChange.Leaving(1, 1);
        yield return new OrderChange.Leaving(3, 1);
        yield return new OrderChange.Leaving(2, 0);
        yield return new OrderChange.NotDone(2, 1);
        yield return new OrderChange.NotDone(0, 1);
        yield return new OrderChange.Rewound(2, 1);
        yield return new OrderChange.Rewound(-1, 1);
        yield return new OrderChange.Bound(Card1);
        yield return new OrderChange.Bound(Card2);
        yield return new OrderChange.Opened(Card2, Proved: true);
        yield return new OrderChange.Authenticating(Card2);
        yield return new OrderChange.Issued(Card1);
    }

    [TestCaseSource(nameof(ChangesThatDoNotFit))]
    public async Task ChangeThatDoesNotFit_Save_ThrowsAndNothingIsWritten(OrderChange change)
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Bound(Card1), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1));
        var before = (await _bench.ViewAsync("o1"), (await _bench.Desk.HistoryAsync(claim.Order)).Count);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _bench.Orders.SaveAsync(claim.Order, claim.Fence, change));
        Assert.That((await _bench.ViewAsync("o1"), (await _bench.Desk.HistoryAsync(claim.Order)).Count), Is.EqualTo(before));
    }

    [Test]
    public async Task ClosingInDoubt_SendARecord_Throws()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Bound(Card1), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1), new OrderChange.Closing(1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Leaving(2, 1)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Issued(Card2)));
    }

    [Test]
    public async Task Unbound_Released_IsReadyForAnother()
    {
        await _bench.ImportAsync(_bench.New("o1"));
        var claim = await _bench.ClaimedAsync("o1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(Card1), new OrderChange.Released());
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Bound(Card1)), Is.InstanceOf<SaveOutcome.ClaimLost>());
        Assert.That(await _bench.DeclineAsync("o1", "t2", "s2"), Is.Null);
    }
}
