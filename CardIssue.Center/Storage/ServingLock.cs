namespace CardIssue.Center.Storage;

/// <summary>
/// Held by the one host that serves from a directory: a second one would let go of the first one's claims when it starts. It is a file
/// that is held open for this process alone; the system lets go of it when the process ends, however it does.
/// </summary>
internal sealed class ServingLock(string path) : IDisposable
{
    private readonly Lock _turn = new();
    private FileStream? _held;

    /// <summary>Takes the lock; once it is taken, this does nothing.</summary>
    /// <exception cref="StoreException">
    /// <see cref="StoreFault.Served"/>: another center has it. <see cref="StoreFault.ReadOnly"/>: the file cannot be made.
    /// </exception>
    public void Take()
    {
        lock (_turn)
        {
            try
            {
                // Of a store that is no file in it, it may not be there yet.
                PrivateFiles.CreateDirectory(Path.GetDirectoryName(path)!);
                _held ??= PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (UnauthorizedAccessException e)
            {
                throw new StoreException(StoreFault.ReadOnly, $"{path}: access denied; give this user the right to write it.", e);
            }
            catch (IOException e)
            {
                throw new StoreException(
                    StoreFault.Served,
                    $"{Path.GetDirectoryName(path)} is served already ({path} is held by another center); stop that one first, or serve another directory.",
                    e);
            }
        }
    }

    /// <summary>Whether a center has it, of this process or another.</summary>
    public bool IsHeld()
    {
        lock (_turn)
        {
            if (_held is not null) return true;
            if (!File.Exists(path)) return false;
            try
            {
                using var free = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    public void Dispose()
    {
        lock (_turn)
        {
            _held?.Dispose();
            _held = null;
        }
    }
}
