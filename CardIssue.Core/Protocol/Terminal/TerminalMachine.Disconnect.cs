using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Terminal.TerminalState, CardIssue.Core.Protocol.Terminal.TerminalEffect>;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>What the center is told when the terminal closes its line.</summary>
internal static partial class TerminalMachine
{
    /// <summary>
    /// Why a transition closes the line, for <see cref="Disconnect"/>, which leaves with <see cref="TerminalEffect.CloseLine"/>: it is a part
    /// of that effect, changes no state, and nothing follows from it. Null where the line is not closed, and before access is granted.
    /// </summary>
    /// <param name="before">The state before.</param>
    /// <param name="happened">The event.</param>
    /// <param name="step">What came of it.</param>
    public static DisconnectCode? WhyClosed(TerminalState before, TerminalEvent happened, Step step)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(happened);
        if (before.Phase < TerminalPhase.Idle || !step.Effects.OfType<TerminalEffect.CloseLine>().Any()) return null;
        return happened switch
        {
            TerminalEvent.TimerFired => DisconnectCode.TimedOut,
            TerminalEvent.CommandArrived => DisconnectCode.NoCredit,
            TerminalEvent.Garbage garbage => garbage.Code,
            _ => DisconnectCode.OutOfPlace,
        };
    }
}
