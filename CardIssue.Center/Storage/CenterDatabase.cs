using System.Security.Cryptography;
using CardIssue.Core;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>The file of the center's orders, terminals, products and feed. One per process; the stores share it.</summary>
public sealed class CenterDatabase : IAsyncDisposable
{
    private const int StoreIdLength = 16;

    private readonly SqliteFile _file;
    private readonly GenerationMirror _mirror;
    private readonly TimeProvider _time;
    private readonly ServingLock _serving;
    private ByteString _storeId;

    private CenterDatabase(SqliteFile file, GenerationMirror mirror, ServingLock serving, TimeProvider time)
    {
        _file = file;
        _mirror = mirror;
        _serving = serving;
        _time = time;
    }

    /// <summary>When the last change was saved before an older copy of this store was put back; null when none was. Set once, when it is opened.</summary>
    public DateTimeOffset? RestoredFrom { get; private set; }

    /// <summary>Which store this is, 16 bytes.</summary>
    internal ByteString StoreId => _storeId;

    /// <summary>Whoever acts was verified against this store.</summary>
    internal void Check(People.CenterPerson by)
    {
        ArgumentNullException.ThrowIfNull(by);
        if (by.Center != StoreId) throw new ArgumentException($"{by} was verified at another center.", nameof(by));
    }

    internal DateTimeOffset Now => _time.GetUtcNow();

    internal SqliteFile File => _file;

    /// <summary>
    /// Opens the store, makes it where it is not there, and finds whether it was restored from an older copy; then every order that is not
    /// issued or voided is quarantined before this returns.
    /// </summary>
    /// <exception cref="StoreException">It cannot be used; the message says why and what to do.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public static Task<CenterDatabase> OpenAsync(StoreOptions options, TimeProvider time, CancellationToken cancellation = default) =>
        OpenAsync(options, time, [], cancellation);

    /// <summary>Opens the store.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="traces">What is there that only a center leaves behind that has worked: with one, the store is not made anew. Looked at only where it would be.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal static async Task<CenterDatabase> OpenAsync(StoreOptions options, TimeProvider time, IEnumerable<string> traces, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        LostStore.Check(options, traces);
        var file = SqliteFile.Open(options.DatabasePath, "Store", options.BusyTimeout, options.MaxWaiting);
        GenerationMirror? mirror = null;
        try
        {
            mirror = new GenerationMirror(options.GenerationPath);
            var database = new CenterDatabase(file, mirror, new ServingLock(options.LockPath), time);
            await database.CompareGenerationsAsync(cancellation).ConfigureAwait(false);
            return database;
        }
        catch
        {
            mirror?.Dispose();
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Says that a center is served from this store, from now until it is disposed. A <see cref="Sessions.CenterServer"/> does that by
    /// itself; again is harmless.
    /// Programs that only look or change something need not.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Served"/>: another center serves from it.</exception>
    public void Serve() => _serving.Take();

    /// <summary>Closes the file; another center may serve from it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _file.DisposeAsync().ConfigureAwait(false);
        _mirror.Dispose();
        _serving.Dispose();
    }

    /// <summary>One durable transaction. <paramref name="flush"/>: the generation's copy is forced to the disk too.</summary>
    internal async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellation, bool flush = false)
    {
        var (result, generation) = await _file.WriteAsync(
            connection => (work(connection), connection.Number(
                "UPDATE store_meta SET generation = generation + 1, written_at = $now RETURNING generation", ("$now", Now))),
            cancellation).ConfigureAwait(false);
        _mirror.Write(_storeId, generation, flush);
        return result;
    }

    internal Task<T> ReadAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellation) => _file.ReadAsync(work, cancellation);

    private async Task CompareGenerationsAsync(CancellationToken cancellation)
    {
        // The copy is read first: another process may be writing, and the store is never behind a copy that was read before it.
        var copy = _mirror.Read();
        var meta = await _file.WriteAsync(ReadOrCreateMeta, cancellation).ConfigureAwait(false);
        _storeId = meta.StoreId;
        var restored = meta.Generation > 0 && (copy is not { } known || known.StoreId != meta.StoreId || known.Generation > meta.Generation);
        if (!restored)
        {
            _mirror.Write(_storeId, meta.Generation, flush: true);
            return;
        }
        var ahead = copy is { } mirrored && mirrored.StoreId == meta.StoreId ? Math.Max(mirrored.Generation, meta.Generation) : meta.Generation;
        await WriteAsync(connection =>
        {
            connection.Execute("UPDATE store_meta SET generation = $ahead, restored_at = $now", ("$ahead", ahead), ("$now", Now));
            return Orders.Quarantine.All(connection, meta.WrittenAt, "restored from an older copy", Now);
        }, cancellation, flush: true).ConfigureAwait(false);
        RestoredFrom = meta.WrittenAt;
    }

    private Meta ReadOrCreateMeta(SqliteConnection connection)
    {
        connection.Execute("INSERT OR IGNORE INTO store_meta (one, store_id, generation, written_at) VALUES (1, $id, 0, $now)",
            ("$id", RandomNumberGenerator.GetBytes(StoreIdLength)), ("$now", Now));
        return connection.First("SELECT * FROM store_meta",
            row => new Meta(row.Bytes("store_id")!.Value, row.Long("generation")!.Value, row.Time("written_at")!.Value))!;
    }

    private sealed record Meta(ByteString StoreId, long Generation, DateTimeOffset WrittenAt);
}
