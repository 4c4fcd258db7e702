using System.Globalization;
using CardIssue.Center.Storage;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Recovery;

/// <summary>What a restore did.</summary>
/// <param name="KeptAside">The folder that what was there before is in; null when nothing was.</param>
/// <param name="Unchanged">Whether the store that was there proves that nothing changed since the backup: then nothing is
/// quarantined.</param>
public sealed record RestoreOutcome(string? KeptAside, bool Unchanged);

/// <summary>Puts a backup back. What was there is kept aside, never deleted; the next opening quarantines what may have changed since the
/// backup.</summary>
public static class CenterRestore
{
    private const string Staged = ".restoring";

    /// <summary>Puts a backup back where no center is served.</summary>
    /// <param name="folder">The backup.</param>
    /// <param name="manifest">Its manifest, as <see cref="CenterBackup.Read"/> read it.</param>
    /// <param name="keys">The vault's keys; the backup is verified with them first.</param>
    /// <param name="store">Where the store is.</param>
    /// <param name="places">Where the backup's other files belong, by name; one that is there already stays as it is.</param>
    /// <param name="overNewer">Whether a store that is there may be newer than the backup: it is damaged in what it says.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it before anything is changed.</param>
    /// <exception cref="RecoveryException">The backup was changed; or what is there is of another store, or newer. Nothing was
    /// changed.</exception>
    /// <exception cref="StoreException">The center is being served, or the disk is at fault.</exception>
    /// <exception cref="IOException">A file could not be read or written.</exception>
    public static RestoreOutcome PutBack(
        string folder, BackupManifest manifest, ILogKeys keys, StoreOptions store, IReadOnlyDictionary<string, string> places, bool overNewer,
        TimeProvider time, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(places);
        ArgumentNullException.ThrowIfNull(time);
        store.Validate();
        CenterBackup.Verify(folder, manifest, keys, cancellation);
        var target = Path.GetFullPath(store.DatabasePath);
        PrivateFiles.CreateDirectory(Path.GetDirectoryName(target)!);
        using var serving = new ServingLock(store.LockPath);
        serving.Take();
        var unchanged = Compare(store, manifest, overNewer);
        var staged = target + Staged;
        Delete(staged);
        try
        {
            // Copied, then compared: whoever can write the backup could have changed it since it was verified.
            if (!manifest.Parts.Contains(CenterBackup.Copy(Path.Combine(folder, CenterBackup.StorePart), staged, CenterBackup.StorePart, cancellation)))
                throw CenterBackup.Altered(folder, CenterBackup.StorePart);
            foreach (var part in manifest.Parts.Where(part => part.Name != CenterBackup.StorePart))
                if (places.TryGetValue(part.Name, out var place) && !File.Exists(place)) PutMissing(folder, part, place, cancellation);
            if (!unchanged) PrivateFiles.Replace(store.RestoreMark, []);
            if (store.Postgres.Length > 0) return new RestoreOutcome(Fill(store, staged, time, cancellation), unchanged);
            var aside = KeepAside(target, time);
            File.Move(staged, target);
            return new RestoreOutcome(aside, unchanged);
        }
        finally
        {
            Delete(staged);
        }
    }

    /// <summary>
    /// Whether the store that is there ends exactly where the backup does. Where it is gone or cannot be read nothing proves that: the
    /// generation's copy is
    /// not flushed with each commit, so that after a power cut it may be behind.
    /// </summary>
    private static bool Compare(StoreOptions store, BackupManifest manifest, bool overNewer)
    {
        if (!StoreEngine.IsThere(store)) return false;
        var target = StoreEngine.PlaceOf(store);
        try
        {
            using var engine = StoreEngine.OpenToRead(store);
            var (id, generation, heads) = CenterBackup.StateOf(engine);
            if (id != manifest.StoreId)
                throw new RecoveryException(RecoveryFault.Foreign,
                    $"{target} is of another store than the backup; restore into a new directory. Nothing was changed.");
            if (generation > manifest.Generation && !overNewer)
            {
                throw new RecoveryException(RecoveryFault.Newer,
                    $"{target} can be read and is newer than the backup ({generation} commits against {manifest.Generation}): serve that one, or say --over-newer. Nothing was changed.");
            }
            return generation == manifest.Generation && heads == manifest.Heads;
        }
        catch (Exception error) when (error is StoreException { Fault: StoreFault.Corrupt or StoreFault.Broken } or SqliteException)
        {
            // It cannot be read: that is what a restore is for.
            return false;
        }
    }

    /// <summary>
    /// A database is filled in one commit. What was there is written into a file first, which is a store as a file has it; where it cannot be
    /// read the restore ends there, for it must not be lost.
    /// </summary>
    private static string? Fill(StoreOptions store, string staged, TimeProvider time, CancellationToken cancellation)
    {
        var isThere = StoreEngine.IsThere(store);
        using var engine = PostgresStore.Open(store);
        // Also where it is served from another directory, or another machine.
        engine.ServeNobody();
        var aside = isThere ? MakeAside(store.Directory, time) : null;
        if (aside is not null)
        {
            var copy = Path.Combine(aside, CenterBackup.StorePart);
            PrivateFiles.CreateFile(copy);
            engine.CopyTo(copy, cancellation);
        }
        // Its own copy of the backup, which is brought up to this version's tables.
        using var backup = SqliteFile.Open(staged, store.BusyTimeout);
        backup.Read(from => engine.Write(to => StoreCopy.Replace(from, to, cancellation)));
        return aside;
    }

    private static void PutMissing(string folder, BackupPart part, string place, CancellationToken cancellation)
    {
        PrivateFiles.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(place))!);
        File.Delete(place + Staged);
        try
        {
            if (CenterBackup.Copy(Path.Combine(folder, part.Name), place + Staged, part.Name, cancellation) != part) throw CenterBackup.Altered(folder, part.Name);
            File.Move(place + Staged, place);
        }
        finally
        {
            File.Delete(place + Staged);
        }
    }

    /// <summary>
    /// The database before what belongs to it: in between, no store is there, and none is taken for an older one. What is left without its
    /// database, by a restore that was cut here or by people who moved that away alone, SQLite would play into the next one of that name.
    /// </summary>
    private static string? KeepAside(string target, TimeProvider time)
    {
        var there = SqliteFile.PartsOf(target).Where(File.Exists).ToList();
        if (there.Count == 0) return null;
        var aside = MakeAside(Path.GetDirectoryName(target)!, time);
        foreach (var path in there) File.Move(path, Path.Combine(aside, Path.GetFileName(path)));
        return aside;
    }

    private static void Delete(string path)
    {
        foreach (var part in SqliteFile.PartsOf(path)) File.Delete(part);
    }

    private static string MakeAside(string directory, TimeProvider time)
    {
        var name = Path.Combine(Path.GetFullPath(directory), "before-restore-" + time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        var aside = name;
        for (var again = 2; Path.Exists(aside); again++) aside = $"{name}-{again}";
        PrivateFiles.CreateDirectory(aside);
        return aside;
    }
}
