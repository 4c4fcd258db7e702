using System.Net;
using CardIssue.Center.Feed;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

/// <summary>Somebody who can write the store's file, and has not the vault, changes rows that something is decided by.</summary>
[TestFixture, Parallelizable]
public sealed class ChangedRowsTest
{
    private static readonly TerminalId T1 = new("t1"), T2 = new("t2");

    private static readonly string[] OrderChanges =
    [
        "UPDATE orders SET state = 1, card = NULL, confirmed = 0, in_doubt = 0, furthest = 0, code_spent = 0, ended_at = NULL WHERE order_id = $order",
        "UPDATE orders SET state = 1 WHERE order_id = $order",
        "UPDATE orders SET card = X'0102030405060708090A' WHERE order_id = $order",
        "UPDATE orders SET card = NULL WHERE order_id = $order",
        "UPDATE orders SET confirmed = 1 WHERE order_id = $order",
        "UPDATE orders SET furthest = 0, unproved = 0 WHERE order_id = $order",
        "UPDATE orders SET unproved = 7 WHERE order_id = $order",
        "UPDATE orders SET fence = fence - 1 WHERE order_id = $order",
        "UPDATE orders SET held_state = 3 WHERE order_id = $order",
        "UPDATE orders SET code_expires = code_expires + 1 WHERE order_id = $order",
        "UPDATE orders SET code_spent = 1 - code_spent WHERE order_id = $order",
        "UPDATE orders SET code_verifier = X'C0DE01' WHERE order_id = $order",
        "UPDATE orders SET token_operator = 'mallory' WHERE order_id = $order",
        "UPDATE orders SET claim_session = 's9', claim_host = 'h1', claim_terminal = 't1', lease_until = 1 WHERE order_id = $order",
        "UPDATE orders SET void_reason = 'x' WHERE order_id = $order",
        "UPDATE orders SET reissue_of = 'untouched' WHERE order_id = $order",
        "UPDATE orders SET account_digest = X'01' WHERE order_id = $order",
        "UPDATE orders SET put_back = NULL, state = 1 + state % 2 WHERE order_id = $order",
        "UPDATE orders SET display = '476173******0119' WHERE order_id = $order",
        "UPDATE orders SET seal = zeroblob(32) WHERE order_id = $order",
        "UPDATE orders SET seal = NULL, seal_generation = NULL WHERE order_id = $order",
        "UPDATE orders SET seal_generation = seal_generation + 1 WHERE order_id = $order",
        "UPDATE orders SET seal = (SELECT seal FROM orders WHERE order_id = 'untouched') WHERE order_id = $order",
        "UPDATE orders SET state = X'03' WHERE order_id = $order",
        "UPDATE orders SET customer = X'', lease_until = 'never', claim_terminal = '!' WHERE order_id = $order",
    ];

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open() => _bench = await StoreBench.OpenAsync();

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    private DatabaseTerminalRegistry Registry => new(_bench.Database);

    /// <summary>Orders that are begun, with a card: each change would let another card be written, or the same one again.</summary>
    [Test]
    public async Task OrderChanged_Claim_IsDeclinedByName_AndTheOthersGoOn()
    {
        await _bench.ImportAsync(_bench.New("untouched"));
        foreach (var (i, sql) in OrderChanges.Index())
        {
            var (order, id) = ($"o-{i}", new OrderId($"o-{i}"));
            await _bench.ImportAsync(_bench.New(order, $"customer-{i}"));
            var claim = await _bench.ClaimedAsync(order);
            await _bench.SaveAsync(claim, new OrderChange.Authenticating(StoreBench.Card(i)), new OrderChange.Bound(StoreBench.Card(i)), new OrderChange.Leaving(1, 1), new OrderChange.Released());
            Assert.That(Attack(sql, ("$order", order)), Is.GreaterThan(0), sql);
            var declined = await _bench.ClaimAsync(order) as ClaimOutcome.Declined;
            Assert.That(declined?.Code, Is.EqualTo(DeclineCode.CenterLacks), sql);
            Assert.That(declined!.Detail, Does.Contain(order).And.Contain("vault"), sql);
            Assert.That(await _bench.Orders.ResumeAsync(claim.Token, StoreBench.At("t1")), Is.InstanceOf<ClaimOutcome.Declined>(), sql);
            Assert.That((await Assert.ThrowsAsync<StoreException>(() => _bench.Desk.RetryAsync(id, _bench.Ann, "go on")))!.Fault, Is.EqualTo(StoreFault.Altered), sql);
        }
        Assert.That(await _bench.ClaimAsync("untouched"), Is.InstanceOf<ClaimOutcome.Claimed>());
        var findings = (await _bench.StoredLog().VerifyAsync()).Findings;
        for (var i = 0; i < OrderChanges.Length; i++)
            Assert.That(findings.Where(finding => finding.Kind == LogFindingKind.RowAltered).Select(finding => finding.Text), Has.Some.Contains($"o-{i} of orders"), OrderChanges[i]);
        Assert.That(findings.Count(finding => finding.Text.Contains("untouched")), Is.Zero);
    }

