using System.Security.Cryptography;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;

namespace CardIssue.Transport.Framing;

/// <summary>
/// Cuts a stream of bytes into frames. What a cancelled caller left behind goes on, up to the end of the frame, and is taken up by the next one: no byte
/// is lost, and a stream never has two reads at a time (a serial port would swallow bytes).
/// Only time spent waiting for the peer counts against it; a caller that is slow to ask breaks no line.
/// </summary>
/// <remarks>
/// Between two frames it waits with a read into no memory and holds no buffer, nor does TLS below it: most lines of a center are idle. Nor has it a timer:
/// its line looks at what is <see cref="Left"/>, and ends the stream.
/// </remarks>
/// <param name="stream">What is read.</param>
/// <param name="options">How long the peer may take.</param>
/// <param name="time">The clock.</param>
/// <param name="alarm">Its line's; rings no later than what is awaited of the peer must have come.</param>
/// <param name="keptAlive">Called for each keep-alive that has come.</param>
internal sealed class FrameReader(Stream stream, LineOptions options, TimeProvider time, AlarmClock.Alarm alarm, Action keptAlive)
{
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private LineFrame? _frame;
    private int _filled;

    /// <summary>What goes on without its caller: until the next frame is whole, or the first bytes are there.</summary>
    private Task? _going;
    private readonly Lock _times = new();
    private bool _isAwaited;
    private bool _isInFrame;
    private long _counted;
    private TimeSpan _silentFor;
    private TimeSpan _frameTook;

    private bool HasBegun => _frame is not null || _end > _start;

    /// <summary>How long the peer may still take; <see cref="TimeSpan.MaxValue"/> while nobody waits for it.</summary>
    public TimeSpan Left
    {
        get
        {
            lock (_times)
            {
                if (!_isAwaited) return TimeSpan.MaxValue;
                Count();
                return IsFrameFirst ? options.FrameTimeout - _frameTook : options.SilenceLimit - _silentFor;
            }
        }
    }

    private bool IsFrameFirst => _isInFrame && options.FrameTimeout - _frameTook < options.SilenceLimit - _silentFor;

    /// <summary>What the peer did not do in time, where nothing is <see cref="Left"/>.</summary>
    public LineException TooLate()
    {
        lock (_times)
        {
            return IsFrameFirst
                ? new LineException(LineFault.Broken, $"The peer did not complete a frame in {options.FrameTimeout}.")
                : new LineException(LineFault.Silent, $"Nothing came from the peer in {options.SilenceLimit}.");
        }
    }

    /// <summary>The next frame, or null at the end of the stream between two frames.</summary>
    public async ValueTask<LineFrame?> ReadAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var reading = _going as Task<LineFrame?> ?? ReadFrameAsync();
        await WaitAsync(reading, cancellation).ConfigureAwait(false);
        return await reading.ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until the peer has sent anything, which stays to be read. False when the stream ended instead. Once, before any frame is read; when it is
    /// cancelled, the line is given up.
    /// </summary>
    public async ValueTask<bool> WaitForFirstBytesAsync(CancellationToken cancellation)
    {
        var filling = FillAsync().AsTask();
        await WaitAsync(filling, cancellation).ConfigureAwait(false);
        return await filling.ConfigureAwait(false);
    }

    /// <summary>Zeroes what is held. Only when the stream is disposed and nobody waits.</summary>
    public void Discard()
    {
        // The stream still reads into the buffer: it is zeroed when the stream lets go.
        if (_going is { IsCompleted: false } going) _ = DiscardAfterAsync(going);
        else DiscardNow();
    }

    private async Task DiscardAfterAsync(Task going)
    {
        await going.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        DiscardNow();
    }

    private void DiscardNow()
    {
        if (_going is Task<LineFrame?> { IsCompletedSuccessfully: true, Result: { } unread }) unread.Dispose();
        _going = null;
        _frame?.Dispose();
        _frame = null;
        PutBufferBack();
    }

    /// <summary>Until it has come to its end, in time that is the peer's.</summary>
    private async ValueTask WaitAsync(Task going, CancellationToken cancellation)
    {
        _going = going;
        if (!going.IsCompleted)
        {
            Await(true);
            alarm.SetNoLater(Left);
            try
            {
                await going.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                Await(false);
            }
            if (!going.IsCompleted) cancellation.ThrowIfCancellationRequested();
        }
        _going = null;
    }

