using CardIssue.Center.Approvals;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Center;

/// <summary>Accounts: passwords, lock-out, roles, and rows that somebody without the vault wrote.</summary>
[TestFixture, Parallelizable]
public class PeopleTest
{
    private const string Good = "a heron on a grey morning", Other = "a heron on a bright evening";
    private static readonly PersonName Carl = new("carl"), Dora = new("dora");

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        // Each try takes its time.
        _bench.PeopleOptions.MaxTries = 2;
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    [Test]
    public async Task FirstPeople_Begin_AreSupervisorsAndCustodiansOnceInACentersLife()
    {
        await NobodyAsync();
        Assert.That(await _bench.People.AnyAsync(), Is.False);
        Assert.That(await BeginAsync(("carl", Good)), Is.EqualTo(PersonOutcome.DoesNotFit), "one is too few");
        Assert.That(await BeginAsync(("carl", Good), ("CARL", Other)), Is.EqualTo(PersonOutcome.DoesNotFit), "one person twice");
        Assert.That(await BeginAsync(("carl", Good), ("dora", "short")), Is.EqualTo(PersonOutcome.DoesNotFit));
        Assert.That(await BeginAsync(("carl", Good), ("dora", Other)), Is.EqualTo(PersonOutcome.Done));
        Assert.That(await BeginAsync(("erik", Good), ("fred", Other)), Is.EqualTo(PersonOutcome.WrongState));
        Assert.That((await _bench.People.ListAsync()).Select(it => (it.Name, it.Roles, it.IsOneTime)), Is.EqualTo(new[]
        {
            (Carl, PersonRoles.Supervisor | PersonRoles.KeyCustodian, false), (Dora, PersonRoles.Supervisor | PersonRoles.KeyCustodian, false),
        }));
        await ExecuteAsync("DELETE FROM people");
        Assert.That(await BeginAsync(("erik", Good), ("fred", Other)), Is.EqualTo(PersonOutcome.WrongState), "the vault knows that there were people");
    }

    /// <summary>Who can write the folder puts an empty store there: the vault stays, and knows.</summary>
    [Test]
    public async Task EmptyStoreBesideTheVault_Begin_IsRefused()
    {
        await NobodyAsync();
        Assert.That(await BeginAsync(("carl", Good), ("dora", Other)), Is.EqualTo(PersonOutcome.Done));
        await _bench.Database.DisposeAsync();
        foreach (var file in Directory.GetFiles(_bench.Directory, "center.*", SearchOption.AllDirectories)) File.Delete(file);
        await using var empty = await CenterDatabase.OpenAsync(new StoreOptions { Directory = _bench.Directory }, _bench.Log, _bench.Keys, _bench.Time);
        var people = new DatabasePeople(empty, _bench.RecordKeys, _bench.PeopleOptions);
        Assert.That(await people.AnyAsync(), Is.False);
        using var password = Secret(Good);
        Assert.That(await people.BeginAsync([new FirstPerson(new PersonName("erik"), password), new FirstPerson(new PersonName("fred"), password)]), Is.EqualTo(PersonOutcome.WrongState));
        Assert.That(await people.AnyAsync(), Is.False);
    }

