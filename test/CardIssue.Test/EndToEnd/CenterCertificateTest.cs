using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Sessions;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Enrolment;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Keys;
using CardIssue.Test.Parts;
using CardIssue.Test.Transport;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.EndToEnd;

/// <summary>A center changes its TLS certificate; terminals have been told beforehand, and nobody goes to them.</summary>
[TestFixture, Parallelizable, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CenterCertificateTest : IDisposable
{
    private readonly X509Certificate2 _old = Lines.Certificate("old"), _next = Lines.Certificate("next"), _terminal = Lines.Certificate("terminal");
    private CenterCertificates? _certificates;

    public void Dispose()
    {
        _old.Dispose();
        _next.Dispose();
        _terminal.Dispose();
    }

    [Test]
    public async Task Changed_TerminalThatWasTold_GoesOnWithoutAVisit_AndBelievesTheOldOneNoMore()
    {
        var listener = new TlsLineListener(new LineNumber(7), new IPEndPoint(IPAddress.Loopback, 0), _old);
        await using var shop = await OpenAsync(listener);
        Assert.That(shop.Vault.PrepareTlsServer(Pfx(_next), Sha(_next)), Is.EqualTo(1));
        await shop.RestartTerminalAsync();
        await Part.UntilAsync(() => _certificates!.Number == 1);
        Assert.That(_certificates!.Pins, Is.EqualTo(new[] { Sha(_old), Sha(_next) }));
        Assert.That(await shop.Registry.KeptCertificatesAsync(), Is.Empty, "it says so when it comes in");
        await shop.RestartTerminalAsync();
        await shop.LogsAsync(row => row.Entry.Kind == "CenterCertificateKept");
        Assert.That(await shop.Registry.KeptCertificatesAsync(), Is.EqualTo(new Dictionary<TerminalId, int> { [Shop.TerminalName] = 1 }));

        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        await shop.ShowsAsync("AccessGranted");
        var line = shop.CurrentLine;
        await shop.Registry.ChangeCertificateAsync(1, TestPeople.Of(shop.Database));
        await Part.UntilAsync(() => shop.Vault.CertificateNumber == 1);
        listener.UseCertificate(_next);
        Assert.That((shop.Vault.Identity.TlsCertificate, shop.Vault.FormerCertificate, shop.Vault.NextCertificate), Is.EqualTo((Sha(_next), Sha(_old), (CenterCertificate?)null)));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(shop.CurrentLine, Is.SameAs(line), "a line that is up stays up");

        shop.Reader.Remove();
        await line!.DisposeAsync();
        await Part.UntilAsync(() => shop.CurrentLine != line && shop.Relay.Status.State is RelayState.Ready);
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await shop.IssueAsync("o-2")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(_certificates.Pins, Is.EqualTo(new[] { Sha(_next) }));
        await using var thief = new TlsLineListener(new LineNumber(7), new IPEndPoint(IPAddress.Loopback, 0), _old);
        var fault = await Lines.FaultOf(() => Connector(thief).ConnectAsync(Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.NotTrusted), "who has the old certificate's key");
        // The terminal's own keys go on being renewed, too: whom it trusts is the same center.
        await shop.StopTerminalAsync();
        shop.Module.PrepareNextKeys([2], Sha(_old));
        await using (var up = await Connector(listener).ConnectAsync(Lines.Soon()))
            Assert.That((await TerminalEnrolment.RenewAsync(up, shop.Module)).Fault, Is.EqualTo(EnrolmentFault.None));
        shop.StartTerminal();
    }

    /// <summary>It is named beforehand, and needs somebody to come.</summary>
    [Test]
    public async Task Changed_TerminalThatWasNotTold_DoesNotBelieveTheNewOne()
    {
        var listener = new TlsLineListener(new LineNumber(7), new IPEndPoint(IPAddress.Loopback, 0), _old);
        await using var shop = await OpenAsync(listener);
        shop.Vault.PrepareTlsServer(Pfx(_next), Sha(_next));
        await shop.Registry.ChangeCertificateAsync(1, TestPeople.Of(shop.Database));
        await Part.UntilAsync(() => shop.Vault.CertificateNumber == 1);
        listener.UseCertificate(_next);
        Assert.That((await Lines.FaultOf(() => Connector(listener).ConnectAsync(Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.NotTrusted));
        Assert.That(_certificates!.Pins, Is.EqualTo(new[] { Sha(_old) }));
    }

    /// <summary>The vault's file is copied while both certificates are in it; each host changes over by itself when the store says so.</summary>
    [Test]
    public void HostsWithACopyOfTheVault_ChangeToTheSame_OneWithout_SaysSo_AndNothingGoesBack()
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-certificates-").FullName;
        string[] files = [Path.Combine(folder, "one"), Path.Combine(folder, "two"), Path.Combine(folder, "without")];
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using (var one = FileKeyVault.Create(files[0], passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest))
        {
            one.UseTlsServer(Pfx(_old), Sha(_old));
            File.Copy(files[0], files[2]);
            Assert.That(one.Present.SignNextCertificate(), Is.EqualTo(ByteString.Empty));
            one.PrepareTlsServer(Pfx(_old), Sha(_old));
            Assert.That(one.PrepareTlsServer(Pfx(_next), Sha(_next)), Is.EqualTo(2), "a number that was told is never another one");
            File.Copy(files[0], files[1]);
            using (var two = FileKeyVault.Open(files[1], passphrase))
            using (var without = FileKeyVault.Open(files[2], passphrase))
            {
                Assert.That(CenterCertificate.TryVerify(two.Present.SignNextCertificate(), one.Identity, out var told), Is.True);
                Assert.That(told, Is.EqualTo(new CenterCertificate(new CenterId("C-1"), 2, Sha(_next))));
                Assert.That((one.ChangeCertificate(0), one.ChangeCertificate(2), two.ChangeCertificate(2), two.ChangeCertificate(2)), Is.EqualTo((false, true, true, false)));
                Assert.That(two.Identity, Is.EqualTo(one.Identity));
                Assert.That(() => without.ChangeCertificate(2), Throws.InstanceOf<KeyVaultException>().With.Message.Contain("copy vault.json"));
                Assert.That((without.Identity.TlsCertificate, without.PrepareTlsServer(Pfx(_next), Sha(_next), inForce: 2)), Is.EqualTo((Sha(_old), 3)), "its next one is later than what is in force");
            }
        }
        using (var again = FileKeyVault.Open(files[1], passphrase))
        using (var server = again.CopyTlsServer())
        using (var certificate = TlsCertificates.FromPfx(server.Span, []))
            Assert.That((again.CertificateNumber, again.Identity.TlsCertificate, TlsCertificates.Sha256(certificate)), Is.EqualTo((2, Sha(_next), Sha(_next))));
        Directory.Delete(folder, recursive: true);
    }

    private async Task<Shop> OpenAsync(TlsLineListener listener)
    {
        var shop = await Shop.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50), line: new ShopLine(new ServedLine(listener), Connector(listener))
        {
            Certificate = Sha(_terminal),
        });
        shop.Vault.UseTlsServer(Pfx(_old), Sha(_old));
        shop.Module.TrustCenter(shop.Vault.Identity);
        shop.Certificates = _certificates = shop.Module.OpenCertificates();
        return shop;
    }

    private TlsLineConnector Connector(TlsLineListener listener) =>
        new("127.0.0.1", listener.LocalEndPoint.Port, _terminal, TlsTrust.Pinned(() => _certificates?.Pins ?? [Sha(_old)]));

    private static ByteString Sha(X509Certificate2 certificate) => TlsCertificates.Sha256(certificate);

    private static byte[] Pfx(X509Certificate2 certificate)
    {
        using var pfx = TlsCertificates.ToPfx(certificate, []);
        return pfx.Span.ToArray();
    }
}
