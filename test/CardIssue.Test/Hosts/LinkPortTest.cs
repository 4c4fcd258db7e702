using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Transport;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace CardIssue.Test.Hosts;

/// <summary>The link between two hosts of one center, as the program makes it, while the center changes its certificate.</summary>
[TestFixture]
public sealed class LinkPortTest
{
    [Test]
    public async Task CertificateChanged_AtOneHostAndThenAtTheOther_LinksGoOnByTheNextOne_AndThoseThatAreUpStayUp()
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-link-").FullName;
        using X509Certificate2 old = Lines.Certificate("old"), next = Lines.Certificate("next");
        await using (var one = await Host.MakeAsync(Path.Combine(folder, "one"), old, next))
        await using (var two = await one.JoinAsync(Path.Combine(folder, "two")))
        {
            var (before, far) = await LinkAsync(one, two);
            Assert.That(before.Peer.PeerCertificate, Is.EqualTo(TlsCertificates.Sha256(old)));

            await one.ChangeAsync();
            foreach (var (from, to) in new[] { (one, two), (two, one) })
                Assert.That((await Lines.FaultOf(async () => await LinkAsync(from, to))).Fault, Is.EqualTo(LineFault.NotTrusted), "the other is not so far");
            await two.ChangeAsync();
            foreach (var (from, to) in new[] { (one, two), (two, one) })
            {
                var (up, end) = await LinkAsync(from, to);
                Assert.That((up.Peer.PeerCertificate, end.Peer.PeerCertificate), Is.EqualTo((TlsCertificates.Sha256(next), TlsCertificates.Sha256(next))));
                await up.DisposeAsync();
                await end.DisposeAsync();
            }
            var thief = new TlsLineConnector("127.0.0.1", Port(two), old, TlsTrust.Pinned(TlsCertificates.Sha256(next)));
            Assert.That((await Lines.FaultOf(async () => await (await thief.ConnectAsync(Lines.Soon())).ReceiveBytesAsync())).Fault,
                Is.EqualTo(LineFault.NotTrusted).Or.EqualTo(LineFault.Broken), "who has the old certificate's key");

            await before.SendAsync(new byte[] { 7 }, Lines.Soon());
            Assert.That(await far.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 7 }));
            await before.DisposeAsync();
            await far.DisposeAsync();
        }
        Directory.Delete(folder, recursive: true);
    }

    private static int Port(Host host) => IPEndPoint.Parse(host.Link.Link.Address).Port;

    /// <summary>A connection of one host to another; both ends.</summary>
    private static async Task<(ILine From, ILine To)> LinkAsync(Host from, Host to)
    {
        using var refused = new CancellationTokenSource();
        var accepted = to.Link.Link.Listener.AcceptAsync(refused.Token).AsTask();
        try
        {
            var up = await from.Link.Link.To(to.Link.Link.Address).ConnectAsync(Lines.Soon());
            // With TLS 1.3 the end that connects is up before the other has looked at its certificate.
            await up.SendAsync(new byte[] { 1 }, Lines.Soon());
            var end = await accepted.WaitAsync(Lines.Patience);
            Assert.That(await end.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
            return (up, end);
        }
        catch (LineException)
        {
            await refused.CancelAsync();
            await ((Task)accepted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <summary>A host's vault, its link, and the look by which it changes over.</summary>
    private sealed class Host : IAsyncDisposable
    {
        private readonly FileKeyVault _vault;
        private readonly CenterCertificateOfVault _certificate;
        private readonly ServedLines _lines;
        private readonly string _folder;
        private IReadOnlyList<ServedLine> _opened = [];

        private Host(string folder, FileKeyVault vault)
        {
            (_folder, _vault, _certificate) = (folder, vault, new CenterCertificateOfVault(vault));
            var display = new StepDisplay(new Answers(TextWriter.Null, TextWriter.Null, json: false));
            Link = new LinkPort(new LinkPlace(Lines.AnyPort, null), vault, _certificate, display, NullLoggerFactory.Instance);
            var registry = Substitute.For<ITerminalRegistry>();
            _lines = new ServedLines(
                new ServedLineChoice([new LineRecord(Lines.Seven, LineKind.Tcp, "127.0.0.1:0")]), registry,
                new TerminalDoor(registry, new AdmissionCounts(new AdmissionOptions(), TimeProvider.System)), vault, _certificate, new CenterFiles(folder),
                display, NullLoggerFactory.Instance, Link);
        }

        public LinkPort Link { get; }

        /// <summary>The first, whose vault has the next certificate already.</summary>
        public static async Task<Host> MakeAsync(string folder, X509Certificate2 old, X509Certificate2 next)
        {
            Directory.CreateDirectory(folder);
            using var passphrase = Passphrase();
            var vault = FileKeyVault.Create(Path.Combine(folder, "vault.json"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
            using SecretBytes first = TlsCertificates.ToPfx(old, []), second = TlsCertificates.ToPfx(next, []);
            vault.UseTlsServer(first.Span, TlsCertificates.Sha256(old));
            vault.PrepareTlsServer(second.Span, TlsCertificates.Sha256(next));
            return await new Host(folder, vault).ServingAsync();
        }

        /// <summary>A further host, with a copy of this one's vault.</summary>
        public async Task<Host> JoinAsync(string folder)
        {
            Directory.CreateDirectory(folder);
            File.Copy(Path.Combine(_folder, "vault.json"), Path.Combine(folder, "vault.json"));
            using var passphrase = Passphrase();
            return await new Host(folder, FileKeyVault.Open(Path.Combine(folder, "vault.json"), passphrase)).ServingAsync();
        }

        /// <summary>What this host's looks do when the store says that the next certificate is in force.</summary>
        public async Task ChangeAsync()
        {
            Assert.That(_vault.ChangeCertificate(1), Is.True);
            await _lines.GoneAsync(default);
            Assert.That(CenterIdentity.Read(await File.ReadAllBytesAsync(Path.Combine(_folder, "center.json"))), Is.EqualTo(_vault.Identity));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var line in _opened) await line.Listener.DisposeAsync();
            await Link.DisposeAsync();
            _certificate.Dispose();
            _vault.Dispose();
        }

        private async Task<Host> ServingAsync()
        {
            _opened = await _lines.OpenAsync(default);
            return this;
        }

        private static SecretBytes Passphrase() => SecretBytes.Copy("correct horse battery"u8);
    }
}
