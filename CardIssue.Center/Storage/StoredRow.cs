using System.Data.Common;
using System.Globalization;
using System.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// A row, with the values of this program: times are UTC milliseconds since 1970, enums their numbers. One of a sealed table is in memory as a
/// whole, since all of it is under the seal; of any other each value is read when it is asked for.
/// </summary>
internal sealed class StoredRow
{
    private readonly DbDataReader? _reader;
    private readonly SealedTable? _table;
    private readonly object[] _values = [];

    /// <param name="reader">Where it stands is the row, and each of those that it goes on to.</param>
    public StoredRow(DbDataReader reader) => _reader = reader;

    /// <param name="table">Whose row it is.</param>
    /// <param name="values">What <see cref="SealedTable.List"/> says, in its order; not there is <see cref="DBNull"/>.</param>
    public StoredRow(SealedTable table, object[] values) => (_table, _values) = (table, values);

    /// <summary>What is in memory of it.</summary>
    public ReadOnlySpan<object> Values => _values;

    /// <summary>The value at a place.</summary>
    public object this[int at] => _reader is null ? _values[at] : _reader.GetValue(at);

    public string? Text(string column) => this[At(column)] switch
    {
        DBNull => null,
        string text => text,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        var other => Convert.ToString(other, CultureInfo.InvariantCulture),
    };

    public long? Long(string column)
    {
        var at = At(column);
        if (_reader is not null) return _reader.IsDBNull(at) ? null : _reader.GetInt64(at);
        return _values[at] switch
        {
            DBNull => null,
            long number => number,
            int number => number,
            // Somebody has put it there; what SQLite makes of it is as good as any.
            string text => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0,
            _ => 0,
        };
    }

    public int Int(string column) => (int)(Long(column) ?? throw new InvalidOperationException($"{column} is not there"));

    public ByteString? Bytes(string column)
    {
        var at = At(column);
        if (_reader is not null) return _reader.IsDBNull(at) ? null : ByteString.Own(_reader.GetFieldValue<byte[]>(at));
        return _values[at] switch
        {
            DBNull => null,
            byte[] bytes => ByteString.Own(bytes),
            var other => ByteString.Own(Encoding.UTF8.GetBytes(Convert.ToString(other, CultureInfo.InvariantCulture)!)),
        };
    }

    public DateTimeOffset? Time(string column) =>
        Long(column) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>Whose a row is; null for the center's own.</summary>
    public IssuerId? Issuer() => Text("issuer") is { } issuer ? new IssuerId(issuer) : null;

    /// <summary>The branch that a row names; null for none.</summary>
    public BranchId? Branch() => Text("branch") is { } branch ? new BranchId(branch) : null;

    private int At(string column) => _table?.PlaceOf(column) ?? _reader!.GetOrdinal(column);
}
