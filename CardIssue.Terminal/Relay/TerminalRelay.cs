using System.Security.Cryptography;
using CardIssue.Core.Cards;
using CardIssue.Core.Hosting;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Readers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// The relay (numeral 211): keeps the line to the center up, watches the reader, passes the center's commands to the card and the card's results
/// back, and stores nothing. Made once, run by <see cref="RunAsync"/>, asked for cards by <see cref="IssueAsync"/>.
/// </summary>
public sealed partial class TerminalRelay : IAsyncDisposable
{
    private readonly TerminalRelayOptions _options;
    private readonly ILineConnector _connector;
    private readonly ICardReader _reader;
    private readonly ISecureModule _module;
    private readonly IReaderKey? _readerKey;
    private readonly ReaderAuthentication _readers;
    private readonly ReaderWatch _readerWatch;
    private readonly IProgress<IssueProgress>? _display;
    private readonly IReceiptPrinter? _printer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventQueue<Item> _queue;
    private readonly CommandBuffer _commands;
    private readonly ResponseStore _responses = new();
    private readonly RequestFacts _facts = new();
    private readonly CreditPace _pace;
    private readonly CardPort _card;
    private readonly CenterCertificates? _certificates;
    private TerminalState _state;
    private RelayLine? _line;
    private ByteString _atr;
    private PendingIssue? _pending;
    private PendingStatus? _status;
    private PendingEnrollment? _enrollment;

