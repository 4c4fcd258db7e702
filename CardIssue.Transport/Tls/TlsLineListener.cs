using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tcp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Tls;

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
    private readonly AcceptLoop _loop;
    private readonly TlsServer _tls;

    /// <summary>Listens at once.</summary>
    /// <param name="line">The number of the dedicated line that comes in here, from the center's configuration.</param>
    /// <param name="endPoint">Where to listen; port 0 takes any that is free. <see cref="IPAddress.IPv6Any"/> takes IPv4, too.</param>
    /// <param name="certificate">The center's certificate with its key; stays the caller's, who disposes it after the listener.</param>
    /// <param name="isKnown">Whether to let a peer with this certificate in; all when null. Called on any thread, once in each handshake.</param>
    /// <param name="options">Times and caps; the defaults when null.</param>
    /// <param name="time">The clock, also for certificates; the system's when null.</param>
    /// <param name="logger">Hears of refused connections and broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">An option is out of range, there is no line number, or the certificate has no key or is not valid now.</exception>
    /// <exception cref="LineException"><see cref="LineFault.Unreachable"/>: the port can't be had.</exception>
    public TlsLineListener(
        LineNumber line, IPEndPoint endPoint, X509Certificate2 certificate, IsKnownPeer? isKnown = null,
        LineOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        var checkedOptions = LineOptions.Checked(options);
        var clock = time ?? TimeProvider.System;
        var log = logger ?? NullLogger.Instance;
        Line = line;
        var tls = _tls = new TlsServer(certificate, isKnown, checkedOptions, clock, log);
        _loop = new AcceptLoop(line, endPoint, checkedOptions, clock, log, arrival =>
        {
            arrival.Socket.NoDelay = true;
            var bytes = new NetworkStream(arrival.Socket, ownsSocket: true);
            return tls.BringUpAsync(bytes, new SocketEnd(arrival.Socket, bytes, arrival.Released), line, arrival.Address, arrival.Cancellation, arrival.Spoke);
        });
    }

    /// <inheritdoc/>
    public LineNumber Line { get; }

    /// <inheritdoc/>
    public Action<HandshakeRefusal>? Refused
    {
        get => _loop.Refused;
        set => _loop.Refused = value;
    }

    /// <summary>Shows another certificate from the next handshake on; lines that are up, and handshakes under way, stay with the one before.</summary>
    /// <param name="certificate">The center's certificate with its key; stays the caller's, who disposes it, and the one before, after the listener.</param>
    /// <exception cref="ArgumentException">The certificate has no key or is not valid now; the one before stays.</exception>
    public void UseCertificate(X509Certificate2 certificate) => _tls.Use(certificate);

    /// <summary>Where it listens, with the port that was found free.</summary>
    public IPEndPoint LocalEndPoint => _loop.LocalEndPoint;

    /// <inheritdoc/>
    /// <exception cref="LineException"><see cref="LineFault.Closed"/>: the listener was disposed.</exception>
    public ValueTask<ILine> AcceptAsync(CancellationToken cancellation) => _loop.AcceptAsync(cancellation);

    /// <summary>Stops listening; lines that were taken with <see cref="AcceptAsync"/> go on. Twice is harmless.</summary>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();
}