    [Test]
    public async Task OrderPutIn_Claim_IsDeclinedByName()
    {
        await _bench.ImportAsync(_bench.New("o-1"));
        await _bench.IssueAsync("o-1", StoreBench.Card(1));
        Attack("CREATE TEMP TABLE kept AS SELECT * FROM orders; UPDATE kept SET order_id = 'o-2', sequence = 2, state = 1, card = NULL, token_hash = NULL; INSERT INTO orders SELECT * FROM kept");
        Assert.That(await _bench.DeclineAsync("o-2"), Is.EqualTo(DeclineCode.CenterLacks));
    }

    /// <summary>
    /// An older row has the right seal: the log knows that it is not the latest, at the claim, and what all rows come to, when the center
    /// is served.
    /// </summary>
    [Test]
    public async Task OlderRowOfAnOrder_PutBack_IsDeclined_AndServingQuarantinesWhatMayHaveChanged()
    {
        await _bench.ImportAsync(_bench.New("o-1"), _bench.New("o-2", "c2"));
        Attack("CREATE TABLE kept AS SELECT * FROM orders WHERE order_id = 'o-1'");
        await _bench.IssueAsync("o-1", StoreBench.Card(1));
        Attack("DELETE FROM issued_cards; DELETE FROM feed_outbox; DELETE FROM orders WHERE order_id = 'o-1'; INSERT INTO orders SELECT * FROM kept");
        var declined = (ClaimOutcome.Declined)await _bench.ClaimAsync("o-1");
        Assert.That((declined.Code, declined.Order), Is.EqualTo((DeclineCode.CenterLacks, new OrderId("o-1"))));
        Assert.That(declined.Detail, Does.Contain("older row").And.Contain("Issued"));
        Assert.That((await _bench.StoredLog().VerifyAsync()).Findings.Select(finding => finding.Kind), Does.Contain(LogFindingKind.RowsMissing).And.Contain(LogFindingKind.OrderDiffers));

        await _bench.RestartAsync();
        Assert.That(await _bench.Orders.History.SettleRowsAsync(), Has.Count.EqualTo(3).And.Some.Contains("issued_cards").And.Some.Contains("orders"));
        Assert.That((await _bench.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.ViewAsync("o-2")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await _bench.Desk.PutBackAsync())!.FoundBy, Does.Contain("orders"));
        var log = await _bench.StoredLog().ReadAsync(new LogQuery());
        Assert.That(log.Count(row => row.Entry.Kind == "RowsMissing"), Is.EqualTo(3));
        Assert.That(await _bench.Orders.History.SettleRowsAsync(), Is.Empty, "told once");
    }

    [Test]
    public async Task OrderDeleted_ImportedAgain_IsRefused()
    {
        await _bench.ImportAsync(_bench.New("o-1"));
        await _bench.IssueAsync("o-1", StoreBench.Card(1));
        Attack("DELETE FROM issued_cards; DELETE FROM feed_outbox; DELETE FROM orders");
        var outcome = await _bench.ImportAsync(_bench.New("o-1"));
        Assert.That(outcome.Refusals.Single().Message, Does.Contain("log has an order of this id"));
    }

