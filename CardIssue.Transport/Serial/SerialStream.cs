using System.Security.Cryptography;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Serial;

/// <summary>
/// A reliable stream of bytes over an unreliable one: what is read is what the peer wrote, in order, or the stream says that it broke. Runs a
/// <see cref="LinkMachine"/>; one loop reads the port, one writes to it no faster than the line takes it, so that an acknowledgement never stands behind
/// a driver's buffer of older frames. One reader and one writer at a time.
/// </summary>
internal sealed class SerialStream : ByteStream
{
    private const int ReadBufferSize = 4 * 1024;

    /// <summary>How far ahead of the line the port may be written: timers are not finer than this.</summary>
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a stream that was given up may take to tell the peer.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly Stream _wire;
    private readonly SerialLineOptions _options;
    private readonly TimeProvider _time;
    private readonly LinkMachine _machine;
    private readonly FrameDecoder _decoder = new();
    private readonly Lock _lock = new();
    private readonly AsyncSignal _wake = new(), _readable = new(), _writable = new();
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private readonly long _epoch;
    private TimeSpan _lineFree;
    private volatile Exception? _portFault;
    private int _disposed;

    /// <summary>Takes over <paramref name="wire"/>, and disposes it when the link has ended. A calling end begins to set the link up at once.</summary>
    public SerialStream(Stream wire, LinkRole role, SerialLineOptions options, TimeProvider time)
    {
        (_wire, _options, _time) = (wire, options, time);
        _epoch = time.GetTimestamp();
        _stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _machine = new LinkMachine(role, options, RandomNumberGenerator.GetBytes(LinkMachine.NameLength));
        _timer = time.CreateTimer(static stream => ((SerialStream)stream!)._wake.Set(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (role == LinkRole.Calling) _machine.Open();
        Ended = Task.Run(RunAsync);
    }

    /// <summary>Done when the link has ended and the port is closed. Never faulted.</summary>
    public Task Ended { get; }

    /// <summary>Frames that came damaged.</summary>
    public long DamagedFrames
    {
        get
        {
            lock (_lock) return _decoder.Damaged;
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_epoch);

    /// <summary>Waits until the link is up.</summary>
    /// <exception cref="LineException"><see cref="LineFault.Unreachable"/>: it ended before.</exception>
    public async Task WaitUntilUpAsync(CancellationToken cancellation)
    {
        var first = await Task.WhenAny(_up.Task, Ended).WaitAsync(cancellation).ConfigureAwait(false);
        if (first == Ended && !_up.Task.IsCompleted) throw new LineException(LineFault.Unreachable, Explain());
    }

    /// <summary>Closes in order: what was written arrives, and then the end. The peer's bytes that were not read are lost.</summary>
    /// <exception cref="IOException">The peer did not acknowledge everything.</exception>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        lock (_lock) _machine.Close();
        _wake.Set();
        await Ended.WaitAsync(cancellation).ConfigureAwait(false);
        lock (_lock)
            if (_machine.End is not (LinkEnd.ClosedHere or LinkEnd.ClosedByPeer)) throw new IOException(Explain());
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_machine.End is LinkEnd.Aborted or LinkEnd.ClosedHere, this);
                if (buffer.IsEmpty && _machine.Readable > 0) return 0;
                if (_machine.Read(buffer.Span, Now) is var count and > 0)
                {
                    _wake.Set();
                    return count;
                }
                if (_machine.End == LinkEnd.ClosedByPeer) return 0;
                if (_machine.Phase == LinkPhase.Ended) throw Broken();
            }
            await _readable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Done when everything is taken to be sent.</summary>
    /// <exception cref="IOException">The link has ended.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_machine.End is LinkEnd.Aborted or LinkEnd.ClosedHere, this);
                if (_machine.Phase is not (LinkPhase.Up or LinkPhase.Waiting or LinkPhase.SettingUp)) throw new IOException(Explain());
                count = _machine.Write(buffer.Span);
            }
            buffer = buffer[count..];
            if (count > 0) _wake.Set();
            else await _writable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <summary>Gives the link up, unless it has ended. The peer is told in the background; <see cref="Ended"/> says when the port is free.</summary>
    protected override void Dispose(bool disposing)
    {
        if (!disposing || Interlocked.Exchange(ref _disposed, 1) == 1) return;
        lock (_lock)
        {
            _machine.Abort();
            _machine.Wipe();
            if (!Ended.IsCompleted) _stop.CancelAfter(Linger);
        }
        SignalAll();
    }

    private async Task RunAsync()
    {
        var reading = ReadPortAsync();
        await WritePortAsync().ConfigureAwait(false);
        await _wire.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        _decoder.Clear();
        SignalAll();
    }

    /// <summary>The only reads of the port: an abandoned one would swallow bytes.</summary>
    private async Task ReadPortAsync()
    {
        var buffer = GC.AllocateArray<byte>(ReadBufferSize, pinned: true);
        try
        {
            while (await _wire.ReadAsync(buffer, _stop.Token).ConfigureAwait(false) is var count and > 0) Take(buffer.AsSpan(0, count));
        }
        catch (Exception e) when (IsOfThePort(e))
        {
            _portFault = e;
        }
        CryptographicOperations.ZeroMemory(buffer);
        LosePort();
    }

