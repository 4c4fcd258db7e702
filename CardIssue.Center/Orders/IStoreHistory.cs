using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>What a note says of the store and its log, as they are.</summary>
public enum HistoryFinding
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
public readonly record struct NoteHeard(HistoryFinding Finding, bool IsNews = false, int Orders = 0);

/// <summary>
/// How far store and log are, whether others remember that they were further, and whether the rows are what the center left.
/// </summary>
/// <remarks>Every call throws <see cref="StoreException"/> when the store cannot be read or written. Who puts a store of his own in front
/// of the center's hands this one on.</remarks>
public interface IStoreHistory
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

    /// <summary>
    /// Before a center is served: compares all rows with their seals, and with what they came to with the latest commit. The log says what
    /// is found, and what may have changed
    /// is quarantined before this returns.
    /// </summary>
    /// <returns>What is wrong, in words, each a sentence.</returns>
    /// <exception cref="StoreException">Another center serves from this store; nothing was compared.</exception>
    Task<IReadOnlyList<string>> SettleRowsAsync(CancellationToken cancellation = default);
}
