using System.Data.Common;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// The center's database: orders, terminals, products, the feed's events, and the log of all that happens to them. A change and what the log says of it are
/// one commit. One per process; the stores share it. A file takes one host; a PostgreSQL database as many as there are.
/// </summary>
public sealed class CenterDatabase : IAsyncDisposable
{
    private const int StoreIdLength = 16;

    private readonly IStoreEngine _engine;
    private readonly StoreWriter? _writer;
    private readonly GenerationMirror? _mirror;
    private readonly TimeProvider _time;
    private readonly RowSeals _seals;
    private readonly ServingLock _serving;
    private readonly IStoreGuard _guard;
    private ByteString _storeId;
    private long? _uncopied;
    private long _known;
    private bool _serves;

    private CenterDatabase(
        IStoreEngine engine, GenerationMirror? mirror, StoreOptions options, LogWriter log, bool writes, TimeProvider time, IStoreGuard guard)
    {
        _guard = guard;
        _engine = engine;
        _seals = new RowSeals(log.Keys);
        _mirror = mirror;
        _serving = new ServingLock(options.LockPath);
        _time = time;
        Directory = Path.GetFullPath(options.Directory);
        Log = log;
        if (writes) _writer = new StoreWriter(engine, options.MaxWaiting, options.MaxBatch, Commit);
    }

    /// <summary>When the last change was saved before an older copy of this store was put back; null when none was. Found when it is opened, or while it is used.</summary>
    public DateTimeOffset? RestoredFrom { get; private set; }

    /// <summary>Transactions committed since it was opened: fewer than changes when many come at once.</summary>
    internal long Commits => _engine.Commits;

    /// <summary>Which store this is, 16 bytes.</summary>
    internal ByteString StoreId => _storeId;

    internal DateTimeOffset Now => _time.GetUtcNow();

    internal TimeProvider Time => _time;

    /// <summary>What is beside the store lies here, whichever engine it is in.</summary>
    internal string Directory { get; }

    /// <summary>The most passwords that are worked on at once, each with Argon2id's memory.</summary>
    internal const int MaxPasswords = 2;

    /// <summary>Where all of one center work on passwords: logins, changes of one, and approvals that make one.</summary>
    internal FewAtOnce Passwords { get; } = new(MaxPasswords);

    /// <summary>This host's chain of the log.</summary>
    internal LogWriter Log { get; }

