using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.Transport;

/// <summary>Why no line came of a handshake: each by its name, told to whoever serves the line.</summary>
[NonParallelizable]
public sealed class HandshakeRefusalTest
{
    private readonly Channel<HandshakeRefusal> _refused = Channel.CreateUnbounded<HandshakeRefusal>();
    private X509Certificate2 _center = null!, _terminal = null!;
    private TlsLineListener _listener = null!;
    private bool _isKnown;

    [SetUp]
    public void Listen()
    {
        (_center, _terminal, _isKnown) = (Lines.Certificate("center"), Lines.Certificate("terminal"), true);
        _listener = new TlsLineListener(
            Lines.Seven, Lines.AnyPort, _center, (_, _) => ValueTask.FromResult(_isKnown), new LineOptions { HandshakeTimeout = TimeSpan.FromSeconds(1) })
        {
            Refused = refusal => _refused.Writer.TryWrite(refusal),
        };
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _listener.DisposeAsync();
        _center.Dispose();
        _terminal.Dispose();
    }

    [Test]
    public Task NoTls_IsNamed() => ThatIsAsync(HandshakeFault.NotTls, "no ClientHello", stream => stream.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n")).AsTask());

    [Test]
    public Task SilentPeer_IsNamed() => ThatIsAsync(HandshakeFault.TimedOut, "was not done in 00:00:01", _ => Task.Delay(TimeSpan.FromSeconds(2)));

    [Test]
    public Task PeerThatGoes_IsNamed() => ThatIsAsync(HandshakeFault.Broken, "ended in the handshake", _ => Task.CompletedTask);

    [Test]
    public Task OldVersion_IsNamed() => ThatIsAsync(
        HandshakeFault.Version, "Tls12; Tls13 is allowed", stream => ShakeAsync(stream, _terminal, SslProtocols.Tls12));

    [Test]
    public Task NoCertificate_IsNamed() => ThatIsAsync(HandshakeFault.NoCertificate, "showed no certificate", stream => ShakeAsync(stream, null));

    [Test]
    public async Task ExpiredCertificate_IsNamed()
    {
        var now = DateTimeOffset.UtcNow;
        using var expired = TlsCertificates.CreateSelfSigned("CN=expired", now.AddDays(-2), now.AddDays(-1));
        await ThatIsAsync(HandshakeFault.CertificateOutdated, "expired on", stream => ShakeAsync(stream, expired));
    }

    [Test]
    public Task UnknownCertificate_IsNamed()
    {
        _isKnown = false;
        return ThatIsAsync(HandshakeFault.CertificateUnknown, TlsCertificates.Sha256(_terminal).ToString(), stream => ShakeAsync(stream, _terminal));
    }

    private async Task ThatIsAsync(HandshakeFault fault, string detail, Func<NetworkStream, Task> come)
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(_listener.LocalEndPoint);
            await come(client.GetStream());
        }
        var refusal = await _refused.Reader.ReadAsync(Lines.Soon());
        Assert.That((refusal.Line, refusal.Address, refusal.Fault), Is.EqualTo((Lines.Seven, IPAddress.Loopback, fault)), refusal.Detail);
        Assert.That(refusal.Detail, Does.Contain(detail));
    }

    private static async Task ShakeAsync(NetworkStream stream, X509Certificate2? certificate, SslProtocols versions = SslProtocols.Tls13)
    {
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "center", EnabledSslProtocols = versions, ClientCertificates = certificate is null ? [] : [certificate],
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
            // The refusal, after the client's part is done.
            _ = await tls.ReadAsync(new byte[1]);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // Told at the listener.
            Assert.That(e.Message, Is.Not.Empty);
        }
    }
}
