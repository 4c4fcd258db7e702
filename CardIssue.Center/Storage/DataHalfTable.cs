using System.Data.Common;

namespace CardIssue.Center.Storage;

/// <summary>
/// At which host the data half of a terminal's split line is that came in last. As of sessions its rows have no seal, no number and are not
/// in the log; a token is in none of them. A forged one sends a results half to a host where nobody waits for it: the line does not come up.
/// </summary>
internal static class DataHalfTable
{
    /// <summary>Which host has it, and where others reach that one, if they do; null where no living host has any.</summary>
    public static (string Host, string? Link)? Find(StoreView store, string terminal, int line) => store.Query(
        "SELECT h.host, h.link FROM data_halves d JOIN hosts h ON h.host = d.host WHERE d.terminal = $terminal AND d.line = $line AND h.lost_at IS NULL",
        row => (row.Text("host")!, row.Text("link")), ("$terminal", terminal), ("$line", line)) is [var place] ? place : null;

    /// <summary>One came in at a host; one of the same terminal that waited for the same line does so in vain.</summary>
    public static void Tell(DbConnection connection, string host, string terminal, int line, string session) => Sql.Execute(connection, """
        INSERT INTO data_halves (terminal, line, session, host) VALUES ($terminal, $line, $session, $host)
        ON CONFLICT (terminal, line) DO UPDATE SET session = $session, host = $host
        """, ("$terminal", terminal), ("$line", line), ("$session", session), ("$host", host));

    /// <summary>It is gone; the place of one that came in after it stays.</summary>
    public static void Forget(DbConnection connection, string terminal, int line, string session) => Sql.Execute(connection,
        "DELETE FROM data_halves WHERE terminal = $terminal AND line = $line AND session = $session",
        ("$terminal", terminal), ("$line", line), ("$session", session));

    /// <summary>A host has none: it begins, ends, or is dead.</summary>
    public static void Clear(StoreTransaction store, string host) => store.Execute("DELETE FROM data_halves WHERE host = $host", ("$host", host));
}
