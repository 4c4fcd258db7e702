using System.Security.Cryptography;
using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader.PcSc.Binding;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.PcSc;

/// <summary>
/// The calls to one reader's card: a thread, a context and pinned buffers of their own, one call at a time. A call that does not return in time is given up,
/// not interrupted (PC/SC can't): its thread keeps the buffers, powers the card down and releases the context when it returns, and the next use has another channel.
/// </summary>
internal sealed class CardChannel
{
    /// <summary>An extended command: header 4, Lc 3, data 65,535, Le 2 (ISO 7816-4 5.1).</summary>
    private const int LongestCommand = 4 + 3 + 65_535 + 2;

    private readonly IPcscApi _api;
    private readonly string _reader;
    private readonly TimeSpan _deadReader;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly byte[] _command = GC.AllocateArray<byte>(LongestCommand, pinned: true);
    private readonly byte[] _response = GC.AllocateArray<byte>(ResponseApdu.MaxLength, pinned: true);
    private readonly CallThread _thread;
    private nint _context, _card;
    private PcscProtocols _active;

    /// <summary>By what a connection was found to be dead.</summary>
    private PcscCode _lost = PcscCode.NoCard;
    private int _dirty;

    /// <summary>Whether somebody waits for the call that is under way, and so will end it: see <see cref="IsBusy"/>.</summary>
    private volatile bool _isAwaited;

    public CardChannel(IPcscApi api, string reader, TimeSpan deadReader, TimeProvider time, ILogger logger)
    {
        (_api, _reader, _deadReader, _time, _logger) = (api, reader, deadReader, time, logger);
        _thread = new CallThread($"PC/SC cards of {reader}", LetGo);
    }

    /// <summary>Whether the card that is connected to speaks T=0.</summary>
    public bool IsT0 => _active == PcscProtocols.T0;

    /// <summary>Whether it was given up.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Completes when nothing of it is left.</summary>
    public Task Ended => _thread.Ended;

    /// <summary>Whether a call that nobody waits for any more has not returned.</summary>
    public bool IsBusy => _gate.CurrentCount == 0;

    /// <summary>Connects to the card exclusively: no transaction, which Windows would end with a reset after 5 idle seconds.</summary>
    public async Task<(PcscCode Code, ByteString Atr)> ConnectAsync(CancellationToken cancellation)
    {
        var (code, atr) = await CallOrGiveUpAsync(Connect, cancellation).ConfigureAwait(false);
        if (code == PcscCode.Success) PcscLog.Connected(_logger, _reader, _active);
        return (code, atr);
    }

    /// <summary>
    /// Runs calls that need no card, on the open connection or else on the reader alone. Cancelled, it leaves the connection as it is: somebody's card is in work there.
    /// </summary>
    public Task<(PcscCode Code, T? Value)> AskReaderAsync<T>(Func<nint, (PcscCode Code, T? Value)> ask, CancellationToken cancellation) =>
        CallAsync(() => AskReader(ask), cancellation);

