using CardIssue.Core.Keys;

namespace CardIssue.Terminal.Relay;

/// <summary>Whether the reader has to be looked at between orders, and whether what was found is to be reported: a reader with a loose plug must not fill the center's log.</summary>
/// <param name="samePause">For how long the same finding is not reported again on the same access.</param>
/// <param name="time">Where time comes from.</param>
internal sealed class ReaderWatch(TimeSpan samePause, TimeProvider time)
{
    private string? _reported;
    private long _reportedAt;

    /// <summary>Whether a look is due.</summary>
    public bool IsDue { get; private set; }

    /// <summary>A reader came, the list changed, or there is a new access: a look is due.</summary>
    public void Renew() => IsDue = true;

    /// <summary>The center on a new line has not heard of anything yet.</summary>
    public void NewAccess() => (IsDue, _reported) = (true, null);

    /// <summary>There is no reader to look at until one comes.</summary>
    public void Wait() => IsDue = false;

    /// <summary>The reader was looked at.</summary>
    /// <returns>Whether it is to be reported.</returns>
    public bool Looked(ReaderJudgement judgement)
    {
        IsDue = false;
        if (judgement is not ReaderJudgement.Unknown unknown)
        {
            _reported = null;
            return false;
        }
        if (unknown.Reason == _reported && time.GetElapsedTime(_reportedAt) < samePause) return false;
        (_reported, _reportedAt) = (unknown.Reason, time.GetTimestamp());
        return true;
    }
}
