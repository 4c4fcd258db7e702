using System.Net.Sockets;
using System.Security.Authentication;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Framing;

/// <summary>
/// A line over any two-way stream: each frame is a header of 3 bytes, its length big-endian, and 1 to <see cref="ILine.MaxFrame"/> bytes.
/// A frame of no bytes keeps the line alive: it is sent after <see cref="LineOptions.KeepAliveInterval"/> without another one, or when the peer's has come and half
/// of that time is over.
/// </summary>
/// <remarks>
/// The end that was connected to sends keep-alives a little early, the one that connected a little late. So a center's leave for many lines at once, and what comes
/// back comes for many at once: its machine wakes once for all of them.
/// The peer's silence and slowness are measured while a <see cref="ReceiveAsync"/> waits. Cancelling one loses nothing. Cancelling a
/// <see cref="SendAsync"/> whose frame was begun does not stop the frame.
/// </remarks>
internal sealed class FramedLine : IFrameGroups
{
    private readonly LineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StreamEnd _end;
    private readonly bool _connected;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer;
    private readonly Action _checkSending;
    private readonly AlarmClock.Alarm _alarm;
    private LineException? _fault;
    private LineException? _sendFault;
    private bool _closedByPeer;
    private int _reading;
    private int _released;
    private int _disposed;

    /// <summary>Makes a line over <paramref name="stream"/>, which it takes over and disposes.</summary>
    /// <param name="stream">Reads and writes, at the same time.</param>
    /// <param name="peer">What this end knows of the other.</param>
    /// <param name="options">Times; the defaults when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Hears of the line's end; nobody when null.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public FramedLine(Stream stream, LinePeer peer, LineOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
        : this(stream, new StreamEnd(stream), peer, LineOptions.Checked(options), new AlarmClock(time ?? TimeProvider.System), logger ?? NullLogger.Instance, connected: false)
    {
    }

