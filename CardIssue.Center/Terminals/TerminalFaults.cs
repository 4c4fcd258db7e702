using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>That a terminal is held: it gets no order until somebody has released it.</summary>
/// <param name="Since">Since when, UTC.</param>
/// <param name="Fault">What its module failed in the last time.</param>
public sealed record TerminalHold(DateTimeOffset Since, string Fault);

/// <summary>
/// Counts what a terminal's module fails in. Such faults are no try of a card and none of a customer's; who has too many is held by name.
/// The count only ever shuts out, and has no seal; the hold is under the seal of the terminal's row.
/// </summary>
internal static class TerminalFaults
{
    private const int MaxFault = 256;

    /// <summary>Counts one, and holds the terminal when these were too many. A terminal that is held is not counted further.</summary>
    /// <param name="connection">The commit of the session.</param>
    /// <param name="terminal">The terminal.</param>
    /// <param name="fault">What it was.</param>
    /// <param name="most">How many hold it.</param>
    /// <param name="since">From when they count.</param>
    /// <param name="now">Now.</param>
    public static void Count(
        StoreTransaction connection, TerminalId terminal, string fault, int most, DateTimeOffset since, DateTimeOffset now)
    {
        if (HoldOf(connection, terminal) is not null) return;
        var said = PlainText.Of(fault, MaxFault);
        connection.Execute(
            "DELETE FROM terminal_faults WHERE terminal = $terminal AND at <= $since", ("$terminal", terminal), ("$since", since));
        connection.Execute("INSERT INTO terminal_faults (terminal, at, fault) VALUES ($terminal, $now, $fault)",
            ("$terminal", terminal), ("$now", now), ("$fault", said));
        var counted = connection.Number("SELECT count(*) FROM terminal_faults WHERE terminal = $terminal", ("$terminal", terminal));
        if (counted < most) return;
        connection.UpdateRight(SealedTable.Terminals, "held_since = $now, held_for = $fault", "terminal = $terminal",
            ("$now", now), ("$fault", said), ("$terminal", terminal));
        connection.Log(new LogEntry("store", terminal, null, null, LogDirection.None, 0, "TerminalHeld",
            JsonSerializer.Serialize(new { faults = counted, last = said })));
    }

    /// <summary>Its module opened a card, or people released it.</summary>
    public static void Clear(StoreTransaction connection, TerminalId terminal) =>
        connection.Later("DELETE FROM terminal_faults WHERE terminal = $terminal", rows: null, ("$terminal", terminal));

    /// <returns>Whether it was held.</returns>
    public static bool Release(StoreTransaction connection, TerminalId terminal)
    {
        Clear(connection, terminal);
        return connection.Update(SealedTable.Terminals, "held_since = NULL, held_for = NULL",
            "terminal = $terminal AND held_since IS NOT NULL", ("$terminal", terminal)) > 0;
    }

    /// <summary>Why a terminal that was let in is held. Its row was compared with its seal when it was let in.</summary>
    public static TerminalHold? HoldOf(StoreView connection, TerminalId terminal) => connection.First(
        "SELECT held_since, held_for FROM terminals WHERE terminal = $terminal AND held_since IS NOT NULL",
        row => HoldIn(row)!, ("$terminal", terminal));

    /// <summary>What the row of a terminal says of it; null when it is not held.</summary>
    public static TerminalHold? HoldIn(StoredRow row) =>
        row.Time("held_since") is { } since ? new TerminalHold(since, row.Text("held_for") ?? "") : null;
}
