using System.Runtime.CompilerServices;
using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Log;

/// <summary>The log in the center's database.</summary>
public sealed class StoredLog : IExchangeLog
{
    private static readonly TimeSpan FollowPause = TimeSpan.FromMilliseconds(500);

    private readonly CenterDatabase _database;
    private readonly LogOptions _options;
    private readonly ILogKeys _keys;
    private readonly TimeProvider _time;

    /// <summary>Uses an open store.</summary>
    /// <param name="database">The store; opened with the same options and keys.</param>
    /// <param name="options">Where checkpoints are exported to.</param>
    /// <param name="keys">The log's keys. With the secret ones every entry's MAC is verified too.</param>
    /// <param name="time">The clock.</param>
    public StoredLog(CenterDatabase database, LogOptions options, ILogKeys keys, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(time);
        (_database, _options, _keys, _time) = (database, options, keys, time);
    }

    /// <inheritdoc/>
    public Task<LogRow> AppendAsync(LogEntry entry, ReadOnlyMemory<byte> raw, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var digest = DigestOf(raw.Span);
        var at = _time.GetUtcNow();
        return _database.WriteAsync(store => store.Log(entry, digest, at), cancellation);
    }

    /// <inheritdoc/>
    public ByteString DigestOf(ReadOnlySpan<byte> raw) => _database.Log.DigestOf(raw);

    /// <inheritdoc/>
    public async Task<LogCheckpoint> CheckpointAsync(CancellationToken cancellation = default)
    {
        var exported = Exported();
        var checkpoint = await _database.WriteAsync(store => StoreCheckpoint(store, exported), cancellation).ConfigureAwait(false);
        if (_options.CheckpointDirectory.Length == 0) return checkpoint;
        var path = Path.GetFullPath(Path.Combine(_options.CheckpointDirectory, checkpoint.FileName));
        try
        {
            PrivateFiles.CreateDirectory(Path.GetDirectoryName(path)!);
            if (!PrivateFiles.TryAdd(path, checkpoint.ToJson()))
                throw new StoreException(StoreFault.Altered,
                    $"{path}: is there already, and is not this center's checkpoint {checkpoint.Number}. Nothing is written over it: find out who put it there, and move it away.");
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StoreException(StoreFault.ReadOnly, $"{path}: the checkpoint may not be exported there; give this user the right to write.", error);
        }
        catch (IOException error)
        {
            throw StoreException.From(error, path)!;
        }
        return checkpoint;
    }

    /// <inheritdoc/>
    public Task<long> CountSinceCheckpointAsync(CancellationToken cancellation = default) => _database.ReadAsync(LogTable.CountSinceCheckpoint, cancellation);

    /// <inheritdoc/>
    public Task<LogReport> VerifyAsync(LogCheckpoint? exported = null, CancellationToken cancellation = default) =>
        _database.ReadAsync(store => new LogVerification(_keys).Run(store, exported), cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LogRow>> ReadAsync(LogQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Most, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Most, LogQuery.MaxRows);
        return await _database.ReadAsync(store => LogTable.Find(store, query), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<LogRow> EnumerateAsync(LogQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return RowPages.AllAsync<LogTable.RowPlace, LogRow>(
            _database, (store, after) => LogTable.Page(store, query, after), LogTable.RowPlace.Of(query.After), cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogRow> FollowAsync(LogQuery query, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Most, LogQuery.MaxRows);
        // One state: what comes after these ends is new, and nothing is shown twice or left out.
        var (latest, told) = await _database.ReadAsync(
            store => (LogTable.Find(store, query), Ends(store)), cancellation).ConfigureAwait(false);
        foreach (var row in latest) yield return row;
        while (true)
        {
            var isMore = false;
            foreach (var (instance, last) in await _database.ReadAsync(Ends, cancellation).ConfigureAwait(false))
            {
                var from = told.GetValueOrDefault(instance);
                if (last <= from) continue;
                var rows = await _database.ReadAsync(store => LogTable.Between(store, query, instance, from, last), cancellation).ConfigureAwait(false);
                foreach (var row in rows) yield return row;
                isMore = rows.Count == RowPages.Rows;
                told[instance] = isMore ? rows[^1].Sequence : last;
            }
            if (!isMore) await Task.Delay(FollowPause, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task<long> ExportAsync(Stream target, CancellationToken cancellation = default) => _database.ReadAsync(store =>
    {
        var count = 0L;
        using var json = new Utf8JsonWriter(target);
        foreach (var row in LogTable.All(store))
        {
            cancellation.ThrowIfCancellationRequested();
            LogJson.Write(json, row);
            json.Flush();
            target.WriteByte((byte)'\n');
            json.Reset();
            count++;
        }
        foreach (var (seal, mac) in LogTable.SealedHeads(store, CenterDatabase.IdIn(store)))
        {
            LogJson.Write(json, seal, mac);
            json.Flush();
            target.WriteByte((byte)'\n');
            json.Reset();
        }
        return count;
    }, cancellation);

    /// <summary>The number of the last entry of each chain, as the latest commits sealed it.</summary>
    private Dictionary<string, long> Ends(StoreView store) =>
        LogTable.SealedHeads(store, _database.StoreId).ToDictionary(known => known.Seal.Head.Instance, known => known.Seal.Head.Sequence);

    /// <summary>The latest checkpoint that was exported; null also where the place of them cannot be read, which the export will say.</summary>
    private LogCheckpoint? Exported()
    {
        try
        {
            return LogCheckpoint.Latest(_options.CheckpointDirectory, _keys);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Its number is above all that are known: one that was exported is never made a second time.</summary>
    private LogCheckpoint StoreCheckpoint(StoreTransaction store, LogCheckpoint? exported)
    {
        // By keys that have ended it would be believed by nobody, and its number would be used up.
        if (CenterKeyTable.Alone(store) > _keys.SigningKeys)
        {
            throw new StoreException(StoreFault.Older, "The center has other keys than this program's vault by now: no checkpoint is signed. "
                + "Copy vault.json of a host that has them.");
        }
        if (exported is not null) StoreHistory.Hear(store, exported);
        var at = _time.GetUtcNow().Stored();
        var (last, lost) = (LogTable.LastCheckpoint(store), PutBack.LastCheckpoint(store));
        var number = Math.Max(Math.Max(last, lost), exported?.Number ?? 0) + 1;
        // Where the log has all that an exported one vouches for, those in between are not lost: somebody took them out, and verification is to say so.
        var areLost = number > last + 1 && (lost > last || !StoreHistory.Knows(store, exported!));
        new NamedCheckpoint(number, areLost ? last + 1 : null).Log(store);
        var unsigned = new LogCheckpoint(number, at, [.. LogTable.Heads(store)], ByteString.Empty);
        var checkpoint = unsigned with { Signature = ByteString.Own(_keys.SignCheckpoint(unsigned.SignedBytes())) };
        LogTable.PutCheckpoint(store, checkpoint.Number, at, checkpoint.HeadsJson(), checkpoint.Signature);
        return checkpoint;
    }
}
