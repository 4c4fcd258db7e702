using System.Net;
using System.Threading.Channels;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;

namespace CardIssue.Testing.Lines;

/// <summary>Accepts lines inside a process, from connectors that <see cref="CreateConnector"/> made.</summary>
public sealed class LoopbackListener : ILineListener
{
    private readonly ByteString _certificate;
    private readonly int _lineCapacity;
    private readonly Channel<LoopbackLine> _waiting;

    /// <summary>Listens at once.</summary>
    /// <param name="line">The number of the line that comes in here.</param>
    /// <param name="certificate">What stands for SHA-256 of the center's certificate; empty as without TLS.</param>
    /// <param name="backlog">The most lines that wait to be accepted; a connector waits when there are so many.</param>
    /// <param name="lineCapacity">The most frames that wait each way on each line.</param>
    public LoopbackListener(LineNumber line, ByteString certificate = default, int backlog = 128, int lineCapacity = LoopbackLine.DefaultCapacity)
    {
        LineOptions.CheckCount(backlog, nameof(backlog));
        LineOptions.CheckCount(lineCapacity, nameof(lineCapacity));
        Line = line;
        (_certificate, _lineCapacity) = (certificate, lineCapacity);
        _waiting = Channel.CreateBounded<LoopbackLine>(backlog);
    }

    /// <inheritdoc/>
    public LineNumber Line { get; }

    /// <summary>Makes a connector whose lines come in here.</summary>
    /// <param name="address">Where it seems to be; the loopback address when null.</param>
    /// <param name="certificate">What stands for SHA-256 of the terminal's certificate; empty as without TLS.</param>
    public LoopbackConnector CreateConnector(IPAddress? address = null, ByteString certificate = default) =>
        new(this, address ?? IPAddress.Loopback, certificate);

    /// <inheritdoc/>
    /// <exception cref="LineException"><see cref="LineFault.Closed"/>: the listener was disposed.</exception>
    public async ValueTask<ILine> AcceptAsync(CancellationToken cancellation)
    {
        try
        {
            return await _waiting.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new LineException(LineFault.Closed, "The listener was closed.", e);
        }
    }

    /// <summary>Stops listening; lines that wait are closed, others go on. Twice is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        while (_waiting.Reader.TryRead(out var line)) await line.DisposeAsync().ConfigureAwait(false);
    }

    internal async ValueTask<ILine> ConnectAsync(IPAddress address, ByteString certificate, CancellationToken cancellation)
    {
        var (far, near) = LoopbackLine.CreatePair(
            new LinePeer(null, IPAddress.Loopback, _certificate, certificate), new LinePeer(Line, address, certificate, _certificate), _lineCapacity);
        try
        {
            await _waiting.Writer.WriteAsync(near, cancellation).ConfigureAwait(false);
            return far;
        }
        catch (ChannelClosedException e)
        {
            throw new LineException(LineFault.Unreachable, "The loopback listener was closed.", e);
        }
    }
}

/// <summary>Brings up lines to a <see cref="LoopbackListener"/>, which makes it.</summary>
public sealed class LoopbackConnector : ILineConnector
{
    private readonly LoopbackListener _listener;
    private readonly IPAddress _address;
    private readonly ByteString _certificate;

    internal LoopbackConnector(LoopbackListener listener, IPAddress address, ByteString certificate) =>
        (_listener, _address, _certificate) = (listener, address, certificate);

    /// <inheritdoc/>
    public ValueTask<ILine> ConnectAsync(CancellationToken cancellation) => _listener.ConnectAsync(_address, _certificate, cancellation);
}
