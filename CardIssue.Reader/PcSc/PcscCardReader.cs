using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader.PcSc.Binding;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Reader.PcSc;

/// <summary>
/// A reader that the system's smart card service knows: winscard on Windows, pcsc-lite on Linux, the PCSC framework on macOS (PC/SC part 5). Reader and card
/// come and go by events. The card is connected to exclusively and without a transaction: Windows resets a card whose transaction is idle for 5 s, and a
/// center that is far away may take longer. Commands go by T=0 or T=1 as the card wants; 61xx and 6Cxx are handed back, for the relay to follow.
/// </summary>
public sealed class PcscCardReader : ICardReader
{
    /// <summary>How many calls that never returned are left behind, before the reader is not tried any more until one of them returns.</summary>
    private const int MaximumGivenUp = 4;

    /// <summary>How often a card that another program holds is asked for.</summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(50);

    private readonly IPcscApi _api;
    private readonly string _reader;
    private readonly PcscReaderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _sync = new();
    private readonly List<CardChannel> _givenUp = [];
    private readonly CancellationTokenSource _disposed = new();
    private ReaderWatch? _watch;
    private CardChannel? _channel;
    private PcscConnection? _connection;
    private ReaderSight? _seen;

    /// <summary>Names a reader; nothing is asked of it yet, and it need not be there yet.</summary>
    /// <param name="readerName">What the service calls it, one of <see cref="PcscReaders"/>.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="time">Measures the limits.</param>
    /// <param name="logger">Receives what happens; never a command's or a response's data.</param>
    /// <exception cref="ArgumentException">The name is empty, or an option is out of range.</exception>
    public PcscCardReader(string readerName, PcscReaderOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
        : this(PcscApi.System, readerName, options, time, logger)
    {
    }

    internal PcscCardReader(IPcscApi api, string readerName, PcscReaderOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(readerName);
        (_api, _reader, _options, _time, _logger) = (api, readerName, options ?? new PcscReaderOptions(), time ?? TimeProvider.System, logger ?? NullLogger.Instance);
        _options.Validate();
    }

    /// <summary>
    /// Asks the driver for the reader's attributes (PC/SC part 3). The serial number is the attribute's alone: what looks like one inside the name proves nothing.
    /// </summary>
    /// <inheritdoc/>
    /// <exception cref="CardException">
    /// The reader or the service is gone; another program holds the reader; or a command of its card takes longer than <see cref="PcscReaderOptions.DeadReader"/>.
    /// </exception>
    public async ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation)
    {
        var identity = await UntilFreeAsync(
            channel => channel.AskReaderAsync(card => PcscIdentity.Read(_api, card, _reader), cancellation), cancellation).ConfigureAwait(false);
        return identity!;
    }

