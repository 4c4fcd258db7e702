using System.Net;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Center;

/// <summary>What undoes safety takes two: the same table for each act.</summary>
[TestFixture, Parallelizable]
public class ApprovalsTest
{
    private static readonly ByteString Point = MakePoint(), OtherPoint = MakePoint();
    private static readonly PersonName Carl = new("carl"), Dora = new("dora");
    private static readonly CardId Card7 = StoreBench.Card(7);
    private static readonly TerminalRecord Wide = new(
        new TerminalId("t1"), [new LineNumber(1), new LineNumber(2)], [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("fd00::1/128")], Point, Point,
        ByteString.Own(new byte[32]), 3, true);

    internal static readonly CenterAct[] Acts =
    [
        new CenterAct.VoidOrder(new OrderId("o1")),
        new CenterAct.VoidOrder(new OrderId("q1"), Card7),
        new CenterAct.ReconcileOrder(new OrderId("q1"), new Reconciliation.GoesOn(null, OrderProgress.None)),
        new CenterAct.ReconcileOrder(new OrderId("q1"), new Reconciliation.GoesOn(Card7, new OrderProgress(2, 3, 4, 5), Closing: true), StoreBench.Card(8)),
        new CenterAct.ReconcileOrder(new OrderId("q1"), new Reconciliation.WasIssued(Card7)),
        new CenterAct.UnbarCard(StoreBench.Card(9)),
        new CenterAct.ClearCodeTries("c1"),
        new CenterAct.PutTerminal(Wide),
        new CenterAct.EnableTerminal(new TerminalId("t2")),
        new CenterAct.MakeKey("visa", 0x30, CardKeyAlgorithm.Aes256, ByteString.FromHex("010203")),
        new CenterAct.DestroyKey("visa", 0x30, ByteString.FromHex("010203")),
        new CenterAct.AddPerson(Dora, PersonRoles.Clerk | PersonRoles.Auditor),
        new CenterAct.SetRoles(Carl, PersonRoles.Auditor),
        new CenterAct.ResetPassword(Carl),
        new CenterAct.UnlockPerson(Carl),
        new CenterAct.SettlePutBack(),
        new CenterAct.PutIssuer(new IssuerId("bank-a"), ["keys-a", "keys-b"]),
        new CenterAct.DestroyOrderKey(1, ByteString.Own(new byte[32])),
    ];

    private StoreBench _bench = null!;
    private DateTimeOffset _began;

