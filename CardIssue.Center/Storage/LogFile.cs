using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>The log as centers of before had it: in a file of its own. Its entries and checkpoints are taken into the store as they are.</summary>
internal static class LogFile
{
    /// <summary>The entry that says what was taken over, and vouches for it.</summary>
    public const string TakenOverKind = "LogTakenOver";

    private const string TakenOver = ".taken-over";

    /// <summary>What a center that has worked leaves behind beside its store.</summary>
    public static IEnumerable<string> Traces(LogOptions log)
    {
        if (HasEntries(log.DatabasePath)) yield return log.DatabasePath;
        if (HasEntries(log.DatabasePath + TakenOver)) yield return log.DatabasePath + TakenOver;
        if (LogCheckpoint.AnyIn(log.CheckpointDirectory)) yield return log.CheckpointDirectory;
    }

    /// <summary>Takes an older log over, once: in one commit, with an entry that says so and vouches for all before it; then its file is renamed.</summary>
    /// <exception cref="StoreException">The older log cannot be read, or the store not be written.</exception>
    public static async Task TakeOverAsync(CenterDatabase database, LogOptions log, CancellationToken cancellation)
    {
        if (!IsThere(log)) return;
        var path = Path.GetFullPath(log.DatabasePath);
        await database.WriteAsync(store => TakeInto(store, log), cancellation).ConfigureAwait(false);
        // With what a crash left beside it; another process may have been here first.
        foreach (var file in SqliteFile.PartsOf(path))
            if (File.Exists(file) && !File.Exists(file + TakenOver)) File.Move(file, file + TakenOver);
    }

    /// <summary>Takes an older log, where there is one, into a store that has none: before anything else is logged there.</summary>
    /// <returns>Whether there was anything to take.</returns>
    public static bool TakeInto(StoreTransaction store, LogOptions log) =>
        IsThere(log) && store.TakesOverLog && store.Number("SELECT count(*) FROM (SELECT 1 FROM log_entries LIMIT 1) AS one") == 0
        && Copy(store, Path.GetFullPath(log.DatabasePath));

    private static bool IsThere(LogOptions log) => new FileInfo(log.DatabasePath) is { Exists: true, Length: > 0 };

    private static bool Copy(StoreTransaction store, string path)
    {
        try
        {
            using var file = Open(path);
            var old = new StoreView(file);
            var count = 0L;
            foreach (var row in LogTable.AllOfBefore(old))
            {
                LogTable.Insert(store, row);
                count++;
            }
            foreach (var (number, at, heads, signature) in LogTable.Checkpoints(old)) LogTable.PutCheckpoint(store, number, at, heads, signature);
            store.Refresh();
            store.Log("store", TakenOverKind, new { entries = count, heads = LogTable.Heads(old).Select(LogJson.Of) });
            return true;
        }
        catch (SqliteException error) when (SqliteFaults.From(error, path) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>The ends of the chains that were taken over, as the entry that did it names them.</summary>
    public static IReadOnlyList<LogHead> HeadsOf(LogEntry takenOver)
    {
        using var detail = JsonDocument.Parse(takenOver.Detail);
        return LogCheckpoint.HeadsFrom(detail.RootElement.GetProperty("heads"));
    }

    /// <summary>Whether a log is there with an entry in it; also one that cannot be read. Nothing is made or changed.</summary>
    private static bool HasEntries(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: > 0 }) return false;
        try
        {
            using var connection = Open(path);
            return new StoreView(connection).Number("SELECT count(*) FROM (SELECT 1 FROM log_entries LIMIT 1) AS one") > 0;
        }
        catch (SqliteException)
        {
            return true;
        }
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
