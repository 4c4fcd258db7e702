using System.Reflection;
using DbUp;
using DbUp.Builder;
using DbUp.Engine;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>
/// Brings a store's tables up to this version with the numbered scripts below Storage/Scripts. Each runs once; all that are due in one transaction, so that a store is of
/// the version that it was or of this one, and a new one waits for the disk once.
/// </summary>
internal static class Migrations
{
    private const string SqlitePrefix = "CardIssue.Center.Storage.Scripts.Store.", PostgresPrefix = "CardIssue.Center.Storage.Scripts.Postgres.";

    public static void Apply(string connection, string path) => Apply(DeployChanges.To.SqliteDatabase(connection), SqlitePrefix, path);

    public static void Apply(PostgresPlace place) => Apply(DeployChanges.To.PostgresqlDatabase(place.Alone), PostgresPrefix, place.Text);

    /// <summary>Whether the tables are of an older version, or are not there.</summary>
    public static bool AreDue(PostgresPlace place) =>
        Engine(DeployChanges.To.PostgresqlDatabase(place.Alone), PostgresPrefix, place.Text).IsUpgradeRequired();

    /// <summary>For who only reads: the tables are those of this version.</summary>
    /// <exception cref="StoreException">They are not.</exception>
    public static void Compare(string connection, string path) => Compare(DeployChanges.To.SqliteDatabase(connection), SqlitePrefix, path);

    /// <inheritdoc cref="Compare(string, string)"/>
    public static void Compare(PostgresPlace place) => Compare(DeployChanges.To.PostgresqlDatabase(place.Alone), PostgresPrefix, place.Text);

    private static void Apply(UpgradeEngineBuilder builder, string prefix, string path)
    {
        var engine = Engine(builder, prefix, path);
        if (engine.IsUpgradeRequired() && engine.PerformUpgrade() is { Successful: false } failed) throw Failure(failed.Error, path);
    }

    private static void Compare(UpgradeEngineBuilder builder, string prefix, string path)
    {
        if (Engine(builder, prefix, path).IsUpgradeRequired())
            throw new StoreException(StoreFault.Older, $"{path}: was written by an older version of CardIssue; open it once with the vault, which brings it up to this one.");
    }

    private static UpgradeEngine Engine(UpgradeEngineBuilder builder, string prefix, string path)
    {
        var engine = builder
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), name => name.StartsWith(prefix, StringComparison.Ordinal))
            .WithTransaction()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build();
        var unknown = engine.GetExecutedScripts().Except(engine.GetDiscoveredScripts().Select(script => script.Name)).FirstOrDefault();
        return unknown is null ? engine : throw new StoreException(StoreFault.Newer,
            $"{path}: was written by a newer version of CardIssue (it has {unknown}); use that version, or restore a backup from before.");
    }

    private static Exception Failure(Exception error, string path) =>
        (error is SqliteException sqlite ? SqliteFaults.From(sqlite, path) : PostgresFaults.From(error, path)) is { } fault
        ? fault
        : new InvalidOperationException($"{path}: a migration failed: {error.Message}", error);
}
