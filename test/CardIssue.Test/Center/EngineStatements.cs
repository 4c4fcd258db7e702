using CardIssue.Center.Storage;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

/// <summary>Statements straight to the store's engine, past everything that the center keeps to.</summary>
internal static class EngineStatements
{
    public static Task ExecuteAsync(this CenterDatabase database, string sql) =>
        database.BetweenAsync(engine => ((SqliteFile)engine).Execute(sql), CancellationToken.None);

    public static int Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, Sql.Plain(value));
        return command.ExecuteNonQuery();
    }
}
