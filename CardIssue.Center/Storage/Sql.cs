using System.Data.Common;
using CardIssue.Core.Primitives;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>Between the values of this program and those of a database: times are UTC milliseconds since 1970, enums their numbers.</summary>
internal static class Sql
{
    /// <summary>A time as the store keeps it: to the millisecond.</summary>
    public static DateTimeOffset Stored(this DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    /// <summary>The value of a parameter, which most often stands where the statement has it.</summary>
    /// <exception cref="ArgumentException">None is given for it.</exception>
    public static object? ValueOf(ReadOnlySpan<(string Name, object? Value)> values, string name, int likely)
    {
        if (likely < values.Length && values[likely].Name == name) return values[likely].Value;
        foreach (var value in values)
            if (value.Name == name) return value.Value;
        throw new ArgumentException($"The statement has no value for {name}.", nameof(values));
    }

    /// <summary>A value as every engine keeps it: text, bytes, or a number of 64 bits.</summary>
    public static object Plain(object? value) => value switch
    {
        null => DBNull.Value,
        ByteString bytes => bytes.ToArray(),
        CardId card => card.Value.ToArray(),
        OrderId order => order.Value,
        TerminalId terminal => terminal.Value,
        IssuerId issuer => issuer.Value,
        BranchId branch => branch.Value,
        OperatorId person => person.Value,
        LineNumber line => (long)line.Value,
        int number => (long)number,
        bool flag => flag ? 1L : 0L,
        DateTimeOffset time => time.ToUnixTimeMilliseconds(),
        Enum member => Convert.ToInt64(member, System.Globalization.CultureInfo.InvariantCulture),
        _ => value,
    };

    /// <summary>A statement of the store, whose parameters are written <c>$name</c>, for the engine that a connection is of.</summary>
    public static DbCommand Command(DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var command = connection.CreateCommand();
        var isPostgres = connection is NpgsqlConnection;
        // https://www.npgsql.org/doc/basic-usage.html: its names begin with @ or a colon. No text of the store's has a $ elsewhere.
        command.CommandText = isPostgres ? sql.Replace('$', '@') : sql;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (isPostgres ? name[1..] : name, Plain(value));
            command.Parameters.Add(parameter);
        }
        return command;
    }

    /// <summary>Carries a statement out. Returns how many rows it changed.</summary>
    public static int Execute(DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }
}
