using System.Data.Common;
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
        using var database = store.Postgres.Length > 0 ? PostgresStore.Open(store) : null;
        // Also where it is served from another directory, or another machine; who did until now may have gone on.
        database?.ServeNobody();
        var generation = database?.Read(GenerationOf);
        if (database is not null) unchanged = Compare(store, manifest, overNewer);
        var missing = manifest.Parts.Select(part => part.Name)
            .Where(name => name != CenterBackup.StorePart && places.TryGetValue(name, out var place) && !File.Exists(place)).ToList();
        try
        {
            Stage(folder, manifest, CenterBackup.StorePart, target, cancellation);
            foreach (var name in missing) Stage(folder, manifest, name, places[name], cancellation);
            var mark = new Mark(store.RestoreMark, isNeeded: !unchanged);
            var aside = database is null ? PutInPlace(target, mark, time) : Fill(database, generation, store, mark, time, cancellation);
            // Not before the store: a restore that came to nothing leaves no settings that name another one.
            foreach (var name in missing) File.Move(places[name] + Staged, places[name]);
            return new RestoreOutcome(aside, unchanged);
        }
        finally
        {
            foreach (var place in missing.Select(name => places[name]).Append(target)) Delete(place + Staged);
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

    private static string? PutInPlace(string target, Mark mark, TimeProvider time)
    {
        var aside = KeepAside(target, time);
        mark.Around(() =>
        {
            mark.Leave();
            File.Move(target + Staged, target);
        });
        return aside;
    }

    /// <summary>
    /// A database is filled in one commit. What was there is written into a file first, which is a store as a file has it; where it cannot be
    /// read the restore ends there, for it must not be lost.
    /// </summary>
    private static string? Fill(
        PostgresStore database, long? generation, StoreOptions store, Mark mark, TimeProvider time, CancellationToken cancellation)
    {
        var aside = generation is null ? null : CopyAside(database, store.Directory, time, cancellation);
        // Its own copy of the backup, which is brought up to this version's tables.
        using var backup = SqliteFile.Open(store.DatabasePath + Staged, store.BusyTimeout);
        mark.Around(() => backup.Read(from => database.Write(to =>
        {
            // A command that changes something does not serve.
            if (GenerationOf(to) != generation)
                throw new StoreException(StoreFault.Busy,
                    $"{database.Place}: was changed while it was kept aside; end what changes it, and try again. Nothing was restored.");
            var rows = StoreCopy.Replace(from, to, cancellation);
            mark.Leave();
            return rows;
        })));
        return aside;
    }

    private static string CopyAside(PostgresStore database, string directory, TimeProvider time, CancellationToken cancellation)
    {
        var aside = MakeAside(directory, time);
        try
        {
            var copy = Path.Combine(aside, CenterBackup.StorePart);
            PrivateFiles.CreateFile(copy);
            database.CopyTo(copy, cancellation);
            return aside;
        }
        catch
        {
            // Half a store would be taken for what was there.
            Directory.Delete(aside, recursive: true);
            throw;
        }
    }

    /// <summary>The number of the latest commit; null where there is no store.</summary>
    private static long? GenerationOf(DbConnection connection)
    {
        var store = new StoreView(connection);
        return store.Number("SELECT count(*) FROM store_meta") == 0 ? null : CenterDatabase.GenerationIn(store);
    }

    /// <summary>Copied, then compared: whoever can write the backup could have changed it since it was verified.</summary>
    private static void Stage(string folder, BackupManifest manifest, string name, string place, CancellationToken cancellation)
    {
        PrivateFiles.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(place))!);
        Delete(place + Staged);
        if (!manifest.Parts.Contains(CenterBackup.Copy(Path.Combine(folder, name), place + Staged, name, cancellation)))
            throw CenterBackup.Altered(folder, name);
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

    /// <summary>
    /// What a restore leaves for the next opening. It is there before the store is: a restore that is cut in between is taken for one that
    /// took place, never the other way round. And not a moment earlier: where none took place it has a center quarantined that is whole.
    /// </summary>
    private sealed class Mark(string path, bool isNeeded)
    {
        private bool _isOwn;

        /// <summary>Under its name at once: what is flushed is there after a power cut; what is renamed after that may not be.</summary>
        public void Leave()
        {
            if (!isNeeded || File.Exists(path)) return;
            _isOwn = true;
            using var file = PrivateFiles.Open(path, FileMode.Create, FileAccess.Write);
            file.Flush(flushToDisk: true);
        }

        /// <summary>Puts the store back; where that comes to nothing the mark goes with it, but not that of a restore before.</summary>
        public void Around(Action put)
        {
            try
            {
                put();
            }
            catch (Exception error) when (_isOwn && error is not StoreException { MayBeSaved: true })
            {
                File.Delete(path);
                throw;
            }
        }
    }
}