    /// <inheritdoc/>
    /// <exception cref="CardException">
    /// The card is mute; the reader went away, or did not come within <see cref="PcscReaderOptions.ReaderLimit"/>; the service went away, or did not come within
    /// <see cref="PcscReaderOptions.ServiceLimit"/>.
    /// </exception>
    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        using var either = Linked(cancellation);
        var (started, wasThere) = (_time.GetTimestamp(), false);
        while (true)
        {
            var (sight, changed) = Watch().Look();
            switch (sight.Kind)
            {
                case SightKind.Card:
                    _seen = sight;
                    return sight.Atr;
                case SightKind.MuteCard:
                    _seen = sight;
                    throw PcscFaults.Exception(CardFault.Mute, _reader);
                case SightKind.NoCard:
                    wasThere = true;
                    await AwaitAsync(changed, Timeout.InfiniteTimeSpan, cancellation, either).ConfigureAwait(false);
                    break;
                case SightKind.NotYet:
                    await AwaitAsync(changed, Timeout.InfiniteTimeSpan, cancellation, either).ConfigureAwait(false);
                    break;
                case SightKind.ReaderAbsent:
                case SightKind.ServiceGone:
                    var limit = sight.Kind == SightKind.ReaderAbsent ? _options.ReaderLimit : _options.ServiceLimit;
                    var left = limit - _time.GetElapsedTime(started);
                    if (wasThere || left <= TimeSpan.Zero || !await AwaitAsync(changed, left, cancellation, either).ConfigureAwait(false)) throw Gone(sight.Kind);
                    break;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>A card that was swapped for another was taken out, however quickly (not on macOS, which does not count cards).</remarks>
    /// <exception cref="CardException">The reader or the service is gone.</exception>
    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation)
    {
        using var either = Linked(cancellation);
        while (true)
        {
            var (sight, changed) = Watch().Look();
            if (sight.Kind is SightKind.NoCard) return;
            if (sight.Kind is SightKind.ReaderAbsent or SightKind.ServiceGone) throw Gone(sight.Kind);
            if (sight.Kind is not SightKind.NotYet)
            {
                _seen ??= sight;
                if (sight.Service != _seen.Service) throw Gone(SightKind.ServiceGone);
                if (sight.Counter != _seen.Counter) return;
            }
            await AwaitAsync(changed, Timeout.InfiniteTimeSpan, cancellation, either).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="CardException">
    /// No card; a mute one; one that another program holds for longer than <see cref="PcscReaderOptions.BusyLimit"/>; the reader or the service is gone.
    /// </exception>
    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        if (_connection is { IsDisposed: false }) throw new CardException(CardFault.Busy, "Another connection to this reader is open; dispose it first.");
        CardChannel? used = null;
        var atr = await UntilFreeAsync(channel => (used = channel).ConnectAsync(cancellation), cancellation).ConfigureAwait(false);
        return _connection = new PcscConnection(used!, _reader, atr, _options.SlowCard);
    }

    /// <summary>Powers the card down and ends every wait with <see cref="CardFault.ReaderGone"/>. A call that does not return is left behind.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed.IsCancellationRequested) return;
        await _disposed.CancelAsync().ConfigureAwait(false);
        if (_connection is not null) await _connection.DisposeAsync().ConfigureAwait(false);
        _channel?.GiveUp();
        if (_watch is not null) await _watch.DisposeAsync().ConfigureAwait(false);
        if (_channel is { IsBusy: false }) await Task.WhenAny(_channel.Ended, Task.Delay(_options.DeadReader, _time)).ConfigureAwait(false);
    }

    /// <summary>Tries again while another program holds the card, and once more with a new context when the service was restarted since the last use.</summary>
    private async Task<T?> UntilFreeAsync<T>(Func<CardChannel, Task<(PcscCode Code, T? Value)>> attempt, CancellationToken cancellation)
    {
        var (started, isRenewed) = (_time.GetTimestamp(), false);
        while (true)
        {
            var channel = Channel();
            var (code, value) = await attempt(channel).ConfigureAwait(false);
            switch (code)
            {
                case PcscCode.Success:
                    return value;
                case PcscCode.SharingViolation when _time.GetElapsedTime(started) < _options.BusyLimit:
                    await Task.Delay(BusyPause, _time, cancellation).ConfigureAwait(false);
                    break;
                case var _ when PcscFaults.IsService(code):
                    channel.GiveUp();
                    if (isRenewed) throw PcscFaults.Exception(code, _reader, CardFault.ServiceGone);
                    isRenewed = true;
                    break;
                default:
                    throw PcscFaults.Exception(code, _reader, CardFault.Mute);
            }
        }
    }

    private CardChannel Channel()
    {
        lock (_sync)
        {
            if (_disposed.IsCancellationRequested) throw Disposed();
            if (_channel is { IsGivenUp: false }) return _channel;
            if (_channel is not null) _givenUp.Add(_channel);
            _givenUp.RemoveAll(c => c.Ended.IsCompleted);
            _channel = null;
            if (_givenUp.Count >= MaximumGivenUp)
                throw PcscFaults.Exception(CardFault.ReaderGone, _reader, $"{MaximumGivenUp} calls did not return; restart the smart card service");
            return _channel = new CardChannel(_api, _reader, _options.DeadReader, _time, _logger);
        }
    }

    private ReaderWatch Watch()
    {
        lock (_sync)
        {
            if (_disposed.IsCancellationRequested) throw Disposed();
            return _watch ??= new ReaderWatch(_api, _reader, _options.DeadReader, _time, _logger);
        }
    }

    private CancellationTokenSource Linked(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return CancellationTokenSource.CreateLinkedTokenSource(cancellation, _disposed.Token);
    }

    /// <returns>False when the limit is over.</returns>
    private async Task<bool> AwaitAsync(Task changed, TimeSpan limit, CancellationToken cancellation, CancellationTokenSource either)
    {
        try
        {
            await changed.WaitAsync(limit, _time, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Disposed();
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
    }

    private CardException Gone(SightKind kind) => PcscFaults.Exception(kind == SightKind.ReaderAbsent ? CardFault.ReaderGone : CardFault.ServiceGone, _reader);

    private static CardException Disposed() => new(CardFault.ReaderGone, "The reader was disposed.");
}
