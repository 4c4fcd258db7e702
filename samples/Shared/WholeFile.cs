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
            using (var file = Create(unfinished, ownerOnly))
            {
                file.Write(content);
                // Else its name may be durable before its bytes are: an empty file after a crash.
                file.Flush(flushToDisk: true);
            }
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
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
