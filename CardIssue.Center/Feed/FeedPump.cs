using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Center.Feed;

/// <summary>
/// Brings what waits for one issuer to his feed: in order, at least once. An order whose block was told is voided in the same transaction that
/// marks it as told. Of several hosts on one store one tells, and another when that one is gone.
/// </summary>
public sealed class FeedPump
{
    /// <summary>The most events told at once.</summary>
    internal const int MaxBatch = 100;

    /// <summary>How long the feed may take for one batch; after that it counts as failed, and the batch comes again.</summary>
    internal static readonly TimeSpan MaxTelling = TimeSpan.FromMinutes(5);

    /// <summary>The longest pause between two tries of a feed that fails, where nothing else is said.</summary>
    internal static readonly TimeSpan UsualLongestPause = TimeSpan.FromMinutes(5);

    /// <summary>So many failures double the pause; it is at its longest long before.</summary>
    private const int MaxDoublings = 20;

    private readonly CenterDatabase _database;
    private readonly IIssuerFeed _feed;
    private readonly TimeProvider _time;
    private readonly Func<TimeSpan> _pause, _longest;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly IssuerId? _issuer;
    private TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isGood;

    /// <summary>
    /// Tells the events of <paramref name="issuer"/> alone, which are the center's own where that is null.
    /// Looks for events every <paramref name="pause"/>: 10 ms to 10 minutes; after each failure in a row after twice as long, up to
    /// <paramref name="longest"/>, and up to half of it earlier, by chance, so that many centers do not come at once.
    /// </summary>
    internal FeedPump(
        CenterDatabase database, IIssuerFeed feed, TimeProvider time, TimeSpan pause, ILogger<FeedPump>? logger = null, TimeSpan? longest = null,
        IssuerId? issuer = null) : this(database, feed, time, () => pause, () => longest ?? UsualLongestPause, logger, issuer)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pause, TimeSpan.FromMilliseconds(10));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pause, TimeSpan.FromMinutes(10));
    }

    /// <summary>The same with pauses that may become others.</summary>
    internal FeedPump(
        CenterDatabase database, IIssuerFeed feed, TimeProvider time, Func<TimeSpan> pause, Func<TimeSpan> longest, ILogger<FeedPump>? logger, IssuerId? issuer)
    {
        _database = database;
        _feed = feed;
        _time = time;
        _pause = pause;
        _longest = longest;
        _logger = logger ?? NullLogger<FeedPump>.Instance;
        _issuer = issuer;
    }

    /// <summary>Why the last round failed, or null. Events wait until the feed works again.</summary>
    internal string? Trouble { get; private set; }

    /// <summary>How many events wait to be told.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public Task<int> BacklogAsync(CancellationToken cancellation = default) =>
        _database.ReadAsync(store => FeedOutbox.CountUntold(store, _issuer), cancellation);

    /// <summary>How it stood with the last try of whichever host made it; null where none ever failed.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public Task<FeedStanding?> StandingAsync(CancellationToken cancellation = default) =>
        _database.ReadAsync(store => FeedStanding.Find(store, _issuer), cancellation);

    /// <summary>
    /// Pumps until cancelled. A feed or a store that fails, however it does, is tried again, each time after a longer pause; see
    /// <see cref="Trouble"/>.
    /// </summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        var failures = 0;
        DateTimeOffset? since = null;
        while (true)
        {
            var (pause, hurry) = (_pause(), _hurry.Task);
            try
            {
                await PumpAsync(cancellation).ConfigureAwait(false);
                Trouble = null;
                (failures, since) = (0, null);
                await KeepGoodAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                // Said once: a feed that is away for a night would fill the log.
                if (error.Message != Trouble) OperationLog.NotTold(_logger, error);
                Trouble = error.Message;
                since ??= _time.GetUtcNow();
                pause = PauseAfter(++failures, error);
                await KeepAsync(new FeedStanding(_database.Log.Instance, error.Message, since, failures, _time.GetUtcNow() + pause), cancellation)
                    .ConfigureAwait(false);
            }
            await WaitAsync(pause, hurry, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Does not wait any longer for the next try: something is other than it was.</summary>
    internal void TryNow() =>
        Interlocked.Exchange(ref _hurry, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Tells all that waits now.</summary>
    /// <returns>How many events were told.</returns>
    /// <exception cref="IOException">
    /// The feed or the store failed; what was not told waits. Whatever else the feed throws means the same.
    /// </exception>
    internal async Task<int> PumpAsync(CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var told = 0;
            while (await _database.TellsFeedAsync(cancellation).ConfigureAwait(false))
            {
                var events = await _database.ReadAsync(connection => FeedOutbox.Untold(connection, _issuer, MaxBatch), cancellation).ConfigureAwait(false);
                if (events.Count == 0) return told;
                await TellAsync(events, cancellation).ConfigureAwait(false);
                await _database.WriteAsync(connection =>
                {
                    FeedOutbox.MarkTold(connection, events, _database.Now);
                    return true;
                }, cancellation).ConfigureAwait(false);
                told += events.Count;
            }
            return told;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task WaitAsync(TimeSpan pause, Task hurry, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await (await Task.WhenAny(Task.Delay(pause, _time, over.Token), hurry).ConfigureAwait(false)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
    }

    private TimeSpan PauseAfter(int failures, Exception error)
    {
        var (pause, longest) = (_pause(), _longest());
        if (pause >= longest) return pause;
        var whole = error is FeedRefusedException { IsLasting: true } ? longest
            : TimeSpan.FromTicks(Math.Min(longest.Ticks, pause.Ticks << Math.Min(failures - 1, MaxDoublings)));
        return whole * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    /// <summary>Takes back what was written down of a failure, of this host's or one before it; a host that does not tell knows nothing of that.</summary>
    private async Task KeepGoodAsync(CancellationToken cancellation)
    {
        if (_isGood || !await _database.TellsFeedAsync(cancellation).ConfigureAwait(false)) return;
        if (await StandingAsync(cancellation).ConfigureAwait(false) is { Failures: > 0 } bad)
            await KeepAsync(bad with { Host = _database.Log.Instance, Trouble = null, FailedSince = null, Failures = 0, NextTry = null }, cancellation)
                .ConfigureAwait(false);
        _isGood = true;
    }

    /// <summary>For people at another program; where it can't be written down, the store is what fails.</summary>
    private async Task KeepAsync(FeedStanding standing, CancellationToken cancellation)
    {
        _isGood = false;
        try
        {
            await _database.WriteAsync(store =>
            {
                standing.Keep(store, _issuer);
                return true;
            }, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            // Whatever it is: what people see of the pump does not end it.
            OperationLog.NotTold(_logger, error);
        }
    }

    private async Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation)
    {
        using var slow = new CancellationTokenSource(MaxTelling, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            await _feed.TellAsync(events, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (slow.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new IOException($"The feed did not take {events.Count} events within {MaxTelling.TotalMinutes:0} minutes.", e);
        }
    }
}
