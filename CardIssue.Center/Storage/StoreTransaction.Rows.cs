using System.Text;

namespace CardIssue.Center.Storage;

// Rows of sealed tables are written here and nowhere else: a row, its seal and the sum of its table are one.
internal sealed partial class StoreTransaction
{
    private const int RowsAtOnce = 1_000, MostSeen = 1_000;

    private readonly RowSeals _seals;

    /// <summary>Null in a store of before, until its rows are taken over.</summary>
    private RowSums? _sums;

    /// <summary>Rows as they were compared here, or written: nobody else writes beside this commit, so they need not be read again.</summary>
    private readonly Dictionary<(SealedTable Table, string Key), StoredRow> _seen = [];

    /// <summary>Rows that are others than the database has, yet.</summary>
    private readonly Dictionary<(SealedTable Table, string Key), RowChange> _changed = [];

    /// <summary>What is read here may be of this very commit, which is not durable yet.</summary>
    protected override OlderRow? See(SealedTable table, StoredRow row)
    {
        // Bytes are not equal by content.
        if (row[SealedTable.KeyAt] is string key && (_seen.Count < MostSeen || _seen.ContainsKey((table, key)))) _seen[(table, key)] = row;
        return null;
    }

    /// <inheritdoc/>
    // Some columns that stand under no seal are written past this.
    public override T? Row<T>(SealedTable table, string key, Func<StoredRow, T> read) where T : class =>
        table.IsWhole && _seen.TryGetValue((table, key), out var row) ? read(row) : base.Row(table, key, read);

    protected override RowSeals? Seals => _sums is null ? null : base.Seals;

    /// <summary>Adds rows to a sealed table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="insert">The statement.</param>
    /// <param name="values">Its values.</param>
    /// <returns>The keys of the rows.</returns>
    public IReadOnlyList<object> Insert(SealedTable table, string insert, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var rows = QueryWhole(table, $"{insert} RETURNING {table.List}", row => Sealing(table, row), values);
        foreach (var row in rows) Put(table, row);
        return rows.ConvertAll(row => row.Key);
    }

    /// <summary>Changes rows of a sealed table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="set">What follows SET.</param>
    /// <param name="where">Which rows.</param>
    /// <param name="values">The values of both.</param>
    /// <returns>How many.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: one of them is not what this center wrote, and must not come
    /// under its seal.</exception>
    public int Update(SealedTable table, string set, string where, params ReadOnlySpan<(string Name, object? Value)> values) =>
        Update(table, set, Query(table, where, row => Known(row), values), values);

    /// <summary>
    /// Changes one row of a sealed table, which this commit has mostly read already: what it comes to is known without the database, and so is its
    /// seal. One statement, of the columns that become others; what is changed again before a statement names the table, or the part ends, is one as well.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="columns">What stands in which column from now on.</param>
    /// <returns>Whether there is such a row.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: it is not what this center wrote.</exception>
    public bool UpdateRow(SealedTable table, string key, params ReadOnlySpan<(string Column, object? Value)> columns)
    {
        if (Row(table, key, row => row) is not { } before) return false;
        if (!_changed.TryGetValue((table, key), out var change)) _changed[(table, key)] = change = new RowChange(before);
        object[] values = [.. before.Values];
        foreach (var (column, value) in columns)
        {
            var plain = Kept(value);
            if (table.Has(column))
            {
                var at = table.PlaceOf(column);
                if (IsSame(values[at], plain)) continue;
                values[at] = plain;
            }
            change.Set[column] = plain;
        }
        if (_sums is not null) values[table.PlaceOf("seal_generation")] = Generation;
        change.After = values;
        See(table, new StoredRow(table, values));
        return true;
    }

    /// <summary>The same of many rows: those that this center did not write are passed over.</summary>
    public int UpdateRight(SealedTable table, string set, string where, params ReadOnlySpan<(string Name, object? Value)> values) =>
        Update(table, set, QueryRight(table, where, row => Known(row), values), values);

    /// <summary>Takes rows out of a sealed table.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: one of them is not what this center wrote.</exception>
    public int Delete(SealedTable table, string where, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var rows = Query(table, where, row => Known(row), values);
        foreach (var row in rows)
        {
            Execute($"DELETE FROM {table.Name} WHERE {table.Key} = $row", ("$row", row.Key));
            Forget(table, row);
            if (row.Key is string key) _seen.Remove((table, key));
        }
        return rows.Count;
    }

