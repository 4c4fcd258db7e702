using System.Security.Cryptography;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Hosting;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Sessions;

/// <summary>
/// One terminal's session at the center: carries out what <see cref="CenterMachine"/> decides. It lives as long as its line; all that another
/// session needs to go on is in the store.
/// </summary>
internal sealed partial class CenterSession : IHalf, IDisposable
{
    private const int MaxFollowUps = 16;
    private const string Misplaced = "a message on the data half, which carries none this way";

    private readonly CenterServices _services;
    private readonly JoinDesk _joins;
    private readonly LineTerms _terms;
    private readonly ILine _line;
    private readonly AdmissionDesk _admission;
    private readonly ReaderDesk _readers;
    private readonly SessionLog _log;
    private readonly ILogger _logger;
    private readonly EventQueue<Item> _queue;
    private readonly Queue<CenterEvent> _followUps = new();
    private CenterState _state;
    private LiveSession? _view;
    private CancellationToken _renewal;
    private Task _renewing = Task.CompletedTask;
    private int _renews;
    private AdmittedTerminal? _terminal;
    private CardWork? _work;
    private PreparedScript? _script;

    /// <summary>The opening that goes along with the word to insert a card in this step: made and logged with it, so that both are one commit.</summary>
    private CenterEffect.SendScript? _ahead;
    private bool _closed;

    /// <summary>Makes a session for a line that came up. The line has a number: it comes from a listener.</summary>
    public CenterSession(CenterServices services, AlarmClock alarms, JoinDesk joins, ILine line, LineTerms terms, string name)
    {
        (_services, _joins, _terms, Name) = (services, joins, terms, name);
        _line = line.Peer.HasTls ? line : AuthenticatedLine.AtCenter(line);
        _logger = services.Loggers.CreateLogger<CenterSession>();
        _admission = new AdmissionDesk(services);
        _readers = new ReaderDesk(services);
        _log = new SessionLog(services.Log, services.Time, _unwritten.Add, name, line.Peer.Line!.Value);
        _queue = new EventQueue<Item>(alarms, () => new Item(new CenterEvent.TimerFired(), ByteString.Empty));
        _state = CenterState.Start(services.Options.Policy, terms.Half);
    }

    /// <summary>
    /// An event; for the log the frame that it came in, empty when it is not a message, the fault that ended the line, or why the center ended it;
    /// what was found of a results half at another host; and which half of the line it came in on, null when it did not come in on a line.
    /// </summary>
    private sealed record Item(
        CenterEvent Event, ByteString Frame, IHalf? From = null, LineException? Fault = null, string? Ended = null, string? Judged = null);

    /// <summary>The session's name, unique over all hosts.</summary>
    public string Name { get; }

    /// <summary>Where the session stands.</summary>
    public CenterPhase Phase => Volatile.Read(ref _state).Phase;

    /// <summary>What the listener knows of the peer.</summary>
    public LinePeer Peer => _line.Peer;

    /// <summary>The terminal that was let in; null before.</summary>
    public TerminalIdentity? Terminal => Volatile.Read(ref _terminal)?.Identity;

    /// <summary>What it is doing, for people; null before the terminal was let in.</summary>
    public LiveSession? View()
    {
        if (LetInAt == 0 || Terminal is not { } terminal) return null;
        var (state, last) = (Volatile.Read(ref _state), Volatile.Read(ref _view));
        var order = state.Work?.Claim.Order;
        // It is looked at each second: the same one while nothing has changed.
        if (last is not null && last.Phase == state.Phase && last.Order == order) return last;
        var view = new LiveSession(Name, _services.Host, terminal.Id, Peer.Line!.Value, Peer.Address?.ToString(), _since, state.Phase, order);
        Volatile.Write(ref _view, view);
        return view;
    }

    /// <summary>Called once, when the terminal is let in.</summary>
    public Action<TerminalId>? WhenLetIn { get; init; }

    /// <summary>Called each time that its <see cref="View"/> may have become another one.</summary>
    public Action? WhenChanged { get; init; }

    /// <summary>When the terminal was let in, as a timestamp of the session's clock; 0 before.</summary>
    public long LetInAt => Volatile.Read(ref _letInAt);

