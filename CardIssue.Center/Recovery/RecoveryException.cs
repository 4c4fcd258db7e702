using CardIssue.Core.Primitives;

namespace CardIssue.Center.Recovery;

/// <summary>Why a backup or a later log is not taken.</summary>
public enum RecoveryFault
{
    /// <summary>It is not what this center made: changed, cut, or of something else.</summary>
    Altered = 1,
    /// <summary>It is of another center or another store, or does not go on from what this store has.</summary>
    Foreign = 2,
    /// <summary>What is there is newer.</summary>
    Newer = 3,
    /// <summary>The store has changed since the plan was made.</summary>
    Changed = 4,
    /// <summary>More is known to have happened than the log tells.</summary>
    Incomplete = 5,
    /// <summary>Nobody else approved this plan.</summary>
    NotApproved = 6,
}

/// <summary>A backup or a later log is not taken; nothing was changed. Its message says why and what to do.</summary>
public sealed class RecoveryException : CardIssueException
{
    /// <summary>Makes one with its fault, and a message that says what is wrong and what to do.</summary>
    public RecoveryException(RecoveryFault fault, string message, Exception? inner = null) : base(message, inner) => Fault = fault;

    /// <summary>Why.</summary>
    public RecoveryFault Fault { get; }
}
