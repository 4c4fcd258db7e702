using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Log;

/// <summary>The log of every exchange: only added to, chained by hashes per host instance, vouched for by signed checkpoints.</summary>
public interface IExchangeLog
{
    /// <summary>Appends an entry; returns when it is durable. Whatever waits at the same time shares one flush of the disk.</summary>
    /// <param name="entry">What to log, redacted.</param>
    /// <param name="raw">The bytes that it is about; only their HMAC is kept. Read before this returns its task.</param>
    /// <param name="cancellation">Ends the wait for room in the queue; an entry that is in the queue is written.</param>
    /// <returns>The entry as it is in the log.</returns>
    /// <exception cref="ArgumentException">The entry is too long, or its detail no JSON object: a local bug.</exception>
    /// <exception cref="StoreException">It is not in the log: what it is about must not be sent.</exception>
    Task<LogRow> AppendAsync(LogEntry entry, ReadOnlyMemory<byte> raw, CancellationToken cancellation = default);

    /// <summary>What stands in an entry for bytes that it is about: their HMAC under the log key, 32 bytes; empty for none.</summary>
    ByteString DigestOf(ReadOnlySpan<byte> raw);

    /// <summary>Signs the ends of all chains, stores the checkpoint, and exports it where a directory is configured.</summary>
    /// <exception cref="StoreException">It could not be stored or exported.</exception>
    Task<LogCheckpoint> CheckpointAsync(CancellationToken cancellation = default);

    /// <summary>How many entries no checkpoint vouches for yet.</summary>
    /// <exception cref="StoreException">The log cannot be read.</exception>
    Task<long> CountSinceCheckpointAsync(CancellationToken cancellation = default);

    /// <summary>Reads the whole log and says what was changed, taken out or cut off.</summary>
    /// <param name="exported">The latest checkpoint from off the host: without it, what was cut or rewritten since the log's own checkpoints is not seen.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="StoreException">The log cannot be read.</exception>
    Task<LogReport> VerifyAsync(LogCheckpoint? exported = null, CancellationToken cancellation = default);

    /// <summary>The latest entries that fit, oldest first.</summary>
    /// <exception cref="StoreException">The log cannot be read.</exception>
    Task<IReadOnlyList<LogRow>> ReadAsync(LogQuery query, CancellationToken cancellation = default);

    /// <summary>All entries that fit, oldest first, as many as there are: a page at a time, so that memory stays flat.</summary>
    /// <param name="query">What to read; <see cref="LogQuery.Most"/> is nothing here.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="StoreException">The log cannot be read.</exception>
    IAsyncEnumerable<LogRow> EnumerateAsync(LogQuery query, CancellationToken cancellation = default);

    /// <summary>
    /// The latest entries that fit, at most <see cref="LogQuery.Most"/>, and then each new one that fits, until it is cancelled. Beside whoever
    /// writes, here or on another host; those of one chain in the order in which they were written.
    /// </summary>
    /// <exception cref="StoreException">The log cannot be read.</exception>
    IAsyncEnumerable<LogRow> FollowAsync(LogQuery query, CancellationToken cancellation = default);

    /// <summary>Writes the whole log as JSON lines: an entry each, then for each chain a line that says where the store's commits sealed it to end.</summary>
    /// <returns>How many entries.</returns>
    /// <exception cref="StoreException">The log cannot be read.</exception>
    Task<long> ExportAsync(Stream target, CancellationToken cancellation = default);
}
