using System.Security.Cryptography;
using System.Threading.Channels;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Pipeline;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using Microsoft.Extensions.Logging;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// The one queue in front of card and module: what is asked of them happens in order, one at a time.
/// payload → module? → card → response; nothing of it is kept but the responses of the script under way.
/// </summary>
internal sealed class CardPort : IAsyncDisposable
{
    private const int MaxQueued = 64;

    /// <summary>How often a connection that fails to close is closed.</summary>
    private const int MaxDisconnects = 2;

    private readonly ICardReader _reader;
    private readonly ISecureModule _module;
    private readonly CommandBuffer _commands;
    private readonly ResponseStore _responses;
    private readonly Func<CardAnswer, ValueTask> _post;
    private readonly Func<string, Exception, ValueTask> _failed;
    private readonly Func<CancellationToken, ValueTask<ReaderJudgement>> _checkReader;
    private readonly TimeSpan _slowCard;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<Func<CancellationToken, ValueTask>> _work =
        Channel.CreateBounded<Func<CancellationToken, ValueTask>>(new BoundedChannelOptions(MaxQueued) { SingleReader = true });
    private readonly byte[] _payload = GC.AllocateArray<byte>(FieldLimits.MaxPayload, pinned: true);
    private readonly byte[] _wrapped = GC.AllocateArray<byte>(ISecureModule.MaxWrappedLength, pinned: true);
    private readonly byte[] _response = GC.AllocateArray<byte>(ResponseApdu.MaxLength, pinned: true);
    private ICardConnection? _connection;
    private Script? _script;
    private ScriptStop? _broken;
    private volatile ModuleRefusal _refusal;
    private int _epoch;
    private ushort? _status;
    private CardFault? _fault;
    private int _readerLosses, _lossesAtCheck;

    public CardPort(
        ICardReader reader, ISecureModule module, CommandBuffer commands, ResponseStore responses,
        Func<CardAnswer, ValueTask> post, Func<string, Exception, ValueTask> failed,
        Func<CancellationToken, ValueTask<ReaderJudgement>> checkReader, TimeSpan slowCard, TimeProvider time, ILogger logger) =>
        (_reader, _module, _commands, _responses, _post, _failed, _checkReader, _slowCard, _time, _logger) =
        (reader, module, commands, responses, post, failed, checkReader, slowCard, time, logger);

    /// <summary>Which refusal the module ended the latest script with.</summary>
    public ModuleRefusal Refusal => _refusal;

    /// <summary>
    /// Works off the queue until cancelled. What a driver or a module throws ends the script under way, and the relay hears of it.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await foreach (var work in _work.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                await work(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                _broken = ScriptStop.CardLost;
                await DisconnectAsync().ConfigureAwait(false);
                await _failed(nameof(CardPort), e).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Gets ready for a script: a cold reset for an opening, the ticket for the module. A failure is told with the script's first command.</summary>
    public ValueTask BeginScriptAsync(Script script, CancellationToken cancellation) =>
        _work.Writer.WriteAsync(stop => BeginAsync(script, stop), cancellation);

    /// <summary>Takes one command to the card; <see cref="TerminalEvent.Answered"/> or <see cref="TerminalEvent.Faulted"/> follows.</summary>
    public ValueTask TransmitAsync(int sequence, CancellationToken cancellation)
    {
        var epoch = _epoch;
        return _work.Writer.WriteAsync(stop => PassOnAsync(sequence, epoch, stop), cancellation);
    }

    /// <summary>Whether an answer is still waited for: not after a release, when sequence numbers may begin anew.</summary>
    public bool IsCurrent(CardAnswer answer) => answer.Epoch == _epoch;

    /// <summary>The reader went away: whatever comes back is checked before it touches a card.</summary>
    public void LoseReader() => Interlocked.Increment(ref _readerLosses);

    /// <summary>Zeroes commands and responses, ends the module's opening, powers the card down.</summary>
    public ValueTask ReleaseAsync(CancellationToken cancellation)
    {
        _epoch++;
        return _work.Writer.WriteAsync(_ => LetGoAsync(), cancellation);
    }

