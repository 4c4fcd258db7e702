global using StoreTransaction = Microsoft.Data.Sqlite.SqliteConnection;
global using StoreView = Microsoft.Data.Sqlite.SqliteConnection;
global using DbDataReader = Microsoft.Data.Sqlite.SqliteDataReader;

namespace CardIssue.Center.Storage;

internal static class Interim
{
    public static void Log(this StoreTransaction transaction, Log.LogEntry entry) { _ = (transaction, entry); }
}