    /// <summary>Makes a relay; <see cref="RunAsync"/> starts it.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="connector">Brings the line up; should wait and retry by itself. A <see cref="SplitConnector"/> brings up a split line.</param>
    /// <param name="reader">The card reader.</param>
    /// <param name="module">The secure module; holds the terminal's keys and knows its center.</param>
    /// <param name="display">Is told each step as it happens, in the relay's turn, on a thread of the pool; null for nobody.</param>
    /// <param name="printer">Prints receipts; null where nothing prints them.</param>
    /// <param name="time">Where time comes from; the system's clock when null.</param>
    /// <param name="logger">The log, which gets no data of a card's or customer's; none when null.</param>
    /// <param name="readerKey">The key that the reader carries, or null; readers whose entry names a key are not known without.</param>
    /// <param name="certificates">What the terminal knows its center's TLS certificate by, for the connector too; null where it learns of none.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public TerminalRelay(
        TerminalRelayOptions options, ILineConnector connector, ICardReader reader, ISecureModule module,
        IProgress<IssueProgress>? display = null, IReceiptPrinter? printer = null, TimeProvider? time = null, ILogger<TerminalRelay>? logger = null,
        IReaderKey? readerKey = null, CenterCertificates? certificates = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(module);
        options.Validate();
        (_options, _connector, _reader, _module, _display, _printer) = (options, connector, reader, module, display, printer);
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<TerminalRelay>.Instance;
        (_readerKey, _certificates) = (readerKey, certificates);
        _readers = new ReaderAuthentication(() => module.Center, module.Identity.Id, readerKey);
        _readerWatch = new ReaderWatch(options.SameReaderPause, _time);
        _queue = new EventQueue<Item>(new AlarmClock(_time), () => new Item.Happened(new TerminalEvent.TimerFired()));
        _commands = new CommandBuffer(options.Window);
        _pace = new CreditPace(_time);
        _card = new CardPort(
            reader, module, _commands, _responses, answer => _queue.PostAsync(new Item.Card(answer)),
            (part, fault) => _queue.PostAsync(new Item.Failed(part, fault)), CheckAsync, options.SlowCard, _time, _logger);
        _state = TerminalState.Start(module.Identity.Id, options.Policy, connector is SplitConnector ? LineHalf.Data : LineHalf.Whole);
    }

    /// <summary>What goes through the queue: the machine's events, and what only the relay itself acts on.</summary>
    private abstract record Item
    {
        public sealed record Happened(TerminalEvent Event) : Item;

        public sealed record Card(CardAnswer Answer) : Item;

        public sealed record CommandCame(int Sequence, bool IsKept) : Item;

        public sealed record LineUp(RelayLine Line, ByteString Nonce) : Item;

        public sealed record Wanted(PendingIssue Issue) : Item;

        public sealed record Cancelled(PendingIssue Issue) : Item;

        public sealed record StatusWanted(PendingStatus Status) : Item;

        public sealed record Failed(string Part, Exception Fault) : Item;

        public sealed record ReaderCame : Item;

        public sealed record ReaderStays : Item;

        public sealed record ReaderWent(CardFault Fault) : Item;

        public sealed record ReaderChecked(int Check, ReaderJudgement Judgement) : Item;

        public sealed record CardUnread(CardFault Fault) : Item;

        public sealed record EnrollmentWanted(PendingEnrollment Enrollment) : Item;

        public sealed record Shown(TerminalEffect.Show Show, IssueReason Reason) : Item;

        public sealed record LineFailed(LineException Fault) : Item;
    }

    /// <summary>Where the terminal stands.</summary>
    public TerminalPhase Phase => Volatile.Read(ref _state).Phase;

    /// <summary>
    /// Whether the relay holds no command for a card: so it is whenever no script is under way, and no card is waited for; what opens one
    /// is here before it is in, in the clear, and holds nothing of a customer's.
    /// </summary>
    public bool HoldsNothing => _commands.IsEmpty;

    private async Task WorkAsync(CancellationToken cancellation)
    {
        TellStatus();
        while (await _queue.NextAsync(cancellation).ConfigureAwait(false) is { } item)
        {
            await WalledAsync(item.GetType().Name, () => ActAsync(item, cancellation), cancellation).ConfigureAwait(false);
            if (_failed) await RecoverAsync(cancellation).ConfigureAwait(false);
            await WalledAsync(nameof(AttendAsync), () => AttendAsync(cancellation), cancellation).ConfigureAwait(false);
            if (_failed) await RecoverAsync(cancellation).ConfigureAwait(false);
            TellStatus();
        }
    }

    /// <summary>
    /// What waits for its moment: the status for access, the reader and the next customer for the end of the order before.
    /// </summary>
    private async ValueTask AttendAsync(CancellationToken cancellation)
    {
        if (_state.Phase.HasAccess() && _status is { Sent: false } status)
        {
            status.Sent = true;
            await SendAsync(new StatusRequest(), cancellation).ConfigureAwait(false);
        }
        if (_state.Phase is TerminalPhase.Idle) await MindReaderAsync(cancellation).ConfigureAwait(false);
        if (_state.Phase is TerminalPhase.Idle && _pending is { Asked: false } wanted)
            await AskAsync(wanted, cancellation).ConfigureAwait(false);
    }

    private async ValueTask ActAsync(Item item, CancellationToken cancellation)
    {
        switch (item)
        {
            case Item.Happened { Event: TerminalEvent.Received { Message: StatusReport report } }:
                _status?.Done.TrySetResult(report);
                _status = null;
                break;
            case Item.Happened { Event: TerminalEvent.Received { Message: ReaderEnrollment answer } } when _enrollment is { Sent: true } asked:
                await TakeEnrollmentAsync(asked, answer, cancellation).ConfigureAwait(false);
                break;
            case Item.Happened { Event: TerminalEvent.Received { Message: Disconnect disconnect } } when _state.Phase.HasAccess():
                Hear(disconnect);
                break;
            case Item.Happened happened:
                if (happened.Event is TerminalEvent.Received { Message: Script script })
                    _pace.ScriptCame(script.First + Math.Min(script.Count, _options.Window));
                if (happened.Event is TerminalEvent.CardGone) _unread = null;
                await StepAsync(happened.Event, cancellation).ConfigureAwait(false);
                break;
            case Item.Card card when _card.IsCurrent(card.Answer):
                _facts.Take(card.Answer);
                await StepAsync(Paced(card.Answer.Event), cancellation).ConfigureAwait(false);
                break;
            case Item.CommandCame command:
                _pace.CommandCame(command.Sequence);
                // What the machine does not want is not kept.
                var wanted = await StepAsync(new TerminalEvent.CommandArrived(command.Sequence), cancellation).ConfigureAwait(false);
                if (!wanted && command.IsKept) _commands.Drop(command.Sequence);
                break;
            case Item.ReaderCame:
                _readerWatch.Renew();
                break;
            case Item.ReaderStays when _state.Phase is TerminalPhase.AwaitingCard:
                SayAgain();
                break;
            case Item.ReaderWent went:
                TellAway(went.Fault);
                break;
            case Item.ReaderChecked told when told.Check == _check && _state.Phase is TerminalPhase.CheckingReader:
                await TakeCheckAsync(told.Judgement, cancellation).ConfigureAwait(false);
                break;
            case Item.CardUnread unread:
                _unread = unread.Fault;
                TellUnread();
                break;
            case Item.EnrollmentWanted enroll:
                _enrollment = enroll.Enrollment;
                break;
            case Item.LineUp up:
                (_line, _lost) = (up.Line, Unsaid);
                _pace.LineUp();
                // What was asked on the line before is asked again.
                if (_enrollment is { } unanswered) unanswered.Sent = false;
                if (_status is { } open) open.Sent = false;
                await StepAsync(new TerminalEvent.LineUp(up.Nonce, _certificates?.Number ?? 0), cancellation).ConfigureAwait(false);
                break;
            case Item.Wanted ask:
                _pending = ask.Issue;
                break;
            case Item.Cancelled cancelled when _pending == cancelled.Issue:
                _pending = null;
                cancelled.Issue.Done.TrySetCanceled(CancellationToken.None);
                if (cancelled.Issue.Asked) await StepAsync(new TerminalEvent.CancelOrdered(), cancellation).ConfigureAwait(false);
                break;
            case Item.Shown shown:
                _facts.Say(shown.Reason);
                Show(shown.Show);
                break;
            case Item.LineFailed failed:
                TakeLineFault(failed.Fault);
                break;
            case Item.StatusWanted status:
                _status = status.Status;
                break;
            case Item.Failed failed:
                Fail(failed.Part, failed.Fault);
                // Without access no card is in use: what failed was only let go.
                _failed = _state.Phase.HasAccess();
                break;
        }
    }

    /// <summary>The card's answer, and when its credit is due.</summary>
    private TerminalEvent Paced(TerminalEvent happened)
    {
        if (happened is not TerminalEvent.Answered answered) return happened;
        _pace.Answered();
        return answered with { Ahead = _pace.Ahead };
    }

    /// <summary>S230: the code is sealed for this request of this session, and for the center alone.</summary>
    private async ValueTask AskAsync(PendingIssue wanted, CancellationToken cancellation)
    {
        wanted.Asked = true;
        _facts.Begin();
        var number = _state.Requests + 1;
        var (refusal, sealedCode) = await _card.WithModuleAsync(
            module => (module.SealIssueCode(number, wanted.Request.Reference, wanted.Request.Code.Span, out var code), code),
            cancellation).ConfigureAwait(false);
        if (refusal is not ModuleRefusal.None)
        {
            Log.ModuleRefused(_logger, refusal, 0);
            End(IssueEnding.Aborted, refusal.ToString(), IssueReason.StoppedModuleRefused);
            return;
        }
        await StepAsync(new TerminalEvent.IssueOrdered(wanted.Request.Reference, sealedCode, wanted.Request.Operator), cancellation).ConfigureAwait(false);
    }

    /// <summary>One transition and its effects, in order. Whether the event was handled.</summary>
    private async ValueTask<bool> StepAsync(TerminalEvent happened, CancellationToken cancellation)
    {
        var before = _state.Phase;
        _facts.Take(happened);
        var step = TerminalMachine.On(_state, happened);
        if (TerminalMachine.WhyClosed(_state, happened, step) is { } code) _whyClosed = WhyClosed(code, happened);
        Volatile.Write(ref _state, step.State);
        if (step.Outcome.Kind is OutcomeKind.Rejected) Log.Rejected(_logger, before, happened.Kind, step.Outcome.Reason);
        if (step.Outcome.Kind is OutcomeKind.Ignored) Log.Ignored(_logger, before, happened.Kind, step.Outcome.Reason);
        if (step.State.Phase.HasAccess()) _hadAccess = true;
        // One that fails does not keep the others from being carried out: above all not those that zero, power down and let go.
        foreach (var effect in step.Effects)
            await WalledAsync(effect.GetType().Name, () => CarryOutAsync(effect, cancellation), cancellation).ConfigureAwait(false);
        return step.Outcome.Kind is OutcomeKind.Handled;
    }
}