    private void Take(Span<byte> bytes)
    {
        lock (_lock)
        {
            ReadOnlySpan<byte> left = bytes;
            var now = Now;
            while (_decoder.TryNext(ref left, out var frame)) _machine.Receive(frame, now);
        }
        CryptographicOperations.ZeroMemory(bytes);
        SignalAll();
    }

    private async Task WritePortAsync()
    {
        var frame = GC.AllocateArray<byte>(LinkMachine.MostInFrame(_options), pinned: true);
        var line = GC.AllocateArray<byte>(FrameCoding.MostOnLine(frame.Length), pinned: true);
        try
        {
            while (true)
            {
                var (length, ended) = TakeFrame(frame, line);
                if (length > 0) await PutAsync(line.AsMemory(0, length)).ConfigureAwait(false);
                else if (ended) break;
                else await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);
            }
            // Closing the port throws away what it has not sent.
            await UntilLineIsAtMostAsync(TimeSpan.Zero).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfThePort(e))
        {
            _portFault ??= e;
            LosePort();
        }
        CryptographicOperations.ZeroMemory(frame);
        CryptographicOperations.ZeroMemory(line);
    }

    /// <summary>The next frame as it goes on the line, 0 when there is none now; then the timer is set for when there may be one.</summary>
    private (int Length, bool Ended) TakeFrame(byte[] frame, byte[] line)
    {
        var length = 0;
        bool ended;
        lock (_lock)
        {
            var now = Now;
            _machine.OnTime(now);
            if (_machine.TryTake(now, frame, out var taken)) length = FrameCoding.Encode(frame.AsSpan(0, taken), line);
            else if (_machine.Due is { } due) _timer.Change(AtLeastOneTick(due - now), Timeout.InfiniteTimeSpan);
            ended = _machine.Phase == LinkPhase.Ended;
        }
        SignalAll(exceptPort: true);
        return (length, ended);
    }

    private async Task PutAsync(ReadOnlyMemory<byte> bytes)
    {
        var begin = Now;
        // A port whose peer holds it up by CTS takes nothing, and the link's own timers don't run meanwhile.
        await _wire.WriteAsync(bytes, _stop.Token).AsTask().WaitAsync(_options.N2 * _options.T1InForce, _time, _stop.Token).ConfigureAwait(false);
        await _wire.FlushAsync(_stop.Token).ConfigureAwait(false);
        _lineFree = (_lineFree > begin ? _lineFree : begin) + bytes.Length * _options.CharacterTime;
        await UntilLineIsAtMostAsync(_options.FrameTime + TimerGrain).ConfigureAwait(false);
    }

    /// <summary>Waits until what was written keeps the line busy for no longer than <paramref name="ahead"/>.</summary>
    private async Task UntilLineIsAtMostAsync(TimeSpan ahead)
    {
        if (_lineFree - Now - ahead is var wait && wait > TimeSpan.Zero) await Task.Delay(AtLeastOneTick(wait), _time, _stop.Token).ConfigureAwait(false);
    }

    private void LosePort()
    {
        lock (_lock) _machine.LosePort();
        SignalAll();
    }

    private void SignalAll(bool exceptPort = false)
    {
        bool ended;
        lock (_lock)
        {
            ended = _machine.Phase == LinkPhase.Ended;
            if (_machine.Phase is LinkPhase.Up or LinkPhase.Draining or LinkPhase.Disconnecting) _up.TrySetResult();
            if (ended || _machine.Readable > 0) _readable.Set();
            if (ended || _machine.Writable > 0) _writable.Set();
        }
        if (!exceptPort) _wake.Set();
    }

    private LineException Broken() => new(_machine.End == LinkEnd.Silent ? LineFault.Silent : LineFault.Broken, Explain(), _portFault);

    private string Explain() => _machine.End switch
    {
        LinkEnd.None => "The serial line is being closed.",
        LinkEnd.ClosedHere or LinkEnd.Aborted => "The serial line was closed at this end.",
        LinkEnd.ClosedByPeer => "The peer closed the serial line.",
        LinkEnd.Refused => "The peer refused to set the serial line up. Try again.",
        LinkEnd.NoAnswer => $"Nobody answered on the serial line in {_options.N2} tries. Check the cable, the speed at both ends, and that the center listens.",
        LinkEnd.Silent => $"The peer on the serial line did not answer {_options.N2} polls. Check the cable and the other end.",
        LinkEnd.Undeliverable => $"A frame was sent {_options.N2} times and never arrived whole: the serial line is too noisy. Check the cable, or set smaller frames.",
        LinkEnd.Reset => "The peer began the serial line anew.",
        LinkEnd.PeerDisconnected => "The peer gave the serial line up, or was restarted.",
        LinkEnd.PeerRejected => "The peer rejected a frame as one that can't be.",
        LinkEnd.BadFrame => "The peer sent a frame that can't be; it may speak another procedure.",
        LinkEnd.PortLost => $"The serial port is gone, or takes no bytes.{(_portFault is null ? "" : " " + _portFault.Message)}",
    };

    private static TimeSpan AtLeastOneTick(TimeSpan wait) =>
        // Timers count whole milliseconds and cut off the rest.
        TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wait.TotalMilliseconds)));

    /// <summary>Ports fail in many ways: a pulled adapter as a disposed object, a hang-up as the end of the stream.</summary>
    private static bool IsOfThePort(Exception e) =>
        e is IOException or ObjectDisposedException or InvalidOperationException or UnauthorizedAccessException or TimeoutException
            or OperationCanceledException or NotSupportedException;
}
