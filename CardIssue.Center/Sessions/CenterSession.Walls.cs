using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What must not fail and does (a bug here, or in a vault, a store, a log, a line, a display that the center was given) ends the order
/// under way, or this session where
/// there is none; the server and all other sessions go on.
/// </summary>
internal sealed partial class CenterSession
{
    private const string FaultKind = "Fault";

    /// <summary>An order that the store gave to this session and the machine does not have yet.</summary>
    private ClaimOutcome.Claimed? _claimed;

    /// <summary>
    /// Into the host's log with all that is known of it, and into the center's with its kind alone: a message could quote what may not
    /// be there.
    /// </summary>
    private async ValueTask FailAsync(string part, Exception fault)
    {
        OperationLog.Fault(_logger, fault, Name, part);
        try
        {
            _log.Decided(0, FaultKind, $"{part}: {fault.GetType().Name}");
            await MakeDurableAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            OperationLog.NotLogged(_logger, Name, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>What follows when an effect failed.</summary>
    private async ValueTask GiveUpAsync(CenterEffect effect, bool savesLost)
    {
        switch (effect)
        {
            case var _ when savesLost && !IsDeaf(effect):
                _followUps.Enqueue(new CenterEvent.SaveFailed(ClaimLost: false));
                break;
            case CenterEffect.FindAndClaim:
                await LetGoOfClaimedAsync().ConfigureAwait(false);
                _followUps.Enqueue(new CenterEvent.ClaimDeclined(DeclineCode.NotNow));
                break;
            case var _ when _state.Work is not null && !AnswersRequest(effect):
                _followUps.Enqueue(new CenterEvent.StopOrdered(AbortCode.CenterFailed));
                break;
            default:
                PrepareDisconnect(DisconnectCode.Failed, "", "");
                await TellDisconnectAsync().ConfigureAwait(false);
                await HangUpAsync().ConfigureAwait(false);
                break;
        }
    }

    /// <summary>A terminal that waits for the answer to its request takes nothing else: where that cannot be given, the line is closed.</summary>
    private static bool AnswersRequest(CenterEffect effect) => effect is CenterEffect.Send { Message: InsertCard };

    /// <summary>
    /// Where a failed save would be passed over as a late one, and nobody would ever answer: the line is closed, and the order let go with it. So no card is put
    /// in for an order whose terminal could not be told that it is bound.
    /// </summary>
    private bool IsDeaf(CenterEffect effect) => AnswersRequest(effect) || _state.Phase is CenterPhase.AwaitingCard or CenterPhase.Judging;

    private async ValueTask LetGoOfClaimedAsync()
    {
        if (_claimed is not { } claimed) return;
        _claimed = null;
        await LetGoAsync(claimed.Order, claimed.Fence).ConfigureAwait(false);
    }

    /// <summary>
    /// The effects that let go are carried out whatever failed before them: nothing depends on them, and an order would stay claimed
    /// until its lease ends.
    /// </summary>
    private static bool LetsGo(CenterEffect effect) =>
        effect is CenterEffect.ForgetOpening or CenterEffect.Save { Change: OrderChange.Released };

    /// <summary>The last resort: past the machine, which failed itself.</summary>
    private async ValueTask LetGoAsync(OrderId order, long fence)
    {
        try
        {
            await _services.Orders.SaveAsync(order, fence, new OrderChange.Released(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The lease ends by itself.
            OperationLog.NotSaved(_logger, Name, nameof(OrderChange.Released), $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>The session's end, whatever went before: what is left is let go even when the host shuts down.</summary>
    private async ValueTask EndAsync()
    {
        await LetGoOfClaimedAsync().ConfigureAwait(false);
        if (_state.Phase is CenterPhase.Ended) return;
        var work = _state.Work;
        try
        {
            await StepAsync(new CenterEvent.LineDown(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await FailAsync(nameof(EndAsync), e).ConfigureAwait(false);
            if (work is not null) await LetGoAsync(work.Claim.Order, work.Claim.Fence).ConfigureAwait(false);
        }
    }

    private async ValueTask CloseLineAsync()
    {
        _closed = true;
        _held.Clear();
        try
        {
            try
            {
                await _line.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                await CloseResultsAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            OperationLog.Fault(_logger, e, Name, nameof(CloseLineAsync));
        }
    }

    /// <summary>A display that fails is told nothing more of this; the card goes on.</summary>
    private void Show(int step, string text)
    {
        try
        {
            _services.Display?.Report(new CenterProgress(_services.Time.GetUtcNow(), step == 0 ? "" : $"S{step}", Name, text));
        }
        catch (Exception e)
        {
            OperationLog.NotShown(_logger, e, Name, step);
        }
    }
}
