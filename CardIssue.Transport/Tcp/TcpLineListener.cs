using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Tcp;

/// <summary>Accepts lines over plain TCP, for a line that is itself guarded. Whatever comes in here has this listener's line number.</summary>
public sealed class TcpLineListener : ILineListener
{
    private readonly AcceptLoop _loop;

    /// <summary>Listens at once.</summary>
    /// <param name="line">The number of the dedicated line that comes in here, from the center's configuration.</param>
    /// <param name="endPoint">Where to listen; port 0 takes any that is free. <see cref="IPAddress.IPv6Any"/> takes IPv4, too.</param>
    /// <param name="options">Times and caps; the defaults when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Hears of refused connections and broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">An option is out of range, or there is no line number.</exception>
    /// <exception cref="LineException"><see cref="LineFault.Unreachable"/>: the port can't be had.</exception>
    public TcpLineListener(LineNumber line, IPEndPoint endPoint, LineOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        var checkedOptions = LineOptions.Checked(options);
        var clock = new AlarmClock(time ?? TimeProvider.System);
        var log = logger ?? NullLogger.Instance;
        Line = line;
        _loop = new AcceptLoop(line, endPoint, checkedOptions, clock.Time, log, arrival =>
        {
            arrival.Socket.NoDelay = true;
            var stream = new NetworkStream(arrival.Socket, ownsSocket: true);
            var peer = new LinePeer(line, arrival.Address, ByteString.Empty, ByteString.Empty);
            return Task.FromResult(new FramedLine(stream, new SocketEnd(arrival.Socket, stream, arrival.Released), peer, checkedOptions, clock, log, connected: false));
        });
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
}
