using System.Data.Common;

namespace CardIssue.Center.Storage;

/// <summary>A session as its host tells of it.</summary>
internal sealed record SessionRow(
    string Session, string Host, string Terminal, int Line, string? Address, DateTimeOffset Since, string Phase, string? Order);

/// <summary>
/// What runs now, at all hosts, for people to look at: nothing is decided by it. So its rows have no seal, and what a host tells is no change
/// of the store: it has no number and is not in the log.
/// </summary>
internal static class SessionTable
{
    /// <summary>What the hosts have told, by name.</summary>
    public static List<SessionRow> All(StoreView store) => store.Query("SELECT * FROM sessions ORDER BY host, session", Read);

    /// <summary>What one host has told.</summary>
    public static List<SessionRow> Of(StoreView store, string host) =>
        store.Query("SELECT * FROM sessions WHERE host = $host ORDER BY session", Read, ("$host", host));

    /// <summary>Whether one host has told any.</summary>
    public static bool HasAnyOf(StoreView store, string host) =>
        store.Number("SELECT count(*) FROM (SELECT 1 FROM sessions WHERE host = $host LIMIT 1) AS told", ("$host", host)) > 0;

    /// <summary>A host tells what it has now; what is as it was is not written again.</summary>
    public static void Tell(DbConnection connection, IReadOnlyList<SessionRow> before, IReadOnlyList<SessionRow> now)
    {
        foreach (var gone in before.ExceptBy(now.Select(row => row.Session), row => row.Session))
            Sql.Execute(connection, "DELETE FROM sessions WHERE session = $session", ("$session", gone.Session));
        foreach (var row in now.Except(before))
        {
            Sql.Execute(connection, """
                INSERT INTO sessions (session, host, terminal, line, address, since, phase, order_id)
                VALUES ($session, $host, $terminal, $line, $address, $since, $phase, $order)
                ON CONFLICT (session) DO UPDATE SET phase = $phase, order_id = $order
                """, ("$session", row.Session), ("$host", row.Host), ("$terminal", row.Terminal), ("$line", row.Line), ("$address", row.Address),
                ("$since", row.Since), ("$phase", row.Phase), ("$order", row.Order));
        }
    }

    /// <summary>A host has none: it begins, ends, or is dead.</summary>
    public static void Clear(StoreTransaction store, string host) => store.Execute("DELETE FROM sessions WHERE host = $host", ("$host", host));

    private static SessionRow Read(StoredRow row) => new(
        row.Text("session")!, row.Text("host")!, row.Text("terminal")!, row.Int("line"), row.Text("address"), row.Time("since")!.Value,
        row.Text("phase")!, row.Text("order_id"));
}
