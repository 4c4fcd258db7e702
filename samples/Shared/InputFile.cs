namespace CardIssue.CommandLine;

/// <summary>Files that somebody gave. A pipe is read like a file; one that nobody writes to is refused after a while.</summary>
internal static class InputFile
{
    private static readonly TimeSpan WriterPatience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether something is at a path. Behind a folder that may not be entered nobody can tell, and "not there" would be the wrong advice.
    /// </summary>
    /// <exception cref="UnauthorizedAccessException">This user may not look.</exception>
    public static bool IsThere(string path)
    {
        try
        {
            File.GetAttributes(path);
            return true;
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Opens a file to read it from its start, without a buffer that would keep what was read.</summary>
    /// <exception cref="CommandException">It can't be; the message says why.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new CommandException(ExitCode.File, $"{path} is a directory; a file is needed.");
        try
        {
            // Opening a pipe waits until somebody writes to it, and can't be cancelled.
            var opening = Task.Run(() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));
            return opening.Wait(WriterPatience) || opening.IsCompleted
                ? opening.GetAwaiter().GetResult()
                : throw new CommandException(ExitCode.File, $"{path} is a pipe that nobody writes to; start its writer first, or name a file.");
        }
        catch (AggregateException e) when (e.InnerException is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException(ExitCode.File, $"{path} does not exist.", e);
        }
        catch (AggregateException e) when (e.InnerException is UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.File, $"{path} may not be read by this user; give it the right to, or run as the file's owner.", e);
        }
        catch (AggregateException e) when (e.InnerException is IOException or ArgumentException or NotSupportedException)
        {
            throw new CommandException(ExitCode.File, $"{path} can't be read: {e.InnerException.Message}", e);
        }
    }

    /// <summary>Reads a whole file, unless it is larger than <paramref name="most"/> bytes.</summary>
    /// <exception cref="CommandException">It is, or it can't be read.</exception>
    public static byte[] ReadAll(string path, int most)
    {
        using var file = Open(path);
        using var content = new MemoryStream();
        var part = new byte[Math.Min(most + 1, 64 * 1024)];
        while (file.Read(part) is > 0 and var length)
        {
            content.Write(part, 0, length);
            if (content.Length > most) throw new CommandException(ExitCode.Usage, $"{path} is larger than {most} bytes.");
        }
        return content.ToArray();
    }

    /// <summary>What follows a byte order mark, which some editors put before UTF-8.</summary>
    public static byte[] WithoutMark(byte[] text) => text.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? text[3..] : text;
}