    [TestCase("DELETE FROM issued_cards", CardStanding.Bound)]
    [TestCase("UPDATE issued_cards SET standing = 4", null)]
    [TestCase("UPDATE issued_cards SET order_id = 'o-2'", null)]
    [TestCase("UPDATE issued_cards SET card = X'0102030405060708090A'", CardStanding.Bound)]
    [TestCase("UPDATE orders SET card = NULL WHERE order_id = 'o-1'", CardStanding.Issued)]
    public async Task CardTakenOutOfTheRegistry_SecondOrder_IsNotBoundToIt(string sql, CardStanding? standing)
    {
        await _bench.ImportAsync(_bench.New("o-1"), _bench.New("o-2", "c2"));
        await _bench.IssueAsync("o-1", StoreBench.Card(1));
        var claim = await _bench.ClaimedAsync("o-2");
        Attack(sql);
        if (standing is { } known)
        {
            Assert.That((await _bench.Orders.CardAsync(StoreBench.Card(1))).Standing, Is.EqualTo(known));
            Assert.That(await _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Authenticating(StoreBench.Card(1))), Is.InstanceOf<SaveOutcome.CardInUse>());
            return;
        }
        foreach (var look in new Func<Task>[] { () => _bench.Orders.CardAsync(StoreBench.Card(1)), () => _bench.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Authenticating(StoreBench.Card(1))) })
            Assert.That((await Assert.ThrowsAsync<StoreException>(() => look()))!.Message, Does.Contain("issued_cards").And.Contain($"{StoreBench.Card(1)}"));
    }

    [TestCase("UPDATE terminals SET certificate = X'0101010101010101010101010101010101010101010101010101010101010101' WHERE terminal = 't1'")]
    [TestCase("UPDATE terminals SET credential_key = (SELECT credential_key FROM terminals WHERE terminal = 't2') WHERE terminal = 't1'")]
    [TestCase("UPDATE terminals SET agreement_key = (SELECT agreement_key FROM terminals WHERE terminal = 't2') WHERE terminal = 't1'")]
    [TestCase("UPDATE terminals SET networks = '0.0.0.0/0' WHERE terminal = 't1'")]
    [TestCase("UPDATE terminals SET lines = '1 2' WHERE terminal = 't1'")]
    [TestCase("UPDATE terminals SET enabled = 1 - enabled WHERE terminal = 't1'")]
    [TestCase("UPDATE terminals SET key_version = 2 WHERE terminal = 't1'")]
    [TestCase("UPDATE terminals SET readers_version = 1 WHERE terminal = 't1'")]
    [TestCase("DELETE FROM readers; DELETE FROM terminals WHERE terminal = 't1'; INSERT INTO terminals SELECT 't1', lines, networks, credential_key, agreement_key, certificate, "
        + "key_version, enabled, updated_at, readers_version, revision, seal, seal_generation, held_since, held_for, removed, next_credential_key, next_agreement_key, "
        + "next_certificate, next_key_version, branch FROM terminals WHERE terminal = 't2'")]
    public async Task TerminalChanged_Admission_IsRefusedByName_AndTheOtherIsNot(string sql)
    {
        await TerminalsAsync();
        Assert.That(Attack(sql), Is.GreaterThan(0));
        var refused = await Assert.ThrowsAsync<StoreException>(() => Registry.GetAsync(T1));
        Assert.That((refused!.Fault, refused.Message), Is.EqualTo((StoreFault.Altered, refused.Message)));
        Assert.That(refused.Message, Does.Contain("t1 of terminals"));
        Assert.That(await Registry.GetAsync(T2), Is.Not.Null);
        Assert.That((await _bench.StoredLog().VerifyAsync()).Findings.Select(finding => finding.Text), Has.Some.Contains("t1 of terminals"));
    }

    [TestCase("UPDATE readers SET serial = '666'")]
    [TestCase("UPDATE readers SET without_identity = 1")]
    [TestCase("UPDATE readers SET key = X'04'")]
    [TestCase("INSERT INTO readers (terminal, kind, serial, ports, without_identity) VALUES ('t1', 'pcsc', '666', '', 0)")]
    public async Task ReaderChanged_ListOfItsTerminal_IsNotSigned(string sql)
    {
        await TerminalsAsync();
        Attack(sql);
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => Registry.VersionedReadersAsync(T1)))!.Message, Does.Contain("of readers"));
    }

    [Test]
    public async Task LineChanged_Lines_AreNotServed()
    {
        await TerminalsAsync();
        Attack("UPDATE lines SET listen = 'tcp:0.0.0.0:7001'");
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => Registry.LinesAsync()))!.Message, Does.Contain("1 of lines"));
    }

    /// <summary>
    /// Where rows of a small table are missing or older, nobody can say which: nothing is decided by that table, and all else goes on.
    /// </summary>
    [TestCase("terminals", "UPDATE terminals SET enabled = 0 WHERE terminal = 't1'")]
    [TestCase("readers", "DELETE FROM readers WHERE terminal = 't1'")]
    public async Task OlderRowOfASmallTable_PutBackAndOpened_IsDecidedByNoMore(string table, string honest)
    {
        await TerminalsAsync();
        Attack($"CREATE TABLE kept AS SELECT * FROM {table} WHERE terminal = 't1'");
        await _bench.Database.WriteAsync(store => honest.StartsWith("DELETE", StringComparison.Ordinal)
            ? store.Delete(SealedTable.Readers, "terminal = 't1'") : TerminalTable.Enable(store, T1, false, store.Now), default);
        await _bench.RestartAsync();
        Assert.That((await Registry.VersionedReadersAsync(T1)).Readers, Has.Count.EqualTo(table == "readers" ? 0 : 1));
        Attack($"DELETE FROM {table} WHERE terminal = 't1'; INSERT INTO {table} SELECT * FROM kept");
        await _bench.RestartAsync();
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => Registry.VersionedReadersAsync(T1)))!.Message, Does.Contain($"table {table}"));
        await _bench.ImportAsync(_bench.New("o-1"));
        Assert.That(await _bench.ClaimAsync("o-1"), Is.InstanceOf<ClaimOutcome.Claimed>());
    }

    [Test]
    public async Task DisabledTerminal_OlderRowPutBackWhileItIsServed_IsNotLetIn()
    {
        await TerminalsAsync();
        Attack("CREATE TABLE kept AS SELECT * FROM terminals");
        Assert.That(await Registry.EnableAsync(T1, false), Is.True);
        Assert.That((await Registry.GetAsync(T1))!.Enabled, Is.False);
        Attack("DELETE FROM terminals; INSERT INTO terminals SELECT * FROM kept");
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => Registry.GetAsync(T1)))!.Message, Does.Contain("older row").And.Contain("t1 of terminals"));
        Assert.That(await Registry.GetAsync(T2), Is.Not.Null);
    }

    [TestCase("people", "person = 'carl'")]
    [TestCase("approvals", "id = 1")]
    public async Task OlderRowOfAPersonOrApproval_PutBackAndOpened_IsDecidedByNoMore(string table, string which)
    {
        await TestPeople.AddAsync(_bench.Database, _bench.RecordKeys, ("carl", PersonRoles.Supervisor));
        await _bench.ImportAsync(_bench.New("o-1"));
        using var asked = await _bench.Approvals.AskAsync(_bench.Ann, new CardIssue.Center.Approvals.CenterAct.VoidOrder(new OrderId("o-1")), "test");
        Attack($"CREATE TABLE kept AS SELECT * FROM {table} WHERE {which}");
        await _bench.People.LockAsync(new PersonName("carl"), _bench.Ann);
        await _bench.Approvals.DeclineAsync(_bench.Bob, asked.Id, "no");
        await _bench.Database.DisposeAsync();
        Attack($"DELETE FROM {table} WHERE {which}; INSERT INTO {table} SELECT * FROM kept");
        await using var database = await CenterDatabase.OpenAsync(new StoreOptions { Directory = _bench.Directory }, _bench.Log, _bench.Keys, _bench.Time);
        Func<Task> look = table == "people"
            ? () => new DatabasePeople(database, _bench.RecordKeys, _bench.PeopleOptions).ListAsync()
            : () => new CardIssue.Center.Approvals.DatabaseApprovals(database, _bench.RecordKeys, _bench.PeopleOptions, _bench.Options).GetAsync(asked.Id);
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => look()))!.Message, Does.Contain($"table {table}"));
    }

    [Test]
    public async Task BlockMarkedAsTold_Claim_IsDeclined_AndAnEventPutIn_IsNotTold()
    {
        await _bench.ImportAsync(_bench.New("o-1"));
        var claim = await _bench.ClaimedAsync("o-1");
        await _bench.SaveAsync(claim, new OrderChange.Authenticating(StoreBench.Card(1)), new OrderChange.Bound(StoreBench.Card(1)), new OrderChange.Released());
        await _bench.Desk.QuarantineAllAsync(null, _bench.Ann, "test");
        Assert.That(await _bench.ReconcileAsync(claim.Order, new Reconciliation.GoesOn(null, OrderProgress.None), "the card is lost"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await _bench.DeclineAsync("o-1"), Is.EqualTo(DeclineCode.Waiting), "the issuer is not told yet");
        Attack("UPDATE feed_outbox SET told_at = 1");
        Assert.That(await _bench.DeclineAsync("o-1"), Is.EqualTo(DeclineCode.CenterLacks));
        Attack("UPDATE feed_outbox SET told_at = NULL");
        var feed = new RememberingFeed();
        Assert.That(await _bench.Pump(feed).PumpAsync(), Is.EqualTo(1), "as it was");
        Assert.That(await _bench.ClaimAsync("o-1"), Is.InstanceOf<ClaimOutcome.Claimed>());
        Attack("INSERT INTO feed_outbox (event_id, kind, order_id, customer, sequence, at, reason) VALUES ('x', 1, 'o-1', 'mallory', 1, 1, '')");
        await Assert.ThrowsAsync<StoreException>(() => _bench.Pump(feed).PumpAsync());
        Assert.That(feed.Told, Has.Count.EqualTo(1));
    }

    [TestCase("DELETE FROM put_backs")]
    [TestCase("UPDATE put_backs SET settled_at = 1")]
    public async Task PutBackTakenAway_Import_IsRefusedOrTheRowsAreMissed(string sql)
    {
        await _bench.Database.WriteAsync(store => PutBack.Take(store, "a test", 0, _bench.Database.StoreId, null), default);
        Attack(sql);
        await _bench.RestartAsync();
        Assert.That((await _bench.StoredLog().VerifyAsync()).Findings.Select(finding => finding.Text), Has.Some.Contains("put_backs"));
        if (sql.StartsWith("DELETE", StringComparison.Ordinal)) Assert.That(await _bench.Orders.History.SettleRowsAsync(), Has.Some.Contains("put_backs"));
    }

    [TestCase("UPDATE store_meta SET row_sums = NULL")]
    [TestCase("UPDATE store_meta SET row_sums = zeroblob(length(row_sums))")]
    [TestCase("UPDATE store_meta SET row_sums = (SELECT row_sums FROM kept)")]
    public async Task SumsChanged_NothingIsWritten_AndVerifyTells(string sql)
    {
        Attack("CREATE TABLE kept AS SELECT row_sums FROM store_meta");
        await _bench.ImportAsync(_bench.New("o-1"));
        Attack(sql);
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => _bench.ImportAsync(_bench.New("o-2", "c2"))))!.Fault, Is.EqualTo(StoreFault.Altered));
        Assert.That((await _bench.StoredLog().VerifyAsync()).Findings.Select(finding => finding.Kind), Is.EqualTo(new[] { LogFindingKind.RowsMissing }));
    }

    /// <summary>A store of a version that sealed no rows: as this one, with no seal in it.</summary>
    [Test]
    public async Task StoreOfBefore_Opened_IsTakenOverOnce_AndNeverAgain()
    {
        await _bench.ImportAsync(_bench.New("o-1"), _bench.New("o-2", "c2"));
        await TerminalsAsync();
        await _bench.Database.DisposeAsync();
        Unseal();
        var refused = await Assert.ThrowsAsync<StoreException>(() => _bench.StartAsync());
        Assert.That(refused!.Fault, Is.EqualTo(StoreFault.Altered), "this vault was never a version before's");

        _bench.Keys.TakesOverRows = true;
        await _bench.StartAsync();
        Assert.That(_bench.Keys.TakesOverRows, Is.False);
        Assert.That((await _bench.StoredLog().VerifyAsync()).Findings, Is.Empty);
        Assert.That(await _bench.Orders.History.SettleRowsAsync(), Is.Empty);
        Assert.That(await Registry.GetAsync(T1), Is.Not.Null);
        Assert.That(await _bench.ClaimAsync("o-1"), Is.InstanceOf<ClaimOutcome.Claimed>());
        await _bench.Database.DisposeAsync();
        Unseal();
        await Assert.ThrowsAsync<StoreException>(() => _bench.StartAsync());
        _bench.Keys.TakesOverRows = true;
        await _bench.StartAsync();
    }

    private void Unseal() => Attack(
        string.Concat(SealedTable.All.Select(table => $"UPDATE {table.Name} SET seal = NULL, seal_generation = NULL; ")) + "UPDATE store_meta SET row_sums = NULL");

    private async Task TerminalsAsync()
    {
        using var key = P256PrivateKey.Generate();
        using var other = P256PrivateKey.Generate();
        foreach (var (id, its) in new[] { (T1, key), (T2, other) })
        {
            await Registry.PutAsync(new TerminalRecord(
                id, [new LineNumber(1)], [IPNetwork.Parse("10.1.2.3/32")], its.PublicKey.Encoded, its.PublicKey.Encoded, ByteString.Own(new byte[32]), 1, true));
        }
        await Registry.SetReadersAsync(T1, [new ReaderRecord("serial", "Vendor", null, "123", null, [], false)]);
        await Registry.PutLineAsync(new LineRecord(new LineNumber(1), LineKind.Tls, "0.0.0.0:7001"));
    }

    private int Attack(string sql, params ReadOnlySpan<(string, object?)> values)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_bench.Directory, "center.db")};Pooling=False;Foreign Keys=False");
        connection.Open();
        return connection.Execute(sql, values);
    }
}
