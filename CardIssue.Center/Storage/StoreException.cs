using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>Why a store could not do its work.</summary>
public enum StoreFault
{
    /// <summary>No room on the disk.</summary>
    Full,
    /// <summary>The file or its directory may not be written.</summary>
    ReadOnly,
    /// <summary>The file is damaged, or is no database.</summary>
    Corrupt,
    /// <summary>The file or its directory cannot be opened.</summary>
    Unreachable,
    /// <summary>Another process holds the file, or too much waits to be written.</summary>
    Busy,
    /// <summary>The file was written by a newer version of CardIssue.</summary>
    Newer,
    /// <summary>The disk reported an error.</summary>
    Broken,
    /// <summary>Another center serves from this store.</summary>
    Served,
    /// <summary>The file is gone, though something else shows that it was there.</summary>
    Lost,
    /// <summary>A row was changed, or put in, by something that has not the center's vault.</summary>
    Altered,
    /// <summary>The file was written by an older version of CardIssue, and was opened for reading alone.</summary>
    Older,
}

/// <summary>A store could not do its work. Nothing of the change that was under way is counted as saved; its message says what to do.</summary>
public sealed class StoreException : IOException
{
    /// <summary>Makes one with its fault, and a message that says what happened and what to do.</summary>
    public StoreException(StoreFault fault, string message, Exception? inner = null) : base(message, inner) => Fault = fault;

    /// <summary>Why.</summary>
    public StoreFault Fault { get; }

    // Result codes: https://sqlite.org/rescode.html; the low byte is the primary code.
    private const int BusyCode = 5, LockedCode = 6, ReadOnlyCode = 8, IoErrorCode = 10, CorruptCode = 11, FullCode = 13, CannotOpenCode = 14,
        NotADatabaseCode = 26;

    /// <summary>What SQLite's error means for the center; null when it is a local bug (a broken constraint, wrong SQL).</summary>
    internal static StoreException? From(SqliteException error, string path) => error.SqliteErrorCode switch
    {
        FullCode => new(StoreFault.Full, $"{path}: the disk is full; make room, then try again. Nothing was lost.", error),
        ReadOnlyCode => new(StoreFault.ReadOnly, $"{path}: may not be written; give this user the right to write the file and its directory.", error),
        CorruptCode or NotADatabaseCode => new(StoreFault.Corrupt,
            $"{path}: is damaged or no database; keep it aside, restore the latest backup, and reconcile the orders that are then quarantined.", error),
        CannotOpenCode => new(StoreFault.Unreachable, $"{path}: cannot be opened; check that the directory is there, and that this user has the right to read it and to write into its directory.", error),
        BusyCode or LockedCode => new(StoreFault.Busy, $"{path}: another process holds it; end that process or try again.", error),
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

    internal static StoreException? From(IOException error, string path) => error switch
    {
        StoreException already => already,
        // ENOSPC on Unix, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
        { HResult: 28 or unchecked((int)0x80070070) or unchecked((int)0x80070027) } =>
            new(StoreFault.Full, $"{path}: the disk is full; make room, then try again. Nothing was lost.", error),
        _ => new(StoreFault.Broken, $"{path}: {error.Message}; check the disk and the directory.", error),
    };
}
