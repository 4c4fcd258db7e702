using System.Reflection;
using DbUp;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>Brings a file's tables up to this version with the numbered scripts below Storage/Scripts. Each runs once, in a transaction.</summary>
internal static class Migrations
{
    public static void Apply(string connection, string scripts, string path)
    {
        var prefix = $"CardIssue.Center.Storage.Scripts.{scripts}.";
        var engine = DeployChanges.To.SqliteDatabase(connection)
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), name => name.StartsWith(prefix, StringComparison.Ordinal))
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build();
        var unknown = engine.GetExecutedScripts().Except(engine.GetDiscoveredScripts().Select(script => script.Name)).FirstOrDefault();
        if (unknown is not null)
        {
            throw new StoreException(StoreFault.Newer,
                $"{path}: was written by a newer version of CardIssue (it has {unknown}); use that version, or restore a backup from before.");
        }
        if (engine.PerformUpgrade() is { Successful: false } failed) throw Failure(failed.Error, path);
    }

    private static Exception Failure(Exception error, string path) => error is SqliteException sqlite && StoreException.From(sqlite, path) is { } fault
        ? fault
        : new InvalidOperationException($"{path}: a migration failed: {error.Message}", error);
}