    /// <summary>Brings the rows of a store of before under the vault's key, a thousand at a time.</summary>
    /// <returns>How many; null when they are already.</returns>
    public long? TakeOverRows()
    {
        if (_sums is not null) return null;
        _sums = new RowSums();
        foreach (var table in SealedTable.All)
        {
            List<RowSeal> rows;
            var (from, last) = ("", (object?)null);
            do
            {
                rows = QueryWhole(table, $"SELECT {table.List} FROM {table.Name} {from} ORDER BY {table.Key} LIMIT $most", row => Sealing(table, row),
                    ("$most", RowsAtOnce), ("$last", last));
                foreach (var row in rows) Put(table, row);
                (from, last) = ($"WHERE {table.Key} > $last", rows is [.., var end] ? end.Key : null);
            }
            while (rows.Count == RowsAtOnce);
        }
        return SealedTable.All.Sum(_sums.CountOf);
    }

    /// <summary>Goes on from what a table's rows come to, after all that may have changed was quarantined.</summary>
    public void Accept(SealedTable table, RowSums found) => _sums!.Take(table, found);

    /// <summary>What the rows came to with the latest commit.</summary>
    public RowSums? Sums => _sums?.Copy();

    private int Update(SealedTable table, string set, List<RowSeal> rows, ReadOnlySpan<(string Name, object? Value)> values)
    {
        foreach (var row in rows)
        {
            Forget(table, row);
            if (row.Key is string key) _seen.Remove((table, key));
            var changed = QueryWhole(table, $"UPDATE {table.Name} SET {set} WHERE {table.Key} = $row RETURNING {table.List}",
                at => Sealing(table, at), [.. values, ("$row", row.Key)]);
            foreach (var now in changed) Put(table, now);
        }
        return rows.Count;
    }

    /// <summary>Writes what was changed by <see cref="UpdateRow"/>: of the tables that a statement names, or all.</summary>
    private void WriteChanged(string? sql = null)
    {
        if (_changed.Count == 0) return;
        foreach (var ((table, key), change) in _changed.Where(row => sql is null || sql.Contains(row.Key.Table.Name, StringComparison.Ordinal)).ToList())
        {
            if (!_changed.Remove((table, key))) continue;
            Forget(table, Known(change.Before));
            if (_sums is not null)
            {
                (change.Set["seal_generation"], change.After[table.PlaceOf("seal_generation")]) = (Generation, Generation);
                var seal = _seals.SealOf(table, new StoredRow(table, change.After), Generation);
                (change.Set["seal"], change.After[table.PlaceOf("seal")]) = (seal, seal);
                _sums.Add(table, _seals.TermOf(seal));
            }
            if (change.Set.Count == 0) continue;
            var (set, given) = (new StringBuilder(), new List<(string, object?)>(change.Set.Count + 1));
            foreach (var (column, value) in change.Set)
            {
                set.Append(set.Length > 0 ? ", " : "").Append(column).Append(" = ").Append(value is DBNull ? "NULL" : $"${column}");
                if (value is not DBNull) given.Add(($"${column}", value));
            }
            Later($"UPDATE {table.Name} SET {set} WHERE {table.Key} = $row", rows: 1, [.. given, ("$row", key)]);
        }
    }

    private void Put(SealedTable table, RowSeal row)
    {
        if (_sums is null) return;
        Later($"UPDATE {table.Name} SET seal = $seal, seal_generation = $generation WHERE {table.Key} = $row", rows: 1,
            ("$seal", row.Seal), ("$generation", Generation), ("$row", row.Key));
        _sums.Add(table, _seals.TermOf(row.Seal));
    }

    private void Forget(SealedTable table, RowSeal row) => _sums?.Remove(table, _seals.TermOf(row.Seal));

    /// <summary>A row as this commit will seal it.</summary>
    private RowSeal Sealing(SealedTable table, StoredRow row) =>
        new(row[SealedTable.KeyAt], _sums is null ? [] : _seals.SealOf(table, row, Generation));

    /// <summary>A row with the seal that it has, which was compared.</summary>
    private static RowSeal Known(StoredRow row) => new(row[SealedTable.KeyAt], row.Bytes("seal")?.ToArray() ?? []);

    /// <summary>A value as a database gives it back: one of them reads a text up to its first NUL, the other takes none.</summary>
    private static object Kept(object? value) =>
        Sql.Plain(value) is var plain && plain is string text && text.IndexOf('\0', StringComparison.Ordinal) is >= 0 and var end ? text[..end] : plain;

    private static bool IsSame(object one, object other) =>
        one is byte[] bytes && other is byte[] others ? bytes.AsSpan().SequenceEqual(others) : Equals(one, other);

    private sealed record RowSeal(object Key, byte[] Seal);

    /// <summary>What becomes of a row.</summary>
    /// <param name="before">As the database has it, and its sum.</param>
    private sealed class RowChange(StoredRow before)
    {
        public StoredRow Before => before;

        /// <summary>Its values from now on; the seal among them when it is written.</summary>
        public object[] After { get; set; } = [];

        /// <summary>The columns that become others.</summary>
        public SortedDictionary<string, object> Set { get; } = new(StringComparer.Ordinal);
    }
}