    /// <summary>Makes one of several lines that share a clock; <paramref name="connected"/> where this end made the connection, and was not connected to.</summary>
    internal FramedLine(Stream stream, StreamEnd end, LinePeer peer, LineOptions options, AlarmClock clock, ILogger logger, bool connected)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(peer);
        Peer = peer;
        (_options, _time, _logger, _end, _connected) = (options, clock.Time, logger, end, connected);
        _alarm = clock.Add(Look);
        _reader = new FrameReader(stream, options, clock.Time, _alarm, AnswerKeepAlive);
        _writer = new FrameWriter(stream, options, clock.Time);
        _checkSending = ThrowUnlessSending;
        _alarm.Set(UntilKeepAlive(TimeSpan.Zero));
    }

    /// <inheritdoc/>
    public LinePeer Peer { get; }

    /// <summary>How much earlier or later than the interval a keep-alive may be sent.</summary>
    private TimeSpan KeepAliveTick => TimeSpan.FromTicks(Math.Max(1, _options.KeepAliveInterval.Ticks / 15));

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The frame holds no bytes.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => SendAllAsync([frame], cancellation);

    /// <inheritdoc/>
    ValueTask IFrameGroups.SendAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation) => SendAllAsync(frames, cancellation);

    private async ValueTask SendAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation)
    {
        foreach (var frame in frames)
        {
            if (frame.IsEmpty) throw new ArgumentException("A frame holds at least 1 byte.", nameof(frames));
            if (frame.Length > ILine.MaxFrame)
                throw new LineException(LineFault.Oversized, $"A frame of {frame.Length} bytes can't be sent; {ILine.MaxFrame} is the most.");
        }
        cancellation.ThrowIfCancellationRequested();
        ThrowUnlessSending();
        try
        {
            await _writer.SendAsync(frames, _checkSending, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfTheStream(e, cancellation))
        {
            throw Again(SendingFailed(e));
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
            if (Volatile.Read(ref _fault) is { } fault) throw Again(fault);
            if (_closedByPeer) return null;
            return await _reader.ReadAsync(cancellation).ConfigureAwait(false) ?? EndOfStream();
        }
        catch (LineException e)
        {
            throw Again(Break(e));
        }
        catch (Exception e) when (IsOfTheStream(e, cancellation))
        {
            throw Again(Break(new LineException(LineFault.Broken, "The connection broke while receiving.", e)));
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
            DiscardWhenReleased();
        }
    }

    /// <summary>Closes the line in order: a frame being sent is completed, and the peer's <see cref="ReceiveAsync"/> returns null. Twice is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        var wasWhole = Interlocked.CompareExchange(ref _fault, new LineException(LineFault.Closed, "The line was closed at this end."), null) is null;
        _alarm.Dispose();
        if (wasWhole) await CloseAsync().ConfigureAwait(false);
        Release();
    }

    /// <summary>Tells the peer at once that the line is up.</summary>
    internal async Task GreetAsync(CancellationToken cancellation) =>
        await _writer.SendKeepAliveAsync(_checkSending).WaitAsync(cancellation).ConfigureAwait(false);

    /// <summary>Waits for the peer's greeting. False when the stream ended instead.</summary>
    internal ValueTask<bool> WaitForGreetingAsync(CancellationToken cancellation) => _reader.WaitForFirstBytesAsync(cancellation);

    private LineFrame? EndOfStream()
    {
        if (Volatile.Read(ref _fault) is { } fault) throw Again(fault);
        if (_end.WasCut) throw new LineException(LineFault.Broken, "The connection ended without the peer having closed the line.");
        _closedByPeer = true;
        return null;
    }

    private async Task CloseAsync()
    {
        using var limit = new CancellationTokenSource(_options.CloseTimeout, _time);
        try
        {
            // A failed send leaves half a frame or a dead connection: there is no order to close in any more.
            if (Volatile.Read(ref _sendFault) is null && await _writer.CloseAsync(_end.CloseAsync, limit.Token).ConfigureAwait(false)) return;
            _end.Abort();
        }
        catch (Exception e) when (IsOfTheStream(e, CancellationToken.None))
        {
            Log.NotClosedInOrder(_logger, Peer.Line?.Value, Peer.Address, e);
            _end.Abort();
        }
    }

    /// <summary>At the time of the next keep-alive, and when the peer has none left.</summary>
    private void Look()
    {
        // Bytes that came before this are looked at before it: they stand before it in the pool's queue.
        if (_reader.Left <= TimeSpan.Zero) ThreadPool.UnsafeQueueUserWorkItem(static line => line.BreakIfTooLate(), this, preferLocal: false);
        var left = UntilKeepAlive(_writer.Idle);
        // Alarms may ring early, by less than a hundredth of this.
        if (left <= KeepAliveTick / 2)
        {
            _ = KeepAliveAsync();
            left = UntilKeepAlive(TimeSpan.Zero);
        }
        _alarm.Set(left);
        // What is awaited from now on sets it by itself.
        if (_reader.Left is var patience && patience > TimeSpan.Zero) _alarm.SetNoLater(patience);
    }

    private void BreakIfTooLate()
    {
        if (_reader.Left is var patience && patience <= TimeSpan.Zero) Break(_reader.TooLate());
        else _alarm.SetNoLater(patience);
    }

    /// <summary>Sends one of this end's where it would be due before long: it leaves while this end is awake, and the peer wakes for many of them at once.</summary>
    private void AnswerKeepAlive()
    {
        if (_writer.Idle >= _options.KeepAliveInterval / 2) _ = KeepAliveAsync();
    }

    /// <summary>
    /// How long until a keep-alive is to be sent by an end that has sent nothing for <paramref name="idle"/>. Where it was connected to, that is the tick of the clock
    /// that is next to the interval's end: lines that are due at about the same time wake the machine once.
    /// </summary>
    private TimeSpan UntilKeepAlive(TimeSpan idle)
    {
        var left = _options.KeepAliveInterval - idle;
        if (_connected) return left + KeepAliveTick;
        var fromHalf = (_time.GetElapsedTime(0) + left + KeepAliveTick / 2).Ticks % KeepAliveTick.Ticks;
        return left + KeepAliveTick / 2 - TimeSpan.FromTicks(fromHalf);
    }

    private async Task KeepAliveAsync()
    {
        try
        {
            await _writer.SendKeepAliveAsync(_checkSending).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            Log.KeepAliveNotSent(_logger, Peer.Line?.Value, Peer.Address, e);
        }
        catch (Exception e) when (IsOfTheStream(e, CancellationToken.None))
        {
            Log.KeepAliveNotSent(_logger, Peer.Line?.Value, Peer.Address, SendingFailed(e));
        }
    }

    private void ThrowUnlessSending()
    {
        if ((Volatile.Read(ref _fault) ?? Volatile.Read(ref _sendFault)) is { } fault) throw Again(fault);
    }

    /// <summary>
    /// A peer that takes nothing breaks the line. After any other failure what the peer said before it went, a refusal perhaps, can still be
    /// received, so only sending ends; the reader finds the end by itself.
    /// </summary>
    private LineException SendingFailed(Exception cause)
    {
        if (Volatile.Read(ref _fault) is { } earlier) return earlier;
        if (cause is TimeoutException)
            return Break(new LineException(LineFault.Broken, $"The peer did not take a frame in {_options.SendTimeout}.", cause));
        var fault = new LineException(LineFault.Broken, "The connection broke while sending.", cause);
        return Interlocked.CompareExchange(ref _sendFault, fault, null) ?? fault;
    }

    /// <summary>Ends the line, unless it has ended already. Returns why it ended.</summary>
    private LineException Break(LineException fault)
    {
        if (Interlocked.CompareExchange(ref _fault, fault, null) is { } earlier) return earlier;
        Log.LineBroke(_logger, Peer.Line?.Value, Peer.Address, fault.Fault, fault.Message);
        _alarm.Dispose();
        try
        {
            _end.Abort();
        }
        catch (Exception e) when (IsOfTheStream(e, CancellationToken.None))
        {
            // Whoever waits on the line hears of its end all the same, and no thread of the pool does of this.
            Log.NotClosedInOrder(_logger, Peer.Line?.Value, Peer.Address, e);
        }
        Release();
        return fault;
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0) _end.Release();
        DiscardWhenReleased();
    }

    /// <summary>Whoever comes last, the reader or the end, zeroes the reader's memory.</summary>
    private void DiscardWhenReleased()
    {
        if (Volatile.Read(ref _released) == 0 || Interlocked.Exchange(ref _reading, 1) == 1) return;
        _reader.Discard();
        Volatile.Write(ref _reading, 0);
    }

    /// <summary>A fresh exception for each caller: one instance thrown on two threads would mix their stacks.</summary>
    private static LineException Again(LineException fault) => new(fault.Fault, fault.Message, fault.InnerException);

    /// <summary>Streams fail in many ways; a read that is cancelled by nobody here was ended by the stream's disposal.</summary>
    private static bool IsOfTheStream(Exception e, CancellationToken caller) =>
        e is (IOException and not LineException) or SocketException or ObjectDisposedException or AuthenticationException or TimeoutException
            or InvalidOperationException or NotSupportedException
        || e is OperationCanceledException && !caller.IsCancellationRequested;
}
