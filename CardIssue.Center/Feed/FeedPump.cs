using CardIssue.Center.Storage;

namespace CardIssue.Center.Feed;

/// <summary>
/// Brings the outbox to the issuer's feed: in order, at least once. An order whose block was told is voided in the same transaction that
/// marks it as told.
/// </summary>
public sealed class FeedPump
{
    /// <summary>The most events told at once.</summary>
    public const int MaxBatch = 100;

    private readonly CenterDatabase _database;
    private readonly IIssuerFeed _feed;
    private readonly TimeProvider _time;
    private readonly TimeSpan _pause;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Looks for events every <paramref name="pause"/>: 10 ms to 10 minutes.</summary>
    public FeedPump(CenterDatabase database, IIssuerFeed feed, TimeProvider time, TimeSpan pause)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pause, TimeSpan.FromMilliseconds(10));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pause, TimeSpan.FromMinutes(10));
        _database = database;
        _feed = feed;
        _time = time;
        _pause = pause;
    }

    /// <summary>Why the last round failed, or null. Events wait until the feed works again.</summary>
    public string? Trouble { get; private set; }

    /// <summary>How many events wait to be told.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public Task<int> BacklogAsync(CancellationToken cancellation = default) => _database.ReadAsync(FeedOutbox.CountUntold, cancellation);

    /// <summary>Pumps until cancelled. A feed or a store that fails is tried again after the pause; see <see cref="Trouble"/>.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await PumpAsync(cancellation).ConfigureAwait(false);
                Trouble = null;
            }
            catch (IOException error)
            {
                Trouble = error.Message;
            }
            await Task.Delay(_pause, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Tells all that waits now.</summary>
    /// <returns>How many events were told.</returns>
    /// <exception cref="IOException">The feed or the store failed; what was not told waits.</exception>
    public async Task<int> PumpAsync(CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var told = 0;
            while (true)
            {
                var events = await _database.ReadAsync(connection => FeedOutbox.Untold(connection, MaxBatch), cancellation).ConfigureAwait(false);
                if (events.Count == 0) return told;
                await _feed.TellAsync(events, cancellation).ConfigureAwait(false);
                await _database.WriteAsync(connection =>
                {
                    FeedOutbox.MarkTold(connection, events, _database.Now);
                    return true;
                }, cancellation).ConfigureAwait(false);
                told += events.Count;
            }
        }
        finally
        {
            _turn.Release();
        }
    }
}
