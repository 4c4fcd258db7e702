using System.IO.Ports;
using System.Threading.Channels;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Serial;

/// <summary>
/// A GemPC Twin on a serial line, with a slot for virtual cards: CCID over the reader's own framing, TPDU level, one slot. What a real one does is known from
/// libccid's driver, which drives this one, too. Where that says nothing: a damaged command is answered with a NAK alone, not with its echo; an answer that is sent
/// again after the host's NAK has no echo before it; card movements are told at once until the host asks for them to be told after its commands.
/// </summary>
/// <param name="line">The reader's end. It is closed by whoever opened it.</param>
public sealed class GemPcTwin(Stream line, CardSlot slot, GemPcTwinOptions? options = null, ICardTiming? timing = null)
{
    /// <summary>The line's speed; 8 data bits, no parity, 2 stop bits.</summary>
    internal const int BaudRate = 115_200;

    private const int ReadAtOnce = 512, MaximumChunksWaiting = 256;

    private readonly GemPcTwinOptions _options = options ?? new GemPcTwinOptions();
    private readonly TwinFaults _faults = new();
    private readonly FrameParser _parser = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Channel<byte[]> _incoming = System.Threading.Channels.Channel.CreateBounded<byte[]>(MaximumChunksWaiting);
    private readonly Lock _movement = new();
    private TwinSlot? _slot;
    private byte[] _lastAnswer = SerialFrame.Nak;
    private int _toldInsertion;
    private int _commands;

    /// <summary>How many commands came in whole.</summary>
    internal int Commands => Volatile.Read(ref _commands);

    /// <summary>Opens a serial port as a reader has it.</summary>
    /// <exception cref="IOException">The port can't be had.</exception>
    /// <exception cref="UnauthorizedAccessException">The port is in use, or not for this user.</exception>
    public static SerialPort OpenPort(string name)
    {
        var port = new SerialPort(name, BaudRate, Parity.None, 8, StopBits.Two);
        port.Open();
        return port;
    }

    /// <summary>Lets something go wrong once.</summary>
    /// <param name="fault">What.</param>
    /// <param name="at">At which command from now: 1 is the next one.</param>
    /// <param name="type">Counts only commands of this CCID type (<see cref="CcidCommand.Transfer"/> and so on); null counts all.</param>
    internal void Inject(TwinFault fault, int at = 1, byte? type = null) => _faults.Arm(at, type, fault);

    /// <summary>Serves until the line ends or it is cancelled; neither is an error.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _slot = new TwinSlot(slot, timing is null ? null : new CardPacer(_options.Time, timing), _options, token => WriteAsync(SerialFrame.TimeRequest, token));
        _toldInsertion = slot.Look().Insertion;
        Task[] work = [ReadAsync(stop.Token), ServeAsync(stop.Token), WatchAsync(stop.Token)];
        await Task.WhenAny(work).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(work).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Cancelled, or the other end hung up: a reader without a host just waits to be plugged in again.
        }
        finally
        {
            _slot.PowerOff();
        }
    }

    /// <summary>The only reader of the line: a read that is given up swallows the byte that comes next.</summary>
    private async Task ReadAsync(CancellationToken cancellation)
    {
        var buffer = new byte[ReadAtOnce];
        while (await line.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var count)
            await _incoming.Writer.WriteAsync(buffer[..count], cancellation).ConfigureAwait(false);
    }

    private async Task ServeAsync(CancellationToken cancellation)
    {
        while (true)
            foreach (var value in await NextBytesAsync(cancellation).ConfigureAwait(false))
                switch (_parser.Push(value))
                {
                    case FrameKind.Message:
                        await AnswerAsync(CcidCommand.Parse(_parser.Message), cancellation).ConfigureAwait(false);
                        break;
                    case FrameKind.Nak:
                        await WriteAsync(_lastAnswer, cancellation).ConfigureAwait(false);
                        break;
                    case FrameKind.Damaged:
                        await WriteAsync(SerialFrame.Nak, cancellation).ConfigureAwait(false);
                        break;
                    case FrameKind.None:
                        break;
                }
    }

    /// <summary>Bytes from the line; a frame that was begun and does not go on is given up with a NAK.</summary>
    private async Task<byte[]> NextBytesAsync(CancellationToken cancellation)
    {
        var next = _incoming.Reader.ReadAsync(cancellation).AsTask();
        if (!_parser.IsInside) return await next.ConfigureAwait(false);
        try
        {
            return await next.WaitAsync(_options.FrameTimeout, _options.Time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _parser.Clear();
            await WriteAsync(SerialFrame.Nak, cancellation).ConfigureAwait(false);
            return await next.ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(CcidCommand command, CancellationToken cancellation)
    {
        var faults = _faults.Next(command.Type);
        Interlocked.Increment(ref _commands);
        if (faults.OfType<TwinFault.Nak>().Any())
        {
            await WriteAsync(SerialFrame.Nak, cancellation).ConfigureAwait(false);
            return;
        }
        if (_options.Echoes && !faults.OfType<TwinFault.NoEcho>().Any()) await WriteAsync(FaultyLine.Echo(SerialFrame.Wrap(_parser.Message), faults), cancellation).ConfigureAwait(false);
        if (_slot!.TellsMovementsLater) await TellMovementAsync(cancellation).ConfigureAwait(false);
        var answer = await _slot.ExecuteAsync(command, faults, cancellation).ConfigureAwait(false);
        foreach (var extension in faults.OfType<TwinFault.TimeExtension>()) await ExtendAsync(answer, extension, cancellation).ConfigureAwait(false);
        _lastAnswer = SerialFrame.Wrap(answer.ToBytes());
        if (faults.OfType<TwinFault.StaleAnswer>().Any())
            await WriteAsync(SerialFrame.Wrap((answer with { Sequence = (byte)(answer.Sequence - 1) }).ToBytes()), cancellation).ConfigureAwait(false);
        if (!faults.OfType<TwinFault.NoAnswer>().Any()) await WriteAsync(FaultyLine.Answer(_lastAnswer, faults), cancellation).ConfigureAwait(false);
    }

    private async Task ExtendAsync(CcidAnswer answer, TwinFault.TimeExtension extension, CancellationToken cancellation)
    {
        var frame = SerialFrame.Wrap((answer with { Status = CcidAnswer.TimeExtension, Error = extension.Multiplier, Data = [] }).ToBytes());
        for (var i = 0; i < extension.Times; i++)
        {
            await WriteAsync(frame, cancellation).ConfigureAwait(false);
            await Task.Delay(extension.Each, _options.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Tells card movements as they happen, unless the host wants to hear of them later.</summary>
    private async Task WatchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var now = slot.Look();
            if (!_slot!.TellsMovementsLater) await TellMovementAsync(cancellation).ConfigureAwait(false);
            await now.Changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>A card that was swapped went out and came in.</summary>
    private async Task TellMovementAsync(CancellationToken cancellation)
    {
        byte[] news;
        lock (_movement)
        {
            var now = slot.Look().Insertion;
            if (now == _toldInsertion) return;
            news = [.. _toldInsertion == 0 ? [] : SerialFrame.Removed, .. now == 0 ? [] : SerialFrame.Inserted];
            _toldInsertion = now;
        }
        await WriteAsync(news, cancellation).ConfigureAwait(false);
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await line.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }
}
