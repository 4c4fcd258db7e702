using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace CardIssue.Core.Primitives;

/// <summary>Reads a small file, and writes it so that a crash leaves the old one or the new one, whole, and only its owner can read it.</summary>
internal static class DurableFile
{
    /// <exception cref="IOException">It could not be written; what was there stands.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, bool overwrite)
    {
        var temporary = $"{path}.{Convert.ToHexString(RandomNumberGenerator.GetBytes(6))}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, Options()))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path} could not be written: {e.Message}", e);
        }
        finally
        {
            if (File.Exists(temporary)) File.Delete(temporary);
        }
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Reads one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="longest">How long it is at most, in bytes.</param>
    /// <returns>Null where there is none, and where it is none of these: empty, longer, or a pipe or device, which has no length.</returns>
    /// <exception cref="IOException">It could not be read.</exception>
    public static byte[]? Read(string path, int longest)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: > 0 } file && file.Length <= longest ? File.ReadAllBytes(path) : null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path} may not be read by this user; give it the right to, or run as the file's owner.", e);
        }
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        // On Windows the directory's access list decides.
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>On Unix a rename is durable only when the directory is flushed too; .NET has no call for it.</summary>
    private static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open([.. System.Text.Encoding.UTF8.GetBytes(directory), 0], 0);
        if (descriptor < 0) return; // Readable directories only; the file itself is flushed already.
        _ = Sync(descriptor); // Some file systems refuse it for directories; there is nothing else to do then.
        _ = Close(descriptor);
    }

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
