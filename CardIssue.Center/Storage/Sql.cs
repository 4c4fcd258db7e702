using CardIssue.Core;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>Statements in one line. Every value is a parameter; times are UTC milliseconds since 1970.</summary>
internal static class Sql
{
    public static int Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = connection.Command(sql, values);
        return command.ExecuteNonQuery();
    }

    public static List<T> Query<T>(
        this SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = connection.Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    public static T? First<T>(
        this SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
        where T : class
    {
        using var command = connection.Command(sql, values);
        using var reader = command.ExecuteReader();
        return reader.Read() ? read(reader) : null;
    }

    public static long Number(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = connection.Command(sql, values);
        return command.ExecuteScalar() is long number ? number : 0;
    }

    public static SqliteCommand Command(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, Plain(value));
        return command;
    }

    public static string? Text(this SqliteDataReader row, string column) =>
        row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetString(at);

    public static long? Long(this SqliteDataReader row, string column) =>
        row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetInt64(at);

    public static int Int(this SqliteDataReader row, string column) => row.GetInt32(row.GetOrdinal(column));

    public static ByteString? Bytes(this SqliteDataReader row, string column) =>
        row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : ByteString.Own(row.GetFieldValue<byte[]>(at));

    public static DateTimeOffset? Time(this SqliteDataReader row, string column) =>
        row.Long(column) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    private static object Plain(object? value) => value switch
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
