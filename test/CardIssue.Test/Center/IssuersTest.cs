using CardIssue.Center.Approvals;
using CardIssue.Center.Feed;
using CardIssue.Center.Issuers;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Center;

/// <summary>Two issuers on one center: keys, products, orders, customers, people and feeds apart.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public sealed class IssuersTest(EngineKind engine)
{
    private static readonly IssuerId A = new("bank-a"), B = new("bank-b");
    private static readonly ProductRecord ProductA = Product("gold-a", "keys-a"), ProductB = Product("gold-b", "keys-b");

    /// <summary>The second version of one's product, with another's keys.</summary>
    private static readonly byte[] Second = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(ProductB.Body.Span)
        .Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal).Replace("keys-b", "keys-a", StringComparison.Ordinal));

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync(engine);
        foreach (var (issuer, keys) in new[] { (A, "keys-a"), (B, "keys-b") })
            Assert.That(await _bench.DoAsync(new CenterAct.PutIssuer(issuer, [keys])), Is.EqualTo(DeskOutcome.Done));
        await _bench.Database.WriteAsync(store =>
        {
            foreach (var (name, issuer) in new[] { ("alice", A), ("arno", A), ("bea", B), ("boris", B) })
            {
                new PersonRow(new PersonName(name), PersonRoles.Any, ByteString.Copy([1]), false, false, DateTimeOffset.FromUnixTimeMilliseconds(1)) { Issuer = issuer }
                    .Add(store, _bench.RecordKeys);
            }
            return true;
        }, default);
        Assert.That((await _bench.Orders.ImportAsync([new ImportBatch(ProductA, [New("a1", ProductA, A)]), new ImportBatch(ProductB, [New("b1", ProductB, B)])])).Refusal, Is.Null);
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task Issuers_AreListed_AndKeepWhatTheyHave()
    {
        Assert.That(await PutAsync(A, "more-a"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await PutAsync(A, "keys-b"), Is.EqualTo(DeskOutcome.DoesNotFit), "another's");
        Assert.That(await PutAsync(A, "more-a"), Is.EqualTo(DeskOutcome.DoesNotFit), "twice");
        Assert.That(await PutAsync(A, "a b"), Is.EqualTo(DeskOutcome.DoesNotFit), "no name");
        Assert.That(await PutAsync(new IssuerId("bank-c")), Is.EqualTo(DeskOutcome.DoesNotFit), "none");
        Assert.That((await _bench.Orders.ImportAsync(Product("own", "keys-own"), [New("own1", Product("own", "keys-own"), null)])).Refusal, Is.Null);
        Assert.That(await PutAsync(new IssuerId("bank-c"), "keys-own"), Is.EqualTo(DeskOutcome.DoesNotFit), "a product of the center's own names it: its orders would change hands");
        await _bench.RestartAsync();
        Assert.That(await new DatabaseIssuers(_bench.Database).ListAsync(),
            Is.EqualTo(new[] { new IssuerRecord(A, ["keys-a", "more-a"]), new IssuerRecord(B, ["keys-b"]) }));
        Assert.That(() => new IssuerId("Bank-A"), Throws.InstanceOf<FormatException>(), "one spelling");
    }

    [Test]
    public async Task Order_ForAnothersProduct_OrAProductOfSeveralsKeys_IsRefused()
    {
        var (alice, mixed) = (Of("alice", A), Product("mixed", "keys-a", own: "keys-b"));
        Assert.That((await _bench.Orders.ImportAsync(ProductB, [New("x1", ProductB, A)])).Refusal, Does.Contain("issuer bank-a's").And.Contain("issuer bank-b's"));
        Assert.That((await _bench.Orders.ImportAsync(ProductA, [New("x1", ProductA, null)])).Refusal, Does.Contain("no issuer's"));
        Assert.That((await _bench.Orders.ImportAsync(mixed, [New("x1", mixed, A)])).Refusal, Does.Contain("several issuers"));
        var second = ProductRecord.Of(CardProductFile.Read(Second, "p").Product!, ByteString.Copy(Second));
        Assert.That((await _bench.Orders.ImportAsync(second, [New("x1", second, A)])).Refusal, Does.Contain("all its versions are one's"));
        Assert.That((await _bench.Orders.ImportAsync([new ImportBatch(ProductB, [New("x1", ProductB, B)])], alice)).Refusal, Does.Contain("not issuer bank-a's"));
        Assert.That((await _bench.Orders.ImportAsync([new ImportBatch(ProductA, [New("a2", ProductA, A, "c2")])], alice)).Refusal, Is.Null);
        Assert.That((await FileAsync(ProductB, B, alice, null)).Refusals.Single().Message, Does.Contain("not issuer bank-a's"));
        Assert.That((await FileAsync(ProductB, B, _bench.Ann, A)).Refusals.Single().Message, Does.Contain("not issuer bank-a's"), "all were to be one's");
        Assert.That((await FileAsync(ProductB, A, _bench.Ann, null)).Refusals.Single().Message, Does.Contain("issuer bank-a's"), "sealed for another");
        Assert.That((await FileAsync(ProductB, B, _bench.Ann, B)).Imported, Is.EqualTo(1));
        Assert.That((await _bench.ViewAsync("f1")).Issuer, Is.EqualTo(B));
    }

    /// <summary>An order's number is the center's; a customer's id is its issuer's.</summary>
    [Test]
    public async Task CustomersOfOneName_AreTwo_AndOneOrderNumberIsOne()
    {
        Assert.That((await _bench.Orders.ImportAsync(ProductB, [New("a1", ProductB, B, "c9")])).Refusal, Does.Contain("known already"));
        Assert.That(await _bench.Desk.NextSequenceAsync("c1", A), Is.EqualTo(2));
        Assert.That(await _bench.Desk.NextSequenceAsync("c1"), Is.Zero);
        Assert.That(await _bench.DeclineAsync("c1"), Is.EqualTo(DeclineCode.OrderOrCode), "two have this id: the order's number is needed");
        for (var i = 0; i < _bench.Options.CodeAttemptsPerCustomer; i++) await _bench.DeclineAsync("a1", terminal: $"t{i}", right: false);
        Assert.That(await _bench.DeclineAsync("a1", "t90"), Is.EqualTo(DeclineCode.TooMany));
        Assert.That(await _bench.ClaimAsync("b1", "t91"), Is.InstanceOf<ClaimOutcome.Claimed>(), "another's customer");
        Assert.That(await DoAsync("bea", "boris", B, new CenterAct.ClearCodeTries("c1", A)), Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That(await DoAsync("alice", "arno", A, new CenterAct.ClearCodeTries("c1", A)), Is.EqualTo(ApprovalOutcome.Done));
        var claimed = (ClaimOutcome.Claimed)await _bench.ClaimAsync("a1", "t92");
        Assert.That(claimed.Issuer, Is.EqualTo(A), "what its data is sealed for");
    }

    [Test]
    public async Task PeopleOfOneIssuer_WhatIsAnothers_IsAsIfItWereNotThere()
    {
        var (alice, b1) = (Of("alice", A), new OrderId("b1"));
        Assert.That(await _bench.Desk.RetryAsync(b1, alice, "test"), Is.EqualTo(DeskOutcome.NotFound));
        Assert.That(await _bench.Desk.RenewCodeAsync(b1, StoreBench.Verifier, _bench.Time.GetUtcNow().AddDays(1), alice), Is.EqualTo(DeskOutcome.NotFound));
        Assert.That((await _bench.Desk.ReceiptAsync(b1, alice)).Outcome, Is.EqualTo(DeskOutcome.NotFound));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.VoidOrder(b1), "test")).Act, Is.EqualTo(DeskOutcome.NotFound));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.ResetPassword(new PersonName("bea")), "test")).Act, Is.EqualTo(DeskOutcome.NotFound));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.AddPerson(new PersonName("zoe"), PersonRoles.Any, B), "test")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.AddPerson(new PersonName("zoe"), PersonRoles.Any), "test")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed), "nor the center's");
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.DestroyKey("keys-b", 0x30, default), "test")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.DestroyKey("keys-a", 0x30, default), "test")).Outcome, Is.EqualTo(ApprovalOutcome.Done), "his own");
        Assert.That(await _bench.People.LockAsync(new PersonName("bea"), alice), Is.EqualTo(PersonOutcome.NotFound));
        Assert.That(await _bench.People.LockAsync(new PersonName("ann"), alice), Is.EqualTo(PersonOutcome.NotFound));

        var asked = await _bench.Approvals.AskAsync(Of("bea", B), new CenterAct.VoidOrder(b1), "test");
        Assert.That((await _bench.Approvals.GetAsync(asked.Id))!.Issuer, Is.EqualTo(B));
        Assert.That((await _bench.Approvals.ApproveAsync(alice, asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.NotFound));
        Assert.That((await _bench.Approvals.DeclineAsync(alice, asked.Id, "")).Outcome, Is.EqualTo(ApprovalOutcome.NotFound));
        Assert.That((await _bench.Approvals.ApproveAsync(Of("boris", B), asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.Done), "two of its own");
        Assert.That((await _bench.ViewAsync("b1")).State, Is.EqualTo(OrderState.Voided));
        var replacement = New("a9", ProductA, A, sequence: 2);
        Assert.That(await _bench.Desk.ReissueAsync(b1, replacement, _bench.Ann), Is.EqualTo(DeskOutcome.DoesNotFit), "by another's product");
        Assert.That(await _bench.Desk.ReissueAsync(b1, New("b9", ProductB, B, sequence: 2), alice), Is.EqualTo(DeskOutcome.NotFound));
        Assert.That(await _bench.Desk.ReissueAsync(b1, New("b9", ProductB, B, sequence: 2), Of("bea", B)), Is.EqualTo(DeskOutcome.Done));
    }

    /// <summary>What is not said to be an issuer's is the center's own.</summary>
    [Test]
    public async Task PeopleOfAnIssuer_TheCentersOwn_IsRefused()
    {
        var alice = Of("alice", A);
        Assert.That(await _bench.Desk.QuarantineAllAsync(null, alice, "test"), Is.Null);
        Assert.That(await new DatabaseTerminalRegistry(_bench.Database).DisableAsync(new TerminalId("t1"), alice), Is.EqualTo(TerminalChange.NotAllowed));
        Assert.That(await new CardStock(_bench.Database).MoveAsync(new StockMove(new TerminalId("t1"), "gold-a", StockMoveKind.Delivered, 1), alice), Is.EqualTo(StockOutcome.NotAllowed));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.PutIssuer(A, ["keys-c"]), "test")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.SettlePutBack(), "test")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That((await _bench.Approvals.AskAsync(alice, new CenterAct.UnbarCard(StoreBench.Card(1)), "test")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That(await DoAsync("ann", "alice", null, new CenterAct.PutIssuer(A, ["keys-c"]), approverOf: A), Is.EqualTo(ApprovalOutcome.NotFound));
    }

    /// <summary>However many supervisors the issuers have: what is the center's own needs two of its own.</summary>
    [Test]
    public async Task LastTwoSupervisorsOfTheCenter_StaySupervisors()
    {
        Assert.That(await _bench.People.LockAsync(new PersonName("bob"), _bench.Ann), Is.EqualTo(PersonOutcome.TooFewSupervisors));
        Assert.That(await _bench.People.LockAsync(new PersonName("arno"), _bench.Ann), Is.EqualTo(PersonOutcome.Done));
        var added = await _bench.Approvals.AskAsync(Of("alice", A), new CenterAct.AddPerson(new PersonName("zoe"), PersonRoles.Clerk, A), "test");
        using var approved = await _bench.Approvals.ApproveAsync(_bench.Bob, added.Id);
        Assert.That(approved.Outcome, Is.EqualTo(ApprovalOutcome.Done));
        Assert.That((await _bench.People.ListAsync()).Single(it => it.Name.Value == "zoe").Issuer, Is.EqualTo(A));
        Assert.That((await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.AddPerson(new PersonName("yan"), PersonRoles.Clerk, new IssuerId("bank-x")), "test")).Act, Is.EqualTo(DeskOutcome.NotFound));
    }

    [Test]
    public async Task Lists_OfOneIssuer_HaveNothingOfAnother()
    {
        await _bench.IssueAsync("a1", StoreBench.Card(1));
        await _bench.IssueAsync("b1", StoreBench.Card(2));
        Assert.That(await _bench.Desk.EnumerateAsync(new OrderQuery { Issuer = A }).Select(it => it.Order.Value).ToListAsync(), Is.EqualTo(new[] { "a1" }));
        Assert.That(await _bench.Desk.EnumerateCardsAsync(new CardQuery { Issuer = B }).Select(it => (it.Card, it.Issuer)).ToListAsync(), Is.EqualTo(new[] { (StoreBench.Card(2), (IssuerId?)B) }));
        Assert.That(await _bench.Desk.EnumerateAsync(new OrderQuery()).CountAsync(), Is.EqualTo(2));
        Assert.That((await _bench.Desk.FindCardAsync(new CardReference("c1") { Issuer = A })).Card?.Card, Is.EqualTo(StoreBench.Card(1)));
        foreach (var reference in new CardReference[] { new(null, new OrderId("b1")), new(null, Card: StoreBench.Card(2)), new("c1", new OrderId("b1")) })
            Assert.That((await _bench.Desk.FindCardAsync(reference with { Issuer = A })).Refusal, Does.Contain("no ").And.Not.Contain("c1"), reference.ToString());
    }

    [Test]
    public async Task FeedThatIsAway_HoldsBackItsOwnAlone_AndNoEventGoesToAnothers()
    {
        var (own, a, b) = (new RememberingFeed(), new RememberingFeed { Fails = true }, new RememberingFeed());
        var pumps = new FeedPumps(new DatabaseIssuers(_bench.Database), issuer => new FeedPump(
            _bench.Database, issuer == A ? a : issuer == B ? b : own, _bench.Time, TimeSpan.FromSeconds(1), issuer: issuer));
        await _bench.ImportAsync(_bench.New("own1"));
        foreach (var (order, card) in new[] { ("a1", 1), ("b1", 2), ("own1", 3) }) await _bench.IssueAsync(order, StoreBench.Card(card));
        Assert.That(() => pumps.Of(A).PumpAsync(), Throws.InstanceOf<IOException>());
        Assert.That(await pumps.Of(B).PumpAsync(), Is.EqualTo(1));
        Assert.That(await pumps.Of(null).PumpAsync(), Is.EqualTo(1));
        Assert.That(b.Told.Select(it => (it.Order.Value, it.Issuer)), Is.EqualTo(new[] { ("b1", (IssuerId?)B) }));
        Assert.That(own.Told.Select(it => (it.Order.Value, it.Issuer)), Is.EqualTo(new[] { ("own1", (IssuerId?)null) }));
        Assert.That((await pumps.Of(A).BacklogAsync(), await pumps.Of(B).BacklogAsync()), Is.EqualTo((1, 0)));
        a.Fails = false;
        Assert.That(await pumps.Of(A).PumpAsync(), Is.EqualTo(1));
        Assert.That(a.Told.Select(it => it.Order.Value), Is.EqualTo(new[] { "a1" }));
    }

    /// <summary>Also what is settled from the later log comes to whose it is.</summary>
    [Test]
    public async Task BackedUp_Lost_AndRestored_EachHasHisOwn_ListsPeopleAndEvents()
    {
        await _bench.IssueAsync("a1", StoreBench.Card(1));
        await _bench.BackUpAsync();
        await _bench.IssueAsync("b1", StoreBench.Card(2));
        var later = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();

        Assert.That(await new DatabaseIssuers(_bench.Database).ListAsync(), Is.EqualTo(new[] { new IssuerRecord(A, ["keys-a"]), new IssuerRecord(B, ["keys-b"]) }));
        Assert.That(await OrdersAsync(A), Is.EqualTo(new[] { ("a1", OrderState.Issued) }).Or.EqualTo(new[] { ("a1", OrderState.Quarantined) }));
        Assert.That(await OrdersAsync(B), Is.EqualTo(new[] { ("b1", OrderState.Quarantined) }), "what became of it is lost");
        Assert.That((await _bench.People.ListAsync()).Where(it => it.Issuer is not null).Select(it => (it.Name.Value, it.Issuer!.Value.Value)),
            Is.EquivalentTo(new[] { ("alice", "bank-a"), ("arno", "bank-a"), ("bea", "bank-b"), ("boris", "bank-b") }));
        Assert.That(await DoAsync("alice", "arno", A, new CenterAct.VoidOrder(new OrderId("b1"))), Is.Not.EqualTo(ApprovalOutcome.Approved), "another's");

        await _bench.SettleAsync(later);
        Assert.That(await OrdersAsync(B), Is.EqualTo(new[] { ("b1", OrderState.Issued) }));
        var (own, a, b) = (new RememberingFeed(), new RememberingFeed(), new RememberingFeed());
        var pumps = new FeedPumps(new DatabaseIssuers(_bench.Database), issuer => new FeedPump(
            _bench.Database, issuer == A ? a : issuer == B ? b : own, _bench.Time, TimeSpan.FromSeconds(1), issuer: issuer));
        foreach (var pump in await pumps.AllAsync()) await pump.PumpAsync();
        Assert.That(a.Told.Select(it => (it.Order.Value, it.Issuer)).Distinct(), Is.EqualTo(new[] { ("a1", (IssuerId?)A) }));
        Assert.That(b.Told.Select(it => (it.Order.Value, it.Issuer)).Distinct(), Is.EqualTo(new[] { ("b1", (IssuerId?)B) }));
        Assert.That(own.Told, Is.Empty);
        var report = await _bench.StoredLog().VerifyAsync();
        Assert.That(report.IsOk, Is.True, report.Findings.ToString());

        async Task<(string, OrderState)[]> OrdersAsync(IssuerId issuer) =>
            await _bench.Desk.EnumerateAsync(new OrderQuery { Issuer = issuer }).Select(it => (it.Order.Value, it.State)).ToArrayAsync();
    }

    /// <summary>Also one that was added since; how each stands is kept for each.</summary>
    [Test]
    public async Task FeedsThatRun_TellEach_AndKeepHowEachStands()
    {
        var (a, b) = (new RememberingFeed { Fails = true }, new RememberingFeed());
        var pumps = new FeedPumps(new DatabaseIssuers(_bench.Database), issuer => new FeedPump(
            _bench.Database, issuer == A ? a : b, TimeProvider.System, TimeSpan.FromMilliseconds(10), issuer: issuer));
        using var end = new CancellationTokenSource();
        var running = pumps.RunAsync(TimeSpan.FromMilliseconds(10), TimeProvider.System, error => Assert.Fail(error.Message), end.Token);
        await _bench.IssueAsync("a1", StoreBench.Card(1));
        await _bench.IssueAsync("b1", StoreBench.Card(2));
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (await pumps.Of(A).StandingAsync() is null || await pumps.Of(B).BacklogAsync() > 0)
        {
            Assert.That(patience.Elapsed, Is.LessThan(TimeSpan.FromSeconds(60)));
            await Task.Delay(10);
        }
        await end.CancelAsync();
        await running;
        Assert.That((await pumps.Of(A).StandingAsync())!.Trouble, Is.EqualTo("the issuer is away"));
        Assert.That(await pumps.Of(B).StandingAsync(), Is.Null);
        Assert.That(b.Told.Select(it => it.Order.Value), Is.EqualTo(new[] { "b1" }));
    }

    /// <summary>Who can write the store's file makes nobody's order another's.</summary>
    [TestCase("UPDATE orders SET issuer = 'bank-c' WHERE order_id = 'a1'")]
    [TestCase("UPDATE feed_outbox SET issuer = 'bank-b' WHERE order_id = 'a1'")]
    [TestCase("UPDATE people SET issuer = NULL WHERE person = 'alice'")]
    [TestCase("UPDATE issuers SET key_sets = 'keys-a keys-b' WHERE issuer = 'bank-a'")]
    public async Task IssuerChangedInTheFile_IsFound(string change)
    {
        await _bench.IssueAsync("a1", StoreBench.Card(1));
        await _bench.Database.WriteAsync(store => store.Execute(change), default);
        Func<Task> look = change.Split(' ')[1] switch
        {
            "orders" => () => _bench.Desk.GetAsync(new OrderId("a1")),
            "feed_outbox" => () => new FeedPump(_bench.Database, new RememberingFeed(), _bench.Time, TimeSpan.FromSeconds(1), issuer: B).PumpAsync(),
            "people" => () => _bench.Desk.QuarantineAllAsync(null, Of("alice", null), "test"),
            _ => () => new DatabaseIssuers(_bench.Database).ListAsync(),
        };
        Assert.That(async () => await look(), Throws.InstanceOf<StoreException>().With.Property(nameof(StoreException.Fault)).EqualTo(StoreFault.Altered));
    }

    private Task<DeskOutcome> PutAsync(IssuerId issuer, params string[] keySets) => _bench.DoAsync(new CenterAct.PutIssuer(issuer, [.. keySets]));

    private CenterPerson Of(string name, IssuerId? issuer) => new(new PersonName(name), PersonRoles.Any, _bench.Database.StoreId, issuer);

    private async Task<ApprovalOutcome> DoAsync(string asks, string approves, IssuerId? issuer, CenterAct act, IssuerId? approverOf = null)
    {
        var asked = await _bench.Approvals.AskAsync(Of(asks, issuer), act, "test");
        return asked.Outcome is ApprovalOutcome.Done ? (await _bench.Approvals.ApproveAsync(Of(approves, approverOf ?? issuer), asked.Id)).Outcome : asked.Outcome;
    }

    private NewOrder New(string order, ProductRecord product, IssuerId? issuer, string customer = "c1", int sequence = 1) =>
        _bench.New(order, customer, sequence) with { Product = product.Ref, Issuer = issuer };

    private Task<OrderFileOutcome> FileAsync(ProductRecord product, IssuerId sealedFor, CenterPerson person, IssuerId? only)
    {
        var coming = new ComingOrder(new OrderId("f1"), "c5", product.Ref, null, sequence => New("f1", product, sealedFor, "c5", sequence)) { Line = 1, Column = 1 };
        return new OrderFileImport(_bench.Database).RunAsync(new ComingOrders("f", ByteString.Own(new byte[32]), [product], [coming]) { Issuer = only }, person);
    }

    private static ProductRecord Product(string name, string keySet, string? own = null)
    {
        var text = (own is null ? Samples.EndToEnd : Samples.DebitOwnKeys)
            .Replace("\"visa-like-e2e\"", $"\"{name}\"", StringComparison.Ordinal).Replace("\"debit-own-keys\"", $"\"{name}\"", StringComparison.Ordinal)
            .Replace("\"issuer-test\"", $"\"{keySet}\"", StringComparison.Ordinal).Replace("\"issuer-own\"", $"\"{own}\"", StringComparison.Ordinal);
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var read = CardProductFile.Read(bytes, name);
        Assert.That(read.Mistakes, Is.Empty, string.Join("; ", read.Mistakes));
        return ProductRecord.Of(read.Product!, ByteString.Own(bytes));
    }
}
