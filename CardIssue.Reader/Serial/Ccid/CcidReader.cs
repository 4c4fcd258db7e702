using System.Security.Cryptography;
using System.Threading.Channels;
using CardIssue.Core.Cards;
using CardIssue.Reader.Serial.Framing;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.Serial.Ccid;

/// <summary>How long an exchange may take.</summary>
/// <param name="CardWait">
/// How long the card may be silent by its own parameters, for which the reader waits; zero when no card takes part. It is what a card
/// and a reader say: of it, and of
/// what they multiply it by, <see cref="SerialReaderOptions.CardTime"/> is the most that is waited.
/// </param>
/// <param name="IsRepeatable">Whether the command may be carried out twice.</param>
internal readonly record struct ExchangeLimits(TimeSpan CardWait, bool IsRepeatable = true)
{
    /// <summary>The reader answers by itself.</summary>
    public static readonly ExchangeLimits ReaderAlone = new(TimeSpan.Zero);
}

/// <summary>The reader at the end of a port: commands and their answers, one at a time.</summary>
internal sealed class CcidReader : IAsyncDisposable
{
    private readonly FrameLink _link;
    private readonly SerialReaderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly byte[] _message = GC.AllocateArray<byte>(CcidHeader.MaxMessage, pinned: true);
    private readonly byte[] _frame = GC.AllocateArray<byte>(SerialFrame.MaxLength, pinned: true);
    // Not from zero: an answer to the program before this one may still come.
    private byte _sequence = (byte)Random.Shared.Next(256);
    private TimeSpan _owed;

    /// <param name="link">Is owned from now on.</param>
    /// <param name="options">The reader's times.</param>
    /// <param name="time">Measures them.</param>
    /// <param name="logger">Hears of repairs.</param>
    public CcidReader(FrameLink link, SerialReaderOptions options, TimeProvider time, ILogger logger) =>
        (_link, _options, _time, _logger) = (link, options, time, logger);

    /// <summary>Whether the reader sends commands back before it answers them; null before the first answer.</summary>
    public bool? Echoes { get; private set; }

    /// <summary>Whether this reader is lost: what it is asked fails from now on.</summary>
    public bool IsLost { get; private set; }

    /// <summary>One command and its answer, which may say that the command failed.</summary>
    /// <exception cref="CardException"><see cref="CardFault.ReaderGone"/>: the port is gone or the reader does not answer; <see cref="CardFault.Protocol"/>: too much
    /// is damaged on the way. After either the port is to be opened anew.</exception>
    public async ValueTask<CcidAnswer> ExchangeAsync(CcidCommand command, ExchangeLimits limits, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await RunAsync(command, limits, cancellation).ConfigureAwait(false);
        }
        catch (CardException)
        {
            IsLost = true;
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_message);
            CryptographicOperations.ZeroMemory(_frame);
            _gate.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        IsLost = true;
        return _link.DisposeAsync();
    }

    private async ValueTask<CcidAnswer> RunAsync(CcidCommand command, ExchangeLimits limits, CancellationToken cancellation)
    {
        while (_link.Events.TryRead(out var old)) old.Clear();
        var frame = Frame(command, ++_sequence);
        var exchange = new CcidExchange(command, _sequence, Echoes, limits.IsRepeatable);
        // The reader may still be busy with a command that was given up.
        var wait = _options.ReaderTime + Capped(limits.CardWait) + _owed;
        _owed = Capped(limits.CardWait + _owed);
        await _link.SendAsync(frame, _options.ReaderTime, cancellation).ConfigureAwait(false);
        while (true)
        {
            var (action, happened) = await NextAsync(exchange, wait, cancellation).ConfigureAwait(false);
            if (happened is FrameEventKind.Nak or FrameEventKind.Damaged or null) Log.Repaired(_logger, $"{command.Type}", _sequence, $"{happened}", $"{action}");
            switch (action)
            {
                case ExchangeAction.Wait:
                    break;
                case ExchangeAction.WaitLonger:
                    wait = _options.ReaderTime + Capped(limits.CardWait * exchange.Extension);
                    break;
                case ExchangeAction.SendNak:
                    await _link.SendAsync(SerialFrame.NakFrame, _options.ReaderTime, cancellation).ConfigureAwait(false);
                    // A reader that was silent has had the card's time; now it only has to say again what it has.
                    if (happened is null) wait = _options.ReaderTime;
                    break;
                case ExchangeAction.Resend:
                    await _link.SendAsync(frame, _options.ReaderTime, cancellation).ConfigureAwait(false);
                    wait = _options.ReaderTime + Capped(limits.CardWait);
                    break;
                case ExchangeAction.Done:
                    _owed = TimeSpan.Zero;
                    Echoes = exchange.EchoSeen || Echoes is true;
                    return exchange.Answer;
                case ExchangeAction.Dead:
                    throw new CardException(CardFault.ReaderGone, $"The reader does not answer ({command.Type}); check its cable and power.");
                case ExchangeAction.Noisy:
                    throw new CardException(CardFault.Protocol, $"Too much is damaged between reader and port ({command.Type}); check the cable.");
                case ExchangeAction.Endless:
                    throw new CardException(CardFault.SlowCard, $"The reader asked for more time {CcidExchange.MaxExtensions} times.");
            }
        }
    }

    private TimeSpan Capped(TimeSpan cardWait) => cardWait < _options.CardTime ? cardWait : _options.CardTime;

    private async ValueTask<(ExchangeAction Action, FrameEventKind? Happened)> NextAsync(CcidExchange exchange, TimeSpan wait, CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        try
        {
            var happened = await _link.Events.ReadAsync(either.Token).ConfigureAwait(false);
            return (exchange.On(happened), happened.Kind);
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return (exchange.OnSilence(), null);
        }
        catch (ChannelClosedException e)
        {
            throw new CardException(CardFault.ReaderGone, "The reader's port is gone; plug it in again.", e.InnerException);
        }
    }

    private ReadOnlyMemory<byte> Frame(CcidCommand command, byte sequence)
    {
        var length = CcidHeader.Write(command, sequence, _message);
        return _frame.AsMemory(0, SerialFrame.Write(_message.AsSpan(0, length), _frame));
    }
}
