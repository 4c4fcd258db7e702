using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>One thing that a session makes durable before its next message leaves.</summary>
public abstract record SessionRecord
{
    private SessionRecord() { }

    /// <summary>What the log is to say.</summary>
    /// <param name="Entry">The entry, redacted.</param>
    /// <param name="Digest">The HMAC of the bytes that it is about (<see cref="ILogKeys.Hmac"/>); empty when there are none.</param>
    /// <param name="At">When it happened, UTC.</param>
    internal sealed record Logged(LogEntry Entry, ByteString Digest, DateTimeOffset At) : SessionRecord;

    /// <summary>A change of the order that the session has claimed.</summary>
    /// <param name="Order">The order.</param>
    /// <param name="Fence">The claim's fencing number.</param>
    /// <param name="Change">The change.</param>
    internal sealed record Saved(OrderId Order, long Fence, OrderChange Change) : SessionRecord
    {
        /// <summary>With <see cref="OrderChange.Issued"/>: what the receipt says, at most <see cref="ProtocolLimits.MaxReceipt"/> characters; else empty.</summary>
        public string Receipt { get; init; } = "";
    }

    /// <summary>
    /// A terminal's module failed. After a few (<see cref="OrderOptions.TerminalFaults"/>) the terminal is held until people release it.
    /// </summary>
    /// <param name="Terminal">The terminal.</param>
    /// <param name="Fault">What it was, in words.</param>
    internal sealed record Faulted(TerminalId Terminal, string Fault) : SessionRecord;

    /// <summary>What a terminal remembers of the center, and the store knows.</summary>
    internal sealed record Shown(TerminalId Terminal, VerifiedWitnessNote Note) : SessionRecord;
}

/// <summary>What a commit came to.</summary>
/// <param name="Kept">How many of the records it has: all, or those before the refused one.</param>
/// <param name="Refusal">Why the record after them was refused; null when none was.</param>
public sealed record CommitOutcome(int Kept, SaveOutcome? Refusal);
