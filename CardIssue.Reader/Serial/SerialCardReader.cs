using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader.Serial.Framing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Reader.Serial;

/// <summary>
/// A GemPC Twin, or a reader that speaks as it does, on a serial port: CCID messages in frames of its own, cards with T=0 and T=1. Cards come and go by what the reader
/// tells. The port is opened at the first use, and anew at the next one after it was lost.
/// </summary>
public sealed class SerialCardReader : ICardReader
{
    private readonly string _name;
    private readonly Func<OpenPort> _openPort;
    private readonly SerialReaderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SlotPresence _presence = new();
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly SemaphoreSlim _card = new(1, 1);
    private OpenReader? _open;
    private SerialCardConnection? _connection;
    private int _seen;
    private bool _isDisposed;

    /// <summary>Names a reader; nothing is opened yet.</summary>
    /// <param name="portName">As the system calls it: <c>/dev/ttyUSB0</c>, <c>COM3</c>.</param>
    /// <param name="options">Its times; null for those of a GemPC Twin.</param>
    /// <param name="time">Measures them.</param>
    /// <param name="logger">Hears of repairs and faults; never of data.</param>
    /// <exception cref="ArgumentException">An option is outside its range, or the port has no name.</exception>
    public SerialCardReader(string portName, SerialReaderOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
        : this(portName, null, options, time, logger)
    {
    }

    internal SerialCardReader(string portName, Func<OpenPort>? openPort, SerialReaderOptions? options, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(portName);
        (_name, _options, _time, _logger) = (portName, options ?? new SerialReaderOptions(), time ?? TimeProvider.System, logger ?? NullLogger.Instance);
        _options.Validate();
        _openPort = openPort ?? (() => OpenPort.Serial(portName, _options.BaudRate, _logger));
    }

    /// <summary>
    /// What the reader says of itself: its firmware string, and the model where that names one. It tells no vendor and no serial number.
    /// </summary>
    /// <exception cref="CardException">The reader is gone.</exception>
    public async ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation)
    {
        var firmware = await WithReaderAsync(open => ReaderProfile.AskFirmwareAsync(open.Ccid, cancellation), cancellation).ConfigureAwait(false);
        var said = new ReaderProfile(firmware, false);
        return new ReaderIdentity("serial", _name, Vendor: null, said.Model, Serial: null, said.Version, _name);
    }

