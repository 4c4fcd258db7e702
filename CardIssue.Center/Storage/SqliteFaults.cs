using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>What SQLite's errors mean for the center.</summary>
internal static class SqliteFaults
{
    // Result codes: https://sqlite.org/rescode.html; the low byte is the primary code.
    private const int BusyCode = 5, LockedCode = 6, ReadOnlyCode = 8, IoErrorCode = 10, CorruptCode = 11, FullCode = 13, CannotOpenCode = 14,
        ProtocolCode = 15, NotADatabaseCode = 26;

    /// <summary>What an error means; null when it is a local bug (a broken constraint, wrong SQL).</summary>
    public static StoreException? From(SqliteException error, string path) => error.SqliteErrorCode switch
    {
        FullCode => new(StoreFault.Full, $"{path}: the disk is full; make room, then try again. Nothing was lost.", error),
        ReadOnlyCode => new(StoreFault.ReadOnly, $"{path}: may not be written; give this user the right to write the file and its directory.", error),
        CorruptCode or NotADatabaseCode => new(StoreFault.Corrupt,
            $"{path}: is damaged or no database; keep it aside, restore the latest backup, and reconcile the orders that are then quarantined.", error),
        CannotOpenCode => new(StoreFault.Unreachable, $"{path}: cannot be opened; check that the directory is there, and that this user has the right to read it and to write into its directory.", error),
        BusyCode or LockedCode or ProtocolCode => new(StoreFault.Busy, $"{path}: another process holds it; end that process or try again.", error),
        IoErrorCode when HasNoRoom(path) => new(StoreFault.Full, $"{path}: the disk is full; make room, then try again. Nothing was lost.", error),
        IoErrorCode => new(StoreFault.Broken, $"{path}: the disk reported an error; check the disk.", error),
        _ => null,
    };

    /// <summary>Where SQLite maps a file into memory it tells a full disk as an error of the disk.</summary>
    private static bool HasNoRoom(string path)
    {
        try
        {
            const int page = 4_096;
            return new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace < page;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
