using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Center.CenterState, CardIssue.Core.Protocol.Center.CenterEffect>;

namespace CardIssue.Core.Protocol.Center;

/// <summary>What the terminal is told when its line is closed.</summary>
internal static partial class CenterMachine
{
    /// <summary>
    /// Why a transition closes the line, for <see cref="Disconnect"/>, which leaves with <see cref="CenterEffect.CloseLine"/>: it is a part
    /// of that effect, changes no state, and nothing follows from it. Null where the line is not closed, and before access is granted: a
    /// reason would tell strangers what they have to change.
    /// </summary>
    /// <param name="before">The state before.</param>
    /// <param name="happened">The event.</param>
    /// <param name="step">What came of it.</param>
    public static DisconnectCode? WhyClosed(CenterState before, CenterEvent happened, Step step)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(happened);
        if (before.Phase is < CenterPhase.Idle or CenterPhase.Ended || step.State.Phase is not CenterPhase.Ended) return null;
        return happened switch
        {
            // The line is gone already.
            CenterEvent.LineDown => null,
            CenterEvent.TimerFired => DisconnectCode.TimedOut,
            CenterEvent.StopOrdered { Code: AbortCode.CenterFailed } => DisconnectCode.Failed,
            CenterEvent.StopOrdered => DisconnectCode.Stopped,
            CenterEvent.Garbage garbage => garbage.Code,
            CenterEvent.Received { Message: Result } => DisconnectCode.UnfitResult,
            _ => DisconnectCode.OutOfPlace,
        };
    }
}
