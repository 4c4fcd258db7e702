using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>Why a store could not do its work.</summary>
internal enum StoreFault
{
    /// <summary>No room on the disk.</summary>
    Full,
    /// <summary>The file or its directory may not be written.</summary>
    ReadOnly,
    /// <summary>The file is damaged, or is no database.</summary>
    Corrupt,
    /// <summary>The file or its directory cannot be opened, or the database server does not answer.</summary>
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
    /// <summary>The database server is set so that what it calls committed may not survive a power cut.</summary>
    Unsafe,
    /// <summary>The store was moved into another database; it is not this one any more.</summary>
    Moved,
}

/// <summary>A store could not do its work. Nothing of the change that was under way is counted as saved (see <see cref="MayBeSaved"/>); its message says what to do.</summary>
public sealed class StoreException : CardIssueException
{
    /// <summary>Makes one with its fault, and a message that says what happened and what to do.</summary>
    internal StoreException(StoreFault fault, string message, Exception? inner = null) : base(message, inner) => Fault = fault;

    /// <summary>Why.</summary>
    internal StoreFault Fault { get; }

    /// <summary>
    /// Whether the change may be saved all the same: the server went away with its answer to the commit, and did not come back in time to say what became
    /// of it. Else nothing of it is.
    /// </summary>
    public bool MayBeSaved { get; init; }

    internal static StoreException? From(IOException error, string path) => error switch
    {
        StoreException already => already,
        // ENOSPC on Unix, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
        { HResult: 28 or unchecked((int)0x80070070) or unchecked((int)0x80070027) } =>
            new(StoreFault.Full, $"{path}: the disk is full; make room, then try again. Nothing was lost.", error),
        _ => new(StoreFault.Broken, $"{path}: {error.Message.TrimEnd('.')}; check the disk and the directory.", error),
    };
}
