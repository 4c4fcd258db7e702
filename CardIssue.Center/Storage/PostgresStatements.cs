using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>
/// The store's statements as a PostgreSQL server takes them: its parameters have numbers, so that nothing looks through the text for names each time,
/// and what is NULL stands in the text, since without a type it would make of a prepared statement another one.
/// </summary>
internal static partial class PostgresStatements
{
    /// <summary>More than the store has; what is made of parts at run time is made anew then.</summary>
    private const int Most = 2_000, MostNulls = 64;

    private static readonly ConcurrentDictionary<string, string[]> Names = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<(string Sql, ulong Nulls), string> Texts = [];

    /// <summary>A statement with its values; of more that are given it takes none.</summary>
    /// <exception cref="ArgumentException">It has a parameter that no value is given for.</exception>
    public static NpgsqlBatchCommand Command(string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        if (!Names.TryGetValue(sql, out var names))
        {
            names = [.. Parameter.Matches(sql).Select(match => match.Value).Distinct()];
            if (Names.Count < Most) Names.TryAdd(sql, names);
        }
        var (nulls, given) = (0UL, new List<NpgsqlParameter>(names.Length));
        for (var i = 0; i < names.Length; i++)
        {
            var plain = Sql.Plain(Sql.ValueOf(values, names[i], i));
            if (plain is DBNull && i < MostNulls) nulls |= 1UL << i;
            else given.Add(new NpgsqlParameter { Value = plain });
        }
        if (!Texts.TryGetValue((sql, nulls), out var text))
        {
            text = Translate(sql, names, nulls);
            if (Texts.Count < Most) Texts.TryAdd((sql, nulls), text);
        }
        var command = new NpgsqlBatchCommand(text);
        foreach (var parameter in given) command.Parameters.Add(parameter);
        return command;
    }

    private static string Translate(string sql, string[] names, ulong nulls)
    {
        var number = 0;
        var texts = new Dictionary<string, string>();
        for (var i = 0; i < names.Length; i++)
        {
            var isNull = i < MostNulls && (nulls >> i & 1) == 1;
            texts[names[i]] = isNull ? "NULL" : string.Create(CultureInfo.InvariantCulture, $"${++number}");
        }
        return Parameter.Replace(sql, match => texts[match.Value]);
    }

    /// <summary>No text of the store's has a $ but before a parameter's name.</summary>
    [GeneratedRegex(@"\$\w+")]
    private static partial Regex Parameter { get; }
}
