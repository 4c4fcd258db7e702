using System.Security.Cryptography;
using System.Threading.Channels;
using CardIssue.Core.Cards;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.Serial.Framing;

/// <summary>
/// A port with frames on it. One loop reads for as long as the port is open: a read that is given up swallows the next byte. What is told unasked (cards put in
/// and taken out) is passed on at once, as all else is; what answers a command also waits in <see cref="Events"/>.
/// </summary>
internal sealed class FrameLink : IAsyncDisposable
{
    private const int MaxWaiting = 64;
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(2);

    private readonly OpenPort _port;
    private readonly Action<FrameEvent> _told;
    private readonly TimeSpan _gap;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FrameDecoder _decoder = new();
    private readonly Lock _decoding = new();
    private readonly ITimer _silence;
    private readonly Channel<FrameEvent> _events;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _reading;

    /// <summary>Starts to read.</summary>
    /// <param name="port">Is owned from now on.</param>
    /// <param name="told">Sees all that comes, in order; may not block and keeps no message.</param>
    /// <param name="gap">How long the line must be silent inside a frame for it to be given up.</param>
    /// <param name="time">Measures that.</param>
    /// <param name="logger">Hears of dropped frames.</param>
    public FrameLink(OpenPort port, Action<FrameEvent> told, TimeSpan gap, TimeProvider time, ILogger logger)
    {
        (_port, _told, _gap, _time, _logger) = (port, told, gap, time, logger);
        var bounds = new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true };
        _events = Channel.CreateBounded<FrameEvent>(bounds, Dropped);
        _silence = time.CreateTimer(_ => OnSilence(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Answers, NAKs, damage and signs of life, in order. Completes with a <see cref="CardException"/> when the port is gone.</summary>
    public ChannelReader<FrameEvent> Events => _events.Reader;

    /// <summary>Sends a whole frame.</summary>
    /// <exception cref="CardException">The port is gone, or takes nothing.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            // A frame is never cut in two by a cancellation: the reader would wait for its rest.
            cancellation.ThrowIfCancellationRequested();
            await _port.Stream.WriteAsync(frame, _closing.Token).AsTask().WaitAsync(limit, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (IsPortFault(e) || e is TimeoutException || (e is OperationCanceledException && _closing.IsCancellationRequested))
        {
            throw Gone(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.Run(_port.Close).WaitAsync(CloseTime, _time).ConfigureAwait(false);
            await _reading.WaitAsync(CloseTime, _time).ConfigureAwait(false);
        }
        catch (Exception e) when (IsPortFault(e) || e is TimeoutException)
        {
            // A port that hung up closes as it likes; the reader is gone either way.
            Log.NotClosedInOrder(_logger, e.Message);
        }
        await _silence.DisposeAsync().ConfigureAwait(false);
        _events.Writer.TryComplete();
        while (_events.Reader.TryRead(out var left)) left.Clear();
    }

    private static bool IsPortFault(Exception e) => e is IOException or ObjectDisposedException or InvalidOperationException or UnauthorizedAccessException;

    private static CardException Gone(Exception? cause) => new(CardFault.ReaderGone, "The reader's port is gone; plug it in again.", cause);

    private async Task ReadAsync()
    {
        var buffer = GC.AllocateArray<byte>(SerialFrame.MaxLength, pinned: true);
        Exception? cause = null;
        try
        {
            while (await _port.Stream.ReadAsync(buffer, _closing.Token).ConfigureAwait(false) is > 0 and var count)
            {
                Decode(buffer.AsSpan(0, count));
                CryptographicOperations.ZeroMemory(buffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (IsPortFault(e) || e is OperationCanceledException)
        {
            cause = e;
        }
        _events.Writer.TryComplete(Gone(cause));
        // Whoever waits for a card asks, and hears that the port is gone.
        _told(new FrameEvent(FrameEventKind.Noise));
    }

    private void Decode(ReadOnlySpan<byte> bytes)
    {
        lock (_decoding)
        {
            foreach (var b in bytes) Pass(_decoder.On(b));
            _silence.Change(_decoder.IsMidway ? _gap : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnSilence()
    {
        lock (_decoding) Pass(_decoder.OnSilence());
    }

    private void Pass(FrameEvent? happened)
    {
        if (happened is not { } one) return;
        _told(one);
        // Unasked, and nothing that an exchange waits for.
        if (one.Kind is FrameEventKind.Inserted or FrameEventKind.Removed or FrameEventKind.Noise) return;
        _events.Writer.TryWrite(one);
    }

    private void Dropped(FrameEvent dropped)
    {
        dropped.Clear();
        Log.FrameDropped(_logger, MaxWaiting);
    }
}
