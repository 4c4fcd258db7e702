using System.Security.Cryptography;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Recovery;

/// <summary>
/// Backups: a folder with one consistent state of the store, taken while the center serves, with the center's other files, and with a
/// manifest that
/// only the center's vault can make. What was deleted from the store is not in it; what is personal is sealed in it, as in the store.
/// </summary>
public static class CenterBackup
{
    /// <summary>The store's name in a backup.</summary>
    internal const string StorePart = "center.db";

    /// <summary>What the log says when a backup is begun: the backup has this entry as its last one where nobody else worked.</summary>
    internal const string BegunKind = "BackupBegun";

    private const string Unfinished = ".unfinished";
    private const int BlockSize = 128 * 1024;

    /// <summary>Makes a backup, durable when it returns. Whatever ends it before leaves nothing.</summary>
    /// <param name="database">The store, opened with the vault's keys.</param>
    /// <param name="keys">The vault's keys.</param>
    /// <param name="center">The center's name.</param>
    /// <param name="files">The other files, by their names in the backup; read when the store is copied already, so none is older than
    /// that.</param>
    /// <param name="folder">A folder that is not there yet.</param>
    /// <param name="who">Who makes it, for the log.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="IOException">The folder is there already, or it could not be written; a <see cref="StoreException"/> where the
    /// store is at fault.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static async Task<BackupManifest> MakeAsync(
        CenterDatabase database, ILogKeys keys, CenterId center, IReadOnlyDictionary<string, string> files, string folder, string who,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(files);
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var unfinished = folder + Unfinished;
        if (Path.Exists(folder)) throw new IOException($"{folder} is there already; a backup is never written over anything. Name a new folder.");
        if (Path.Exists(unfinished)) throw new IOException($"{unfinished} is there: a backup to {folder} is being made, or was ended by force. In that case delete it.");
        PrivateFiles.CreateDirectory(unfinished);
        try
        {
            var at = database.Now.Stored();
            await database.WriteAsync(store => store.Log("backup", BegunKind, new { by = who }), cancellation).ConfigureAwait(false);
            var copy = Path.Combine(unfinished, StorePart);
            PrivateFiles.CreateFile(copy);
            await database.CopyToAsync(copy, cancellation).ConfigureAwait(false);
            var parts = new List<BackupPart> { Digest(copy, StorePart, cancellation) };
            foreach (var (name, path) in files.OrderBy(file => file.Key, StringComparer.Ordinal)) parts.Add(Copy(path, Path.Combine(unfinished, name), name, cancellation));
            var (id, generation, heads) = StateOf(copy);
            var manifest = new BackupManifest(center, at, id, generation, heads, [.. parts], ByteString.Empty).Seal(keys);
            PrivateFiles.Replace(Path.Combine(unfinished, BackupManifest.FileName), manifest.ToJson());
            cancellation.ThrowIfCancellationRequested();
            Directory.Move(unfinished, folder);
            return manifest;
        }
        catch
        {
            Directory.Delete(unfinished, recursive: true);
            throw;
        }
    }

    /// <summary>Reads a backup's manifest; nothing of it is verified yet.</summary>
    /// <exception cref="RecoveryException">The folder holds no backup.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static BackupManifest Read(string folder)
    {
        var path = Path.GetFullPath(Path.Combine(folder, BackupManifest.FileName));
        try
        {
            // Opened, not asked for: behind a folder that may not be entered nobody can tell whether it is there.
            using var file = PrivateFiles.Open(path, FileMode.Open, FileAccess.Read);
            if (file.Length is 0 or > BackupManifest.MaxFile)
                throw new RecoveryException(RecoveryFault.Altered,
                    $"{path} is empty, or larger than {BackupManifest.MaxFile} bytes: no manifest of a backup.");
            var json = new byte[file.Length];
            file.ReadExactly(json);
            return BackupManifest.FromJson(json);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RecoveryException(RecoveryFault.Altered,
                $"{Path.GetDirectoryName(path)} holds no backup: it has no {BackupManifest.FileName}.", error);
        }
    }

    /// <summary>Whether a backup is, byte for byte, what this center's vault vouched for.</summary>
    /// <exception cref="RecoveryException">It is not: a file was changed, cut, exchanged or taken away.</exception>
    internal static void Verify(string folder, BackupManifest manifest, ILogKeys keys, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(keys);
        if (!manifest.IsSealedBy(keys)) throw Altered(folder, BackupManifest.FileName);
        foreach (var part in manifest.Parts)
        {
            if (!Is(folder, part, cancellation)) throw Altered(folder, part.Name);
        }
    }

    internal static RecoveryException Altered(string folder, string name) => new(RecoveryFault.Altered,
        $"{Path.Combine(Path.GetFullPath(folder), name)} is not what this center's vault vouched for: it was changed, or is another center's. Nothing was restored; take another backup.");

    /// <summary>Copies a file, durably and for its owner alone.</summary>
    /// <returns>What was written.</returns>
    internal static BackupPart Copy(string from, string to, string name, CancellationToken cancellation)
    {
        using var source = PrivateFiles.Open(from, FileMode.Open, FileAccess.Read);
        using var target = PrivateFiles.Open(to, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        var part = Pass(source, target, name, cancellation);
        target.Flush(flushToDisk: true);
        return part;
    }

    /// <summary>What a store's file says of itself; nothing is made or changed.</summary>
    internal static (ByteString StoreId, long Generation, ValueList<LogHead> Heads) StateOf(string path)
    {
        using var engine = SqliteFile.OpenToRead(path);
        return StateOf(engine);
    }

    /// <summary>What a store says of itself.</summary>
    internal static (ByteString StoreId, long Generation, ValueList<LogHead> Heads) StateOf(IStoreEngine engine) =>
        engine.Read(connection =>
        {
            var store = new StoreView(connection);
            return (CenterDatabase.IdIn(store), CenterDatabase.GenerationIn(store), (ValueList<LogHead>)[.. LogTable.Heads(store)]);
        });

    private static bool Is(string folder, BackupPart part, CancellationToken cancellation)
    {
        try
        {
            return Digest(Path.Combine(folder, part.Name), part.Name, cancellation) == part;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private static BackupPart Digest(string path, string name, CancellationToken cancellation)
    {
        using var file = PrivateFiles.Open(path, FileMode.Open, FileAccess.Read);
        return Pass(file, Stream.Null, name, cancellation);
    }

    private static BackupPart Pass(Stream source, Stream target, string name, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockSize];
        var length = 0L;
        for (int read; (read = source.Read(block)) > 0; length += read)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, read);
            target.Write(block, 0, read);
        }
        return new BackupPart(name, length, ByteString.Own(hash.GetHashAndReset()));
    }
}
