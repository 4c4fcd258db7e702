using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// Held by the one host that serves from a directory: a second one would let go of the first one's claims when it starts. It is a file
/// that is held open for this process alone; the system lets go of it when the process ends, however it does.
/// </summary>
internal sealed class ServingLock(string path) : IDisposable
{
    /// <summary>Who asks whether it is held keeps it from being taken, for a moment.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _turn = new();
    private FileStream? _held;

    /// <summary>Takes the lock; once it is taken, this does nothing.</summary>
    /// <exception cref="StoreException">
    /// <see cref="StoreFault.Served"/>: another center has it. <see cref="StoreFault.ReadOnly"/>: the file cannot be made. Or the disk is
    /// at fault.
    /// </exception>
    public void Take()
    {
        lock (_turn)
        {
            try
            {
                // Of a store that is no file in it, it may not be there yet.
                PrivateFiles.CreateDirectory(Path.GetDirectoryName(path)!);
                _held ??= HeldFile.Take(path, Patience) ?? throw new StoreException(
                    StoreFault.Served,
                    $"{Path.GetDirectoryName(path)} is served already ({path} is held by another center); stop that one first, or serve another directory.");
            }
            catch (UnauthorizedAccessException e)
            {
                throw new StoreException(StoreFault.ReadOnly, $"{path}: access denied; give this user the right to write it.", e);
            }
            catch (IOException e) when (e is not StoreException)
            {
                throw StoreException.From(e, path)!;
            }
        }
    }

    /// <summary>Whether a center has it, of this process or another.</summary>
    public bool IsHeld()
    {
        lock (_turn) return _held is not null || HeldFile.IsHeld(path);
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
