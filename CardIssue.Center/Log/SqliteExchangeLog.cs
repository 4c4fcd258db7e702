using System.Text.Json;
using System.Threading.Channels;
using CardIssue.Center.Storage;
using CardIssue.Core;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Log;

/// <summary>The log in a SQLite file of its own. One writer task puts whatever waits into one transaction (group commit).</summary>
public sealed class SqliteExchangeLog : IExchangeLog, IAsyncDisposable
{
    private readonly SqliteFile _file;
    private readonly LogOptions _options;
    private readonly ILogKeys _keys;
    private readonly TimeProvider _time;
    private readonly Channel<Pending> _queue;
    private readonly Task _writer;

    private SqliteExchangeLog(SqliteFile file, LogOptions options, ILogKeys keys, TimeProvider time)
    {
        _file = file;
        _options = options;
        _keys = keys;
        _time = time;
        _queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(options.MaxQueued) { SingleReader = true });
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Transactions committed since the log was opened; fewer than entries when many come at once.</summary>
    public long Commits => _file.Commits;

    internal SqliteFile File => _file;

    /// <summary>Opens the log, makes it where it is not there.</summary>
    /// <exception cref="StoreException">It cannot be used; the message says why and what to do.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public static SqliteExchangeLog Open(LogOptions options, ILogKeys keys, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        var file = SqliteFile.Open(options.DatabasePath, "Log", options.BusyTimeout, options.MaxQueued);
        return new SqliteExchangeLog(file, options, keys, time);
    }

    /// <summary>Whether a log is there with an entry in it; also one that cannot be read. Nothing is made or changed.</summary>
    internal static bool HasEntries(LogOptions options)
    {
        if (new FileInfo(options.DatabasePath) is not { Exists: true, Length: > 0 }) return false;
        try
        {
            var text = new SqliteConnectionStringBuilder { DataSource = options.DatabasePath, Pooling = false, Mode = SqliteOpenMode.ReadOnly };
            using var connection = new SqliteConnection(text.ToString());
            connection.Open();
            return connection.Number("SELECT count(*) FROM (SELECT 1 FROM log_entries LIMIT 1)") > 0;
        }
        catch (SqliteException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public async Task<LogRow> AppendAsync(LogEntry entry, ReadOnlyMemory<byte> raw, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Check(entry);
        var digest = raw.IsEmpty ? ByteString.Empty : ByteString.Own(_keys.Hmac(raw.Span));
        var at = DateTimeOffset.FromUnixTimeMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds());
        var pending = new Pending(entry, digest, at, new TaskCompletionSource<LogRow>(TaskCreationOptions.RunContinuationsAsynchronously));
        await _queue.Writer.WriteAsync(pending, cancellation).ConfigureAwait(false);
        return await pending.Durable.Task.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<LogCheckpoint> CheckpointAsync(CancellationToken cancellation = default)
    {
        var checkpoint = await _file.WriteAsync(StoreCheckpoint, cancellation).ConfigureAwait(false);
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
    public Task<LogReport> VerifyAsync(LogCheckpoint? exported = null, CancellationToken cancellation = default) =>
        _file.ReadAsync(connection => new LogVerification(_keys).Run(connection, exported), cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LogRow>> ReadAsync(LogQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Most, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Most, LogQuery.MaxRows);
        return await _file.ReadAsync(connection => LogTable.Find(connection, query), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<long> ExportAsync(Stream target, CancellationToken cancellation = default) => _file.ReadAsync(connection =>
    {
        var count = 0L;
        using var json = new Utf8JsonWriter(target);
        foreach (var row in LogTable.All(connection))
        {
            cancellation.ThrowIfCancellationRequested();
            LogJson.Write(json, row);
            json.Flush();
            target.WriteByte((byte)'\n');
            json.Reset();
            count++;
        }
        return count;
    }, cancellation);

    /// <summary>Writes what is queued, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writer.ConfigureAwait(false);
        await _file.DisposeAsync().ConfigureAwait(false);
    }

    private static void Check(LogEntry entry)
    {
        if (entry.Session.Length is 0 or > LogEntry.MaxWord || entry.Kind.Length is 0 or > LogEntry.MaxWord)
            throw new ArgumentException($"session and kind have 1 to {LogEntry.MaxWord} characters", nameof(entry));
        if (!Enum.IsDefined(entry.Direction) || entry.Step is < 0 or > LogEntry.MaxStep) throw new ArgumentException("no such direction or step", nameof(entry));
        if (entry.Detail.Length > LogEntry.MaxDetail) throw new ArgumentException($"the detail is longer than {LogEntry.MaxDetail} characters", nameof(entry));
        if (!LogJson.IsObject(entry.Detail)) throw new ArgumentException("the detail is no JSON object", nameof(entry));
    }

    private async Task WriteAsync()
    {
        var batch = new List<Pending>(_options.MaxBatch);
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < _options.MaxBatch && _queue.Reader.TryRead(out var pending)) batch.Add(pending);
            try
            {
                var rows = await _file.WriteAsync(connection => Append(connection, batch), CancellationToken.None).ConfigureAwait(false);
                for (var i = 0; i < rows.Length; i++) batch[i].Durable.SetResult(rows[i]);
            }
            catch (Exception error)
            {
                // Not swallowed: each caller gets it, and the writer lives on for the time after (a disk with room again).
                foreach (var pending in batch) pending.Durable.SetException(error);
            }
            batch.Clear();
        }
    }

    private LogRow[] Append(SqliteConnection connection, List<Pending> batch)
    {
        // The head is read anew each time: another process with this instance's name would otherwise break the chain.
        var head = LogTable.Head(connection, _options.Instance);
        var rows = new LogRow[batch.Count];
        using var insertion = LogTable.Insertion(connection);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = new LogRow(_options.Instance, head.Sequence + 1, batch[i].At, batch[i].Entry, batch[i].Digest, ByteString.Empty);
            rows[i] = row with { Hash = LogChain.HashOf(head.Hash, row) };
            LogTable.Insert(insertion, rows[i]);
            head = new LogHead(_options.Instance, rows[i].Sequence, rows[i].Hash);
        }
        return rows;
    }

    private LogCheckpoint StoreCheckpoint(SqliteConnection connection)
    {
        var number = connection.Number("SELECT coalesce(max(number), 0) + 1 FROM log_checkpoints");
        var at = DateTimeOffset.FromUnixTimeMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds());
        var unsigned = new LogCheckpoint(number, at, [.. LogTable.Heads(connection)], ByteString.Empty);
        var checkpoint = unsigned with { Signature = ByteString.Own(_keys.SignCheckpoint(unsigned.SignedBytes())) };
        connection.Execute("INSERT INTO log_checkpoints (number, at, heads, signature) VALUES ($number, $at, $heads, $signature)",
            ("$number", number), ("$at", at), ("$heads", checkpoint.HeadsJson()), ("$signature", checkpoint.Signature));
        return checkpoint;
    }

    private sealed record Pending(LogEntry Entry, ByteString Digest, DateTimeOffset At, TaskCompletionSource<LogRow> Durable);
}
