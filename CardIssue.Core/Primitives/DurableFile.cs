using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace CardIssue.Core.Primitives;

/// <summary>Writes a small file so that a crash leaves the old one or the new one, whole, and only its owner can read it.</summary>
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
