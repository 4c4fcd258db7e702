using System.Diagnostics;

namespace CardIssue.Core.Primitives;

/// <summary>
/// A file that one alone has open, in this process or another: a lock between processes. The system lets go of it when the process ends,
/// however it does. It is empty, and it stays: were it deleted, one could have it while another makes it anew and has that.
/// </summary>
internal static class HeldFile
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Takes it, and makes it where it is not there, for its owner only.</summary>
    /// <param name="path">The file.</param>
    /// <param name="patience">How long another one may have it still.</param>
    /// <returns>What lets go of it; null where another one had it all that time.</returns>
    /// <exception cref="IOException">It could not be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open or make it.</exception>
    public static FileStream? Take(string path, TimeSpan patience)
    {
        for (var began = Stopwatch.GetTimestamp(); ; Thread.Sleep(Pause))
        {
            try
            {
                return new FileStream(path, Alone());
            }
            catch (IOException e) when (IsTaken(e))
            {
                if (Stopwatch.GetElapsedTime(began) >= patience) return null;
            }
        }
    }

    /// <summary>
    /// Whether somebody has it. Who asks does not take it: others may ask at the same moment. Who takes it at that moment needs some
    /// patience, for no system but Windows can be asked without a look of its own at the lock.
    /// </summary>
    /// <exception cref="IOException">It could not be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open it.</exception>
    public static bool IsHeld(string path)
    {
        try
        {
            // On Unix a shared lock (flock), on Windows none.
            using var look = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException e) when (IsTaken(e))
        {
            return true;
        }
    }

    private static FileStreamOptions Alone()
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        // On Windows the directory's access list decides.
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    // EWOULDBLOCK on Linux and on macOS; ERROR_SHARING_VIOLATION on Windows.
    private static bool IsTaken(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);
}
