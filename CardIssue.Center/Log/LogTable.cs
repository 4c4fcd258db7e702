using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Storage;
using CardIssue.Core;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Log;

/// <summary>The log's table.</summary>
internal static class LogTable
{
    public static LogHead Head(SqliteConnection connection, string instance) => connection.First(
        "SELECT sequence, hash FROM log_entries WHERE instance = $instance ORDER BY sequence DESC LIMIT 1",
        row => new LogHead(instance, row.Long("sequence")!.Value, row.Bytes("hash")!.Value), ("$instance", instance))
        ?? new LogHead(instance, 0, LogChain.Start(instance));

    public static List<LogHead> Heads(SqliteConnection connection) => connection
        .Query("SELECT DISTINCT instance FROM log_entries ORDER BY instance", row => row.GetString(0))
        .ConvertAll(instance => Head(connection, instance));

    public static SqliteCommand Insertion(SqliteConnection connection) => connection.Command("""
        INSERT INTO log_entries (instance, sequence, at, session, terminal, line, order_id, direction, step, kind, detail, digest, hash)
        VALUES ($instance, $sequence, $at, $session, $terminal, $line, $order, $direction, $step, $kind, $detail, $digest, $hash)
        """);

    public static void Insert(SqliteCommand insertion, LogRow row)
    {
        var values = insertion.Parameters;
        values.Clear();
        values.AddWithValue("$instance", row.Instance);
        values.AddWithValue("$sequence", row.Sequence);
        values.AddWithValue("$at", row.At.ToUnixTimeMilliseconds());
        values.AddWithValue("$session", row.Entry.Session);
        values.AddWithValue("$terminal", (object?)row.Entry.Terminal?.Value ?? DBNull.Value);
        values.AddWithValue("$line", (object?)row.Entry.Line?.Value ?? DBNull.Value);
        values.AddWithValue("$order", (object?)row.Entry.Order?.Value ?? DBNull.Value);
        values.AddWithValue("$direction", (int)row.Entry.Direction);
        values.AddWithValue("$step", row.Entry.Step);
        values.AddWithValue("$kind", row.Entry.Kind);
        values.AddWithValue("$detail", row.Entry.Detail);
        values.AddWithValue("$digest", row.Digest.ToArray());
        values.AddWithValue("$hash", row.Hash.ToArray());
        insertion.ExecuteNonQuery();
    }

    /// <summary>All entries, chain by chain, one at a time: the log may be larger than memory.</summary>
    public static IEnumerable<LogRow> All(SqliteConnection connection)
    {
        using var command = connection.Command("SELECT * FROM log_entries ORDER BY instance, sequence");
        using var reader = command.ExecuteReader();
        while (reader.Read()) yield return Read(reader);
    }

    public static List<LogRow> Find(SqliteConnection connection, LogQuery query)
    {
        var rows = connection.Query("""
            SELECT * FROM log_entries
            WHERE ($order IS NULL OR order_id = $order) AND ($terminal IS NULL OR terminal = $terminal)
              AND ($session IS NULL OR session = $session) AND ($since IS NULL OR at >= $since)
            ORDER BY at DESC, instance DESC, sequence DESC LIMIT $most
            """, Read,
            ("$order", query.Order), ("$terminal", query.Terminal), ("$session", query.Session), ("$since", query.Since), ("$most", query.Most));
        rows.Reverse();
        return rows;
    }

    /// <summary>What is in the file may have been changed: a value that does not fit its field becomes one whose hash cannot be right.</summary>
    private static LogRow Read(SqliteDataReader row) => new(
        row.Text("instance") ?? "", row.Long("sequence") ?? 0,
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(row.Long("at") ?? 0, EarliestTime, LatestTime)),
        new LogEntry(row.Text("session") ?? "",
            row.Text("terminal") is { } terminal ? new TerminalId(Name(terminal)) : null,
            row.Long("line") is { } line ? new LineNumber(Whole(line)) : null,
            row.Text("order_id") is { } order ? new OrderId(Name(order)) : null,
            (LogDirection)Whole(row.Long("direction") ?? 0), Whole(row.Long("step") ?? 0), row.Text("kind") ?? "", row.Text("detail") ?? ""),
        row.Bytes("digest") ?? ByteString.Empty, row.Bytes("hash") ?? ByteString.Empty);

    // Takes the place of what is no name, and differs with it.
    private static string Name(string text) => NameRule.Accepts(text)
        ? text
        : "changed." + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..48];

    private static int Whole(long number) => number is >= 0 and <= int.MaxValue ? (int)number : int.MinValue;

    private static readonly long EarliestTime = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
}
