using CardIssue.Test.Center.Engines;
using System.Net;
using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Center;

[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres)]
public class TerminalRegistryTest(EngineKind engine)
{
    private static readonly ByteString Certificate = ByteString.Own(Enumerable.Repeat((byte)7, 32).ToArray());
    private static readonly ByteString Own = ByteString.Own(new byte[32]);

    private static readonly TerminalRecord Terminal = new(new TerminalId("t1"), [new LineNumber(2), new LineNumber(3)],
        [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/8")], Key(), Key(), Certificate, 1, true);

    private static ByteString Key()
    {
        using var key = P256PrivateKey.Generate();
        return key.PublicKey.Encoded;
    }

    private StoreBench _bench = null!;
    private DatabaseTerminalRegistry _registry = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync(engine);
        _registry = new DatabaseTerminalRegistry(_bench.Database);
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    private static LinePeer Peer(int? line, string? address, ByteString certificate, ByteString own) =>
        new(line is { } number ? new LineNumber(number) : null, address is null ? null : IPAddress.Parse(address), certificate, own);

    [Test]
    public async Task Terminal_PutAndDisable_IsThereAfterARestart()
    {
        await _registry.PutAsync(Terminal);
        await _bench.RestartAsync();
        _registry = new DatabaseTerminalRegistry(_bench.Database);
        Assert.That(await _registry.GetAsync(Terminal.Terminal), Is.EqualTo(Terminal));
        Assert.That(await _registry.EnableAsync(Terminal.Terminal, false), Is.True);
        Assert.That((await _registry.ListAsync()).Single().Enabled, Is.False);
        Assert.That(await _registry.EnableAsync(new TerminalId("t9"), false), Is.False);
    }

    [Test]
    public async Task SessionsTold_AreSeenWhileTheirHostServes_AsTheyWereToldLast()
    {
        var session = new LiveSession(
            "bench-1", "bench", Terminal.Terminal, new LineNumber(2), "10.1.0.7", _bench.Time.GetUtcNow(), CenterPhase.Idle, null);
        var other = session with { Name = "bench-2", Address = null, Phase = CenterPhase.AwaitingCard, Order = new OrderId("o1") };
        await _registry.TellSessionsAsync("bench", [session, other]);
        Assert.That(await _registry.SessionsAsync(), Is.Empty, "nobody serves");
        _bench.Database.Serve();
        var host = _bench.Database.Log.Instance;
        await _registry.TellSessionsAsync("bench", []);
        await _registry.TellSessionsAsync(host, [session with { Host = host }, other with { Host = host }]);
        Assert.That(await _registry.SessionsAsync(), Is.EqualTo(new[] { session with { Host = host }, other with { Host = host } }));
        await _registry.TellSessionsAsync(host, [other with { Host = host, Phase = CenterPhase.Idle, Order = null }]);
        Assert.That(await _registry.SessionsAsync(), Is.EqualTo(new[] { other with { Host = host, Phase = CenterPhase.Idle, Order = null } }));
        await _bench.RestartAsync();
        _registry = new DatabaseTerminalRegistry(_bench.Database);
        Assert.That(await _registry.SessionsAsync(), Is.Empty, "it was killed");
    }

    [Test]
    public async Task SameCredentialUnderAnotherName_IsRefused()
    {
        await _registry.PutAsync(Terminal with { Networks = [IPNetwork.Parse("10.1.0.1/32")] });
        var other = new TerminalRecord(new TerminalId("t2"), Terminal.Lines, [IPNetwork.Parse("10.1.0.2/32")], Key(), Key(), default, 1, true);
        foreach (var twin in new[]
        {
            other with { CredentialKey = Terminal.CredentialKey }, other with { AgreementKey = Terminal.AgreementKey }, other with { Certificate = Certificate },
        })
        {
            Assert.That(await _registry.PutAsync(twin, _bench.Ann), Is.EqualTo(TerminalChange.SameCredential));
            Assert.That(await _bench.DoAsync(new CardIssue.Center.Approvals.CenterAct.PutTerminal(twin)), Is.EqualTo(CardIssue.Center.Orders.DeskOutcome.DoesNotFit));
        }
        Assert.That(await _registry.PutAsync(other, _bench.Ann), Is.EqualTo(TerminalChange.Done));
        Assert.That(await _registry.PutAsync(other with { KeyVersion = 2 }, _bench.Ann), Is.EqualTo(TerminalChange.Done), "its own");
    }

    [Test]
    public async Task Readers_Set_ReplaceTheEarlier()
    {
        await _registry.PutAsync(Terminal);
        var reader = new ReaderRecord("serial", "Vendor", null, "123", null, ["COM*", "/dev/tty*"], false);
        await _registry.SetReadersAsync(Terminal.Terminal, [reader with { Serial = "1" }, reader]);
        Assert.That(await _registry.SetReadersAsync(Terminal.Terminal, [reader]), Is.True);
        Assert.That(await _registry.ReadersAsync(Terminal.Terminal), Is.EqualTo(new[] { reader }));
        await Assert.ThrowsAsync<ArgumentException>(() => _registry.SetReadersAsync(Terminal.Terminal, [reader with { Serial = null }]));
    }

    [Test]
    public async Task Readers_EverySet_CountsTheirVersionUpAndNothingElseDoes()
    {
        var reader = new ReaderRecord("serial", null, null, "123", null, [], false);
        Assert.That((await _registry.VersionedReadersAsync(Terminal.Terminal)).Version, Is.EqualTo(1), "not known");
        await _registry.PutAsync(Terminal);
        Assert.That((await _registry.VersionedReadersAsync(Terminal.Terminal)).Version, Is.EqualTo(1), "never set");
        await _registry.SetReadersAsync(Terminal.Terminal, [reader]);
        await _registry.SetReadersAsync(Terminal.Terminal, []);
        await _registry.SetReadersAsync(Terminal.Terminal, [reader]);
        await _registry.PutAsync(Terminal with { Enabled = false });
        await _bench.RestartAsync();
        var known = await new DatabaseTerminalRegistry(_bench.Database).VersionedReadersAsync(Terminal.Terminal);
        Assert.That(known.Version, Is.EqualTo(4));
        Assert.That(known.Readers, Is.EqualTo(new[] { reader }));
    }

    [Test]
    public async Task Terminal_KeyThatIsNoPoint_IsNotPut()
    {
        var offCurve = Terminal.CredentialKey.Span.ToArray();
        offCurve[^1] ^= 1;
        foreach (var key in new[] { ByteString.Empty, ByteString.Own(offCurve), ByteString.Copy(Terminal.CredentialKey.Span[1..]) })
        {
            Assert.That((await Assert.ThrowsAsync<ArgumentException>(() => _registry.PutAsync(Terminal with { CredentialKey = key })))!.Message, Does.Contain("a credential key"));
            Assert.That((await Assert.ThrowsAsync<ArgumentException>(() => _registry.PutAsync(Terminal with { AgreementKey = key })))!.Message, Does.Contain("an agreement key"));
        }
    }

    [Test]
    public async Task Lines_PutAndRemove_AreListed()
    {
        var line = new LineRecord(new LineNumber(2), LineKind.Tls, "0.0.0.0:7000", Results: new LineNumber(3));
        await _registry.PutLineAsync(line with { Listen = "0.0.0.0:1" });
        await _registry.PutLineAsync(line);
        Assert.That(await _registry.LinesAsync(), Is.EqualTo(new[] { line }));
        Assert.That(await _registry.RemoveLineAsync(line.Line), Is.True);
        Assert.That(await _registry.LinesAsync(), Is.Empty);
    }

    [Test]
    public void Peer_Check_FitsOnlyWithLineAddressAndCertificate()
    {
        Assert.Multiple(() =>
        {
            Assert.That(TerminalAdmission.Check(Peer(2, "10.1.2.3", Certificate, Own), Terminal), Is.EqualTo(AdmissionFinding.Fits));
            Assert.That(TerminalAdmission.Check(Peer(2, "::ffff:10.1.2.3", Certificate, Own), Terminal), Is.EqualTo(AdmissionFinding.Fits));
            Assert.That(TerminalAdmission.Check(Peer(3, "fd12::1", Certificate, Own), Terminal), Is.EqualTo(AdmissionFinding.Fits));
            Assert.That(TerminalAdmission.Check(Peer(2, null, ByteString.Empty, ByteString.Empty), Terminal), Is.EqualTo(AdmissionFinding.Fits));
            Assert.That(TerminalAdmission.Check(Peer(2, "10.1.2.3", Certificate, Own), null), Is.EqualTo(AdmissionFinding.UnknownTerminal));
            Assert.That(TerminalAdmission.Check(Peer(2, "10.1.2.3", Certificate, Own), Terminal with { Enabled = false }), Is.EqualTo(AdmissionFinding.Disabled));
            Assert.That(TerminalAdmission.Check(Peer(4, "10.1.2.3", Certificate, Own), Terminal), Is.EqualTo(AdmissionFinding.WrongLine));
            Assert.That(TerminalAdmission.Check(Peer(null, "10.1.2.3", Certificate, Own), Terminal), Is.EqualTo(AdmissionFinding.WrongLine));
            Assert.That(TerminalAdmission.Check(Peer(2, "10.2.2.3", Certificate, Own), Terminal), Is.EqualTo(AdmissionFinding.WrongAddress));
            Assert.That(TerminalAdmission.Check(Peer(2, "10.1.2.3", Own, Own), Terminal), Is.EqualTo(AdmissionFinding.WrongCertificate));
            Assert.That(TerminalAdmission.Check(Peer(2, "10.1.2.3", ByteString.Empty, Own), Terminal), Is.EqualTo(AdmissionFinding.WrongCertificate));
            Assert.That(TerminalAdmission.Check(Peer(2, "10.1.2.3", ByteString.Empty, Own), Terminal with { Certificate = ByteString.Empty }),
                Is.EqualTo(AdmissionFinding.WrongCertificate));
        });
    }
}
