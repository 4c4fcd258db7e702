namespace CardIssue.CommandLine;

/// <summary>Files that are there whole: whoever reads one, also after a crash, has the one before or the new one.</summary>
internal static class WholeFile
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Puts one in the place of what is there.</summary>
    /// <param name="path">Where.</param>
    /// <param name="content">All of it.</param>
    /// <param name="ownerOnly">Whether nobody else may read it. On Windows the directory's rights hold.</param>
    /// <exception cref="IOException">It could not be written; what was there stands.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written; what was there stands.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content, bool ownerOnly = false)
    {
        // Of its own: a host and a command may write the same file at once.
        var unfinished = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            // Else its name may be durable before its bytes are: an empty file after a crash.
            Make(unfinished, content, ownerOnly);
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <summary>Makes one, durably; never writes over one.</summary>
    /// <exception cref="IOException">There is one already, which stands; or it could not be written, and there is none.</exception>
    public static void Make(string path, ReadOnlySpan<byte> content, bool ownerOnly = false)
    {
        var (file, isWhole) = (Create(path, ownerOnly), false);
        try
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
            isWhole = true;
        }
        finally
        {
            Close(file, isWhole);
        }
    }

    /// <summary>Makes one for its owner alone of what is written bit by bit, as <see cref="Make"/>.</summary>
    /// <exception cref="IOException">There is one already, which stands; or it could not be written, and there is none.</exception>
    public static async Task<T> MakePrivateAsync<T>(string path, Func<Stream, Task<T>> write)
    {
        var (file, isWhole) = (Create(path, ownerOnly: true), false);
        try
        {
            var result = await write(file);
            file.Flush(flushToDisk: true);
            isWhole = true;
            return result;
        }
        finally
        {
            Close(file, isWhole);
        }
    }

    /// <summary>Closes a file that was made, which stays or is gone again.</summary>
    public static void Close(FileStream file, bool keep)
    {
        try
        {
            file.Dispose();
        }
        finally
        {
            // Also where the disk is full, which closing tells once more.
            if (!keep) File.Delete(file.Name);
        }
    }

    /// <summary>Makes a file; never writes over one.</summary>
    public static FileStream Create(string path, bool ownerOnly)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (ownerOnly && !OperatingSystem.IsWindows()) options.UnixCreateMode = Owner;
        return new FileStream(path, options);
    }
}