    private async Task<LineFrame?> ReadFrameAsync()
    {
        while (true)
        {
            if (TakeFrame() is { } frame) return frame;
            if (await FillAsync().ConfigureAwait(false)) continue;
            if (HasBegun) throw new LineException(LineFault.Broken, "The line was cut in the middle of a frame.");
            return null;
        }
    }

    private LineFrame? TakeFrame()
    {
        while (true)
        {
            if (_frame is null && !BeginFrame()) return null;
            var frame = _frame!;
            var some = Math.Min(_end - _start, frame.Memory.Length - _filled);
            Consume(frame.Memory.Span.Slice(_filled, some));
            _filled += some;
            if (_filled < frame.Memory.Length) return null;
            _frame = null;
            FrameEnds();
            return frame;
        }
    }

    /// <summary>Takes headers until one begins a frame that holds bytes; the length is checked before any memory is asked for.</summary>
    private bool BeginFrame()
    {
        Span<byte> header = stackalloc byte[FrameHeader.Size];
        while (_end - _start >= FrameHeader.Size)
        {
            Consume(header);
            var length = FrameHeader.Read(header);
            if (length > ILine.MaxFrame)
                throw new LineException(LineFault.Oversized, $"The peer announced a frame of {length} bytes; {ILine.MaxFrame} is the most.");
            if (length > 0)
            {
                _frame = new LineFrame(length);
                _filled = 0;
                return true;
            }
            FrameEnds();
            keptAlive();
        }
        return false;
    }

    private void Consume(Span<byte> target)
    {
        var source = _buffer.AsSpan(_start, target.Length);
        source.CopyTo(target);
        CryptographicOperations.ZeroMemory(source);
        _start += target.Length;
        if (_start == _end) _start = _end = 0;
    }

    /// <summary>Reads once more; false at the end of the stream.</summary>
    private async ValueTask<bool> FillAsync()
    {
        if (HasBegun)
        {
            FrameBegins();
        }
        else
        {
            PutBufferBack();
            await stream.ReadAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
        }
        _buffer ??= PinnedBuffers.ForReads.Rent();
        MoveToFront(_buffer);
        // The rest of a longer frame goes straight into its own memory.
        var isDirect = _frame is { } frame && frame.Memory.Length - _filled >= _buffer.Length;
        var count = await stream.ReadAsync(isDirect ? _frame!.Memory[_filled..] : _buffer.AsMemory(_end), CancellationToken.None).ConfigureAwait(false);
        if (count == 0) return false;
        BytesCame();
        if (isDirect) _filled += count;
        else _end += count;
        return true;
    }

    /// <summary>At most two bytes of a header are left over when a read starts.</summary>
    private void MoveToFront(byte[] buffer)
    {
        if (_start == 0) return;
        var left = _end - _start;
        buffer.AsSpan(_start, left).CopyTo(buffer);
        CryptographicOperations.ZeroMemory(buffer.AsSpan(left, _end - left));
        (_start, _end) = (0, left);
    }

    private void PutBufferBack()
    {
        if (_buffer is not null) PinnedBuffers.ForReads.Return(_buffer, _buffer.Length);
        (_buffer, _start, _end) = (null, 0, 0);
    }

    private void Await(bool isAwaited)
    {
        lock (_times)
        {
            Count();
            (_isAwaited, _counted) = (isAwaited, time.GetTimestamp());
        }
    }

    private void FrameBegins()
    {
        lock (_times)
        {
            if (_isInFrame) return;
            Count();
            _isInFrame = true;
        }
        alarm.SetNoLater(Left);
    }

    private void FrameEnds()
    {
        lock (_times) (_isInFrame, _frameTook) = (false, TimeSpan.Zero);
    }

    private void BytesCame()
    {
        lock (_times)
        {
            Count();
            _silentFor = TimeSpan.Zero;
        }
    }

    /// <summary>Counts the time since it was counted last, if that is the peer's.</summary>
    private void Count()
    {
        if (!_isAwaited) return;
        var now = time.GetTimestamp();
        var waited = time.GetElapsedTime(_counted, now);
        _counted = now;
        _silentFor += waited;
        if (_isInFrame) _frameTook += waited;
    }
}
