namespace CardIssue.Center.Storage;

/// <summary>
/// Rows that are added to a table which only grows, kept until the commit ends or a statement names the table: many of them are one statement.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="columns">Which columns a row gives, in the order of its values.</param>
internal sealed class RowsToAdd(string table, params string[] columns)
{
    private const int Most = 16;

    private readonly string _columns = string.Join(", ", columns);
    private readonly Dictionary<int, (string Sql, string[] Names)> _texts = [];

    /// <summary>The log's entries.</summary>
    public static readonly RowsToAdd LogEntries = new(
        "log_entries", "instance", "sequence", "at", "session", "terminal", "line", "order_id", "direction", "step", "kind", "detail", "digest", "hash", "mac");

    /// <summary>What orders' histories say.</summary>
    public static readonly RowsToAdd OrderHistory = new(
        "order_history", "order_id", "at", "fence", "change", "detail", "state", "confirmed", "in_doubt", "attempt", "furthest");

    /// <summary>All tables that have them.</summary>
    public static readonly IReadOnlyList<RowsToAdd> All = [LogEntries, OrderHistory];

    /// <summary>The table.</summary>
    public string Table => table;

    /// <summary>Writes rows, the first ones first.</summary>
    public void Write(StoreTransaction store, IReadOnlyList<object?[]> rows)
    {
        for (var done = 0; done < rows.Count;)
        {
            // Of few lengths, so that there are few statements to be compiled. A server gets them in one batch anyway, and NULL stands in its texts.
            var count = store.IsOnServer ? 1 : Most;
            while (count > rows.Count - done) count /= 2;
            var (sql, names) = TextOf(count);
            var values = new (string, object?)[names.Length];
            for (var i = 0; i < values.Length; i++) values[i] = (names[i], rows[done + (i / columns.Length)][i % columns.Length]);
            store.Later(sql, count, values);
            done += count;
        }
    }

    private (string Sql, string[] Names) TextOf(int count)
    {
        lock (_texts)
        {
            if (_texts.TryGetValue(count, out var known)) return known;
            var rows = Enumerable.Range(1, count).Select(row => columns.Select(column => $"${column}{row}").ToArray()).ToArray();
            var sql = $"INSERT INTO {table} ({_columns}) VALUES {string.Join(", ", rows.Select(row => $"({string.Join(", ", row)})"))}";
            return _texts[count] = (sql, [.. rows.SelectMany(row => row)]);
        }
    }
}
