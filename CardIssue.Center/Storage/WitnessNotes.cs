using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>What terminals remember of the center: of each the highest note that it showed.</summary>
internal static class WitnessNotes
{
    /// <summary>All of them, signed, by terminal.</summary>
    public static List<(string Terminal, ByteString Note)> All(StoreView store) =>
        store.Query("SELECT terminal, note FROM witness_notes ORDER BY terminal", row => (row.Text("terminal")!, row.Bytes("note")!.Value));

    /// <summary>Keeps what a terminal shows, where it is of a higher generation than what it showed before.</summary>
    public static void Keep(StoreTransaction store, TerminalId terminal, VerifiedWitnessNote shown) => store.Execute("""
        INSERT INTO witness_notes (terminal, note, generation, shown_at) VALUES ($terminal, $note, $generation, $now)
        ON CONFLICT (terminal) DO UPDATE SET note = excluded.note, generation = excluded.generation, shown_at = excluded.shown_at
          WHERE witness_notes.generation < excluded.generation
        """, ("$terminal", terminal), ("$note", shown.Bytes), ("$generation", shown.Note.Generation), ("$now", store.Now));
}
