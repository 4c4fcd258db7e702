using System.Security.Cryptography;
using CardIssue.Core.Lines;

namespace CardIssue.Transport.Framing;

/// <summary>
/// Cuts a stream of bytes into frames. A read that a cancelled caller left behind is kept and taken up by the next one: no byte is lost, and a
/// stream never has two reads at a time (a serial port would swallow bytes).
/// Only time spent waiting for the peer counts against it; a caller that is slow to ask breaks no line.
/// </summary>
/// <remarks>
/// Between two frames it waits with a read into no memory and holds no buffer, nor does TLS below it: most lines of a center are idle.
/// </remarks>
internal sealed class FrameReader(Stream stream, LineOptions options, TimeProvider time)
{
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private LineFrame? _frame;
    private int _filled;
    private Task<int>? _pending;
    private bool _pendingIsDirect;
    private TimeSpan _silentFor;
    private TimeSpan _frameTook;

    private bool HasBegun => _frame is not null || _end > _start;

    /// <summary>The next frame, or null at the end of the stream between two frames.</summary>
    public async ValueTask<LineFrame?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TakeFrame() is { } frame) return frame;
            if (await FillAsync(cancellation).ConfigureAwait(false)) continue;
            if (HasBegun) throw new LineException(LineFault.Broken, "The line was cut in the middle of a frame.");
            return null;
        }
    }

    /// <summary>Waits until the peer has sent anything, which stays to be read. False when the stream ended instead.</summary>
    public async ValueTask<bool> WaitForFirstByteAsync(CancellationToken cancellation) =>
        HasBegun || await FillAsync(cancellation).ConfigureAwait(false);

    /// <summary>Zeroes what is held. Only when the stream is disposed and nobody reads.</summary>
    public void Discard()
    {
        _frame?.Dispose();
        _frame = null;
        if (_pending is null) PutBufferBack();
        // The stream still reads into the buffer: it is zeroed when the stream lets go.
        else _ = DiscardAfterAsync(_pending);
        _pending = null;
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
            _frameTook = TimeSpan.Zero;
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
            _frameTook = TimeSpan.Zero;
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
    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        int count;
        if (_pending is null && StartRead() is { IsCompletedSuccessfully: true } read)
        {
            count = read.Result;
        }
        else
        {
            await WaitAsync(_pending!, cancellation).ConfigureAwait(false);
            var ended = _pending!;
            _pending = null;
            count = await ended.ConfigureAwait(false);
        }
        if (count == 0) return false;
        _silentFor = TimeSpan.Zero;
        if (_pendingIsDirect) _filled += count;
        else _end += count;
        return true;
    }

    /// <summary>Starts a read; unless it is done at once, it becomes the pending one.</summary>
    private ValueTask<int> StartRead()
    {
        var read = HasBegun ? ReadOnAsync() : ReadWhenSomethingComesAsync();
        if (read.IsCompletedSuccessfully) return read;
        _pending = read.AsTask();
        return new ValueTask<int>(_pending);
    }

    private async ValueTask<int> ReadWhenSomethingComesAsync()
    {
        PutBufferBack();
        await stream.ReadAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
        return await ReadOnAsync().ConfigureAwait(false);
    }

    /// <summary>The rest of a longer frame goes straight into its own memory.</summary>
    private ValueTask<int> ReadOnAsync()
    {
        _buffer ??= PinnedBuffers.ForReads.Rent();
        MoveToFront(_buffer);
        var rest = _frame is null ? 0 : _frame.Memory.Length - _filled;
        _pendingIsDirect = rest >= _buffer.Length;
        return stream.ReadAsync(_pendingIsDirect ? _frame!.Memory[_filled..] : _buffer.AsMemory(_end), CancellationToken.None);
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

    private async Task DiscardAfterAsync(Task read)
    {
        await read.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        PutBufferBack();
    }

    private async ValueTask WaitAsync(Task<int> read, CancellationToken cancellation)
    {
        if (read.IsCompleted) return;
        var begun = HasBegun;
        var silence = options.SilenceLimit - _silentFor;
        var left = begun && options.FrameTimeout - _frameTook < silence ? options.FrameTimeout - _frameTook : silence;
        var started = time.GetTimestamp();
        try
        {
            await read.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            // The read may have come to its end in the same moment; then it counts.
            if (!read.IsCompleted) throw TooLate(begun && left < silence, late);
        }
        finally
        {
            var waited = time.GetElapsedTime(started);
            _silentFor += waited;
            if (begun) _frameTook += waited;
        }
    }

    private LineException TooLate(bool inFrame, TimeoutException late) => inFrame
        ? new LineException(LineFault.Broken, $"The peer did not complete a frame in {options.FrameTimeout}.", late)
        : new LineException(LineFault.Silent, $"Nothing came from the peer in {options.SilenceLimit}.", late);
}
