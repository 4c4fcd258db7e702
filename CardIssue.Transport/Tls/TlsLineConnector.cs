using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core;
using CardIssue.Core.Lines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport;

/// <summary>Brings up a line over TLS 1.3 (RFC 8446), both sides with certificates; the center's must be the one that is pinned.</summary>
public sealed class TlsLineConnector : ILineConnector
{
    private readonly TcpDialer _dialer;
    private readonly X509Certificate2 _certificate;
    private readonly ByteString _ownSha256;
    private readonly SslStreamCertificateContext _context;
    private readonly TlsTrust _trust;
    private readonly LineNumber? _line;
    private readonly LineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Makes a connector; nothing is connected yet.</summary>
    /// <param name="host">The center's name or IP address.</param>
    /// <param name="port">The center's port, 1 to 65,535.</param>
    /// <param name="certificate">The terminal's certificate with its key; stays the caller's, who disposes it after the connector.</param>
    /// <param name="trust">The center's certificate, pinned.</param>
    /// <param name="line">The line's number as this end's configuration has it, or null.</param>
    /// <param name="options">Times; the defaults when null.</param>
    /// <param name="time">The clock, also for certificates; the system's when null.</param>
    /// <param name="logger">Hears of broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">The host, the port or an option is out of range, or the certificate has no key.</exception>
    public TlsLineConnector(
        string host, int port, X509Certificate2 certificate, TlsTrust trust, LineNumber? line = null,
        LineOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(trust);
        if (!certificate.HasPrivateKey) throw new ArgumentException("The terminal's certificate has no private key.", nameof(certificate));
        _options = LineOptions.Checked(options);
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        (_certificate, _trust, _line) = (certificate, trust, line);
        _ownSha256 = TlsCertificates.Sha256(certificate);
        _context = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        _dialer = new TcpDialer(host, port, _options, _time);
    }

    /// <inheritdoc/>
    /// <exception cref="LineException">
    /// <see cref="LineFault.Unreachable"/>: no connection, or cut before it was up. <see cref="LineFault.NotTrusted"/>: another certificate than
    /// the pinned one, one that is not valid now, no version or suite in common, or the center refused this end's certificate.
    /// </exception>
    public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        if (CertificateCheck.Outdated(_certificate, _time) is { } outdated)
            throw new LineException(LineFault.NotTrusted, $"This terminal's own certificate can't be used. {outdated}");
        var (socket, address) = await _dialer.DialAsync(cancellation).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(_options.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var wire = new CutSensingStream(new NetworkStream(socket, ownsSocket: true));
        var stream = new SslStream(wire, leaveInnerStreamOpen: false);
        var check = new CertificateCheck(_time, sha256 => _trust.Accepts(sha256) ? null : $"Its certificate is {sha256}, not the one that is pinned.");
        try
        {
            return await HandshakeAsync(socket, wire, stream, address, check, either.Token).ConfigureAwait(false);
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
        Socket socket, CutSensingStream wire, SslStream stream, IPAddress? address, CertificateCheck check, CancellationToken cancellation)
    {
        await stream.AuthenticateAsClientAsync(HandshakeOptions(check), cancellation).ConfigureAwait(false);
        if (!TlsSuites.Accepts(stream.NegotiatedCipherSuite, _options))
            throw new LineException(LineFault.NotTrusted, $"{_dialer} chose the suite {stream.NegotiatedCipherSuite}, which is not allowed.");
        var peer = new LinePeer(_line, address, check.Sha256, _ownSha256);
        var line = new FramedLine(stream, new TlsEnd(socket, wire, stream, released: null), peer, _options, _time, _logger);
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
        _ when check.Refusal is { } refusal => new LineException(LineFault.NotTrusted, $"{_dialer} is not the center that is known. {refusal}", cause),
        LineException fault => fault,
        _ when late => new LineException(LineFault.Unreachable, $"{_dialer} did not finish the TLS handshake in {_options.HandshakeTimeout}.", cause),
        AuthenticationException => Refused(cause),
        IOException or SocketException or ObjectDisposedException => new LineException(LineFault.Unreachable,
            $"{_dialer} cut the connection before the line was up. Try again; if it stays so, see the center's log.", cause),
        _ => null,
    };

    private LineException Refused(Exception? cause) => new(LineFault.NotTrusted,
        $"{_dialer} refused the TLS handshake. Check that the center knows this terminal's certificate ({_ownSha256}), that it has not expired, and that both ends allow the same TLS version.",
        cause);
}