    /// <summary>Works until the line is gone and everything that it left is settled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        _ending = cancellation;
        var lineUp = new CenterEvent.LineUp(_line.Peer.Line!.Value, ByteString.Own(RandomNumberGenerator.GetBytes(ProtocolLimits.NonceLength)));
        await StepAsync(lineUp, cancellation).ConfigureAwait(false);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var receiving = ReceiveAsync(ended.Token);
        _renewal = ended.Token;
        try
        {
            while (!_closed && _state.Phase is not CenterPhase.Ended && await _queue.NextAsync(cancellation).ConfigureAwait(false) is { } item)
                await TakeAsync(item, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            await FailAsync(nameof(RunAsync), e).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            _joins.Withdraw(this);
            await CloseLineAsync().ConfigureAwait(false);
            await Task.WhenAll(receiving, _renewing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // A results half that was cut tells its data half itself: its own receiving may have ended before it could.
            if (Volatile.Read(ref _dataHalf) is { } data) await data.LoseAsync(this, fault: null).ConfigureAwait(false);
            await CloseLinkAsync().ConfigureAwait(false);
            await TellUnadmittedAsync().ConfigureAwait(false);
            await EndAsync().ConfigureAwait(false);
            await WriteLastAsync().ConfigureAwait(false);
            await ForgetDataHalfAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Stops the order under way, or the session when there is none.</summary>
    public ValueTask StopAsync(CancellationToken cancellation) => _queue.PostAsync(new Item(new CenterEvent.StopOrdered(), ByteString.Empty), cancellation);

    /// <summary>Zeroes what is left.</summary>
    public void Dispose()
    {
        EndIssue();
        _queue.Dispose();
        _work?.Dispose();
    }

    /// <summary>A message is in the log before it is answered. Where it cannot be, nothing leaves: the record is in doubt, and is settled later.</summary>
    private async ValueTask TakeAsync(Item item, CancellationToken cancellation)
    {
        if (IsMisplaced(item)) item = item with { Event = new CenterEvent.Garbage(Misplaced) { Code = DisconnectCode.WrongHalf } };
        var happened = item.Event;
        try
        {
            if (happened is CenterEvent.Received received) _log.Received(received.Message, item.Frame.Memory);
            if (happened is CenterEvent.Received { Message: Disconnect told }) Hear(told);
            if (item.Fault is { } fault && (fault.Fault is LineFault.Tampered || Volatile.Read(ref _isLetIn)))
                _log.Decided(0, fault.Fault.ToString(), fault.Message);
            if (item.Ended is { } ended) _log.Decided(0, "Ended", ended);
            if (happened is CenterEvent.ResultsJudged(var fits) && item.Judged is { } judged)
                _log.Decided(fits ? 220 : 310, fits ? "Joining" : "Refusing", judged);
            if (happened is CenterEvent.Garbage garbage) _log.Garbage(garbage.Error, item.Frame.Memory);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            if (e is not StoreException) OperationLog.Fault(_logger, e, Name, nameof(TakeAsync));
            OperationLog.NotLogged(_logger, Name, e.Message);
            if (happened is not CenterEvent.LineDown) happened = new CenterEvent.SaveFailed(ClaimLost: false);
            if (_state.Work is null)
            {
                await CloseLineAsync().ConfigureAwait(false);
                happened = new CenterEvent.LineDown();
            }
        }
        if (IsEnrolment(happened, out var asked)) await EnrolAsync(asked, cancellation).ConfigureAwait(false);
        else await StepAsync(happened, cancellation).ConfigureAwait(false);
        if (!item.Frame.IsEmpty) item.From!.FrameHandled();
    }

    /// <summary>One transition, its effects in order, then what the effects answered at once.</summary>
    private async ValueTask StepAsync(CenterEvent first, CancellationToken cancellation)
    {
        _followUps.Enqueue(first);
        for (var steps = 0; _followUps.TryDequeue(out var happened); steps++)
        {
            if (steps == MaxFollowUps) throw new InvalidOperationException("A step leads to steps without end.");
            var before = _state.Phase;
            var step = CenterMachine.On(_state, happened);
            NameFault(happened, step);
            Volatile.Write(ref _state, step.State);
            WhenChanged?.Invoke();
            if (step.Outcome.Kind is OutcomeKind.Rejected) OperationLog.Rejected(_logger, Level(LogLevel.Warning), Name, before, happened.Kind, step.Outcome.Reason);
            if (step.Outcome.Kind is OutcomeKind.Ignored) OperationLog.Ignored(_logger, Name, before, happened.Kind, step.Outcome.Reason);
            _ahead = step.State.Phase is CenterPhase.AwaitingCard ? step.Effects.OfType<CenterEffect.SendScript>().FirstOrDefault() : null;
            var goesOn = true;
            foreach (var effect in step.Effects)
                if (goesOn || LetsGo(effect)) goesOn = await CarryOutAsync(effect, cancellation).ConfigureAwait(false) && goesOn;
            await SendHeldAsync(cancellation).ConfigureAwait(false);
            if (_followUps.Count == 0) await SettleAsync(cancellation).ConfigureAwait(false);
            if (_state.Work is null && _followUps.Count == 0) EndWork();
            else KeepLease();
        }
    }

    private void EndWork()
    {
        EndIssue();
        _work?.Dispose();
        (_work, _script) = (null, null);
        _log.Order = null;
    }

    /// <summary>A claim whose session lives keeps its lease, however long the operator looks for a card. A session without a claim wakes nobody.</summary>
    private void KeepLease()
    {
        if (_state.Work is not null && Interlocked.Exchange(ref _renews, 1) == 0) _renewing = RenewAsync(_renewal);
    }

    private async Task RenewAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(_services.Options.LeaseRenewal, _services.Time);
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            if (Volatile.Read(ref _state).Work is not { } work)
            {
                // A claim that comes between the look and the word that nobody renews is seen by one of both.
                Interlocked.Exchange(ref _renews, 0);
                if (Volatile.Read(ref _state).Work is null || Interlocked.Exchange(ref _renews, 1) == 1) return;
                continue;
            }
            try
            {
                if (!await _services.Orders.RenewAsync(work.Claim.Order, work.Claim.Fence, cancellation).ConfigureAwait(false))
                    await _queue.PostAsync(new Item(new CenterEvent.SaveFailed(ClaimLost: true), ByteString.Empty), cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // The next save will say so too; until then there is nothing to lose.
                OperationLog.NotSaved(_logger, Name, "lease", $"{e.GetType().Name}: {e.Message}");
            }
        }
    }
}
