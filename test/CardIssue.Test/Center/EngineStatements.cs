using CardIssue.Center.Storage;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

/// <summary>Statements straight to the store's engine, past everything that the center keeps to.</summary>
internal static class EngineStatements
{
    public static Task ExecuteAsync(this CenterDatabase database, string sql) =>
        database.BetweenAsync(engine =>
        {
            if (engine is PostgresStore postgres) postgres.Execute(sql);
            else ((SqliteFile)engine).Execute(sql);
        }, CancellationToken.None);

    /// <summary>Brings the seals in line with what is there: what an older copy of the store would have, which who has no key must have kept.</summary>
    public static void Reseal(string path, LogKeys keys)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        var store = new StoreView(connection);
        var (id, generation) = (CenterDatabase.IdIn(store), store.Number("SELECT generation FROM store_meta"));
        connection.Execute("DELETE FROM log_heads");
        foreach (var head in LogTable.Heads(store))
        {
            var seal = new LogHeadSeal(id, head, generation);
            connection.Execute("INSERT INTO log_heads (instance, sequence, hash, generation, mac) VALUES ($instance, $sequence, $hash, $generation, $mac)",
                ("$instance", head.Instance), ("$sequence", head.Sequence), ("$hash", head.Hash), ("$generation", generation), ("$mac", seal.MacOf(keys)));
        }
    }

    public static int Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values) =>
        Sql.Execute(connection, sql, values);
}
