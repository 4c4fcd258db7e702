using CardIssue.Center.Approvals;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Center;

/// <summary>Accounts: passwords, lock-out, roles, and rows that somebody without the vault wrote.</summary>
[TestFixture]
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
        await DeleteAllAsync();
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
        await DeleteAllAsync();
        Assert.That(await BeginAsync(("erik", Good), ("fred", Other)), Is.EqualTo(PersonOutcome.WrongState), "the log knows that there were people");
    }

    [Test]
    public async Task FirstPerson_Authenticate_HasTheRolesOfTheAccount()
    {
        await DeleteAllAsync();
        await BeginAsync(("carl", Good), ("dora", Other));
        var granted = (Authentication.Granted)await TryAsync("Carl", Good);
        Assert.That((granted.Person.Name, granted.Person.Has(PersonRoles.Auditor)), Is.EqualTo((Carl, false)));
    }

    [Test]
    public async Task WrongOrUnknown_Authenticate_AreToldAlikeAndCostAlike()
    {
        await CarlAsync();
        Assert.That(await TryAsync("carl", Other), Is.InstanceOf<Authentication.Refused>());
        Assert.That(await TryAsync("nobody", Good), Is.InstanceOf<Authentication.Refused>());
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Granted>());
        Assert.That(await TryAsync("dora", Good), Is.InstanceOf<Authentication.Refused>(), "a password is one person's");
    }

    [Test]
    public async Task WrongPasswords_TooMany_ShutTheAccountUntilTheTimeIsOver()
    {
        await CarlAsync();
        for (var i = 0; i < _bench.PeopleOptions.MaxTries; i++) Assert.That(await TryAsync("carl", Other), Is.InstanceOf<Authentication.Refused>());
        await _bench.RestartAsync();
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Locked>(), "counted in the store");
        Assert.That((await FindAsync("carl")).LockedUntil, Is.EqualTo(_bench.Time.GetUtcNow() + _bench.PeopleOptions.LockTime));
        _bench.Time.Advance(_bench.PeopleOptions.LockTime);
        Assert.That(await TryAsync("carl", Other), Is.InstanceOf<Authentication.Refused>());
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Granted>());
        for (var i = 0; i < _bench.PeopleOptions.MaxTries - 1; i++) await TryAsync("carl", Other);
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Granted>(), "a right one began anew");
    }

    [Test]
    public async Task ManyAtOnce_Authenticate_GetNoMoreTriesThanOneAfterTheOther()
    {
        await CarlAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, _bench.PeopleOptions.MaxTries + 5).Select(_ => TryAsync("carl", Other)));
        Assert.That(outcomes.Count(it => it is Authentication.Refused), Is.EqualTo(_bench.PeopleOptions.MaxTries));
        Assert.That(outcomes.Count(it => it is Authentication.Locked), Is.EqualTo(5));
    }

    [Test]
    public async Task ShutAccount_UnlockApproved_IsOpenAtOnce()
    {
        await CarlAsync();
        Assert.That((await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.UnlockPerson(Carl), "?")).Outcome, Is.EqualTo(ApprovalOutcome.NotPossible), "it is open");
        for (var i = 0; i < _bench.PeopleOptions.MaxTries; i++) await TryAsync("carl", Other);
        Assert.That(await _bench.DoAsync(new CenterAct.UnlockPerson(Carl)), Is.EqualTo(CardIssue.Center.Orders.DeskOutcome.Done));
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Granted>());
    }

    [Test]
    public async Task LockedByASupervisor_TimeGoesBy_StaysLocked()
    {
        await CarlAsync();
        Assert.That(await _bench.People.LockAsync(Carl, TestPeople.Of(_bench.Database, "ann", PersonRoles.Clerk)), Is.EqualTo(PersonOutcome.NotAllowed));
        Assert.That(await _bench.People.LockAsync(new PersonName("CARL"), _bench.Ann), Is.EqualTo(PersonOutcome.Done));
        Assert.That(await _bench.People.LockAsync(Carl, _bench.Ann), Is.EqualTo(PersonOutcome.WrongState));
        _bench.Time.Advance(_bench.PeopleOptions.LockTime * 10);
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Locked>());
        Assert.That(await ChangeAsync("carl", Good, Other), Is.EqualTo(PasswordFault.Locked));
        Assert.That(await _bench.DoAsync(new CenterAct.UnlockPerson(Carl)), Is.EqualTo(CardIssue.Center.Orders.DeskOutcome.Done));
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Granted>());
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
        Assert.That(await TryAsync("carl", fault is PasswordFault.None ? password : Good), Is.InstanceOf<Authentication.Granted>());
        if (fault is PasswordFault.None) Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Refused>());
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
        foreach (var alone in new[] { first, second, $"{first}-", $"{second}-{first}" }) Assert.That(await TryAsync("dora", alone), Is.InstanceOf<Authentication.Refused>(), alone);
        Assert.That(await TryAsync("dora", $"{first}-{second}"), Is.InstanceOf<Authentication.MustChange>());
        Assert.That(await ChangeAsync("dora", $"{first}-{second}", Good), Is.EqualTo(PasswordFault.None));
        Assert.That(((Authentication.Granted)await TryAsync("dora", Good)).Person.Roles, Is.EqualTo(PersonRoles.Clerk));
        Assert.That(await TryAsync("dora", $"{first}-{second}"), Is.InstanceOf<Authentication.Refused>());
    }

    [Test]
    public async Task ResetPassword_OldOneIsGoodNoMore()
    {
        await CarlAsync();
        using var asked = await _bench.Approvals.AskAsync(_bench.Ann, new CenterAct.ResetPassword(Carl), "forgot it");
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Granted>(), "only asked for");
        using var approved = await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id);
        Assert.That(await TryAsync("carl", Good), Is.InstanceOf<Authentication.Refused>());
        Assert.That(await TryAsync("carl", $"{Text(asked.PasswordHalf!)}-{Text(approved.PasswordHalf!)}"), Is.InstanceOf<Authentication.MustChange>());
    }

    [TestCase("UPDATE people SET roles = 15 WHERE person = 'carl'")]
    [TestCase("UPDATE people SET verifier = (SELECT verifier FROM people WHERE person = 'ann') WHERE person = 'carl'")]
    [TestCase("UPDATE people SET one_time = 1 WHERE person = 'carl'")]
    [TestCase("UPDATE people SET person = 'carla' WHERE person = 'carl'; INSERT INTO people SELECT 'carl', roles, verifier, one_time, locked, changed_at, mac, 0, NULL FROM people WHERE person = 'ann'")]
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
        var other = new SqlitePeople(_bench.Database, new TestRecordKeys(8), _bench.PeopleOptions);
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

    private async Task<Authentication> TryAsync(string name, string password)
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
        "SELECT detail FROM log_entries WHERE kind = $kind ORDER BY sequence", row => System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(row.GetString(0)),
        ("$kind", kind)), default);

    private Task DeleteAllAsync() => ExecuteAsync("DELETE FROM people");

    private Task ExecuteAsync(string sql) => _bench.Database.WriteAsync(transaction => transaction.Execute(sql), default);

    private static SecretBytes Secret(string text) => SecretBytes.Copy(System.Text.Encoding.UTF8.GetBytes(text));

    private static string Text(SecretBytes secret) => System.Text.Encoding.ASCII.GetString(secret.Span);
}
