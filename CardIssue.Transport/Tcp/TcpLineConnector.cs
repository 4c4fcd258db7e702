using System.Net.Sockets;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Tcp;

/// <summary>Brings up a line over plain TCP.</summary>
public sealed class TcpLineConnector : ILineConnector
{
    private readonly TcpDialer _dialer;
    private readonly LineNumber? _line;
    private readonly LineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Makes a connector; nothing is connected yet.</summary>
    /// <param name="host">The center's name or IP address.</param>
    /// <param name="port">The center's port, 1 to 65,535.</param>
    /// <param name="line">The line's number as this end's configuration has it, or null.</param>
    /// <param name="options">Times; the defaults when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Hears of broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">The host, the port or an option is out of range.</exception>
    public TcpLineConnector(
        string host, int port, LineNumber? line = null, LineOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        _options = LineOptions.Checked(options);
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _line = line;
        _dialer = new TcpDialer(host, port, _options, _time);
    }

    /// <inheritdoc/>
    public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        var (socket, address) = await _dialer.DialAsync(cancellation).ConfigureAwait(false);
        var stream = new NetworkStream(socket, ownsSocket: true);
        var peer = new LinePeer(_line, address, ByteString.Empty, ByteString.Empty);
        return new FramedLine(stream, new SocketEnd(socket, stream, released: null), peer, _options, new AlarmClock(_time), _logger, connected: true);
    }
}