    /// <inheritdoc/>
    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var now = await WaitAsync(insertion => insertion != 0, cancellation).ConfigureAwait(false);
            _seen = now;
            if (await WithReaderAsync(open => AtrAsync(open, now, cancellation), cancellation).ConfigureAwait(false) is { IsEmpty: false } atr) return atr;
        }
    }

    /// <summary>Completes as soon as the card that was waited for is out; one that was swapped for another was taken out, however quickly.</summary>
    /// <exception cref="CardException">The reader is gone.</exception>
    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation)
    {
        var seen = _seen;
        await WaitAsync(insertion => insertion == 0 || (seen != 0 && insertion != seen), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        if (_connection is { } open && IsLive(open)) throw new CardException(CardFault.Busy, "Another connection to this reader is open; dispose it first.");
        return await WithReaderAsync(async open =>
        {
            using var turn = await TakeTurnAsync(cancellation).ConfigureAwait(false);
            var session = await open.Starter.StartAsync(cancellation).ConfigureAwait(false);
            return _connection = new SerialCardConnection(this, open, session, _presence.Look().Insertion);
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Closes the port; a wait or a command under way fails with <see cref="CardFault.ReaderGone"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        if (_open is { } open) await open.DisposeAsync().ConfigureAwait(false);
        _presence.Forget();
    }

    internal async ValueTask<int> TransmitAsync(SerialCardConnection connection, ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation).ConfigureAwait(false);
        Check(connection);
        if (!connection.Session.IsUsable) throw new CardException(CardFault.Protocol, "The last command did not end in order; reset the card.");
        using var slow = new CancellationTokenSource(_options.CardTime, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            return await connection.Session.TransmitAsync(command, response, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (slow.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new CardException(CardFault.SlowCard, $"The card worked for more than {_options.CardTime} on one command; reset it.", e);
        }
    }

    internal async ValueTask ResetAsync(SerialCardConnection connection, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation).ConfigureAwait(false);
        Check(connection);
        connection.Session.Dispose();
        await connection.Open.Starter.PowerOffAsync(cancellation).ConfigureAwait(false);
        connection.Session = await connection.Open.Starter.StartAsync(cancellation).ConfigureAwait(false);
        Check(connection);
    }

    internal async ValueTask PowerOffAsync(SerialCardConnection connection)
    {
        if (!IsCurrent(connection)) return;
        try
        {
            using var turn = await TakeTurnAsync(CancellationToken.None).ConfigureAwait(false);
            if (IsCurrent(connection)) await connection.Open.Starter.PowerOffAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (CardException e)
        {
            // The reader is gone, and the card's power with it: what was to be done is done.
            Log.Lost(_logger, _name, e.Fault, e.Message);
        }
    }

    private bool IsCurrent(SerialCardConnection connection) =>
        !connection.Open.Ccid.IsLost && ReferenceEquals(connection.Open, _open) && connection.Insertion == _presence.Look().Insertion;

    private bool IsLive(SerialCardConnection connection) => !connection.IsDisposed && IsCurrent(connection);

    private void Check(SerialCardConnection connection)
    {
        if (connection.Open.Ccid.IsLost || !ReferenceEquals(connection.Open, _open)) throw new CardException(CardFault.ReaderGone, "The reader was lost; connect again.");
        if (!IsCurrent(connection)) throw new CardException(CardFault.Removed, "The card was taken out.");
    }

    /// <summary>The answer to reset of that card; empty when it is out already. A card that is connected to keeps its power and session.</summary>
    private async ValueTask<ByteString> AtrAsync(OpenReader open, int insertion, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation).ConfigureAwait(false);
        if (_connection is { } connection && IsLive(connection)) return connection.Atr;
        try
        {
            var atr = await open.Starter.PowerOnAsync(cancellation).ConfigureAwait(false);
            await open.Starter.PowerOffAsync(cancellation).ConfigureAwait(false);
            return _presence.Look().Insertion == insertion ? atr.Bytes : default;
        }
        catch (CardException e) when (e.Fault is CardFault.NoCard)
        {
            return default;
        }
    }

    private async ValueTask<int> WaitAsync(Func<int, bool> reached, CancellationToken cancellation)
    {
        while (true)
        {
            var open = await OpenAsync(cancellation).ConfigureAwait(false);
            var now = _presence.Look();
            if (!now.IsUnclear && reached(now.Insertion)) return now.Insertion;
            var isTime = now.IsUnclear || !await ChangesAsync(now.Changed, open.Profile.Notifies, cancellation).ConfigureAwait(false);
            if (isTime) await WithReaderAsync(async reader => { await reader.AskPresenceAsync(cancellation).ConfigureAwait(false); return true; }, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for news of the slot; false when it is time to ask: for a sign of life, or, when the reader refused to tell of cards, for these.</summary>
    private async ValueTask<bool> ChangesAsync(Task changed, bool notifies, CancellationToken cancellation)
    {
        try
        {
            await changed.WaitAsync(notifies ? _options.KeepAlive : _options.PollInterval, _time, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async ValueTask<T> WithReaderAsync<T>(Func<OpenReader, ValueTask<T>> use, CancellationToken cancellation)
    {
        var open = await OpenAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await use(open).ConfigureAwait(false);
        }
        catch (CardException e) when (open.Ccid.IsLost)
        {
            Log.Lost(_logger, _name, e.Fault, e.Message);
            throw;
        }
    }

    private async ValueTask<OpenReader> OpenAsync(CancellationToken cancellation)
    {
        await _opening.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            ThrowIfDisposed();
            if (_open is { Ccid.IsLost: false } open) return open;
            if (_open is { } lost)
            {
                _open = null;
                await lost.DisposeAsync().ConfigureAwait(false);
                _presence.Forget();
            }
            return _open = await OpenReader.OpenAsync(_openPort, _name, _presence, _options, _time, _logger, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
        }
    }

    private void ThrowIfDisposed()
    {
        if (_isDisposed) throw new CardException(CardFault.ReaderGone, "The reader was disposed.");
    }

    private async ValueTask<Turn> TakeTurnAsync(CancellationToken cancellation)
    {
        await _card.WaitAsync(cancellation).ConfigureAwait(false);
        return new Turn(_card);
    }

    /// <summary>Powering a card and talking to it happen one after the other.</summary>
    private readonly struct Turn(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