    /// <summary>A vault of a version before, or one whose beginning was cut off, learns it from the first login.</summary>
    [Test]
    public async Task PeopleOfBefore_LogIn_TheVaultKnowsThatTheyBegan()
    {
        await CarlAsync();
        Assert.That(_bench.RecordKeys.MayBeginPeople, Is.True);
        Assert.That(await TryAsync("carl", Other), Is.InstanceOf<PersonAuthentication.Refused>());
        Assert.That(_bench.RecordKeys.MayBeginPeople, Is.True);
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Granted>());
        Assert.That(_bench.RecordKeys.MayBeginPeople, Is.False);
    }

    private static IEnumerable<TestCaseData> DeskActsOfASupervisor()
    {
        static TestCaseData Act(string name, Func<StoreBench, CenterPerson, Task<object?>> act) => new(act) { TestName = $"{{m}}({name})" };
        var (o1, t1, one) = (new OrderId("o1"), new TerminalId("t1"), new LineNumber(1));
        DatabaseTerminalRegistry Registry(StoreBench bench) => new(bench.Database);
        yield return Act("retry", async (bench, by) => await bench.Desk.RetryAsync(o1, by, "?"));
        yield return Act("renew", async (bench, by) => await bench.Desk.RenewCodeAsync(o1, StoreBench.Verifier, bench.Time.GetUtcNow().AddDays(1), by));
        yield return Act("reissue", async (bench, by) => await bench.Desk.ReissueAsync(o1, bench.New("o2", sequence: 2), by));
        yield return Act("quarantine", async (bench, by) => await bench.Desk.QuarantineAllAsync(null, by, "?") is null ? "NotAllowed" : "Done");
        yield return Act("import", async (bench, by) =>
            (await bench.Orders.ImportAsync([new ImportBatch(StoreBench.Product, [bench.New("o3", "c3")])], by)).Refusal?.Contains("role") == true ? "NotAllowed" : "Done");
        yield return Act("disable", async (bench, by) => await Registry(bench).DisableAsync(t1, by));
        yield return Act("readers", async (bench, by) => await Registry(bench).SetReadersAsync(t1, [], by));
        yield return Act("line", async (bench, by) => await Registry(bench).PutLineAsync(new LineRecord(one, LineKind.Tls, "0.0.0.0:7001"), by));
        yield return Act("no line", async (bench, by) => await Registry(bench).RemoveLineAsync(one, by));
        yield return Act("reader approved", async (bench, by) => await Registry(bench).ApproveReaderAsync(1, false, by, ""));
        yield return Act("reader declined", async (bench, by) => await Registry(bench).DeclineReaderAsync(1, "", by));
        yield return Act("lock", async (bench, by) => await bench.People.LockAsync(new PersonName("ann"), by));
        yield return Act("ask", async (bench, by) => (await bench.Approvals.AskAsync(by, new CenterAct.VoidOrder(o1), "?")).Outcome);
        yield return Act("approve", async (bench, by) => (await bench.Approvals.ApproveAsync(by, await AskedAsync(bench))).Outcome);
        yield return Act("decline", async (bench, by) => (await bench.Approvals.DeclineAsync(by, await AskedAsync(bench), "")).Outcome);
        static async Task<long> AskedAsync(StoreBench bench) => (await bench.Approvals.AskAsync(bench.Ann, new CenterAct.VoidOrder(new OrderId("o1")), "?")).Id;
    }

    /// <summary>A desk that somebody sat down at in the morning: what he may is what his account says now.</summary>
    [TestCaseSource(nameof(DeskActsOfASupervisor))]
    public async Task PersonLockedOrDemotedSinceHeWasVerified_NextAct_IsRefused(object tried)
    {
        var act = (Func<StoreBench, CenterPerson, Task<object?>>)tried;
        await TestPeople.AddAsync(_bench.Database, _bench.RecordKeys, ("fred", PersonRoles.Any));
        await _bench.ImportAsync(_bench.New("o1"));
        var fred = TestPeople.Of(_bench.Database, "fred");
        await _bench.People.LockAsync(fred.Name, _bench.Ann);
        Assert.That($"{await act(_bench, fred)}", Is.EqualTo("NotAllowed"), "locked");
        await _bench.DoAsync(new CenterAct.UnlockPerson(fred.Name));
        await _bench.DoAsync(new CenterAct.SetRoles(fred.Name, PersonRoles.Auditor));
        Assert.That($"{await act(_bench, fred)}", Is.EqualTo("NotAllowed"), "demoted");
        await _bench.DoAsync(new CenterAct.SetRoles(fred.Name, PersonRoles.Any));
        Assert.That($"{await act(_bench, fred)}", Is.Not.EqualTo("NotAllowed"));
    }

    [Test]
    public async Task FirstPerson_Authenticate_HasTheRolesOfTheAccount()
    {
        await NobodyAsync();
        await BeginAsync(("carl", Good), ("dora", Other));
        var granted = (PersonAuthentication.Granted)await TryAsync("Carl", Good);
        Assert.That((granted.Person.Name, granted.Person.Has(PersonRoles.Auditor)), Is.EqualTo((Carl, false)));
    }

    [Test]
    public async Task WrongOrUnknown_Authenticate_AreToldAlikeAndCostAlike()
    {
        await CarlAsync();
        Assert.That(await TryAsync("carl", Other), Is.InstanceOf<PersonAuthentication.Refused>());
        Assert.That(await TryAsync("nobody", Good), Is.InstanceOf<PersonAuthentication.Refused>());
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Granted>());
        Assert.That(await TryAsync("dora", Good), Is.InstanceOf<PersonAuthentication.Refused>(), "a password is one person's");
    }

    [Test]
    public async Task WrongPasswords_TooMany_ShutTheAccountUntilTheTimeIsOver()
    {
        await CarlAsync();
        for (var i = 0; i < _bench.PeopleOptions.MaxTries; i++) Assert.That(await TryAsync("carl", Other), Is.InstanceOf<PersonAuthentication.Refused>());
        await _bench.RestartAsync();
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Locked>(), "counted in the store");
        Assert.That((await FindAsync("carl")).LockedUntil, Is.EqualTo(_bench.Time.GetUtcNow() + _bench.PeopleOptions.LockTime));
        _bench.Time.Advance(_bench.PeopleOptions.LockTime);
        Assert.That(await TryAsync("carl", Other), Is.InstanceOf<PersonAuthentication.Refused>());
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Granted>());
        for (var i = 0; i < _bench.PeopleOptions.MaxTries - 1; i++) await TryAsync("carl", Other);
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Granted>(), "a right one began anew");
    }

    [Test]
    public async Task ManyAtOnce_Authenticate_GetNoMoreTriesThanOneAfterTheOther()
    {
        await CarlAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, _bench.PeopleOptions.MaxTries + 5).Select(_ => TryAsync("carl", Other)));
        Assert.That(outcomes.Count(it => it is PersonAuthentication.Refused), Is.EqualTo(_bench.PeopleOptions.MaxTries));
        Assert.That(outcomes.Count(it => it is PersonAuthentication.Locked), Is.EqualTo(5));
    }

    [Test]
    public async Task ShutAccount_UnlockApproved_IsOpenAtOnce()
    {
        await CarlAsync();
        Assert.That((await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.UnlockPerson(Carl), "?")).Outcome, Is.EqualTo(ApprovalOutcome.NotPossible), "it is open");
        for (var i = 0; i < _bench.PeopleOptions.MaxTries; i++) await TryAsync("carl", Other);
        Assert.That(await _bench.DoAsync(new CenterAct.UnlockPerson(Carl)), Is.EqualTo(CardIssue.Center.Orders.DeskOutcome.Done));
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Granted>());
    }

    [Test]
    public async Task LockedByASupervisor_TimeGoesBy_StaysLocked()
    {
        await CarlAsync();
        Assert.That(await _bench.People.LockAsync(Carl, TestPeople.Of(_bench.Database, "ann", PersonRoles.Clerk)), Is.EqualTo(PersonOutcome.NotAllowed));
        Assert.That(await _bench.People.LockAsync(new PersonName("CARL"), _bench.Ann), Is.EqualTo(PersonOutcome.Done));
        Assert.That(await _bench.People.LockAsync(Carl, _bench.Ann), Is.EqualTo(PersonOutcome.WrongState));
        _bench.Time.Advance(_bench.PeopleOptions.LockTime * 10);
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Locked>());
        Assert.That(await ChangeAsync("carl", Good, Other), Is.EqualTo(PasswordFault.Locked));
        Assert.That(await _bench.DoAsync(new CenterAct.UnlockPerson(Carl)), Is.EqualTo(CardIssue.Center.Orders.DeskOutcome.Done));
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Granted>());
    }

    [Test]
    public async Task TwoSupervisorsLeft_LockOneOrTakeTheRole_IsRefused()
    {
        Assert.That(await _bench.People.LockAsync(new PersonName("bob"), _bench.Ann), Is.EqualTo(PersonOutcome.TooFewSupervisors));
        Assert.That((await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.SetRoles(new PersonName("ann"), PersonRoles.Clerk), "tired")).Act,
            Is.EqualTo(CardIssue.Center.Orders.DeskOutcome.TooFewSupervisors));
    }

    [TestCase("short", PasswordFault.TooShort)]
    [TestCase("xxxxxxxxxxxxxxxx", PasswordFault.TooShort)]
    [TestCase("carl-carl", PasswordFault.TooShort)]
    [TestCase("CARL01234567", PasswordFault.IsName)]
    [TestCase(Good, PasswordFault.Same)]
    [TestCase(Other, PasswordFault.None)]
    public async Task NewPassword_Change_KeepsTheRule(string password, PasswordFault fault)
    {
        await CarlAsync();
        Assert.That(await ChangeAsync("carl", Good, password), Is.EqualTo(fault));
        Assert.That(await TryAsync("carl", fault is PasswordFault.None ? password : Good), Is.InstanceOf<PersonAuthentication.Granted>());
        if (fault is PasswordFault.None) Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Refused>());
    }

    [Test]
    public async Task PasswordChange_NeedsTheOldOneAndCountsAsATry()
    {
        await CarlAsync();
        for (var i = 0; i < _bench.PeopleOptions.MaxTries; i++) Assert.That(await ChangeAsync("carl", "not the old password", Other), Is.EqualTo(PasswordFault.Refused));
        Assert.That(await ChangeAsync("carl", Good, Other), Is.EqualTo(PasswordFault.Locked));
        Assert.That(await ChangeAsync("nobody", Good, Other), Is.EqualTo(PasswordFault.Refused));
    }

    [Test]
    public async Task AddedPerson_FirstPassword_IsOfTwoHalvesAndGoodForChangingItAlone()
    {
        _bench.PeopleOptions.MaxTries = 5;
        using var asked = await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.AddPerson(Dora, PersonRoles.Clerk), "new here");
        using var approved = await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id);
        Assert.That(approved.Outcome, Is.EqualTo(ApprovalOutcome.Done));
        var (first, second) = (Text(asked.PasswordHalf!), Text(approved.PasswordHalf!));
        Assert.That(first, Is.Not.EqualTo(second));
        foreach (var alone in new[] { first, second, $"{first}-", $"{second}-{first}" }) Assert.That(await TryAsync("dora", alone), Is.InstanceOf<PersonAuthentication.Refused>(), alone);
        Assert.That(await TryAsync("dora", $"{first}-{second}"), Is.InstanceOf<PersonAuthentication.MustChange>());
        Assert.That(await ChangeAsync("dora", $"{first}-{second}", Good), Is.EqualTo(PasswordFault.None));
        Assert.That(((PersonAuthentication.Granted)await TryAsync("dora", Good)).Person.Roles, Is.EqualTo(PersonRoles.Clerk));
        Assert.That(await TryAsync("dora", $"{first}-{second}"), Is.InstanceOf<PersonAuthentication.Refused>());
    }

    [Test]
    public async Task ResetPassword_OldOneIsGoodNoMore()
    {
        await CarlAsync();
        using var asked = await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.ResetPassword(Carl), "forgot it");
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Granted>(), "only asked for");
        using var approved = await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id);
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<PersonAuthentication.Refused>());
        Assert.That(await TryAsync("carl", $"{Text(asked.PasswordHalf!)}-{Text(approved.PasswordHalf!)}"), Is.InstanceOf<PersonAuthentication.MustChange>());
    }

    [TestCase("UPDATE people SET roles = 15 WHERE person = 'carl'")]
    [TestCase("UPDATE people SET verifier = (SELECT verifier FROM people WHERE person = 'ann') WHERE person = 'carl'")]
    [TestCase("UPDATE people SET one_time = 1 WHERE person = 'carl'")]
    [TestCase("UPDATE people SET person = 'carla' WHERE person = 'carl'; INSERT INTO people SELECT 'carl', roles, verifier, one_time, locked, changed_at, mac, 0, NULL, seal, seal_generation, issuer FROM people WHERE person = 'ann'")]
    [TestCase("UPDATE people SET mac = x'00' WHERE person = 'carl'")]
    public async Task RowChangedInTheFile_Authenticate_IsRefusedByName(string change)
    {
        await CarlAsync();
        await ExecuteAsync(change);
        var error = await Assert.ThrowsAsync<StoreException>(() => TryAsync("carl", Good));
        Assert.That((error!.Fault, error.Message), Is.EqualTo((StoreFault.Altered, error.Message)).And.Not.Null);
        Assert.That(error.Message, Does.Contain("carl").And.Contain("vault"));
    }

    [Test]
    public async Task AccountOfAnotherVault_Authenticate_IsRefused()
    {
        await CarlAsync();
        var other = new DatabasePeople(_bench.Database, new TestRecordKeys(8), _bench.PeopleOptions);
        using var password = Secret(Good);
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => other.AuthenticateAsync(Carl, password, "test")))!.Fault, Is.EqualTo(StoreFault.Altered));
    }

    [Test]
    public async Task PersonOfAnotherCenter_Acts_IsALocalBug()
    {
        await using var other = await StoreBench.OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.People.LockAsync(Carl, other.Ann));
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.Approvals.AskAsync(other.Ann, new CenterAct.UnlockPerson(Carl), "?"));
        await Assert.ThrowsAsync<ArgumentException>(() => _bench.Desk.RetryAsync(new OrderId("o1"), other.Ann, "?"));
    }

    [Test]
    public async Task RefusedLogins_ByTheHundred_AreANumberInTheLog()
    {
        await CarlAsync();
        await _bench.Database.WriteAsync(transaction =>
        {
            for (var i = 0; i < 100; i++) RefusedLogins.Count(transaction, null, "unknown", _bench.Database.Now);
            for (var i = 0; i < 100; i++) RefusedLogins.Count(transaction, Carl, "wrong", _bench.Database.Now);
            return true;
        }, default);
        Assert.That(await LoggedAsync("LoginRefused"), Has.Count.EqualTo(2));
        _bench.Time.Advance(TimeSpan.FromMinutes(2));
        await TryAsync("a password typed as a name".Replace(' ', '-'), Good);
        await TryAsync("carl", Good);
        var told = await LoggedAsync("LoginRefused");
        Assert.That(told.Sum(it => it.GetProperty("refused").GetInt32()), Is.EqualTo(201));
        Assert.That(told, Has.Count.EqualTo(4));
        Assert.That(string.Join(' ', told), Does.Not.Contain("typed"), "what was typed as a name may be a password");
        Assert.That((await LoggedAsync("LoggedIn")).Single().ToString(), Is.EqualTo("""{"person":"carl","for":"test"}"""));
    }

    /// <summary>A golden value: the same account's HMAC in every version, or nobody is let in after an upgrade.</summary>
    [Test]
    public void RecordMac_OfAnAccount_IsPinned() => Assert.That(
        new CardIssue.Center.Vault.RecordMac("CardIssue person v1").Text("carl").Number(3).Bytes([1, 2]).Number(0).Number(1)
            .Time(DateTimeOffset.FromUnixTimeMilliseconds(5)).Make(new TestRecordKeys()).ToString(),
        Is.EqualTo(Convert.ToHexString(System.Security.Cryptography.HMACSHA256.HashData((byte[])[7], Convert.FromHexString(
            "00000013" + Convert.ToHexString("CardIssue person v1"u8) + "00000004" + Convert.ToHexString("carl"u8) + "000000080000000000000003" + "000000020102"
            + "000000080000000000000000" + "000000080000000000000001" + "000000080000000000000005")))));

    private async Task CarlAsync()
    {
        using var password = Secret(Good);
        var verifier = PasswordVerifier.Make(_bench.RecordKeys, Carl, password, _bench.PeopleOptions.Cost);
        await _bench.Database.WriteAsync(transaction =>
        {
            new PersonRow(Carl, PersonRoles.Clerk, verifier, false, false, DateTimeOffset.FromUnixTimeMilliseconds(1)).Add(transaction, _bench.RecordKeys);
            return true;
        }, default);
    }

    private async Task<PersonOutcome> BeginAsync(params (string Name, string Password)[] people)
    {
        var first = people.Select(it => new FirstPerson(new PersonName(it.Name), Secret(it.Password))).ToList();
        var outcome = await _bench.People.BeginAsync(first);
        foreach (var person in first) person.Password.Dispose();
        return outcome;
    }

    private async Task<PersonAuthentication> TryAsync(string name, string password)
    {
        using var secret = Secret(password);
        return await _bench.People.AuthenticateAsync(new PersonName(name), secret, "test");
    }

    private async Task<PasswordFault> ChangeAsync(string name, string old, string password)
    {
        using var before = Secret(old);
        using var after = Secret(password);
        return await _bench.People.ChangePasswordAsync(new PersonName(name), before, after);
    }

    private async Task<PersonRecord> FindAsync(string name) => (await _bench.People.ListAsync()).Single(it => it.Name == new PersonName(name));

    private Task<List<System.Text.Json.JsonElement>> LoggedAsync(string kind) => _bench.Database.ReadAsync(view => view.Query(
        "SELECT detail FROM log_entries WHERE kind = $kind ORDER BY sequence", row => System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>((string)row[0]),
        ("$kind", kind)), default);

    /// <summary>As if there had never been any.</summary>
    private Task NobodyAsync() => _bench.Database.WriteAsync(transaction => transaction.Delete(SealedTable.People, "1 = 1"), default);

    private Task ExecuteAsync(string sql) => _bench.Database.WriteAsync(transaction => sql.Split(';').Sum(one => transaction.Execute(one)), default);

    private static SecretBytes Secret(string text) => SecretBytes.Copy(System.Text.Encoding.UTF8.GetBytes(text));

    private static string Text(SecretBytes secret) => System.Text.Encoding.ASCII.GetString(secret.Span);
}
