namespace CardIssue.Center.Storage;

/// <summary>Directories and files that only their owner may read and write. On Windows the directory's inherited rights hold.</summary>
internal static class PrivateFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Makes the file where it is not there. SQLite gives its -wal and -shm files the rights of the database file.</summary>
    public static void CreateFile(string path)
    {
        using var file = Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
    }

    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share = FileShare.ReadWrite)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open) options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }

    /// <summary>Puts a whole file in place, durably: a reader sees the old one or the new one.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content) => File.Move(Unfinished(path, content), path, overwrite: true);

    /// <summary>Puts a whole file in place, durably, where none is.</summary>
    /// <returns>False when one is there; it stays as it is.</returns>
    public static bool TryAdd(string path, ReadOnlySpan<byte> content)
    {
        var unfinished = Unfinished(path, content);
        try
        {
            File.Move(unfinished, path);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(unfinished);
            return false;
        }
    }

    private static string Unfinished(string path, ReadOnlySpan<byte> content)
    {
        var unfinished = path + ".new";
        using var file = Open(unfinished, FileMode.Create, FileAccess.Write, FileShare.None);
        file.Write(content);
        file.Flush(flushToDisk: true);
        return unfinished;
    }
}
