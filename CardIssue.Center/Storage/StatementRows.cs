using System.Data.Common;

namespace CardIssue.Center.Storage;

/// <summary>The rows that a statement gives, one at a time. Values are those that every engine keeps: numbers of 64 bits, texts, bytes.</summary>
internal abstract class StatementRows : IDisposable
{
    /// <summary>The value at a place of the row where it stands; <see cref="DBNull"/> where there is none.</summary>
    public abstract object this[int at] { get; }

    /// <summary>Goes on to the next row.</summary>
    /// <returns>False behind the last.</returns>
    public abstract bool Next();

    /// <summary>The number at a place; null where there is none.</summary>
    public abstract long? Long(int at);

    /// <summary>The bytes at a place; null where there are none.</summary>
    public abstract byte[]? Bytes(int at);

    /// <summary>Where a column stands.</summary>
    public abstract int PlaceOf(string column);

    public abstract void Dispose();
}

/// <summary>The rows of a server.</summary>
internal sealed class ServerRows(DbDataReader rows) : StatementRows
{
    public override object this[int at] => rows.GetValue(at);

    public override bool Next() => rows.Read();

    public override long? Long(int at) => rows.IsDBNull(at) ? null : rows.GetInt64(at);

    public override byte[]? Bytes(int at) => rows.IsDBNull(at) ? null : rows.GetFieldValue<byte[]>(at);

    public override int PlaceOf(string column) => rows.GetOrdinal(column);

    public override void Dispose() => rows.Dispose();
}
