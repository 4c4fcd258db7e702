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
    private readonly StatementRows? _rows;
    private readonly SealedTable? _table;
    private readonly object[] _values = [];

    /// <param name="rows">Where they stand is the row, and each of those that they go on to.</param>
    public StoredRow(StatementRows rows) => _rows = rows;

    /// <param name="table">Whose row it is.</param>
    /// <param name="values">What <see cref="SealedTable.List"/> says, in its order; not there is <see cref="DBNull"/>.</param>
    public StoredRow(SealedTable table, object[] values) => (_table, _values) = (table, values);

    /// <summary>What is in memory of it.</summary>
    public ReadOnlySpan<object> Values => _values;

    /// <summary>The value at a place.</summary>
    public object this[int at] => _rows is null ? _values[at] : _rows[at];

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
        if (_rows is not null) return _rows.Long(at);
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
        if (_rows is not null) return _rows.Bytes(at) is { } found ? ByteString.Own(found) : null;
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

    private int At(string column) => _table?.PlaceOf(column) ?? _rows!.PlaceOf(column);
}
