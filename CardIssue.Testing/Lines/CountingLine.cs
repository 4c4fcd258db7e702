using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Testing.Lines;

/// <summary>What went over a line. Bytes include the 3 of each frame's header, and neither keep-alives nor TLS.</summary>
/// <param name="FramesSent">Frames that were sent.</param>
/// <param name="BytesSent">Their bytes on the line.</param>
/// <param name="FramesReceived">Frames that were received.</param>
/// <param name="BytesReceived">Their bytes on the line.</param>
/// <param name="RoundTrips">How often a frame was received after one was sent since the last: the round trips that this end waited for.</param>
public readonly record struct LineCount(long FramesSent, long BytesSent, long FramesReceived, long BytesReceived, long RoundTrips);

/// <summary>A line that counts what goes over another one.</summary>
public sealed class CountingLine : ILine
{
    private readonly ILine _inner;
    private readonly Lock _lock = new();
    private LineCount _count;
    private bool _sentLast;

    /// <summary>Counts on <paramref name="inner"/>, which it takes over and disposes.</summary>
    public CountingLine(ILine inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
    }

    /// <inheritdoc/>
    public LinePeer Peer => _inner.Peer;

    /// <summary>What went over the line until now.</summary>
    public LineCount Count
    {
        get
        {
            lock (_lock) return _count;
        }
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        // Counted first: the answer may be here before the call comes back.
        var length = FrameHeader.Size + frame.Length;
        Sent(+1, length);
        try
        {
            await _inner.SendAsync(frame, cancellation).ConfigureAwait(false);
        }
        catch
        {
            Sent(-1, -length);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        var frame = await _inner.ReceiveAsync(cancellation).ConfigureAwait(false);
        if (frame is not null) Received(FrameHeader.Size + frame.Memory.Length);
        return frame;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private void Sent(int frames, int bytes)
    {
        lock (_lock)
        {
            _count = _count with { FramesSent = _count.FramesSent + frames, BytesSent = _count.BytesSent + bytes };
            _sentLast = frames > 0;
        }
    }

    private void Received(int bytes)
    {
        lock (_lock)
        {
            _count = _count with
            {
                FramesReceived = _count.FramesReceived + 1,
                BytesReceived = _count.BytesReceived + bytes,
                RoundTrips = _count.RoundTrips + (_sentLast ? 1 : 0),
            };
            _sentLast = false;
        }
    }
}
