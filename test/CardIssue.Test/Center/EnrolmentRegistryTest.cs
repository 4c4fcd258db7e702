using System.Net;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center.Engines;

namespace CardIssue.Test.Center;

/// <summary>What is kept of codes, of next keys and of terminals that are gone, and who may do what with them.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
public sealed class EnrolmentRegistryTest(EngineKind engine)
{
    private static readonly TerminalId T1 = new("t1");
    private static readonly IPNetwork Here = IPNetwork.Parse("10.1.0.1/32");
    private static readonly LinePeer Peer = new(new LineNumber(2), IPAddress.Parse("10.1.0.1"), Bytes(1), Bytes(2));
    private StoreBench _bench = null!;

    private DatabaseTerminalRegistry Registry => new(_bench.Database);

    [SetUp]
    public async Task OpenAsync() => _bench = await StoreBench.OpenAsync(engine);

    [TearDown]
    public async Task CloseAsync() => await _bench.DisposeAsync();

    [Test]
    public async Task Code_Expires_AndIsForgottenForANewOne()
    {
        var first = Invitation(1);
        Assert.That(await Registry.InviteAsync(first, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        var newer = Invitation(2);
        Assert.That(await Registry.InviteAsync(newer, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        Assert.That(await Registry.EnrolAsync(first, Keys(1)), Is.EqualTo(EnrolmentEnd.NoCode), "another one was made");
        Assert.That(await Registry.AwaitsAsync(Peer), Is.True);
        _bench.Time.Advance(TimeSpan.FromHours(2));
        Assert.That((await Registry.AwaitsAsync(Peer), await Registry.EnrolAsync(newer, Keys(1))), Is.EqualTo((false, EnrolmentEnd.NoCode)),
            "expired");
        Assert.That(await Registry.GetAsync(T1), Is.Null);
    }

    [Test]
    public async Task WhoMay_SupervisorsForOneAddress_AndNobodyForADisabledTerminal()
    {
        var clerk = TestPeople.Of(_bench.Database, "carol", PersonRoles.Clerk);
        await TestPeople.AddAsync(_bench.Database, _bench.RecordKeys, ("carol", PersonRoles.Clerk));
        Assert.That(await Registry.InviteAsync(Invitation(1), clerk), Is.EqualTo(TerminalChange.NotAllowed));
        Assert.That(await Registry.InviteAsync(Invitation(1) with { Networks = [IPNetwork.Parse("10.1.0.0/24")] }, _bench.Ann),
            Is.EqualTo(TerminalChange.NeedsApproval));
        foreach (var wrong in new[]
        {
            Invitation(1) with { Lines = [] }, Invitation(1) with { Verifier = default },
                Invitation(1) with { ExpiresAt = _bench.Time.GetUtcNow() },
            Invitation(1) with { ExpiresAt = _bench.Time.GetUtcNow().AddDays(8) },
        })
            Assert.That(async () => await Registry.InviteAsync(wrong, _bench.Ann), Throws.ArgumentException);

        Assert.That(await Registry.InviteAsync(Invitation(1), _bench.Ann), Is.EqualTo(TerminalChange.Done));
        await Registry.PutAsync(Invitation(1).ToRecord(new TerminalKeys(Key(), Key(), Bytes(9), 1)));
        await Registry.DisableAsync(T1, _bench.Ann);
        Assert.That(await Registry.EnrolAsync(Invitation(1), Keys(1)), Is.EqualTo(EnrolmentEnd.NotNow), "disabled meanwhile");
        Assert.That(await Registry.InviteAsync(Invitation(2), _bench.Ann), Is.EqualTo(TerminalChange.NeedsApproval));
    }

    /// <summary>A code is good for days: who was locked, or lost the role, in that time lets nobody in any more.</summary>
    [TestCase(true), TestCase(false)]
    public async Task MakerMayNotAnyMore_HisCodeIsNone_AndWhoCameBeforeStays(bool isLocked)
    {
        await TestPeople.AddAsync(_bench.Database, _bench.RecordKeys, ("fred", PersonRoles.Supervisor));
        var fred = TestPeople.Of(_bench.Database, "fred", PersonRoles.Supervisor);
        var other = Invitation(2) with { Terminal = new TerminalId("t2") };
        foreach (var made in new[] { Invitation(1), other }) Assert.That(await Registry.InviteAsync(made, fred), Is.EqualTo(TerminalChange.Done));
        Assert.That(await Registry.EnrolAsync(Invitation(1), Keys(1)), Is.EqualTo(EnrolmentEnd.Known));
        Assert.That(await Registry.AwaitsAsync(Peer), Is.True);

        if (isLocked) await _bench.People.LockAsync(fred.Name, _bench.Ann);
        else Assert.That(await _bench.DoAsync(new CenterAct.SetRoles(fred.Name, PersonRoles.Clerk)), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await Registry.AwaitsAsync(Peer), await Registry.EnrolAsync(other, Keys(2))), Is.EqualTo((false, EnrolmentEnd.NoCode)));
        Assert.That(await Registry.GetAsync(other.Terminal), Is.Null);
        Assert.That(await Registry.EnrolAsync(Invitation(1), Keys(1)), Is.EqualTo(EnrolmentEnd.Known), "it missed the answer");

        Assert.That(await Registry.InviteAsync(other with { Verifier = Bytes(3) }, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        Assert.That(await Registry.EnrolAsync(other with { Verifier = Bytes(3) }, Keys(2)), Is.EqualTo(EnrolmentEnd.Known), "by another's word");
    }

    [Test]
    public async Task Removed_NameComesBackWithOtherKeysAlone_AndOneClerkMayRemove()
    {
        await TestPeople.AddAsync(_bench.Database, _bench.RecordKeys, ("carol", PersonRoles.Clerk));
        await Registry.InviteAsync(Invitation(1), _bench.Ann);
        var keys = Keys(1);
        Assert.That(await Registry.EnrolAsync(Invitation(1), keys), Is.EqualTo(EnrolmentEnd.Known));
        var known = (await Registry.GetAsync(T1))!;
        var carol = TestPeople.Of(_bench.Database, "carol", PersonRoles.Clerk);
        Assert.That(await Registry.RemoveAsync(T1, carol), Is.EqualTo(TerminalChange.Done));
        Assert.That(await Registry.RemoveAsync(T1, carol), Is.EqualTo(TerminalChange.NotFound));
        Assert.That((await Registry.GetAsync(T1))!.Removed, Is.True, "the row stays");
        Assert.That((await Registry.KnowsCertificateAsync(keys.Certificate), await Registry.EnrolAsync(Invitation(1), keys)),
            Is.EqualTo((false, EnrolmentEnd.NoCode)));

        Assert.That(await Registry.PutAsync(known, _bench.Ann), Is.EqualTo(TerminalChange.NeedsApproval), "the same machine by one person");
        Assert.That(await _bench.DoAsync(new CenterAct.EnableTerminal(T1)), Is.EqualTo(DeskOutcome.NotFound));
        Assert.That(await Registry.SetReadersAsync(T1, [], _bench.Ann), Is.EqualTo(TerminalChange.NotFound));
        await Registry.InviteAsync(Invitation(3), _bench.Ann);
        Assert.That(await Registry.EnrolAsync(Invitation(3), keys), Is.EqualTo(EnrolmentEnd.SameCredential));
        Assert.That(await Registry.EnrolAsync(Invitation(3), Keys(2)), Is.EqualTo(EnrolmentEnd.Known));
        Assert.That((await Registry.ListAsync()).Single(), Is.EqualTo(known with
        {
            CredentialKey = Keys(2).CredentialKey, AgreementKey = Keys(2).AgreementKey, Certificate = Keys(2).Certificate,
        }));
    }

    [Test]
    public async Task NextKeys_AreAnothersNever_AndEndWithANewCode()
    {
        await Registry.InviteAsync(Invitation(1), _bench.Ann);
        await Registry.EnrolAsync(Invitation(1), Keys(1));
        var present = (await Registry.GetAsync(T1))!;
        Assert.That(await Registry.RenewAsync(present, Keys(1) with { KeyVersion = 2 }), Is.EqualTo(EnrolmentEnd.SameCredential),
            "no new ones");
        var next = Keys(2) with { KeyVersion = 2 };
        Assert.That(await Registry.RenewAsync(present, next), Is.EqualTo(EnrolmentEnd.Known));
        var other = new TerminalRecord(new TerminalId("t2"), [new LineNumber(2)], [Here], next.CredentialKey, Key(), default, 1, true);
        Assert.That(await Registry.PutAsync(other, _bench.Ann), Is.EqualTo(TerminalChange.SameCredential));
        await _bench.RestartAsync();
        Assert.That((await Registry.GetAsync(T1))!.Next, Is.EqualTo(next));

        await Registry.InviteAsync(Invitation(4), _bench.Ann);
        Assert.That(await Registry.EnrolAsync(Invitation(4), Keys(3)), Is.EqualTo(EnrolmentEnd.Known), "it broke, and enrols anew");
        Assert.That((await Registry.TakeNextKeysAsync(T1, next), await Registry.RenewAsync(present, next)),
            Is.EqualTo((false, EnrolmentEnd.NotNow)));
    }

    [Test]
    public async Task CodesRowChanged_IsNotGoneBy()
    {
        if (engine is not EngineKind.Sqlite) Assert.Pass("the seal is the same");
        await Registry.InviteAsync(Invitation(1), _bench.Ann);
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_bench.Directory, "center.db")};Pooling=False"))
        {
            connection.Open();
            connection.Execute("UPDATE enrolments SET networks = '10.9.9.9/32'");
        }
        Assert.That((await Assert.ThrowsAsync<StoreException>(() => Registry.InvitationAsync(T1)))!.Fault, Is.EqualTo(StoreFault.Altered));
    }

    private TerminalInvitation Invitation(byte verifier) =>
        new(T1, [new LineNumber(2)], [Here], ByteString.Copy([verifier]), _bench.Time.GetUtcNow().AddHours(1));

    private static readonly TerminalKeys[] Sets = [.. Enumerable.Range(0, 4).Select(i =>
        new TerminalKeys(Key(), Key(), Bytes((byte)(0x40 + i)), 1))];

    private static TerminalKeys Keys(int set) => Sets[set];

    private static ByteString Key()
    {
        using var key = P256PrivateKey.Generate();
        return key.PublicKey.Encoded;
    }

    private static ByteString Bytes(byte value) => ByteString.Own([.. Enumerable.Repeat(value, 32)]);
}
