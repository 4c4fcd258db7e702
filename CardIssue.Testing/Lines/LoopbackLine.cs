using System.Threading.Channels;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Testing.Lines;

/// <summary>One end of a line inside a process: ordered, bounded, without time of its own.</summary>
public sealed class LoopbackLine : ILine
{
    /// <summary>The frames that wait each way, unless said otherwise; a sender waits when there are so many.</summary>
    public const int DefaultCapacity = 256;

    private readonly Channel<LineFrame> _incoming;
    private readonly Channel<LineFrame> _outgoing;
    private int _reading;
    private int _closed;

    private LoopbackLine(LinePeer peer, Channel<LineFrame> incoming, Channel<LineFrame> outgoing) =>
        (Peer, _incoming, _outgoing) = (peer, incoming, outgoing);

    /// <inheritdoc/>
    public LinePeer Peer { get; }

    /// <summary>Makes both ends of a line.</summary>
    /// <param name="a">What the first end knows of the second.</param>
    /// <param name="b">What the second end knows of the first.</param>
    /// <param name="capacity">The most frames that wait each way, 1 or more.</param>
    public static (LoopbackLine A, LoopbackLine B) CreatePair(LinePeer a, LinePeer b, int capacity = DefaultCapacity)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        LineOptions.CheckCount(capacity, nameof(capacity));
        var toA = Channel.CreateBounded<LineFrame>(capacity);
        var toB = Channel.CreateBounded<LineFrame>(capacity);
        return (new LoopbackLine(a, toA, toB), new LoopbackLine(b, toB, toA));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The frame holds no bytes.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        if (frame.IsEmpty) throw new ArgumentException("A frame holds at least 1 byte.", nameof(frame));
        if (frame.Length > ILine.MaxFrame)
            throw new LineException(LineFault.Oversized, $"A frame of {frame.Length} bytes can't be sent; {ILine.MaxFrame} is the most.");
        ThrowIfClosed();
        var copy = new LineFrame(frame.Length);
        frame.CopyTo(copy.Memory);
        try
        {
            await _outgoing.Writer.WriteAsync(copy, cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            copy.Dispose();
            ThrowIfClosed();
            throw new LineException(LineFault.Broken, "The peer closed the line, or it was cut.", e);
        }
        catch (OperationCanceledException)
        {
            copy.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Another call is still waiting.</exception>
    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _reading, 1) == 1) throw new InvalidOperationException("A line has one reader at a time.");
        try
        {
            ThrowIfClosed();
            while (await _incoming.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
            {
                ThrowIfClosed();
                if (_incoming.Reader.TryRead(out var frame)) return frame;
            }
            ThrowIfClosed();
            return null;
        }
        catch (LineException e) when (e.Fault == LineFault.Broken)
        {
            // The exception that the channel was completed with; a fresh one, as each reader gets its own.
            throw new LineException(e.Fault, e.Message, e);
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <summary>Cuts the line as a fault would: frames on their way are lost, and both ends find it broken.</summary>
    public void Cut()
    {
        var cut = new LineException(LineFault.Broken, "The line was cut.");
        _outgoing.Writer.TryComplete(cut);
        _incoming.Writer.TryComplete(cut);
        Drain(_outgoing);
        Drain(_incoming);
    }

    /// <summary>Closes the line in order: the peer still gets what was sent, then null. Twice is harmless.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 1) return ValueTask.CompletedTask;
        _outgoing.Writer.TryComplete();
        _incoming.Writer.TryComplete();
        Drain(_incoming);
        return ValueTask.CompletedTask;
    }

    private void ThrowIfClosed()
    {
        if (Volatile.Read(ref _closed) == 1) throw new LineException(LineFault.Closed, "The line was closed at this end.");
    }

    private static void Drain(Channel<LineFrame> channel)
    {
        while (channel.Reader.TryRead(out var frame)) frame.Dispose();
    }
}