    /// <summary>Each takes memory on purpose: whoever makes a password waits for those that are looked at.</summary>
    [Test]
    public async Task AsManyPasswordsAsMayBe_AreWorkedOn_ApprovalThatMakesOne_WaitsForItsTurn()
    {
        var asked = await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.AddPerson(Dora, PersonRoles.Clerk), "new here");
        using var end = new ManualResetEventSlim();
        var others = Enumerable.Range(0, DatabasePeople.MaxAtOnce).Select(_ => _bench.Database.Passwords.RunAsync(() => end.Wait(TimeSpan.FromSeconds(30)), default)).ToArray();
        var approving = _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id);
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.That(approving.IsCompleted, Is.False);
        end.Set();
        Assert.That((await approving).Outcome, Is.EqualTo(ApprovalOutcome.Done));
        await Task.WhenAll(others);
    }

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        _began = _bench.Time.GetUtcNow();
        await _bench.ImportAsync(_bench.New("o1"), _bench.New("q1", "c2"));
        await TestPeople.AddAsync(_bench.Database, _bench.RecordKeys, ("carl", PersonRoles.Clerk), ("eve", PersonRoles.Auditor), ("fred", PersonRoles.Supervisor | PersonRoles.KeyCustodian));
        var registry = new DatabaseTerminalRegistry(_bench.Database);
        await registry.PutAsync(Wide with
        {
            Terminal = new TerminalId("t2"), Enabled = false, CredentialKey = OtherPoint, AgreementKey = OtherPoint, Certificate = default,
        });
        await _bench.People.LockAsync(Carl, _bench.Ann);
        await _bench.ClaimAsync("o1", right: false);
        await _bench.Database.WriteAsync(transaction =>
        {
            CardRegistry.CountTry(transaction, StoreBench.Card(9), _bench.Database.Now);
            var quarantined = OrderRow.Find(transaction, new OrderId("q1"))! with { State = OrderState.Quarantined, HeldState = OrderState.Ready };
            quarantined.Save(transaction, _bench.Database.Now, "Quarantined", "test");
            transaction.Insert(SealedTable.PutBacks, """
                INSERT INTO put_backs (number, found_at, found_by, store_id, told_generation, known_generation, known_until, raised_to, orders)
                VALUES (1, 1, 'a test', x'00', 1, 1, 1, 1, 0)
                """);
            return true;
        }, default);
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    /// <summary>One store for all that is tried with an act: each of these alone would cost as much.</summary>
    [TestCaseSource(nameof(Acts))]
    public async Task Act_AskedByOne_IsApprovedByAnotherWhoMayOnceAndInTimeOrNotAtAll(object act)
    {
        var it = (CenterAct)act;
        await IsRefusedWithoutTheRoleAsync(it);
        await CanNotBeApprovedWhenTooOldDeclinedOrTakenBackAsync(it);
        var id = await AskAsync(it);
        await IsRefusedToWhoeverAskedOrMayNotAsync(it, id);

        using var approved = await _bench.Approvals.ApproveAsync(_bench.Bob, id);
        Assert.That(approved.Outcome, Is.EqualTo(it.IsUsedLater ? ApprovalOutcome.Approved : ApprovalOutcome.Done));
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, id)).Outcome, Is.EqualTo(ApprovalOutcome.Decided));
        var record = (await _bench.Approvals.GetAsync(id))!;
        Assert.That((record.Act, record.AskedBy.Value, record.DecidedBy?.Value, record.Reason), Is.EqualTo((it, "ann", "bob", "because")));
        await IsLoggedWithBothNamesAsync();
        if (it.IsUsedLater) return;
        Assert.That(record.State, Is.EqualTo(ApprovalState.Done));
        var again = await _bench.Approvals.AskAsync(_bench.Ann, it, "again");
        if (it is not (CenterAct.PutTerminal or CenterAct.ResetPassword)) Assert.That(again.Outcome, Is.EqualTo(ApprovalOutcome.NotPossible), "it is done");
    }

    private async Task IsRefusedWithoutTheRoleAsync(CenterAct act)
    {
        foreach (var role in Enum.GetValues<PersonRoles>().Where(role => role is not PersonRoles.Any && (role & act.MayAsk) == 0))
            Assert.That((await _bench.Approvals.AskAsync(TestPeople.Of(_bench.Database, "ann", role), act, "because")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed), $"{role}");
    }

    private async Task CanNotBeApprovedWhenTooOldDeclinedOrTakenBackAsync(CenterAct act)
    {
        var (declined, takenBack, old) = (await AskAsync(act), await AskAsync(act), await AskAsync(act));
        Assert.That((await _bench.Approvals.DeclineAsync(TestPeople.Of(_bench.Database, "eve", PersonRoles.Auditor), declined, "")).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That((await _bench.Approvals.DeclineAsync(_bench.Bob, declined, "no")).Outcome, Is.EqualTo(ApprovalOutcome.Done));
        Assert.That((await _bench.Approvals.DeclineAsync(_bench.Ann, takenBack, "")).Outcome, Is.EqualTo(ApprovalOutcome.Done));
        _bench.Time.Advance(_bench.PeopleOptions.ApprovalTime);
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, declined)).Outcome, Is.EqualTo(ApprovalOutcome.Decided));
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, takenBack)).Outcome, Is.EqualTo(ApprovalOutcome.Decided));
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, old)).Outcome, Is.EqualTo(ApprovalOutcome.Expired));
        Assert.That((await _bench.Approvals.GetAsync(old))!.State, Is.EqualTo(ApprovalState.Expired));
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, 999)).Outcome, Is.EqualTo(ApprovalOutcome.NotFound));
        // Wrong codes of long ago count no more.
        await _bench.ClaimAsync("o1", right: false);
    }

    private async Task IsRefusedToWhoeverAskedOrMayNotAsync(CenterAct act, long id)
    {
        foreach (var name in new[] { "ann", "ANN", "Ann", "aNn" })
            Assert.That((await _bench.Approvals.ApproveAsync(TestPeople.Of(_bench.Database, name), id)).Outcome, Is.EqualTo(ApprovalOutcome.SamePerson), $"{act}, {name}");
        Assert.That((await _bench.Approvals.ApproveAsync(TestPeople.Of(_bench.Database, "eve", PersonRoles.Auditor), id)).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        // A proof of roles that the account has no more.
        Assert.That((await _bench.Approvals.ApproveAsync(TestPeople.Of(_bench.Database, "eve"), id)).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        Assert.That((await _bench.Approvals.ApproveAsync(TestPeople.Of(_bench.Database, "nobody"), id)).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        await IsUntouchedAsync(id);
    }

    private async Task IsLoggedWithBothNamesAsync()
    {
        var logged = await _bench.Database.ReadAsync(view => view.Query("SELECT kind, detail FROM log_entries WHERE session = 'console' ORDER BY sequence DESC LIMIT 2",
            row => (Kind: (string)row[0], Detail: System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>((string)row[1]))), default);
        Assert.That(logged.Select(entry => (entry.Kind, entry.Detail.GetProperty("person").GetString())), Is.EqualTo(new[] { ("ActApproved", "bob"), ("ActAsked", "ann") }));
        Assert.That((logged[0].Detail.GetProperty("askedBy").GetString(), logged[0].Detail.GetProperty("reason").GetString()), Is.EqualTo(("ann", "because")));
    }

    [TestCase("UPDATE approvals SET asked_by = 'fred'")]
    [TestCase("UPDATE approvals SET act = '{\"act\":\"voidOrder\",\"order\":\"q1\"}'")]
    [TestCase("UPDATE approvals SET expires_at = expires_at + 1")]
    [TestCase("UPDATE approvals SET state = 2")]
    [TestCase("UPDATE approvals SET reason = 'another'")]
    [TestCase("INSERT INTO approvals SELECT 1001, act, reason, 'fred', asked_at, expires_at, nonce, state, decided_by, decided_at, note, mac, seal, seal_generation FROM approvals", 1001)]
    [TestCase("INSERT INTO approvals SELECT 1001, act, reason, asked_by, asked_at, expires_at, nonce, state, decided_by, decided_at, note, mac, seal, seal_generation FROM approvals", 1001)]
    public async Task RowWrittenWithoutTheVault_Approve_IsRefusedByName(string change, long? number = null)
    {
        var id = await AskAsync(Acts[0]);
        await _bench.Database.WriteAsync(transaction => transaction.Execute(change), default);
        var error = await Assert.ThrowsAsync<StoreException>(() => _bench.Approvals.ApproveAsync(_bench.Bob, number ?? id));
        Assert.That(error!.Fault, Is.EqualTo(StoreFault.Altered));
        Assert.That((await _bench.ViewAsync("o1")).State, Is.EqualTo(OrderState.Ready));
    }

    [Test]
    public async Task ActNoLongerPossible_Approve_ChangesNothingAndWaitsOn()
    {
        var (first, second) = (await AskAsync(Acts[0]), await AskAsync(Acts[0]));
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, first)).Act, Is.EqualTo(DeskOutcome.Done));
        var late = await _bench.Approvals.ApproveAsync(_bench.Bob, second);
        Assert.That((late.Outcome, late.Act), Is.EqualTo((ApprovalOutcome.NotPossible, (DeskOutcome?)DeskOutcome.WrongState)));
        await IsUntouchedAsync(second);
    }

    [Test]
    public async Task WhoAskedIsLockedByThen_Approve_IsRefused()
    {
        var asked = await _bench.Approvals.AskAsync(TestPeople.Of(_bench.Database, "fred"), Acts[0], "because");
        await _bench.People.LockAsync(new PersonName("fred"), _bench.Ann);
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        await IsUntouchedAsync(asked.Id);
    }

    [Test]
    public async Task KeyApproval_Used_IsGoodOnceForWhatWasApproved()
    {
        var act = (CenterAct.MakeKey)Acts[9];
        var id = await AskAsync(act);
        Assert.That((await _bench.Approvals.UseAsync(_bench.Ann, id, act)).Outcome, Is.EqualTo(ApprovalOutcome.Decided), "nobody approved");
        await _bench.Approvals.ApproveAsync(_bench.Bob, id);
        foreach (var other in new CenterAct[] { act with { CheckValue = ByteString.FromHex("010204") }, act with { KeyVersion = 0x31 }, act with { KeySet = "visa2" },
            act with { Algorithm = CardKeyAlgorithm.Aes128 }, new CenterAct.DestroyKey(act.KeySet, act.KeyVersion, act.CheckValue) })
            Assert.That(await _bench.Approvals.UseAsync(_bench.Ann, id, other), Is.EqualTo((ApprovalOutcome.NotPossible, (KeyApproval?)null)), $"{other}");
        Assert.That((await _bench.Approvals.UseAsync(TestPeople.Of(_bench.Database, "eve", PersonRoles.Auditor), id, act)).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed));
        var (outcome, approval) = await _bench.Approvals.UseAsync(_bench.Ann, id, act);
        Assert.That((outcome, approval), Is.EqualTo((ApprovalOutcome.Done, approval)).And.Not.Null);
        Assert.That((await _bench.Approvals.UseAsync(_bench.Ann, id, act)).Outcome, Is.EqualTo(ApprovalOutcome.Decided), "twice");
        Assert.That(approval!.TryUse(new KeyDeed.Make(act.KeySet, act.KeyVersion, act.CheckValue, CardKeyAlgorithm.Aes128)), Is.False);
        Assert.That(approval.TryUse(new KeyDeed.Destroy(act.KeySet, act.KeyVersion, act.CheckValue)), Is.False, "to destroy it");
        Assert.That(approval.TryUse(new KeyDeed.Make(act.KeySet, act.KeyVersion, act.CheckValue, act.Algorithm)), Is.True);
        Assert.That(approval.TryUse(new KeyDeed.Make(act.KeySet, act.KeyVersion, act.CheckValue, act.Algorithm)), Is.False, "twice");
    }

    [TestCase("fred", "bob")]
    [TestCase("ann", "fred")]
    public async Task KeyApproval_WhoAskedOrApprovedIsLockedOrDemotedByThen_CanNotBeUsed(string asks, string approves)
    {
        var custodian = TestPeople.Of(_bench.Database, "fred");
        var act = Acts[9];
        using var asked = await _bench.Approvals.AskAsync(TestPeople.Of(_bench.Database, asks), act, "because");
        Assert.That((await _bench.Approvals.ApproveAsync(TestPeople.Of(_bench.Database, approves), asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.Approved));
        await _bench.People.LockAsync(custodian.Name, _bench.Ann);
        Assert.That((await _bench.Approvals.UseAsync(_bench.Bob, asked.Id, act)).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed), "locked");
        await _bench.DoAsync(new CenterAct.UnlockPerson(custodian.Name));
        await _bench.DoAsync(new CenterAct.SetRoles(custodian.Name, PersonRoles.Auditor));
        Assert.That((await _bench.Approvals.UseAsync(_bench.Bob, asked.Id, act)).Outcome, Is.EqualTo(ApprovalOutcome.NotAllowed), "demoted");
        await _bench.DoAsync(new CenterAct.SetRoles(custodian.Name, PersonRoles.Any));
        Assert.That((await _bench.Approvals.UseAsync(_bench.Bob, asked.Id, act)).Outcome, Is.EqualTo(ApprovalOutcome.Done));
    }

    /// <summary>The password is made of what was looked at first, outside of any transaction.</summary>
    [Test]
    public async Task ApprovalExchangedWhileItIsLookedAt_Approve_FindsItNoMore()
    {
        using var asked = await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.AddPerson(Dora, PersonRoles.Clerk), "because");
        _bench.RecordKeys.WhenMaking = record =>
        {
            if (!record.AsSpan().StartsWith("CardIssue password half"u8)) return;
            _bench.RecordKeys.WhenMaking = null;
            _bench.Database.WriteAsync(transaction =>
            {
                var row = ApprovalRow.Find(transaction, _bench.RecordKeys, asked.Id)!;
                transaction.Delete(SealedTable.Approvals, "id = $id", ("$id", asked.Id));
                transaction.Execute("UPDATE sqlite_sequence SET seq = $id - 1 WHERE name = 'approvals'", ("$id", asked.Id));
                return (row with { Nonce = ByteString.Own(new byte[16]) }).Add(transaction, _bench.RecordKeys).Id;
            }, default).GetAwaiter().GetResult();
        };
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.NotFound));
        Assert.That((await _bench.People.ListAsync()).Select(person => person.Name), Has.None.EqualTo(Dora));
        Assert.That((await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id)).Outcome, Is.EqualTo(ApprovalOutcome.Done), "what is there now can be looked at anew");
    }

    [Test]
    public async Task KeyApproval_TooOld_CanNotBeUsed()
    {
        var id = await AskAsync(Acts[9]);
        await _bench.Approvals.ApproveAsync(_bench.Bob, id);
        _bench.Time.Advance(_bench.PeopleOptions.ApprovalTime);
        Assert.That((await _bench.Approvals.UseAsync(_bench.Ann, id, Acts[9])).Outcome, Is.EqualTo(ApprovalOutcome.Expired));
    }

    [Test]
    public async Task Terminal_WideOrDisabled_IsLetInByNobodyAlone()
    {
        var registry = new DatabaseTerminalRegistry(_bench.Database);
        var narrow = Wide with { Networks = [IPNetwork.Parse("10.1.2.3/32")] };
        Assert.That(await registry.PutAsync(narrow, TestPeople.Of(_bench.Database, "carl", PersonRoles.Clerk)), Is.EqualTo(TerminalChange.NotAllowed));
        Assert.That(await registry.PutAsync(narrow, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        foreach (var networks in new IPNetwork[][] { [IPNetwork.Parse("10.1.2.2/31")], [IPNetwork.Parse("0.0.0.0/0")], [IPNetwork.Parse("::/0")], [IPNetwork.Parse("fd00::/127")],
            [IPNetwork.Parse("10.1.2.3/32"), IPNetwork.Parse("10.1.2.4/32")] })
            Assert.That(await registry.PutAsync(narrow with { Networks = [.. networks] }, _bench.Ann), Is.EqualTo(TerminalChange.NeedsApproval), string.Join(' ', networks));
        Assert.That(await registry.DisableAsync(narrow.Terminal, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        Assert.That(await registry.PutAsync(narrow, _bench.Ann), Is.EqualTo(TerminalChange.NeedsApproval), "let in again by the back door");
        Assert.That(await _bench.DoAsync(new CenterAct.EnableTerminal(narrow.Terminal)), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await registry.GetAsync(narrow.Terminal))!, Is.EqualTo(narrow));
    }

    private async Task<long> AskAsync(CenterAct act)
    {
        using var asked = await _bench.Approvals.AskAsync(_bench.Ann, act, "because");
        Assert.That(asked.Outcome, Is.EqualTo(ApprovalOutcome.Done), $"{act}: {asked.Act}");
        return asked.Id;
    }

    private async Task IsUntouchedAsync(long id)
    {
        Assert.That((await _bench.Approvals.GetAsync(id))!.State, Is.EqualTo(ApprovalState.Waiting));
        Assert.That((await _bench.ViewAsync("q1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That(await new DatabaseTerminalRegistry(_bench.Database).GetAsync(new TerminalId("t1")), Is.Null);
        Assert.That((await _bench.People.ListAsync()).Single(it => it.Name == Carl), Is.EqualTo(new PersonRecord(Carl, PersonRoles.Clerk, false, true, null, _began)));
    }

    private static ByteString MakePoint()
    {
        using var key = P256PrivateKey.Generate();
        return key.PublicKey.Encoded;
    }
}
