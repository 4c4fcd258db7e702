using System.Data.Common;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>Copies a whole store from one engine into another, row by row as it is: seals, log and numbers stay what they are.</summary>
internal static class StoreCopy
{
    /// <summary>All tables; what rows refer to comes first.</summary>
    public static readonly string[] Tables =
    [
        "store_meta", "products", "put_backs", "orders", "order_history", "issued_cards", "card_tries", "code_attempts", "feed_outbox", "terminals",
        "terminal_faults", "readers", "reader_requests", "lines", "log_entries", "log_anchors", "log_heads", "log_checkpoints", "witness_notes", "people",
        "refused_logins", "approvals", "absent_orders", "programs", "enrolments", "enrolment_tries", "session_ends", "hosts", "sessions", "data_halves",
        "kept_certificates", "stock_moves", "order_files", "feed_state", "issuers", "center_keys", "terminal_center_keys",
    ];

    /// <summary>Those whose rows are numbered by the engine (<c>id</c>).</summary>
    private static readonly string[] Numbered =
        ["order_history", "code_attempts", "feed_outbox", "terminal_faults", "readers", "reader_requests", "approvals", "enrolment_tries", "stock_moves"];

    /// <summary>Copies inside two transactions.</summary>
    /// <param name="from">Sees one state, of this version's tables.</param>
    /// <param name="to">Has this version's tables, empty.</param>
    /// <param name="cancellation">Ends it; nothing of it must be committed then.</param>
    /// <returns>How many rows.</returns>
    public static long Run(DbConnection from, DbConnection to, CancellationToken cancellation)
    {
        // An order may refer to one that comes later.
        Sql.Execute(to, to is NpgsqlConnection ? "SET CONSTRAINTS ALL DEFERRED" : "PRAGMA defer_foreign_keys = ON");
        var rows = Tables.Sum(table => Copy(table, from, to, cancellation));
        if (to is NpgsqlConnection)
        {
            foreach (var table in Numbered)
                Sql.Execute(to, $"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM {table}");
        }
        return rows;
    }

    /// <summary>The same in the place of what is there.</summary>
    public static long Replace(DbConnection from, DbConnection to, CancellationToken cancellation)
    {
        Sql.Execute(to, $"TRUNCATE {string.Join(", ", Tables)}");
        return Run(from, to, cancellation);
    }

    private static long Copy(string table, DbConnection from, DbConnection to, CancellationToken cancellation)
    {
        using var select = Sql.Command(from, $"SELECT * FROM {table}");
        using var reader = select.ExecuteReader();
        var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
        using var insert = Sql.Command(to,
            $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => $"$in_{column}"))})",
            [.. columns.Select(column => ($"$in_{column}", (object?)null))]);
        var rows = 0L;
        for (; reader.Read(); rows++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < columns.Length; i++) insert.Parameters[i].Value = reader.GetValue(i);
            insert.ExecuteNonQuery();
        }
        return rows;
    }
}
