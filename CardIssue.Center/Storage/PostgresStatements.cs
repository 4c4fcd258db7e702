using System.Collections.Concurrent;
using System.Text;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>
/// The store's statements as a PostgreSQL server takes them: its parameters have numbers, so that nothing looks through the text for names each time,
/// and what is NULL stands in the text, since without a type it would make of a prepared statement another one.
/// </summary>
internal static class PostgresStatements
{
    /// <summary>More than the store has; what is made of parts at run time is made anew then.</summary>
    private const int Most = 2_000;

    private static readonly ConcurrentDictionary<(string Sql, ulong Nulls), (string Text, int[] Values)> Known = [];

    /// <summary>A statement with its values.</summary>
    public static NpgsqlBatchCommand Command(string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        Span<object> plain = new object[values.Length];
        var nulls = 0UL;
        for (var i = 0; i < values.Length; i++)
        {
            plain[i] = Sql.Plain(values[i].Value);
            if (plain[i] is DBNull && i < 64) nulls |= 1UL << i;
        }
        if (!Known.TryGetValue((sql, nulls), out var known))
        {
            known = Translate(sql, values, nulls);
            if (Known.Count < Most) Known.TryAdd((sql, nulls), known);
        }
        var command = new NpgsqlBatchCommand(known.Text);
        foreach (var at in known.Values) command.Parameters.Add(new NpgsqlParameter { Value = plain[at] });
        return command;
    }

    /// <summary>No text of the store's has a $ but before a parameter's name.</summary>
    private static (string Text, int[] Values) Translate(string sql, ReadOnlySpan<(string Name, object? Value)> values, ulong nulls)
    {
        var (text, used) = (new StringBuilder(sql.Length), new List<int>(values.Length));
        for (var at = 0; at < sql.Length;)
        {
            if (sql[at] != '$')
            {
                text.Append(sql[at++]);
                continue;
            }
            var end = at + 1;
            while (end < sql.Length && (char.IsAsciiLetterOrDigit(sql[end]) || sql[end] == '_')) end++;
            var value = PlaceOf(values, sql[at..end]);
            at = end;
            if (value < 64 && (nulls >> value & 1) == 1)
            {
                text.Append("NULL");
                continue;
            }
            if (!used.Contains(value)) used.Add(value);
            text.Append('$').Append(used.IndexOf(value) + 1);
        }
        return (text.ToString(), [.. used]);
    }

    private static int PlaceOf(ReadOnlySpan<(string Name, object? Value)> values, string name)
    {
        for (var i = 0; i < values.Length; i++)
            if (values[i].Name == name) return i;
        throw new ArgumentException($"The statement has no value for {name}.", nameof(values));
    }
}
