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

/// <summary>The connector's side of TLS 1.3 (RFC 8446), over whatever carries the bytes.</summary>
internal sealed class TlsClient
{
    private readonly string _center;
    private readonly X509Certificate2 _certificate;
    private readonly ByteString _ownSha256;
    private readonly SslStreamCertificateContext _context;
    private readonly TlsTrust _trust;
    private readonly LineNumber? _line;
    private readonly LineOptions _options;
    private readonly AlarmClock _clock;
    private readonly ILogger _logger;

    /// <param name="center">Where the center is, for messages.</param>
    /// <param name="certificate">The terminal's, with its key.</param>
    /// <param name="trust">The center's, pinned.</param>
    /// <param name="line">The line's number as this end's configuration has it.</param>
    /// <param name="options">Checked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of broken lines.</param>
    /// <exception cref="ArgumentException">The certificate has no key.</exception>
    public TlsClient(string center, X509Certificate2 certificate, TlsTrust trust, LineNumber? line, LineOptions options, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(trust);
        if (!certificate.HasPrivateKey) throw new ArgumentException("The terminal's certificate has no private key.", nameof(certificate));
        (_center, _certificate, _trust, _line) = (center, certificate, trust, line);
        (_options, _clock, _logger) = (options, new AlarmClock(time), logger);
        _ownSha256 = TlsCertificates.Sha256(certificate);
        _context = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
    }

    /// <summary>Called before anything is connected.</summary>
    /// <exception cref="LineException"><see cref="LineFault.NotTrusted"/>: the terminal's own certificate is not valid now.</exception>
    public void CheckOwnCertificate()
    {
        if (CertificateCheck.Outdated(_certificate, _clock.Time) is { } outdated)
            throw new LineException(LineFault.NotTrusted, $"This terminal's own certificate can't be used. {outdated}");
    }

    /// <summary>Shakes hands and waits for the greeting. When it fails, <paramref name="bytes"/> is disposed.</summary>
    /// <param name="bytes">Carries TLS; taken over.</param>
    /// <param name="end">How that ends.</param>
    /// <param name="address">The center's, where there is one.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<FramedLine> BringUpAsync(Stream bytes, StreamEnd end, IPAddress? address, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_options.HandshakeTimeout, _clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var wire = new CutSensingStream(bytes);
        var stream = new SslStream(wire, leaveInnerStreamOpen: false);
        var check = new CertificateCheck(_clock.Time, sha256 => _trust.Accepts(sha256) ? null : $"Its certificate is {sha256}, not the one that is pinned.");
        try
        {
            return await HandshakeAsync(wire, stream, new TlsEnd(end, wire, stream), address, check, either.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            if (Explain(e, check, limit.IsCancellationRequested) is { } fault) throw fault;
            throw;
        }
    }

    private async Task<FramedLine> HandshakeAsync(
        CutSensingStream wire, SslStream stream, TlsEnd end, IPAddress? address, CertificateCheck check, CancellationToken cancellation)
    {
        await stream.AuthenticateAsClientAsync(HandshakeOptions(check), cancellation).ConfigureAwait(false);
        if (!TlsSuites.Accepts(stream.NegotiatedCipherSuite, _options))
            throw new LineException(LineFault.NotTrusted, $"{_center} chose the suite {stream.NegotiatedCipherSuite}, which is not allowed.");
        var peer = new LinePeer(_line, address, check.Sha256, _ownSha256);
        var line = new FramedLine(stream, end, peer, _options, _clock, _logger, connected: true);
        try
        {
            if (await line.WaitForGreetingAsync(cancellation).ConfigureAwait(false)) return line;
            throw wire.Ended ? new IOException("The line was cut right after the handshake.") : Refused(null);
        }
        catch
        {
            await line.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private SslClientAuthenticationOptions HandshakeOptions(CertificateCheck check) => new()
    {
        // No name is checked; an empty one keeps it off the line.
        TargetHost = string.Empty,
        ClientCertificateContext = _context,
        RemoteCertificateValidationCallback = check.Validate,
        CertificateChainPolicy = TlsSuites.NoDownloads(),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        EnabledSslProtocols = TlsSuites.Protocols(_options),
        CipherSuitesPolicy = TlsSuites.Policy(_options),
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    /// <summary>What a failed handshake says of the line. Null when it is none of the peer's doing.</summary>
    private LineException? Explain(Exception cause, CertificateCheck check, bool late) => cause switch
    {
        _ when check.Refusal is { } refusal => new LineException(LineFault.NotTrusted, $"{_center} is not the center that is known. {refusal}", cause),
        LineException { Fault: not (LineFault.Broken or LineFault.Silent) } fault => fault,
        _ when late => new LineException(LineFault.Unreachable, $"{_center} did not finish the TLS handshake in {_options.HandshakeTimeout}.", cause),
        AuthenticationException => Refused(cause),
        IOException or SocketException or ObjectDisposedException => new LineException(LineFault.Unreachable,
            $"{_center} cut the connection before the line was up. Try again; if it stays so, see the center's log.", cause),
        _ => null,
    };

    private LineException Refused(Exception? cause) => new(LineFault.NotTrusted,
        $"{_center} refused the TLS handshake. Check that the center knows this terminal's certificate ({_ownSha256}), that it has not expired, and that both ends allow the same TLS version.",
        cause);
}
