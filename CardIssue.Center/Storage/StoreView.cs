using System.Data.Common;

namespace CardIssue.Center.Storage;

/// <summary>One consistent state of the store, to read from. Every value is a parameter; times are UTC milliseconds since 1970.</summary>
internal class StoreView(DbConnection connection)
{
    /// <summary>All rows.</summary>
    public List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    /// <summary>The first row, or null.</summary>
    public T? First<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> values) where T : class
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        return reader.Read() ? read(reader) : null;
    }

    /// <summary>The first value of the first row; 0 when there is none.</summary>
    public long Number(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(sql, values);
        return command.ExecuteScalar() is long number ? number : 0;
    }

    /// <summary>Rows one at a time: for what may be larger than memory.</summary>
    public IEnumerable<T> Rows<T>(string sql, Func<DbDataReader, T> read)
    {
        using var command = Command(sql);
        using var reader = command.ExecuteReader();
        while (reader.Read()) yield return read(reader);
    }

    protected DbCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, Sql.Plain(value));
            command.Parameters.Add(parameter);
        }
        return command;
    }
}
