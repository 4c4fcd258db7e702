using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Logging;

namespace CardIssue.Transport.Tls;

/// <summary>The listener's side of TLS 1.3 (RFC 8446), over whatever carries the bytes.</summary>
internal sealed class TlsServer
{
    private volatile Own _own;
    private readonly IsKnownPeer? _isKnown;
    private readonly LineOptions _options;
    private readonly AlarmClock _clock;
    private readonly ILogger _logger;

    /// <exception cref="ArgumentException">The certificate has no key or is not valid now.</exception>
    public TlsServer(X509Certificate2 certificate, IsKnownPeer? isKnown, LineOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _clock, _logger) = (options, new AlarmClock(time), logger);
        _isKnown = isKnown;
        _own = OwnOf(certificate);
    }

    /// <summary>What this end shows in a handshake.</summary>
    private sealed record Own(ByteString Sha256, SslStreamCertificateContext Context);

    /// <summary>Shows another certificate from the next handshake on.</summary>
    /// <exception cref="ArgumentException">The certificate has no key or is not valid now; the one of before stays.</exception>
    public void Use(X509Certificate2 certificate) => _own = OwnOf(certificate);

    /// <summary>Shakes hands and greets. When it fails, <paramref name="bytes"/> is disposed.</summary>
    /// <param name="bytes">Carries TLS; taken over.</param>
    /// <param name="end">How that ends.</param>
    /// <param name="line">The listener's line number.</param>
    /// <param name="address">The peer's, where there is one.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="spoke">Called once the peer's ClientHello is whole.</param>
    public async Task<FramedLine> BringUpAsync(
        Stream bytes, StreamEnd end, LineNumber line, IPAddress? address, CancellationToken cancellation, Action? spoke = null)
    {
        using var limit = new CancellationTokenSource(_options.HandshakeTimeout, _clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var wire = new CutSensingStream(bytes);
        var stream = new SslStream(wire, leaveInnerStreamOpen: false);
        var check = new CertificateCheck(_clock.Time, _ => null);
        var own = _own;
        SslProtocols? offered = null;
        try
        {
            await stream.AuthenticateAsServerAsync(
                (_, hello, _, _) =>
                {
                    offered = hello.SslProtocols;
                    spoke?.Invoke();
                    return ValueTask.FromResult(HandshakeOptions(check, own));
                },
                state: null, either.Token).ConfigureAwait(false);
            // The stream keeps that delegate for its life, and with it whatever this one holds of the line's beginning.
            spoke = null;
            var tlsEnd = new TlsEnd(end, wire, stream);
            if (check.Refusal is not null)
            {
                var fault = check.Sha256.IsEmpty ? HandshakeFault.NoCertificate : HandshakeFault.CertificateOutdated;
                await RefuseAsync(tlsEnd, fault, check.Refusal, either.Token).ConfigureAwait(false);
            }
            if (!TlsSuites.Accepts(stream.NegotiatedCipherSuite, _options))
                throw new HandshakeException(HandshakeFault.Suite, $"The suite {stream.NegotiatedCipherSuite} is not allowed.");
            var peer = new LinePeer(line, address, check.Sha256, own.Sha256);
            if (_isKnown is not null && !await _isKnown(peer, either.Token).ConfigureAwait(false))
                await RefuseAsync(tlsEnd, HandshakeFault.CertificateUnknown, $"The certificate {check.Sha256} is not known.", either.Token).ConfigureAwait(false);
            var framed = new FramedLine(stream, tlsEnd, peer, _options, _clock, _logger, connected: false);
            await framed.GreetAsync(either.Token).ConfigureAwait(false);
            return framed;
        }
        catch (Exception e)
        {
            if (e is AuthenticationException) await LetAlertOutAsync(end, either.Token).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
            if (limit.IsCancellationRequested)
                throw new HandshakeException(HandshakeFault.TimedOut, $"The TLS handshake was not done in {_options.HandshakeTimeout}.", e);
            if (!cancellation.IsCancellationRequested && HandshakeException.Of(e, offered, TlsSuites.Protocols(_options)) is { } named && named != e) throw named;
            throw;
        }
    }

    /// <summary>
    /// Says close_notify instead of the keep-alive: an alert to a client that has done its part of a TLS 1.3 handshake does not come from
    /// every system, and by this the connector tells a refusal from a cut.
    /// </summary>
    private static async Task RefuseAsync(TlsEnd end, HandshakeFault fault, string refusal, CancellationToken cancellation)
    {
        await end.CloseAsync(cancellation).ConfigureAwait(false);
        throw new HandshakeException(fault, refusal);
    }

    /// <summary>The alert that says why may still be on its way out, which takes its time on a serial line.</summary>
    private static async Task LetAlertOutAsync(StreamEnd end, CancellationToken cancellation)
    {
        try
        {
            await end.CloseAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The peer is gone already, and needs no reason.
            return;
        }
    }

    private Own OwnOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey) throw new ArgumentException("The center's certificate has no private key.", nameof(certificate));
        if (CertificateCheck.Outdated(certificate, _clock.Time) is { } outdated) throw new ArgumentException(outdated, nameof(certificate));
        return new Own(TlsCertificates.Sha256(certificate), SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true));
    }

    private SslServerAuthenticationOptions HandshakeOptions(CertificateCheck check, Own own) => new()
    {
        ServerCertificateContext = own.Context,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (sender, peer, chain, errors) =>
        {
            // The handshake goes on in any case; BringUpAsync looks at the verdict before anything else.
            check.Validate(sender, peer, chain, errors);
            return true;
        },
        CertificateChainPolicy = TlsSuites.NoDownloads(),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        EnabledSslProtocols = TlsSuites.Protocols(_options),
        CipherSuitesPolicy = TlsSuites.Policy(_options),
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        AllowRenegotiation = false,
        // A resumed session would bring in a certificate that was looked at some time before.
        AllowTlsResume = false,
    };
}
