using CardIssue.Core.Lines;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Readers;
using Microsoft.Extensions.Logging;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// The results half of a split line, from its coming up to its being joined: carries out what a <see cref="TerminalMachine"/> of its own decides. Afterwards it is a part of the relay's line.
/// </summary>
/// <param name="line">The relay's line, which is the data half so far.</param>
/// <param name="card">Where the module has its turn.</param>
/// <param name="readers">Takes the reader list that comes with the admission.</param>
/// <param name="silence">How long the center may be silent.</param>
/// <param name="show">Is told when the half is refused, and why.</param>
/// <param name="time">Where time comes from.</param>
/// <param name="logger">The log.</param>
internal sealed class ResultsHalf(
    RelayLine line, CardPort card, ReaderAuthentication readers, TimeSpan silence, Func<TerminalEffect.Show, IssueReason, ValueTask> show,
    TimeProvider time, ILogger logger)
{
    private TerminalState _state = null!;
    private ILine _half = null!;
    private Admission _admission = null!;
    private readonly RequestFacts _facts = new();
    private bool _isTimed, _closed;

    /// <summary>Brings the half up and joins it. Where that fails, the whole line is closed: one half is of no use.</summary>
    /// <param name="connector">Brings it up.</param>
    /// <param name="start">The state to begin with.</param>
    /// <param name="cancellation">The data half is gone.</param>
    public async Task JoinAsync(ILineConnector connector, TerminalState start, CancellationToken cancellation)
    {
        _state = start;
        try
        {
            _half = RelayLine.Authenticated(await connector.ConnectAsync(cancellation).ConfigureAwait(false));
            Log.LineUp(logger, _half.Peer.Line?.ToString() ?? "none");
            await AdmitAsync(cancellation).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            Log.LineDown(logger, e.Fault, e.Message);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The data half went first.
        }
        catch (Exception e)
        {
            Log.Failed(logger, e, nameof(ResultsHalf), _state.Phase);
        }
        finally
        {
            if (_state.Phase is not TerminalPhase.Attached)
            {
                if (_half is not null) await _half.DisposeAsync().ConfigureAwait(false);
                await line.Received.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task AdmitAsync(CancellationToken cancellation)
    {
        var (nonce, admission) = await card.WithModuleAsync(
            module => (module.BeginAdmission(LineHalf.Results), new Admission(_half, module)), cancellation).ConfigureAwait(false);
        _admission = admission;
        await StepAsync(new TerminalEvent.LineUp(nonce), cancellation).ConfigureAwait(false);
        while (!_closed && _state.Phase is not TerminalPhase.Attached) await StepAsync(await NextAsync(cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
    }

    /// <summary>The next message, or that the center was silent for too long, or that the half is gone.</summary>
    private async ValueTask<TerminalEvent> NextAsync(CancellationToken cancellation)
    {
        using var silent = new CancellationTokenSource(_isTimed ? silence : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silent.Token);
        try
        {
            using var frame = await _half.ReceiveAsync(either.Token).ConfigureAwait(false);
            if (frame is null) return Gone();
            var decoded = MessageCodec.Decode(frame.Memory);
            return decoded.IsMessage ? new TerminalEvent.Received(decoded.Message) : new TerminalEvent.Garbage(decoded.Error);
        }
        catch (OperationCanceledException) when (silent.IsCancellationRequested)
        {
            return new TerminalEvent.TimerFired();
        }
    }

    private TerminalEvent.LineDown Gone()
    {
        _closed = true;
        return new TerminalEvent.LineDown();
    }

    private async ValueTask StepAsync(TerminalEvent happened, CancellationToken cancellation)
    {
        var before = _state.Phase;
        _facts.Take(happened);
        var step = TerminalMachine.On(_state, happened);
        _state = step.State;
        if (step.Outcome.Kind is OutcomeKind.Rejected) Log.Rejected(logger, before, happened.Kind, step.Outcome.Reason);
        if (step.Outcome.Kind is OutcomeKind.Ignored) Log.Ignored(logger, before, happened.Kind, step.Outcome.Reason);
        foreach (var effect in step.Effects) await CarryOutAsync(effect, cancellation).ConfigureAwait(false);
    }

    private async ValueTask CarryOutAsync(TerminalEffect effect, CancellationToken cancellation)
    {
        switch (effect)
        {
            case TerminalEffect.Send send: await _half.SendAsync(MessageCodec.Encode(send.Message), cancellation).ConfigureAwait(false); break;
            case TerminalEffect.Sign sign: await SignAsync(sign, cancellation).ConfigureAwait(false); break;
            case TerminalEffect.JudgeCenter judge:
                var isCenter = await card.WithModuleAsync(_ => _admission.IsCenter(judge.Admitted), cancellation).ConfigureAwait(false);
                var genuine = isCenter && readers.TryAccept(judge.Admitted.ReaderList);
                await StepAsync(new TerminalEvent.CenterJudged(genuine), cancellation).ConfigureAwait(false);
                break;
            case TerminalEffect.AttachResults: line.Attach(_half); break;
            case TerminalEffect.ArmTimer: _isTimed = true; break;
            case TerminalEffect.StopTimer: _isTimed = false; break;
            case TerminalEffect.CloseLine: _closed = true; break;
            case TerminalEffect.Show { Notice: IssueNotice.AccessRefused or IssueNotice.CenterNotKnown } refused: await show(refused, _facts.ReasonOf(refused.Notice)).ConfigureAwait(false); break;
            // Notes are the data half's.
            case TerminalEffect.KeepWitness: break;
            // That access is asked for is shown for the line as a whole.
            case TerminalEffect.Show: break;
            default: throw new InvalidOperationException($"A results half has no use for {effect.GetType().Name}.");
        }
    }

    private async ValueTask SignAsync(TerminalEffect.Sign sign, CancellationToken cancellation)
    {
        var (refusal, proof) = await card.WithModuleAsync(_ => (_admission.Prove(sign.Hello, sign.Challenge, out var made), made), cancellation).ConfigureAwait(false);
        if (proof is not null)
        {
            await StepAsync(new TerminalEvent.Signed(proof), cancellation).ConfigureAwait(false);
            return;
        }
        Log.ModuleRefused(logger, refusal, 0);
        _closed = true;
    }
}
