using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tcp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Tls;

/// <summary>Brings up a line over TLS 1.3 (RFC 8446), both sides with certificates; the center's must be the one that is pinned.</summary>
public sealed class TlsLineConnector : ILineConnector
{
    private readonly TcpDialer _dialer;
    private readonly TlsClient _tls;

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
        var checkedOptions = LineOptions.Checked(options);
        var clock = time ?? TimeProvider.System;
        _dialer = new TcpDialer(host, port, checkedOptions, clock);
        _tls = new TlsClient($"{_dialer}", certificate, trust, line, checkedOptions, clock, logger ?? NullLogger.Instance);
    }

    /// <inheritdoc/>
    /// <exception cref="LineException">
    /// <see cref="LineFault.Unreachable"/>: no connection, or cut before it was up. <see cref="LineFault.NotTrusted"/>: another certificate than
    /// the pinned one, one that is not valid now, no version or suite in common, or the center refused this end's certificate.
    /// </exception>
    public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        _tls.CheckOwnCertificate();
        var (socket, address) = await _dialer.DialAsync(cancellation).ConfigureAwait(false);
        var bytes = new NetworkStream(socket, ownsSocket: true);
        return await _tls.BringUpAsync(bytes, new SocketEnd(socket, bytes, released: null), address, cancellation).ConfigureAwait(false);
    }
}
