using System.Data.Common;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>One consistent state of the store, to read from. Every value is a parameter; times are UTC milliseconds since 1970.</summary>
/// <param name="connection">A connection in whose transaction it is read.</param>
/// <param name="seals">Compares the rows of sealed tables; null where they are read for no decision.</param>
internal class StoreView(DbConnection connection, RowSeals? seals = null)
{
    /// <summary>Compares rows; null where none is compared.</summary>
    protected virtual RowSeals? Seals => seals;

    /// <summary>Rows of a sealed table that something is decided by.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: one is not what this center wrote; the message names
    /// it.</exception>
    public List<T> Query<T>(
        SealedTable table, string where, Func<StoredRow, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        OlderRow? older = null;
        var rows = QueryWhole(table, table.SelectWhere(where), row =>
        {
            Seals?.Check(table, row);
            older ??= See(table, row);
            return read(row);
        }, values);
        // Looked at when all rows are read: a connection does one thing at a time.
        if (older is null || CenterDatabase.GenerationIn(this) < older.Seen) return rows;
        throw RowSeals.Altered($"{older.Place} was put back to an older row: this center wrote it with commit {older.Seen} the last time. "
            + "Nothing is decided by it.");
    }

    /// <summary>Those rows of a sealed table that this center wrote; others are passed over.</summary>
    public List<T> QueryRight<T>(
        SealedTable table, string where, Func<StoredRow, T> read, params ReadOnlySpan<(string Name, object? Value)> values) where T : class =>
        [.. QueryWhole(table, table.SelectWhere(where), row => Seals?.Fits(table, row) == false ? null : read(row), values).OfType<T>()];

    /// <summary>The row of that key of a sealed table; null where there is none.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: it is not what this center wrote.</exception>
    public virtual T? Row<T>(SealedTable table, string key, Func<StoredRow, T> read) where T : class =>
        Query(table, $"{table.Key} = $key", read, ("$key", key)) is [var row] ? row : null;

    /// <summary>
    /// What the rows of the sealed tables came to with the latest commit. Null in a store of before, whose rows are not taken over yet.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: what is there is not that commit's.</exception>
    public RowSums? ReadSums(RowSeals with, ByteString storeId, long generation)
    {
        var sealedSums = Query("SELECT row_sums FROM store_meta", row => row.Bytes("row_sums")) is [{ } bytes] ? bytes : ByteString.Empty;
        if (sealedSums.IsEmpty && with.TakesOver) return null;
        if (sealedSums.IsEmpty && generation == 0) return new RowSums();
        return with.Open(sealedSums.Span, storeId, generation) ?? throw RowSeals.Altered(
            "What the rows of this store come to is not what this center's latest commit sealed.");
    }

    /// <summary>All rows.</summary>
    public List<T> Query<T>(string sql, Func<StoredRow, T> read, params ReadOnlySpan<(string Name, object? Value)> values) =>
        QueryWhole(null, sql, read, values);

    /// <summary>All rows, unjudged: of a sealed table whole ones, which the statement reads or returns as <see cref="SealedTable.List"/>.</summary>
    protected List<T> QueryWhole<T>(
        SealedTable? table, string sql, Func<StoredRow, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var statement = Command(sql, values);
        using var reading = new Reading(this, statement, table);
        var rows = new List<T>();
        while (reading.Next() is { } row) rows.Add(read(row));
        return rows;
    }

    /// <summary>The first row, or null.</summary>
    public T? First<T>(string sql, Func<StoredRow, T> read, params ReadOnlySpan<(string Name, object? Value)> values) where T : class
    {
        using var statement = Command(sql, values);
        using var reading = new Reading(this, statement);
        return reading.Next() is { } row ? read(row) : null;
    }

    /// <summary>The first value of the first row; 0 when there is none.</summary>
    public long Number(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var statement = Command(sql, values);
        return statement.Scalar() switch { long number => number, int number => number, _ => 0 };
    }

    /// <summary>Rows one at a time: for what may be larger than memory.</summary>
    public IEnumerable<T> Rows<T>(string sql, Func<StoredRow, T> read, params (string Name, object? Value)[] values) => Rows(null, sql, read, values);

    /// <summary>Rows of a sealed table one at a time, unjudged.</summary>
    public IEnumerable<T> Rows<T>(SealedTable table, Func<StoredRow, T> read) => Rows(table, $"SELECT {table.List} FROM {table.Name}", read, []);

    private IEnumerable<T> Rows<T>(SealedTable? table, string sql, Func<StoredRow, T> read, (string Name, object? Value)[] values)
    {
        using var statement = Command(sql, values);
        using var reading = new Reading(this, statement, table);
        while (reading.Next() is { } row) yield return read(row);
    }

    /// <summary>A row that was compared. What was read once of a small table, and was committed, is never older afterwards.</summary>
    /// <returns>The row, where it is of an earlier commit than was seen before.</returns>
    protected virtual OlderRow? See(SealedTable table, StoredRow row) =>
        table.IsSmall && Seals?.See(table, row) is { } seen ? new OlderRow(RowSeals.Place(table, row), seen) : null;

    protected sealed record OlderRow(string Place, long Seen);

    protected virtual Statements.Statement Command(string sql, params ReadOnlySpan<(string Name, object? Value)> values) => _isReading
        ? throw new InvalidOperationException("Rows are being read: a connection does one thing at a time, in some engines.")
        : Statements.Take(connection, sql, values);

    private bool _isReading;

    private sealed class Reading : IDisposable
    {
        private readonly StoreView _store;
        private readonly SealedTable? _table;
        private readonly StatementRows _rows;
        private readonly StoredRow _row;

        /// <param name="store">Whose connection it takes.</param>
        /// <param name="statement">What is read.</param>
        /// <param name="table">The sealed table whose rows are read whole; null for any other.</param>
        public Reading(StoreView store, Statements.Statement statement, SealedTable? table = null)
        {
            (_store, _table, _rows) = (store, table, statement.Read());
            _row = new StoredRow(_rows);
            store._isReading = true;
        }

        /// <summary>The next row; null behind the last.</summary>
        public StoredRow? Next()
        {
            if (!_rows.Next()) return null;
            if (_table is null) return _row;
            var values = new object[_table.Width];
            for (var i = 0; i < values.Length; i++) values[i] = _rows[i];
            return new StoredRow(_table, values);
        }

        public void Dispose()
        {
            _store._isReading = false;
            _rows.Dispose();
        }
    }
}
