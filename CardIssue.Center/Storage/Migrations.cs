using System.Reflection;
using DbUp;
using DbUp.Engine;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>Brings a file's tables up to this version with the numbered scripts below Storage/Scripts. Each runs once, in a transaction.</summary>
internal static class Migrations
{
    private const string Prefix = "CardIssue.Center.Storage.Scripts.Store.";

    public static void Apply(string connection, string path)
    {
        var engine = Engine(connection, path);
        if (engine.PerformUpgrade() is { Successful: false } failed) throw Failure(failed.Error, path);
    }

    /// <summary>For who only reads: the tables are those of this version.</summary>
    /// <exception cref="StoreException">They are not.</exception>
    public static void Compare(string connection, string path)
    {
        if (Engine(connection, path).IsUpgradeRequired())
            throw new StoreException(StoreFault.Older, $"{path}: was written by an older version of CardIssue; open it once with the vault, which brings it up to this one.");
    }

    private static UpgradeEngine Engine(string connection, string path)
    {
        var engine = DeployChanges.To.SqliteDatabase(connection)
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build();
        var unknown = engine.GetExecutedScripts().Except(engine.GetDiscoveredScripts().Select(script => script.Name)).FirstOrDefault();
        return unknown is null ? engine : throw new StoreException(StoreFault.Newer,
            $"{path}: was written by a newer version of CardIssue (it has {unknown}); use that version, or restore a backup from before.");
    }

    private static Exception Failure(Exception error, string path) => error is SqliteException sqlite && SqliteFaults.From(sqlite, path) is { } fault
        ? fault
        : new InvalidOperationException($"{path}: a migration failed: {error.Message}", error);
}
