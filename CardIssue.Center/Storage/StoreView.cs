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
        SealedTable table, string where, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        OlderRow? older = null;
        var rows = Query($"SELECT {table.List} FROM {table.Name} WHERE {where}", row =>
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
        SealedTable table, string where, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values) where T : class =>
        [.. Query($"SELECT {table.List} FROM {table.Name} WHERE {where}",
            row => Seals?.Fits(table, row) == false ? null : read(row), values).OfType<T>()];

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
    public List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var statement = Command(sql, values);
        using var reading = new Reading(this, statement.Command);
        var rows = new List<T>();
        while (reading.Rows.Read()) rows.Add(read(reading.Rows));
        return rows;
    }

    /// <summary>The first row, or null.</summary>
    public T? First<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values) where T : class
    {
        using var statement = Command(sql, values);
        using var reading = new Reading(this, statement.Command);
        return reading.Rows.Read() ? read(reading.Rows) : null;
    }

    /// <summary>The first value of the first row; 0 when there is none.</summary>
    public long Number(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var statement = Command(sql, values);
        return statement.Command.ExecuteScalar() switch { long number => number, int number => number, _ => 0 };
    }

    /// <summary>Rows one at a time: for what may be larger than memory.</summary>
    public IEnumerable<T> Rows<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] values)
    {
        using var statement = Command(sql, values);
        using var reading = new Reading(this, statement.Command);
        while (reading.Rows.Read()) yield return read(reading.Rows);
    }

    /// <summary>Rows of a sealed table one at a time, unjudged.</summary>
    public IEnumerable<T> Rows<T>(SealedTable table, Func<DbDataReader, T> read) => Rows($"SELECT {table.List} FROM {table.Name}", read);

    /// <summary>A row that was compared. What was read once of a small table, and was committed, is never older afterwards.</summary>
    /// <returns>The row, where it is of an earlier commit than was seen before.</returns>
    protected virtual OlderRow? See(SealedTable table, DbDataReader row) =>
        table.IsSmall && Seals?.See(table, row) is { } seen ? new OlderRow(RowSeals.Place(table, row), seen) : null;

    protected sealed record OlderRow(string Place, long Seen);

    protected Statements.Statement Command(string sql, params ReadOnlySpan<(string Name, object? Value)> values) => _isReading
        ? throw new InvalidOperationException("Rows are being read: a connection does one thing at a time, in some engines.")
        : Statements.Take(connection, sql, values);

    private bool _isReading;

    private sealed class Reading : IDisposable
    {
        private readonly StoreView _store;

        public Reading(StoreView store, DbCommand command)
        {
            Rows = command.ExecuteReader();
            _store = store;
            store._isReading = true;
        }

        public DbDataReader Rows { get; }

        public void Dispose()
        {
            _store._isReading = false;
            Rows.Dispose();
        }
    }
}
