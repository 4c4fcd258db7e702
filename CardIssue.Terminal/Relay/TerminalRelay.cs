using System.Security.Cryptography;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Hosting;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Protocol;
using CardIssue.Terminal.Readers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// The relay (numeral 211): carries out what <see cref="TerminalMachine"/> decides. It keeps the line up, watches the reader, passes commands to the card
/// and results back, and stores nothing.
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
    private readonly CardPort _card;
    private readonly SemaphoreSlim _oneIssue = new(1, 1);
    private TerminalState _state;
    private RelayLine? _line;
    private ByteString _atr;
    private PendingIssue? _pending;
    private TaskCompletionSource<StatusReport>? _status;
    private PendingEnrollment? _enrollment;

    /// <summary>Makes a relay; <see cref="RunAsync"/> starts it.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="connector">Brings the line up; should wait and retry by itself. A <see cref="SplitConnector"/> brings up a split line.</param>
    /// <param name="reader">The card reader.</param>
    /// <param name="module">The secure module; holds the terminal's keys and knows its center.</param>
    /// <param name="display">Is told each step as it happens.</param>
    /// <param name="printer">Prints receipts.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="logger">The log.</param>
    /// <param name="readerKey">The key that the reader carries, or null; readers whose entry names a key are not known without.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public TerminalRelay(
        TerminalRelayOptions options, ILineConnector connector, ICardReader reader, ISecureModule module,
        IProgress<IssueProgress>? display = null, IReceiptPrinter? printer = null, TimeProvider? time = null, ILogger<TerminalRelay>? logger = null,
        IReaderKey? readerKey = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(module);
        options.Validate();
        (_options, _connector, _reader, _module, _display, _printer) = (options, connector, reader, module, display, printer);
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<TerminalRelay>.Instance;
        _readerKey = readerKey;
        _readers = new ReaderAuthentication(module.Center, module.Identity.Id, readerKey);
        _readerWatch = new ReaderWatch(options.SameReaderPause, _time);
        _queue = new EventQueue<Item>(_time, () => new Item.Happened(new TerminalEvent.TimerFired()));
        _commands = new CommandBuffer(options.Window);
        _card = new CardPort(
            reader, module, _commands, _responses, answer => _queue.PostAsync(new Item.Card(answer)), CheckAsync, options.SlowCard, _time, _logger);
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

        public sealed record StatusWanted : Item;

        public sealed record ReaderCame : Item;

        public sealed record EnrollmentWanted(PendingEnrollment Enrollment) : Item;

        public sealed record Shown(TerminalEffect.Show Show) : Item;
    }

    /// <summary>A request from <see cref="IssueAsync"/> on its way.</summary>
    private sealed record PendingIssue(IssueRequest Request, IProgress<IssueProgress>? Progress)
    {
        public TaskCompletionSource<IssueOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Asked { get; set; }
    }

    /// <summary>Where the terminal stands.</summary>
    public TerminalPhase Phase => Volatile.Read(ref _state).Phase;

    /// <summary>Whether the relay holds no command for a card: so it is whenever no script is under way.</summary>
    public bool HoldsNothing => _commands.IsEmpty;

    /// <summary>Keeps the line up and works until cancelled. Once per relay.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] running = [_card.RunAsync(stop.Token), KeepLineAsync(stop.Token), WatchReaderAsync(stop.Token), WorkAsync(stop.Token)];
        try
        {
            // Any of them ends only by cancellation or by a bug, which must not be hidden.
            await await Task.WhenAny(running).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            _queue.Complete();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_line is not null) await _line.DisposeAsync().ConfigureAwait(false);
            _pending?.Done.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Has one card issued: S230 to S300. Waits for access and for the last customer's card to be taken out. One at a time.</summary>
    /// <param name="request">Whose card.</param>
    /// <param name="progress">Is told each step of this request.</param>
    /// <param name="cancellation">Cancels the request at the center too; what was begun stays with its card.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<IssueOutcome> IssueAsync(IssueRequest request, IProgress<IssueProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Reference.Length is 0 or > Limits.MaxReference) throw new ArgumentException($"A reference has 1 to {Limits.MaxReference} characters.", nameof(request));
        await _oneIssue.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var pending = new PendingIssue(request, progress);
            await _queue.PostAsync(new Item.Wanted(pending), cancellation).ConfigureAwait(false);
            await using var _ = cancellation.Register(() => CancelLater(pending)).ConfigureAwait(false);
            return await pending.Done.Task.ConfigureAwait(false);
        }
        finally
        {
            _oneIssue.Release();
        }
    }

    /// <summary>Asks the center what it takes this terminal for. Needs access.</summary>
    public async Task<StatusReport> AskStatusAsync(CancellationToken cancellation)
    {
        var asked = new TaskCompletionSource<StatusReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        _status = asked;
        await _queue.PostAsync(new Item.StatusWanted(), cancellation).ConfigureAwait(false);
        return await asked.Task.WaitAsync(_options.CenterSilence, _time, cancellation).ConfigureAwait(false);
    }

    /// <summary>Zeroes what is left. The reader, module and connector belong to the caller.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Dispose();
        await _card.DisposeAsync().ConfigureAwait(false);
        _commands.Dispose();
        _responses.Dispose();
        _oneIssue.Dispose();
    }

    private void CancelLater(PendingIssue pending) => _ = Task.Run(async () => await _queue.PostAsync(new Item.Cancelled(pending)).ConfigureAwait(false));

    private async Task WorkAsync(CancellationToken cancellation)
    {
        while (await _queue.NextAsync(cancellation).ConfigureAwait(false) is { } item)
        {
            await ActAsync(item, cancellation).ConfigureAwait(false);
            if (_state.Phase is TerminalPhase.Idle) await MindReaderAsync(cancellation).ConfigureAwait(false);
            if (_state.Phase is TerminalPhase.Idle && _pending is { Asked: false } wanted) await AskAsync(wanted, cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask ActAsync(Item item, CancellationToken cancellation)
    {
        switch (item)
        {
            case Item.Happened { Event: TerminalEvent.Received { Message: StatusReport report } }:
                _status?.TrySetResult(report);
                break;
            case Item.Happened { Event: TerminalEvent.Received { Message: ReaderEnrollment answer } } when _enrollment is { Sent: true } asked:
                await TakeEnrollmentAsync(asked, answer, cancellation).ConfigureAwait(false);
                break;
            case Item.Happened happened:
                await StepAsync(happened.Event, cancellation).ConfigureAwait(false);
                break;
            case Item.Card card when _card.IsCurrent(card.Answer):
                await StepAsync(card.Answer.Event, cancellation).ConfigureAwait(false);
                break;
            case Item.CommandCame command:
                // What the machine does not want is not kept.
                var wanted = await StepAsync(new TerminalEvent.CommandArrived(command.Sequence), cancellation).ConfigureAwait(false);
                if (!wanted && command.IsKept) _commands.Drop(command.Sequence);
                break;
            case Item.ReaderCame:
                _readerWatch.Renew();
                break;
            case Item.EnrollmentWanted enroll:
                _enrollment = enroll.Enrollment;
                break;
            case Item.LineUp up:
                _line = up.Line;
                // What was asked on the line before is asked again.
                if (_enrollment is { } unanswered) unanswered.Sent = false;
                await StepAsync(new TerminalEvent.LineUp(up.Nonce), cancellation).ConfigureAwait(false);
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
                Show(shown.Show);
                break;
            case Item.StatusWanted:
                await SendAsync(new StatusRequest(), cancellation).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>S230: the code is sealed for this request of this session, and for the center alone.</summary>
    private async ValueTask AskAsync(PendingIssue wanted, CancellationToken cancellation)
    {
        var number = _state.Requests + 1;
        var (refusal, sealedCode) = await _card.WithModuleAsync(
            module => (module.SealIssueCode(number, wanted.Request.Code.Span, out var code), code), cancellation).ConfigureAwait(false);
        if (refusal is not ModuleRefusal.None)
        {
            Log.ModuleRefused(_logger, refusal, 0);
            End(IssueEnding.Aborted, refusal.ToString());
            return;
        }
        wanted.Asked = true;
        await StepAsync(new TerminalEvent.IssueOrdered(wanted.Request.Reference, sealedCode, wanted.Request.Operator), cancellation).ConfigureAwait(false);
    }

    /// <summary>One transition and its effects, in order. Whether the event was handled.</summary>
    private async ValueTask<bool> StepAsync(TerminalEvent happened, CancellationToken cancellation)
    {
        var before = _state.Phase;
        var step = TerminalMachine.On(_state, happened);
        Volatile.Write(ref _state, step.State);
        if (step.Outcome.Kind is OutcomeKind.Rejected) Log.Rejected(_logger, before, happened.Kind, step.Outcome.Reason);
        if (step.Outcome.Kind is OutcomeKind.Ignored) Log.Ignored(_logger, before, happened.Kind, step.Outcome.Reason);
        foreach (var effect in step.Effects) await CarryOutAsync(effect, cancellation).ConfigureAwait(false);
        return step.Outcome.Kind is OutcomeKind.Handled;
    }
}
