using System.Data.Common;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>Between the values of this program and those of a database: times are UTC milliseconds since 1970, enums their numbers.</summary>
internal static class Sql
{
    public static string? Text(this DbDataReader row, string column) =>
        row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetString(at);

    public static long? Long(this DbDataReader row, string column) =>
        row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetInt64(at);

    public static int Int(this DbDataReader row, string column) => row.GetInt32(row.GetOrdinal(column));

    public static ByteString? Bytes(this DbDataReader row, string column) =>
        row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : ByteString.Own(row.GetFieldValue<byte[]>(at));

    public static DateTimeOffset? Time(this DbDataReader row, string column) =>
        row.Long(column) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>A time as the store keeps it: to the millisecond.</summary>
    public static DateTimeOffset Stored(this DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    public static object Plain(object? value) => value switch
    {
        null => DBNull.Value,
        ByteString bytes => bytes.ToArray(),
        CardId card => card.Value.ToArray(),
        OrderId order => order.Value,
        TerminalId terminal => terminal.Value,
        OperatorId person => person.Value,
        LineNumber line => line.Value,
        DateTimeOffset time => time.ToUnixTimeMilliseconds(),
        Enum member => Convert.ToInt64(member, System.Globalization.CultureInfo.InvariantCulture),
        _ => value,
    };
}