    /// <summary>Uses the module in its turn.</summary>
    public async ValueTask<T> WithModuleAsync<T>(Func<ISecureModule, T> use, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _work.Writer.WriteAsync(
            _ =>
            {
                try { done.SetResult(use(_module)); }
                catch (Exception e) { done.SetException(e); }
                return ValueTask.CompletedTask;
            }, cancellation).ConfigureAwait(false);
        return await done.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        try
        {
            await LetGoAsync().ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_payload);
            CryptographicOperations.ZeroMemory(_wrapped);
            CryptographicOperations.ZeroMemory(_response);
        }
    }

    private async ValueTask BeginAsync(Script script, CancellationToken cancellation)
    {
        _responses.Clear();
        (_script, _broken, _refusal) = (script, null, ModuleRefusal.None);
        if (script.Kind is ScriptKind.Open) await ResetAsync(cancellation).ConfigureAwait(false);
        if (script.Ticket.IsEmpty) return;
        if (_module.OpenTicket(script) is not ModuleRefusal.None and var refusal)
        {
            Log.ModuleRefused(_logger, refusal, script.First);
            (_broken, _refusal) = (ScriptStop.ModuleRefused, refusal);
        }
    }

    private async ValueTask ResetAsync(CancellationToken cancellation)
    {
        try
        {
            _module.EndOpening();
            if (!ReaderStayed()) await DisconnectAsync().ConfigureAwait(false);
            // A reader whose card came back after a fault is connected to anew.
            _connection ??= await ConnectAsync(cancellation).ConfigureAwait(false);
            if (_connection is null) _broken = ScriptStop.CardLost;
            else await _connection.ResetAsync(cancellation).ConfigureAwait(false);
        }
        catch (CardException e)
        {
            Log.CardLost(_logger, e.Fault, e.Message);
            (_broken, _fault) = (ScriptStop.CardLost, e.Fault);
            await DisconnectAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// S250: the reader that a card is touched through is the one that was checked; the check before the card was asked for may be minutes old.
    /// Null when it is not known: to the center the card is lost, it asks for one again, and hears of the reader then.
    /// </summary>
    /// <exception cref="CardException">The reader is away, or what it does is no connection.</exception>
    private async ValueTask<ICardConnection?> ConnectAsync(CancellationToken cancellation)
    {
        _lossesAtCheck = Volatile.Read(ref _readerLosses);
        var judgement = await _checkReader(cancellation).ConfigureAwait(false);
        if (judgement is ReaderJudgement.Away away) throw new CardException(away.Fault, "The reader does not say what it is.");
        if (judgement is ReaderJudgement.Known)
            return new GetResponseConnection(await _reader.ConnectAsync(cancellation).ConfigureAwait(false));
        Log.CardWithheld(_logger);
        return null;
    }

    private bool ReaderStayed() => Volatile.Read(ref _readerLosses) == _lossesAtCheck;

    private async ValueTask PassOnAsync(int sequence, int epoch, CancellationToken cancellation)
    {
        var happened = _broken is { } stop ? new TerminalEvent.Faulted(sequence, stop)
            : _connection is null || _script is null || !ReaderStayed() ? new TerminalEvent.Faulted(sequence, ScriptStop.CardLost)
            : await TransmitAsync(_connection, _script, sequence, cancellation).ConfigureAwait(false);
        // Null when the relay has discarded the command meanwhile: nobody waits for an answer any more.
        if (happened is not null) await _post(new CardAnswer(epoch, happened, _status, _fault)).ConfigureAwait(false);
        (_status, _fault) = (null, null);
    }

    private async ValueTask<TerminalEvent?> TransmitAsync(ICardConnection connection, Script script, int sequence, CancellationToken cancellation)
    {
        try
        {
            if (_commands.TryTake(sequence, _payload) is not { } taken) return null;
            ReadOnlyMemory<byte> command = _payload.AsMemory(0, taken.Length);
            if (script.Sealed)
            {
                var refusal = _module.Unseal(script, sequence, command.Span, _wrapped, out var length);
                CryptographicOperations.ZeroMemory(_payload.AsSpan(0, taken.Length));
                if (refusal is not ModuleRefusal.None)
                {
                    Log.ModuleRefused(_logger, refusal, sequence);
                    _refusal = refusal;
                    return new TerminalEvent.Faulted(sequence, ScriptStop.ModuleRefused);
                }
                command = _wrapped.AsMemory(0, length);
            }
            return await ExchangeAsync(connection, sequence, command, taken.Expected, cancellation).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_payload);
            CryptographicOperations.ZeroMemory(_wrapped);
        }
    }

    private async ValueTask<TerminalEvent> ExchangeAsync(
        ICardConnection connection, int sequence, ReadOnlyMemory<byte> command, ValueList<ushort> expected, CancellationToken cancellation)
    {
        using var slow = new CancellationTokenSource(_slowCard, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        // All of it is zeroed when the driver fails midway.
        var length = _response.Length;
        try
        {
            length = await connection.TransmitAsync(command, _response, either.Token).ConfigureAwait(false);
            if (!_responses.TryAdd(_response.AsSpan(0, length))) return new TerminalEvent.Faulted(sequence, ScriptStop.TooLong);
            var statusWord = (ushort)(_response[length - 2] << 8 | _response[length - 1]);
            _status = statusWord;
            return new TerminalEvent.Answered(sequence, ExpectedStatus.Admits(expected, statusWord));
        }
        catch (CardException e)
        {
            _fault = e.Fault;
            Log.CardLost(_logger, e.Fault, e.Message);
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested)
        {
            _fault = CardFault.SlowCard;
            Log.CardLost(_logger, CardFault.SlowCard, $"No answer within {_slowCard}.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_response.AsSpan(0, length));
        }
        _broken = ScriptStop.CardLost;
        await DisconnectAsync().ConfigureAwait(false);
        return new TerminalEvent.Faulted(sequence, ScriptStop.CardLost);
    }

    private async ValueTask LetGoAsync()
    {
        if (_script is not null) _commands.Discard(_script.First + _script.Count);
        _responses.Clear();
        _script = null;
        try
        {
            _module.EndOpening();
        }
        finally
        {
            await DisconnectAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask DisconnectAsync()
    {
        if (_connection is null) return;
        var gone = _connection;
        _connection = null;
        // A connection that stays open would keep the reader busy for the next card.
        for (var tries = 0; tries < MaxDisconnects && !await TryDisposeAsync(gone).ConfigureAwait(false); tries++) { }
    }

    private async ValueTask<bool> TryDisposeAsync(ICardConnection gone)
    {
        try
        {
            await gone.DisposeAsync().ConfigureAwait(false);
        }
        catch (CardException e)
        {
            // The card went first; there is nothing left to power down.
            Log.CardLost(_logger, e.Fault, e.Message);
        }
        catch (Exception e)
        {
            Log.NotPoweredDown(_logger, e);
            return false;
        }
        return true;
    }
}

/// <summary>What became of a command, in which epoch it was asked for, the card's status word, and what went wrong at the reader.</summary>
internal readonly record struct CardAnswer(int Epoch, TerminalEvent Event, ushort? Status, CardFault? Fault);
