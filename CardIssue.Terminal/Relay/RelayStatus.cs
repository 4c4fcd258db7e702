using CardIssue.Core.Lines;

namespace CardIssue.Terminal.Relay;

/// <summary>Where a relay stands, for a display or a program. Numbers stay.</summary>
public enum RelayState
{
    /// <summary>It does not run: not yet, or not any more.</summary>
    Closed = 0,
    /// <summary>The line is brought up, or access is asked for; <see cref="RelayStatus.Error"/> says why it is not there yet.</summary>
    Connecting = 1,
    /// <summary>The center refused access, or could not prove itself: <see cref="RelayStatus.Reason"/>. It is asked again after a pause.</summary>
    Refused = 2,
    /// <summary>Access is granted; the next customer may be served.</summary>
    Ready = 3,
    /// <summary>A request is under way, until its card is taken out.</summary>
    Issuing = 4,
}

/// <summary>How a relay stands, and since when.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Since">When it got there, UTC.</param>
public sealed record RelayStatus(RelayState State, DateTimeOffset Since)
{
    /// <summary>Why access is refused; <see cref="IssueReason.LineLost"/> where the line is; else <see cref="IssueReason.None"/>.</summary>
    public IssueReason Reason { get; init; }

    /// <summary>What kept the line from coming up last, or broke it, while it is not up; else null.</summary>
    public LineFault? LineFault { get; init; }

    /// <summary>The same in words, with what to do; else null.</summary>
    public string? Error { get; init; }
}