    /// <summary>Sends one command and receives its response.</summary>
    /// <exception cref="CardException">It failed, or took longer than <paramref name="limit"/>.</exception>
    public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, TimeSpan limit, CancellationToken cancellation)
    {
        if (command.Length is < 4 or > LongestCommand) throw new ArgumentException($"A command APDU has 4 to {LongestCommand} bytes; it has {command.Length}.");
        await EnterAsync(cancellation).ConfigureAwait(false);
        command.CopyTo(_command);
        var running = Start(() => Transmit(command.Length));
        try
        {
            var (fault, code, length) = await WaitAsync(running, limit, CardFault.SlowCard, cancellation).ConfigureAwait(false);
            if (fault is { } known) throw Failed(known, code);
            if (length > response.Length) throw new ArgumentException($"The response has {length} bytes; the buffer holds {response.Length}.", nameof(response));
            _response.AsSpan(0, length).CopyTo(response.Span);
            return length;
        }
        finally
        {
            LeaveAfter(running);
        }
    }

    /// <summary>Cold reset: power off and on.</summary>
    public async Task<ByteString> ResetAsync(CancellationToken cancellation)
    {
        var (fault, code, atr) = await CallAsync(Reset, cancellation).ConfigureAwait(false);
        return fault is { } known ? throw Failed(known, code) : atr;
    }

    /// <summary>Powers the card down. What is gone already is no fault.</summary>
    public async Task DisconnectAsync()
    {
        // A call that was given up does the rest itself when it returns.
        if (IsBusy) GiveUp();
        else await CallAsync(Disconnect, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Ends it after the call that is under way.</summary>
    public void GiveUp()
    {
        if (IsGivenUp) return;
        IsGivenUp = true;
        if (IsBusy) PcscLog.Abandoned(_logger, _reader);
        _thread.End();
    }

    private async Task<T> CallAsync<T>(Func<T> call, CancellationToken cancellation)
    {
        await EnterAsync(cancellation).ConfigureAwait(false);
        return await RunAsync(call, cancellation).ConfigureAwait(false);
    }

    /// <summary>Cancelled before its turn, nothing of it was begun, and whoever is at the card goes on.</summary>
    private async Task<T> CallOrGiveUpAsync<T>(Func<T> call, CancellationToken cancellation)
    {
        await EnterAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await RunAsync(call, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A connection that nobody has would hold the card.
            GiveUp();
            throw;
        }
    }

    private async Task<T> RunAsync<T>(Func<T> call, CancellationToken cancellation)
    {
        var running = Start(call);
        try
        {
            return await WaitAsync(running, _deadReader, CardFault.ReaderGone, cancellation).ConfigureAwait(false);
        }
        finally
        {
            LeaveAfter(running);
        }
    }

    private Task<T> Start<T>(Func<T> call)
    {
        _isAwaited = true;
        return _thread.Start(call);
    }

    private async ValueTask EnterAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!_gate.Wait(TimeSpan.Zero, CancellationToken.None)) await EnterLateAsync(cancellation).ConfigureAwait(false);
        if (!IsGivenUp) return;
        _gate.Release();
        throw PcscFaults.Exception(CardFault.ReaderGone, _reader, "given up");
    }

    private async Task EnterLateAsync(CancellationToken cancellation)
    {
        using var dead = new CancellationTokenSource(_deadReader, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(dead.Token, cancellation);
        try
        {
            await _gate.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // A command may take longer than that, and whoever awaits it ends it in time.
            if (_isAwaited) throw new CardException(CardFault.Busy, $"The card in {_reader} is still at work after {_deadReader}; ask again when its command has ended.");
            GiveUp();
            throw PcscFaults.Exception(CardFault.ReaderGone, _reader, $"a call did not return within {_deadReader}");
        }
    }

    private async Task<T> WaitAsync<T>(Task<T> running, TimeSpan limit, CardFault late, CancellationToken cancellation)
    {
        try
        {
            return await running.WaitAsync(limit, _time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (late == CardFault.ReaderGone) GiveUp();
            throw PcscFaults.Exception(late, _reader, $"no answer within {limit}");
        }
    }

    /// <summary>The next call may come when this one has returned, and nothing of it is left in the buffer.</summary>
    private void LeaveAfter(Task running)
    {
        if (running.IsCompleted)
        {
            Leave();
            return;
        }
        _isAwaited = false;
        running.ContinueWith(static (_, channel) => ((CardChannel)channel!).Leave(), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Leave()
    {
        CryptographicOperations.ZeroMemory(_response.AsSpan(0, _dirty));
        _dirty = 0;
        _gate.Release();
    }

    private CardException Failed(CardFault fault, PcscCode code)
    {
        PcscLog.Failed(_logger, _reader, fault, (uint)code);
        return PcscFaults.Exception(fault, _reader, PcscFaults.Text(code));
    }

    // From here on: on the channel's thread.

    private PcscCode Establish() => _context != 0 ? PcscCode.Success : _api.EstablishContext(out _context);

    private (PcscCode Code, ByteString Atr) Connect()
    {
        if (Establish() is not PcscCode.Success and var none) return (none, default);
        var code = _api.Connect(_context, _reader, PcscShare.Exclusive, PcscProtocols.T0 | PcscProtocols.T1, out var card, out _active);
        if (code == PcscCode.Success)
        {
            _card = card;
            code = _api.Status(card, out var atr);
            if (code == PcscCode.Success) return (code, atr);
            Disconnect();
        }
        // A card that was just pulled looks mute until the service notices.
        var isGone = PcscFaults.Of(code) is null or CardFault.Mute && CardLook.After(_api, _context, _reader) == CardFault.Removed;
        return (isGone ? PcscCode.NoCard : code, default);
    }

    private (PcscCode Code, T? Value) AskReader<T>(Func<nint, (PcscCode Code, T? Value)> ask)
    {
        // A connection whose reader went, or whose service was restarted, tells nothing of the reader that is there now.
        if (_card != 0 && _api.Status(_card, out _) is not PcscCode.Success and var lost)
        {
            Disconnect();
            _lost = lost;
        }
        if (_card != 0) return ask(_card);
        if (Establish() is not PcscCode.Success and var none) return (none, default);
        var code = _api.Connect(_context, _reader, PcscShare.Direct, PcscProtocols.None, out var card, out _);
        if (code != PcscCode.Success) return (code, default);
        try
        {
            return ask(card);
        }
        finally
        {
            _api.Disconnect(card, PcscDisposition.Leave);
        }
    }

    private (CardFault? Fault, PcscCode Code, int Length) Transmit(int commandLength)
    {
        try
        {
            if (_card == 0) return (FaultAfter(_lost), _lost, 0);
            var sent = _active == PcscProtocols.T0 ? CaseFour.LengthForT0(_command.AsSpan(0, commandLength)) : commandLength;
            var code = _api.Transmit(_card, _active, _command.AsSpan(0, sent), _response, out var length);
            // Of a response that failed, some may have come all the same.
            _dirty = code == PcscCode.Success ? length : _response.Length;
            if (code != PcscCode.Success) return (FaultAfter(code), code, 0);
            return length < 2 ? (FaultAfter(PcscCode.NotTransacted), PcscCode.NotTransacted, 0) : (null, code, length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_command.AsSpan(0, commandLength));
        }
    }

    private (CardFault? Fault, PcscCode Code, ByteString Atr) Reset()
    {
        if (_card == 0) return (FaultAfter(_lost), _lost, default);
        var code = _api.Reconnect(_card, PcscShare.Exclusive, PcscProtocols.T0 | PcscProtocols.T1, PcscDisposition.Unpower, out var active);
        if (code != PcscCode.Success) return (FaultAfter(code), code, default);
        _active = active;
        code = _api.Status(_card, out var atr);
        return code == PcscCode.Success ? (null, code, atr) : (FaultAfter(code), code, default);
    }

    private bool Disconnect()
    {
        if (_card == 0) return true;
        var code = _api.Disconnect(_card, PcscDisposition.Unpower);
        _card = 0;
        if (code != PcscCode.Success) PcscLog.NotPoweredDown(_logger, _reader, (uint)code);
        return code == PcscCode.Success;
    }

    /// <summary>What a code means for a card that was there; a code that leaves it open is settled by a look at the reader.</summary>
    private CardFault FaultAfter(PcscCode code) => PcscFaults.Of(code) switch
    {
        CardFault.NoCard => CardFault.Removed,
        null or CardFault.Mute => CardLook.After(_api, _context, _reader),
        { } fault => fault,
    };

    private void LetGo()
    {
        Disconnect();
        if (_context != 0) _api.ReleaseContext(_context);
        CryptographicOperations.ZeroMemory(_response);
    }
}