    /// <summary>
    /// Opens the store, makes it where it is not there, and finds whether it was restored from an older copy, which the guard is told before this returns.
    /// A log that a center of before kept in a file of its own is taken over.
    /// </summary>
    internal static async Task<CenterDatabase> OpenAsync(
        StoreOptions options, LogOptions log, ILogKeys keys, TimeProvider time, Func<StoreOptions, IStoreEngine> open, IStoreGuard guard,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        log.Validate();
        LostStore.Check(options, LogFile.Traces(log));
        if (!keys.HasSecrets) return OpenToRead(options, log, keys, time, guard);
        var engine = open(options);
        CenterDatabase? database = null;
        try
        {
            CheckMoved(engine);
            database = new CenterDatabase(
                engine, new GenerationMirror(options.GenerationPath), options, new LogWriter(log.Instance, keys), writes: true, time, guard);
            // Read first: the log of a center that works goes on, and is never behind a checkpoint that was read before it.
            var exported = LogCheckpoint.Latest(log.CheckpointDirectory, keys);
            await database.CompareGenerationsAsync(options.RestoreMark, log, exported, cancellation).ConfigureAwait(false);
            await LogFile.TakeOverAsync(database, log, cancellation).ConfigureAwait(false);
            await database.TakeOverRowsAsync(cancellation).ConfigureAwait(false);
            await database.LookAtSmallTablesAsync(cancellation).ConfigureAwait(false);
            if (exported is not null) await database.CompareAsync(exported, cancellation).ConfigureAwait(false);
            return database;
        }
        catch
        {
            if (database is null) engine.Dispose();
            else await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Says that a center is served from this store, from now until it is disposed. A <see cref="Sessions.CenterServer"/> does that by
    /// itself; again is harmless.
    /// Programs that only look or change something need not.
    /// </summary>
    /// <exception cref="StoreException">Another center serves from it.</exception>
    public void Serve()
    {
        _serving.Take();
        _engine.Serve(Log.Instance);
        _serves = true;
    }

    /// <summary>Whether a center is served from here: it holds what keeps a second one away.</summary>
    internal bool IsServed => _serves;

    /// <summary>Writes nothing new, durably, outside of any commit: whether the store, and the log in it, can be written.</summary>
    /// <exception cref="StoreException">They can't.</exception>
    internal Task ProbeAsync(CancellationToken cancellation) => BetweenAsync(
        static engine => engine.Write(connection => new StoreView(connection).Number("UPDATE store_meta SET written_at = written_at RETURNING 1")),
        cancellation);

    /// <summary>Whether several hosts may serve from it at once.</summary>
    internal bool TakesHosts => _engine.TakesHosts;

    /// <summary>The host that serves from here, where several may; null before it is known as one.</summary>
    internal string? ServingHost { get; set; }

    /// <summary>Which of these hosts serve at this moment, in whatever process.</summary>
    internal async Task<IReadOnlyList<string>> ServingAsync(IReadOnlyList<string> hosts, CancellationToken cancellation) => TakesHosts
        ? await Task.Run(() => _engine.Serving(hosts), cancellation).ConfigureAwait(false)
        : _serving.IsHeld() ? hosts : [];

    /// <summary>Gives a host's sign of life, with the certificate that its vault has, outside of any commit.</summary>
    /// <returns>Whether it is known and not lost, and all hosts.</returns>
    internal async Task<(bool IsKnown, IReadOnlyList<HostRow> Hosts)> BeatAsync(
        string host, ByteString certificate, ByteString keys, CancellationToken cancellation)
    {
        (bool, IReadOnlyList<HostRow>) result = (false, []);
        await BetweenAsync(
            engine => result = engine.Write(connection => (HostTable.Beat(connection, host, certificate, keys), HostTable.All(new StoreView(connection)))),
            cancellation).ConfigureAwait(false);
        return result;
    }

    /// <summary>Whether the feed is told from here, and by no other host: one alone tells it, and another one when that is gone.</summary>
    internal async Task<bool> TellsFeedAsync(CancellationToken cancellation)
    {
        if (!TakesHosts || !_serves) return true;
        if (ServingHost is not { } host) return false;
        var (may, isTaken) = await ReadAsync(store => (HostTable.MayTell(store, host, out var taken), taken), cancellation).ConfigureAwait(false);
        if (!may || isTaken) return may;
        return await WriteAsync(store =>
        {
            if (!HostTable.MayTell(store, host, out _)) return false;
            HostTable.TakeFeed(store, host);
            return true;
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes what waits, and closes the store; another center may serve from it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_writer is null) _engine.Dispose();
        else await _writer.DisposeAsync().ConfigureAwait(false);
        _mirror?.Dispose();
        _serving.Dispose();
    }

    /// <summary>One durable transaction, which shares its commit with whatever waits at the same time.</summary>
    /// <exception cref="InvalidOperationException">The store was opened for reading alone.</exception>
    internal Task<T> WriteAsync<T>(Func<StoreTransaction, T> work, CancellationToken cancellation) =>
        _writer?.WriteAsync(work, cancellation) ?? throw new InvalidOperationException("The store was opened for reading alone: to change it the center's vault is needed.");

    internal Task<T> ReadAsync<T>(Func<StoreView, T> work, CancellationToken cancellation) =>
        Task.Run(() => _engine.Read(OfView(work)), cancellation);

    /// <summary>Reads by one statement.</summary>
    internal Task<T> LookAsync<T>(Func<StoreView, T> work, CancellationToken cancellation) => Task.Run(
        () =>
        {
            try
            {
                return _engine.Look(OfView(work));
            }
            catch (StoreException altered) when (altered.Fault is StoreFault.Altered)
            {
                // A row that is older than was seen is compared with the commit that it was read at: by one state.
                return _engine.Read(OfView(work));
            }
        }, cancellation);

    private Func<DbConnection, T> OfView<T>(Func<StoreView, T> work) => connection => work(new StoreView(connection, _seals));

    /// <summary>Writes one consistent state into an empty file, while others go on writing.</summary>
    internal Task CopyToAsync(string path, CancellationToken cancellation) => Task.Run(() => _engine.CopyTo(path, cancellation), cancellation);

    /// <summary>Writes what is no change of the store, outside of any commit (<see cref="IStoreEngine.WriteInPassing"/>).</summary>
    internal Task WriteInPassingAsync(Action<DbConnection> write, CancellationToken cancellation) =>
        BetweenAsync(engine => engine.WriteInPassing(write), cancellation);

    /// <summary>Does something with the engine outside of any commit.</summary>
    internal Task BetweenAsync(Action<IStoreEngine> act, CancellationToken cancellation) => _writer!.BetweenAsync(act, cancellation);

    /// <summary>What the rows of sealed tables are found to be, now.</summary>
    internal Task<IReadOnlyList<RowFinding>> LookAtRowsAsync(CancellationToken cancellation) =>
        ReadAsync(store => RowSweep.Run(store, _seals, _storeId, SealedTable.All), cancellation);

    /// <summary>The same, before a center serves from it: the log says what is found, and what may have changed is quarantined.</summary>
    internal async Task<IReadOnlyList<RowFinding>> SettleRowsAsync(CancellationToken cancellation)
    {
        var found = await LookAtRowsAsync(cancellation).ConfigureAwait(false);
        if (found.Count > 0) await WriteAsync(store => RowSweep.Settle(store, _seals, _guard), cancellation).ConfigureAwait(false);
        return found;
    }

    /// <summary>Whether nothing is wrong with the log, nor with what it says of what is kept here.</summary>
    internal bool IsWhole(StoreView store) => _guard.IsWhole(store, Log.Keys);

    /// <summary>The store's own number, 16 random bytes.</summary>
    internal static ByteString IdIn(StoreView store) => ReadMeta(store).StoreId;

    /// <summary>The number of the store's latest commit; 0 before the first.</summary>
    internal static long GenerationIn(StoreView store) => ReadMeta(store).Generation;

    /// <summary>Where the store was moved to; null where it was not.</summary>
    internal static string? MovedTo(StoreView store) => store.Query("SELECT moved_to FROM store_meta", row => row.Text("moved_to")) is [var to] ? to : null;

    private static void CheckMoved(IStoreEngine engine)
    {
        if (engine.Read(connection => MovedTo(new StoreView(connection))) is { } to)
            throw new StoreException(StoreFault.Moved, $"{engine.Place}: the store is not here any more: it was moved to {new PostgresPlace(to).Text}. Name that one in the settings (Center:Store:Postgres).");
    }

    private static CenterDatabase OpenToRead(StoreOptions options, LogOptions log, ILogKeys keys, TimeProvider time, IStoreGuard guard)
    {
        var engine = StoreEngine.OpenToRead(options);
        try
        {
            CheckMoved(engine);
            var database = new CenterDatabase(engine, null, options, new LogWriter(log.Instance, keys), writes: false, time, guard);
            database._storeId = engine.Read(connection => ReadMeta(new StoreView(connection))).StoreId;
            return database;
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    private void Commit(IReadOnlyList<StoreWriter.Pending> batch)
    {
        using var span = CenterTelemetry.Commit(batch.Select(pending => pending.Asked));
        var generation = 0L;
        // What is durable is never told as lost: a copy that could not be written is written before the next commit, or there is none.
        if (_uncopied is { } behind) WriteCopy(behind);
        try
        {
            generation = CommitOnce(batch, span);
        }
        catch (OlderStoreException)
        {
            Quarantine();
            generation = CommitOnce(batch, span);
        }
        catch (NothingToCommitException)
        {
            span.Outcome = "empty";
            return;
        }
        span.Outcome = CenterTelemetry.CommitSpan.Saved;
        _known = generation;
        _uncopied = generation;
        try
        {
            WriteCopy(generation);
        }
        catch (StoreException)
        {
            // Told by the next commit.
        }
    }

    private long CommitOnce(IReadOnlyList<StoreWriter.Pending> batch, CenterTelemetry.CommitSpan span)
    {
        var generation = 0L;
        return _engine.Write(
            connection =>
            {
                span.Begin();
                var now = Now;
                var number = new StoreView(connection).Number(
                    "UPDATE store_meta SET generation = generation + 1, written_at = $now RETURNING generation", ("$now", now));
                if (number <= _known) throw new OlderStoreException();
                var store = new StoreTransaction(connection, number, now, Log, _seals, _storeId) { Span = span };
                foreach (var pending in batch) pending.Run(store, batch.Count > 1, _engine.EndsTransaction);
                if (batch.All(pending => pending.HasFailed)) throw new NothingToCommitException();
                return generation = store.Seal(_storeId);
            },
            connection => LogTable.IsSealed(new StoreView(connection), Log.Instance, generation));
    }

    /// <summary>
    /// The server came back with an older copy of the store than this host has written: a standby that was behind, or a restore beside the center. What may
    /// have changed goes no further.
    /// </summary>
    private void Quarantine()
    {
        var known = _known;
        _known = _engine.Write(connection =>
        {
            var meta = ReadMeta(new StoreView(connection));
            var number = new StoreView(connection).Number(
                "UPDATE store_meta SET generation = generation + 1, written_at = $now RETURNING generation", ("$now", Now));
            var store = new StoreTransaction(connection, number, Now, Log, _seals, _storeId);
            _guard.PutBack(store, $"host {Log.Instance}, which has made commit {known}", known, meta.StoreId, meta.WrittenAt, null);
            RestoredFrom = meta.WrittenAt;
            return store.Seal(_storeId);
        });
    }

    /// <summary>
    /// Rows of a version before come under the vault's key once: only while the vault says that this has not happened, so that afterwards
    /// nobody gets rows of his own in so.
    /// </summary>
    private async Task TakeOverRowsAsync(CancellationToken cancellation)
    {
        if (!_seals.TakesOver) return;
        await WriteAsync(store => store.TakeOverRows() is { } rows ? store.Log("store", "RowsTakenOver", new { rows }) : null, cancellation)
            .ConfigureAwait(false);
        _seals.EndTakingOver();
    }

    /// <summary>
    /// Who may come in, and who may act, is decided by these: they are looked at as a whole each time that the store is opened.
    /// </summary>
    private async Task LookAtSmallTablesAsync(CancellationToken cancellation)
    {
        var found = await ReadAsync(
            store => RowSweep.Run(store, _seals, _storeId, SealedTable.All.Where(table => table.IsSmall)), cancellation).ConfigureAwait(false);
        foreach (var finding in found.Where(finding => finding.Row is null)) _seals.Distrust(finding.In);
    }

    private void WriteCopy(long generation)
    {
        _mirror!.Write(_storeId, generation, flush: false);
        _uncopied = null;
    }

    private async Task CompareGenerationsAsync(
        string restoreMark, LogOptions log, LogCheckpoint? exported, CancellationToken cancellation)
    {
        // The copy is read first: another process may be writing, and the store is never behind a copy that was read before it.
        var copy = _mirror!.Read();
        var meta = _engine.Write(connection => ReadOrCreateMeta(connection, Now));
        (_storeId, _known) = (meta.StoreId, meta.Generation);
        var marked = File.Exists(restoreMark);
        var restored = marked || (meta.Generation > 0 && (copy is not { } known || known.StoreId != meta.StoreId || known.Generation > meta.Generation));
        if (!restored)
        {
            _mirror.Write(_storeId, meta.Generation, flush: true);
            return;
        }
        var told = copy is { } mirrored && mirrored.StoreId == meta.StoreId ? mirrored.Generation : 0;
        await WriteAsync(store =>
        {
            LogFile.TakeInto(store, log);
            _guard.PutBack(store, marked ? "a restore from a backup" : "the generation's copy beside the store", told, meta.StoreId, meta.WrittenAt, exported);
            return true;
        }, cancellation).ConfigureAwait(false);
        File.Delete(restoreMark);
        RestoredFrom = meta.WrittenAt;
    }

    /// <summary>
    /// Compared before any terminal comes in: an exported checkpoint that has more than the log was made of what is lost.
    /// </summary>
    private async Task CompareAsync(LogCheckpoint exported, CancellationToken cancellation)
    {
        if (!await ReadAsync(store => _guard.IsBehind(store, exported), cancellation).ConfigureAwait(false)) return;
        await WriteAsync(store =>
        {
            _guard.Hear(store, exported);
            return true;
        }, cancellation).ConfigureAwait(false);
    }

    private static Meta ReadOrCreateMeta(System.Data.Common.DbConnection connection, DateTimeOffset now)
    {
        var store = new StoreView(connection);
        store.Number("INSERT INTO store_meta (one, store_id, generation, written_at) VALUES (1, $id, 0, $now) ON CONFLICT DO NOTHING",
            ("$id", RandomNumberGenerator.GetBytes(StoreIdLength)), ("$now", now));
        return ReadMeta(store);
    }

    private static Meta ReadMeta(StoreView store) => store.First("SELECT * FROM store_meta",
        row => new Meta(row.Bytes("store_id")!.Value, row.Long("generation")!.Value, row.Time("written_at")!.Value))
        ?? throw new StoreException(StoreFault.Corrupt, "The store says nothing of itself: it was never used, or changed.");

    private sealed record Meta(ByteString StoreId, long Generation, DateTimeOffset WrittenAt);

    /// <summary>The store is older than what was committed from here.</summary>
    private sealed class OlderStoreException : Exception;

    /// <summary>Every part of a commit failed: it is undone.</summary>
    private sealed class NothingToCommitException : Exception;
}
