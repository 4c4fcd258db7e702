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

/// <summary>
/// Accepts lines over TLS 1.3 (RFC 8446) from peers that prove a certificate's key. Which certificates are known is for the center's registry
/// to say, by <see cref="LinePeer.PeerCertificate"/>; a predicate can refuse some before they come up.
/// </summary>
/// <remarks>
/// After the handshake the listener sends a keep-alive at once: in TLS 1.3 a client is done before the server has looked at its certificate,
/// and by the keep-alive it knows that it was let in. To one that is not, it says close_notify instead.
/// </remarks>
public sealed class TlsLineListener : ILineListener
{
    private readonly ByteString _ownSha256;
    private readonly SslStreamCertificateContext _context;
    private readonly Func<ByteString, bool> _isKnown;
    private readonly LineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AcceptLoop _loop;

    /// <summary>Listens at once.</summary>
    /// <param name="line">The number of the dedicated line that comes in here, from the center's configuration.</param>
    /// <param name="endPoint">Where to listen; port 0 takes any that is free. <see cref="IPAddress.IPv6Any"/> takes IPv4, too.</param>
    /// <param name="certificate">The center's certificate with its key; stays the caller's, who disposes it after the listener.</param>
    /// <param name="isKnown">Given SHA-256 of a client certificate (32 bytes), whether to let it in; all when null. Called on any thread.</param>
    /// <param name="options">Times and caps; the defaults when null.</param>
    /// <param name="time">The clock, also for certificates; the system's when null.</param>
    /// <param name="logger">Hears of refused connections and broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">An option is out of range, there is no line number, or the certificate has no key or is not valid now.</exception>
    /// <exception cref="LineException"><see cref="LineFault.Unreachable"/>: the port can't be had.</exception>
    public TlsLineListener(
        LineNumber line, IPEndPoint endPoint, X509Certificate2 certificate, Func<ByteString, bool>? isKnown = null,
        LineOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey) throw new ArgumentException("The center's certificate has no private key.", nameof(certificate));
        _options = LineOptions.Checked(options);
        _time = time ?? TimeProvider.System;
        if (CertificateCheck.Outdated(certificate, _time) is { } outdated) throw new ArgumentException(outdated, nameof(certificate));
        Line = line;
        _isKnown = isKnown ?? (_ => true);
        _logger = logger ?? NullLogger.Instance;
        _ownSha256 = TlsCertificates.Sha256(certificate);
        _context = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        _loop = new AcceptLoop(line, endPoint, _options, _time, _logger, BringUpAsync);
    }

    /// <inheritdoc/>
    public LineNumber Line { get; }

    /// <summary>Where it listens, with the port that was found free.</summary>
    public IPEndPoint LocalEndPoint => _loop.LocalEndPoint;

    /// <inheritdoc/>
    /// <exception cref="LineException"><see cref="LineFault.Closed"/>: the listener was disposed.</exception>
    public ValueTask<ILine> AcceptAsync(CancellationToken cancellation) => _loop.AcceptAsync(cancellation);

    /// <summary>Stops listening; lines that were taken with <see cref="AcceptAsync"/> go on. Twice is harmless.</summary>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task<FramedLine> BringUpAsync(Socket socket, IPAddress address, Action released, CancellationToken cancellation)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var limit = new CancellationTokenSource(_options.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var wire = new CutSensingStream(new NetworkStream(socket, ownsSocket: true));
        var stream = new SslStream(wire, leaveInnerStreamOpen: false);
        var check = new CertificateCheck(_time, sha256 => _isKnown(sha256) ? null : $"The certificate {sha256} is not known.");
        try
        {
            socket.NoDelay = true;
            await stream.AuthenticateAsServerAsync(HandshakeOptions(check), either.Token).ConfigureAwait(false);
            if (check.Refusal is not null) await RefuseAsync(stream, check.Refusal, either.Token).ConfigureAwait(false);
            if (!TlsSuites.Accepts(stream.NegotiatedCipherSuite, _options))
                throw new LineException(LineFault.NotTrusted, $"The suite {stream.NegotiatedCipherSuite} is not allowed.");
            var peer = new LinePeer(Line, address, check.Sha256, _ownSha256);
            var line = new FramedLine(stream, new TlsEnd(socket, wire, stream, released), peer, _options, _time, _logger);
            await line.GreetAsync(either.Token).ConfigureAwait(false);
            return line;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (limit.IsCancellationRequested)
                throw new LineException(LineFault.Broken, $"The TLS handshake was not done in {_options.HandshakeTimeout}.", e);
            throw;
        }
    }

    /// <summary>
    /// Says close_notify instead of the keep-alive: an alert to a client that has done its part of a TLS 1.3 handshake does not come from
    /// every system, and by this the connector tells a refusal from a cut.
    /// </summary>
    private static async Task RefuseAsync(SslStream stream, string refusal, CancellationToken cancellation)
    {
        await stream.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
        throw new LineException(LineFault.NotTrusted, refusal);
    }

    private SslServerAuthenticationOptions HandshakeOptions(CertificateCheck check) => new()
    {
        ServerCertificateContext = _context,
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
