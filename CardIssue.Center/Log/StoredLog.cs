using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Log;

/// <summary>The log in the center's database.</summary>
public sealed class StoredLog : IExchangeLog
{
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
        var checkpoint = await _database.WriteAsync(StoreCheckpoint, cancellation).ConfigureAwait(false);
        if (_options.CheckpointDirectory.Length == 0) return checkpoint;
        var path = Path.GetFullPath(Path.Combine(_options.CheckpointDirectory, checkpoint.FileName));
        try
        {
            PrivateFiles.CreateDirectory(Path.GetDirectoryName(path)!);
            PrivateFiles.Replace(path, checkpoint.ToJson());
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

    private LogCheckpoint StoreCheckpoint(StoreTransaction store)
    {
        var at = _time.GetUtcNow().Stored();
        var unsigned = new LogCheckpoint(LogTable.LastCheckpoint(store) + 1, at, [.. LogTable.Heads(store)], ByteString.Empty);
        var checkpoint = unsigned with { Signature = ByteString.Own(_keys.SignCheckpoint(unsigned.SignedBytes())) };
        LogTable.PutCheckpoint(store, checkpoint.Number, at, checkpoint.HeadsJson(), checkpoint.Signature);
        return checkpoint;
    }
}
