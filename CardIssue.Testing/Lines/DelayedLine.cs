using System.Threading.Channels;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Testing.Lines;

/// <summary>
/// A line as far away as is wanted: each frame comes a fixed time later, both ways, in order, and any number are on their way at once, so
/// only latency grows. One end of a line is wrapped, not both.
/// </summary>
public sealed class DelayedLine : ILine
{
    /// <summary>The frames on their way in each direction, unless said otherwise; a sender waits when there are so many.</summary>
    public const int DefaultCapacity = 4096;

    private readonly ILine _inner;
    private readonly TimeSpan _oneWay;
    private readonly TimeProvider _time;
    private readonly Channel<(LineFrame Frame, long SentAt)> _outgoing;
    private readonly Channel<(LineFrame Frame, long SentAt)> _incoming;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _sender;
    private readonly Task _receiver;
    private (LineFrame Frame, long SentAt)? _next;
    private LineException? _sendFault;
    private int _reading;
    private int _disposed;

    /// <summary>Delays what goes over <paramref name="inner"/>, which it takes over and disposes.</summary>
    /// <param name="inner">The line.</param>
    /// <param name="oneWay">How long each frame takes; a round trip takes twice as long.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="capacity">The most frames on their way in each direction, 1 or more.</param>
    public DelayedLine(ILine inner, TimeSpan oneWay, TimeProvider? time = null, int capacity = DefaultCapacity)
    {
        ArgumentNullException.ThrowIfNull(inner);
        LineOptions.CheckTime(oneWay, nameof(oneWay));
        LineOptions.CheckCount(capacity, nameof(capacity));
        (_inner, _oneWay, _time) = (inner, oneWay, time ?? TimeProvider.System);
        _outgoing = Channel.CreateBounded<(LineFrame, long)>(capacity);
        _incoming = Channel.CreateBounded<(LineFrame, long)>(capacity);
        _sender = Task.Run(SendAllAsync);
        _receiver = Task.Run(ReceiveAllAsync);
    }

    /// <inheritdoc/>
    public LinePeer Peer => _inner.Peer;

    /// <summary>Sends a frame on its way. That the line broke on the way is told to a later call.</summary>
    /// <exception cref="ArgumentException">The frame holds no bytes.</exception>
    /// <exception cref="LineException">The line is broken, or the frame too large.</exception>
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
            await _outgoing.Writer.WriteAsync((copy, _time.GetTimestamp()), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
        {
            copy.Dispose();
            ThrowIfClosed();
            if (Volatile.Read(ref _sendFault) is { } fault) throw new LineException(fault.Fault, fault.Message, fault);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Another call is still waiting.</exception>
    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1) throw new InvalidOperationException("A line has one reader at a time.");
        try
        {
            ThrowIfClosed();
            // A frame is kept until its time has come, so that cancelling the wait loses nothing.
            if (_next is null && await TakeAsync(cancellation).ConfigureAwait(false) is { } taken) _next = taken;
            if (_next is not { } next) return null;
            await UntilDueAsync(next.SentAt, cancellation).ConfigureAwait(false);
            ThrowIfClosed();
            _next = null;
            return next.Frame;
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <summary>Lets what is on its way out arrive at once, and closes the line. Twice is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        _outgoing.Writer.TryComplete();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _sender.ConfigureAwait(false);
        await _inner.DisposeAsync().ConfigureAwait(false);
        await _receiver.ConfigureAwait(false);
        _next?.Frame.Dispose();
        while (_incoming.Reader.TryRead(out var unread)) unread.Frame.Dispose();
    }

    private async Task SendAllAsync()
    {
        await foreach (var (frame, sentAt) in _outgoing.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            using (frame)
            {
                if (_sendFault is not null) continue;
                await DelayUnlessClosingAsync(sentAt).ConfigureAwait(false);
                try
                {
                    await _inner.SendAsync(frame.Memory, CancellationToken.None).ConfigureAwait(false);
                }
                catch (LineException e)
                {
                    Volatile.Write(ref _sendFault, e);
                    _outgoing.Writer.TryComplete();
                }
            }
        }
    }

    private async Task ReceiveAllAsync()
    {
        Exception? fault = null;
        try
        {
            while (await _inner.ReceiveAsync(_closing.Token).ConfigureAwait(false) is { } frame)
            {
                try
                {
                    await _incoming.Writer.WriteAsync((frame, _time.GetTimestamp()), _closing.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    frame.Dispose();
                    throw;
                }
            }
        }
        catch (Exception e) when (e is LineException or OperationCanceledException)
        {
            fault = e as LineException;
        }
        // The end is as far away as a frame.
        await DelayUnlessClosingAsync(_time.GetTimestamp()).ConfigureAwait(false);
        _incoming.Writer.TryComplete(fault);
    }

    private async ValueTask<(LineFrame, long)?> TakeAsync(CancellationToken cancellation)
    {
        try
        {
            while (await _incoming.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
                if (_incoming.Reader.TryRead(out var taken)) return taken;
        }
        catch (LineException e)
        {
            throw new LineException(e.Fault, e.Message, e);
        }
        ThrowIfClosed();
        return null;
    }

    private async Task DelayUnlessClosingAsync(long sentAt)
    {
        try
        {
            await UntilDueAsync(sentAt, _closing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private async ValueTask UntilDueAsync(long sentAt, CancellationToken cancellation)
    {
        while (_oneWay - _time.GetElapsedTime(sentAt) is var left && left > TimeSpan.Zero)
            // Timers count whole milliseconds and cut off the rest.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), _time, cancellation).ConfigureAwait(false);
    }

    private void ThrowIfClosed()
    {
        if (Volatile.Read(ref _disposed) == 1) throw new LineException(LineFault.Closed, "The line was closed at this end.");
    }
}
