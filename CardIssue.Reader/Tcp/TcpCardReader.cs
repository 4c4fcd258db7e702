using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Reader.Tcp;

/// <summary>
/// A reader behind a TCP port that speaks vpcd's wire: each message is 2 bytes of length, big-endian, and as many bytes. A message of 1 byte is
/// control (00 power off, 01 power on, 02 reset, 04 asks for the answer to reset), any other one a command APDU. This side
/// connects; an empty answer means that no card is in, or that it lost its power. Presence is asked for, so an arrival is seen within 50 ms. One
/// that takes more than 10 s to be connected to, or to answer what is no command, is gone (<see cref="CardFault.ReaderGone"/>). The wire is not protected: it is for simulated cards on loopback.
/// </summary>
public sealed class TcpCardReader : ICardReader
{
    /// <summary>The longest answer to reset in bytes (ISO 7816-3 8.2).</summary>
    private const int MaximumAtr = 33;
    private const byte PowerOff = 0x00, PowerOn = 0x01, ResetCard = 0x02, AskAtr = 0x04;

    private readonly string _host;
    private readonly int _port;
    private readonly ReaderIdentity _identity;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly byte[] _atr = new byte[TcpWire.MaximumMessage];
    private TcpWire? _wire;
    private TcpCardConnection? _connection;
    private bool _isDisposed;

    /// <summary>Names a reader; nothing is connected yet.</summary>
    /// <param name="host">Host name or address.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="identity">What the reader is taken for; null for <c>virtual</c> with its address as name and port.</param>
    /// <param name="time">Paces the polling for cards.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is none.</exception>
    public TcpCardReader(string host, int port, ReaderIdentity? identity = null, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 0xFFFF);
        (_host, _port, _time) = (host, port, time ?? TimeProvider.System);
        _identity = identity ?? new ReaderIdentity("virtual", $"tcp://{host}:{port}", Port: $"{host}:{port}");
    }

    /// <summary>How often the reader is asked whether a card is in: 50 ms.</summary>
    internal static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a reader may take to be connected to, or to say whether a card is in: 10 s. A card's commands have no limit here.</summary>
    internal static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    /// <summary>What it was given: the wire tells nothing of a reader.</summary>
    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => ValueTask.FromResult(_identity);

    /// <inheritdoc/>
    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var atr = await LockedAsync(AskAtrAsync, cancellation).ConfigureAwait(false);
            if (!atr.IsEmpty) return atr;
            await Task.Delay(PollInterval, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation)
    {
        while (!(await LockedAsync(AskAtrAsync, cancellation).ConfigureAwait(false)).IsEmpty)
            await Task.Delay(PollInterval, _time, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        if (_connection is { IsDisposed: false }) throw new CardException(CardFault.Busy, "Another connection to this reader is open; dispose it first.");
        var atr = await LockedAsync((wire, stop) => PowerAsync(wire, PowerOn, stop), cancellation).ConfigureAwait(false);
        if (atr.IsEmpty) throw new CardException(CardFault.NoCard, $"No card is in {_identity.Name}; insert one.");
        return _connection = new TcpCardConnection(this, atr);
    }

    /// <summary>Closes the connection; a wait or a command under way fails with <see cref="CardFault.ReaderGone"/>.</summary>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        _wire?.Dispose();
        return ValueTask.CompletedTask;
    }

    internal async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        if (command.Length < 4) throw new ArgumentException("A command APDU has 4 bytes or more.", nameof(command));
        var length = await LockedAsync(
            async (wire, stop) =>
            {
                await wire.SendAsync(command, stop).ConfigureAwait(false);
                return await wire.ReceiveAsync(response, stop).ConfigureAwait(false);
            },
            cancellation).ConfigureAwait(false);
        return length switch
        {
            0 => throw new CardException(CardFault.Removed, "The card was taken out or lost its power; connect again or reset it."),
            1 => throw new CardException(CardFault.Protocol, "One byte came where a status word has two."),
            _ => length,
        };
    }

    internal async ValueTask<ByteString> ResetAsync(CancellationToken cancellation)
    {
        var atr = await LockedAsync((wire, stop) => PowerAsync(wire, ResetCard, stop), cancellation).ConfigureAwait(false);
        return atr.IsEmpty ? throw new CardException(CardFault.Removed, "The card was taken out.") : atr;
    }

    internal async ValueTask PowerOffAsync()
    {
        if (_isDisposed || _wire is null) return;
        try
        {
            await LockedAsync(
                async (wire, stop) =>
                {
                    await wire.SendAsync(new[] { PowerOff }, stop).ConfigureAwait(false);
                    return true;
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (CardException e) when (e.Fault == CardFault.ReaderGone)
        {
            // The reader is gone, and the card's power with it: what was to be done is done.
        }
    }

    /// <summary>Whatever is said, also what no card says: it is there until it is taken out.</summary>
    private Task<ByteString> AskAtrAsync(TcpWire wire, CancellationToken cancellation) => InTimeAsync(
        async stop =>
        {
            await wire.SendAsync(new[] { AskAtr }, stop).ConfigureAwait(false);
            var length = await wire.ReceiveAsync(_atr, stop).ConfigureAwait(false);
            return ByteString.Copy(_atr.AsSpan(0, length));
        },
        cancellation);

    private async Task<ByteString> PowerAsync(TcpWire wire, byte control, CancellationToken cancellation)
    {
        await wire.SendAsync(new[] { control }, cancellation).ConfigureAwait(false);
        var atr = await AskAtrAsync(wire, cancellation).ConfigureAwait(false);
        return atr.Length <= MaximumAtr ? atr : throw new CardException(CardFault.Protocol, $"An answer to reset of {atr.Length} bytes came; it has {MaximumAtr} at most.");
    }

    /// <summary>One exchange at a time. An exchange that was broken off leaves its answer on the wire, so the wire is given up and made anew next time.</summary>
    private async Task<T> LockedAsync<T>(Func<TcpWire, CancellationToken, Task<T>> exchange, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_isDisposed) throw new CardException(CardFault.ReaderGone, "The reader was disposed.");
            _wire ??= await InTimeAsync(stop => TcpWire.ConnectAsync(_host, _port, stop), cancellation).ConfigureAwait(false);
            return await exchange(_wire, cancellation).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e) when (_isDisposed)
        {
            throw new CardException(CardFault.ReaderGone, "The reader was disposed.", e);
        }
        catch
        {
            _wire?.Dispose();
            _wire = null;
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>What takes too long is given up: an address may swallow all that is sent to it, and a program that stopped still has its port.</summary>
    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> exchange, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(AnswerLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            return await exchange(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new CardException(CardFault.ReaderGone, $"The reader at {_host}:{_port} does not answer; see that it runs, and that this is its address.", e);
        }
    }
}
