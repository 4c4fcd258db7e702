using System.Globalization;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>The history of the center's database.</summary>
internal sealed class StoreHistory(CenterDatabase database) : IStoreHistory
{
    public Task<WitnessNote> PositionAsync(CenterId center, CancellationToken cancellation = default) => database.ReadAsync(store =>
    {
        var generation = CenterDatabase.GenerationIn(store);
        var head = database.Log.HeadIn(store, database.StoreId, generation);
        return new WitnessNote(center, database.StoreId, generation, head.Instance, head.Sequence, head.Hash);
    }, cancellation);

    public Task<HistoryFinding> CompareAsync(VerifiedWitnessNote note, CancellationToken cancellation = default) =>
        database.ReadAsync(store => Compare(store, note.Note, CenterDatabase.GenerationIn(store)), cancellation);

    public Task<NoteHeard> HearAsync(TerminalId terminal, VerifiedWitnessNote note, CancellationToken cancellation = default) =>
        database.WriteAsync(store => Hear(store, terminal, note), cancellation);

    public async Task<IReadOnlyList<string>> SettleRowsAsync(CancellationToken cancellation = default)
    {
        database.Serve();
        return [.. (await database.SettleRowsAsync(cancellation).ConfigureAwait(false)).Select(finding => finding.Text)];
    }

    /// <summary>
    /// Whether an exported checkpoint, whose signature was verified, tells of what is not there. One that was known when a put-back was
    /// found tells nothing new.
    /// </summary>
    public static bool IsBehind(StoreView store, LogCheckpoint checkpoint) =>
        !Knows(store, checkpoint) && !PutBack.IsTaken(store, checkpoint);

    /// <summary>Whether the log has all that a checkpoint vouches for.</summary>
    public static bool Knows(StoreView store, LogCheckpoint checkpoint) => checkpoint.Heads.All(head => Compare(store, head) is HistoryFinding.Known);

    /// <summary>Compares the store with the latest checkpoint that was exported.</summary>
    /// <returns>Whether it shows that the store was put back.</returns>
    public static bool Hear(StoreTransaction store, LogCheckpoint exported)
    {
        if (!IsBehind(store, exported)) return false;
        PutBack.Take(store, $"checkpoint {exported.Number}", 0, CenterDatabase.IdIn(store), null, exported);
        return true;
    }

    private static NoteHeard Hear(StoreTransaction store, TerminalId terminal, VerifiedWitnessNote shown)
    {
        var note = shown.Note;
        // This commit itself is one more than what anybody can have been told of.
        var finding = Compare(store, note, store.Generation - 1);
        WitnessNotes.Keep(store, terminal, shown);
        if (finding is HistoryFinding.Known || PutBack.IsTaken(store, note.Store, note.Generation)) return new NoteHeard(finding);
        var by = string.Create(CultureInfo.InvariantCulture,
            $"terminal {terminal}, which remembers generation {note.Generation} and entry {note.Sequence} of {note.Chain}");
        return new NoteHeard(finding, true, PutBack.Take(store, by, note.Generation, note.Store, null));
    }

    private static HistoryFinding Compare(StoreView store, WitnessNote note, long generation) =>
        note.Store != CenterDatabase.IdIn(store) ? HistoryFinding.OtherStore
        : note.Generation > generation ? HistoryFinding.Ahead
        : Compare(store, new LogHead(note.Chain, note.Sequence, note.Head));

    private static HistoryFinding Compare(StoreView store, LogHead told)
    {
        // What was archived can't be compared here any more: that it was there is all that is asked.
        if (told.Sequence < LogAnchors.Of(store, told.Instance).Sequence) return HistoryFinding.Known;
        var hash = LogAnchors.HashAt(store, told.Instance, told.Sequence);
        return hash is null ? HistoryFinding.Ahead : hash == told.Hash ? HistoryFinding.Known : HistoryFinding.Forked;
    }
}
