using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>What a note says of the store and its log, as they are.</summary>
internal enum HistoryFinding
{
    /// <summary>They have all that the note tells of.</summary>
    Known = 1,
    /// <summary>
    /// The note tells of a generation or an entry that they do not have: they were put back, or the log's tail was cut off.
    /// </summary>
    Ahead = 2,
    /// <summary>The log has another entry in that place: it goes on from an older copy.</summary>
    Forked = 3,
    /// <summary>The note is of another store: this one was made anew.</summary>
    OtherStore = 4,
}

/// <summary>What came of a note.</summary>
/// <param name="Finding">What it says.</param>
/// <param name="IsNews">Whether that is told for the first time, and orders were quarantined for it.</param>
/// <param name="Orders">How many were.</param>
internal readonly record struct NoteHeard(HistoryFinding Finding, bool IsNews = false, int Orders = 0);

/// <summary>How far store and log are, and whether others remember that they were further.</summary>
/// <remarks>Every call throws <see cref="StoreException"/> when the store cannot be read or written.</remarks>
internal interface IStoreHistory
{
    /// <summary>How far they are now: all that is committed, and nothing else.</summary>
    Task<WitnessNote> PositionAsync(CenterId center, CancellationToken cancellation = default);

    /// <summary>What a note says of them; nothing comes of it.</summary>
    Task<HistoryFinding> CompareAsync(VerifiedWitnessNote note, CancellationToken cancellation = default);

    /// <summary>
    /// Compares what a terminal remembers, and keeps it. Where the store knows less, what may have changed is quarantined before this
    /// returns.
    /// </summary>
    Task<NoteHeard> HearAsync(TerminalId terminal, VerifiedWitnessNote note, CancellationToken cancellation = default);
}
