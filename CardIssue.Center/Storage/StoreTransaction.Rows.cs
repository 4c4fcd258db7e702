using System.Data.Common;

namespace CardIssue.Center.Storage;

// Rows of sealed tables are written here and nowhere else: a row, its seal and the sum of its table are one.
internal sealed partial class StoreTransaction
{
    private const int RowsAtOnce = 1_000, MostSeen = 1_000;

    private readonly RowSeals _seals;

    /// <summary>Null in a store of before, until its rows are taken over.</summary>
    private RowSums? _sums;

    /// <summary>The seals of rows that were compared here, or written: nobody else writes beside this commit, so they need not be read again.</summary>
    private readonly Dictionary<(SealedTable Table, object Key), byte[]> _seen = [];

    /// <summary>What is read here may be of this very commit, which is not durable yet.</summary>
    protected override OlderRow? See(SealedTable table, DbDataReader row)
    {
        // Bytes are not equal by content.
        if (_seen.Count < MostSeen && row[SealedTable.KeyAt] is string key) _seen[(table, key)] = Known(row).Seal;
        return null;
    }

    protected override RowSeals? Seals => _sums is null ? null : base.Seals;

    /// <summary>Adds rows to a sealed table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="insert">The statement.</param>
    /// <param name="values">Its values.</param>
    /// <returns>The keys of the rows.</returns>
    public IReadOnlyList<object> Insert(SealedTable table, string insert, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var rows = Query($"{insert} RETURNING {table.List}", row => Sealing(table, row), values);
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

    /// <summary>Changes one row of a sealed table, which this commit has mostly read already.</summary>
    /// <param name="table">The table.</param>
    /// <param name="set">What follows SET.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="values">The values of <paramref name="set"/>.</param>
    /// <returns>1; 0 where there is no such row.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: it is not what this center wrote.</exception>
    public int UpdateRow(SealedTable table, string set, string key, params ReadOnlySpan<(string Name, object? Value)> values) =>
        _seen.TryGetValue((table, key), out var seal) ? Update(table, set, [new RowSeal(key, seal)], values)
            : Update(table, set, $"{table.Key} = $key", [.. values, ("$key", key)]);

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
            _seen.Remove((table, row.Key));
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
                rows = Query($"SELECT {table.List} FROM {table.Name} {from} ORDER BY {table.Key} LIMIT $most", row => Sealing(table, row),
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
            var changed = Query($"UPDATE {table.Name} SET {set} WHERE {table.Key} = $row RETURNING {table.List}",
                at => Sealing(table, at), [.. values, ("$row", row.Key)]);
            foreach (var now in changed) Put(table, now);
        }
        return rows.Count;
    }

    private void Put(SealedTable table, RowSeal row)
    {
        if (_sums is null) return;
        Execute($"UPDATE {table.Name} SET seal = $seal, seal_generation = $generation WHERE {table.Key} = $row",
            ("$seal", row.Seal), ("$generation", Generation), ("$row", row.Key));
        _sums.Add(table, _seals.TermOf(row.Seal));
        if (_seen.ContainsKey((table, row.Key))) _seen[(table, row.Key)] = row.Seal;
    }

    private void Forget(SealedTable table, RowSeal row) => _sums?.Remove(table, _seals.TermOf(row.Seal));

    /// <summary>A row as this commit will seal it.</summary>
    private RowSeal Sealing(SealedTable table, DbDataReader row) =>
        new(row[SealedTable.KeyAt], _sums is null ? [] : _seals.SealOf(table, row, Generation));

    /// <summary>A row with the seal that it has, which was compared.</summary>
    private static RowSeal Known(DbDataReader row) => new(row[SealedTable.KeyAt], row.Bytes("seal")?.ToArray() ?? []);

    private sealed record RowSeal(object Key, byte[] Seal);
}
