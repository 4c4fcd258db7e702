using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// When a lost line is brought up again: at once after it had given access, since an order may be under way; but a line that does not last
/// is brought up at once only once, so that a connector without a pause of its own does not go round and round.
/// </summary>
/// <param name="pause">The pause otherwise; a line that was up for as long has lasted.</param>
/// <param name="time">Where time comes from.</param>
internal sealed class LineReturn(TimeSpan pause, TimeProvider time)
{
    private long? _upSince;
    private bool _returnedAtOnce;

    /// <summary>The line came up.</summary>
    public void Up() => _upSince = time.GetTimestamp();

    /// <summary>The line is lost, or did not come up: how long to wait before the next try.</summary>
    /// <param name="phase">Where the terminal stood.</param>
    public TimeSpan Lost(TerminalPhase phase)
    {
        var up = _upSince;
        _upSince = null;
        if (up is not { } since || !phase.HasAccess()) return pause;
        if (time.GetElapsedTime(since) >= pause) _returnedAtOnce = false;
        if (_returnedAtOnce) return pause;
        _returnedAtOnce = true;
        return TimeSpan.Zero;
    }
}

/// <summary>What the relay asks of a phase.</summary>
internal static class TerminalPhases
{
    /// <summary>Whether the center has let the terminal in, on the line that is up.</summary>
    public static bool HasAccess(this TerminalPhase phase) =>
        phase is not (TerminalPhase.Offline or TerminalPhase.Greeting or TerminalPhase.Proving
            or TerminalPhase.AwaitingAdmission or TerminalPhase.VerifyingCenter or TerminalPhase.AwaitingResults or TerminalPhase.Attached);
}
