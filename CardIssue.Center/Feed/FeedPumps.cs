using CardIssue.Center.Issuers;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Feed;

/// <summary>
/// The feeds of a center: a pump for each issuer, and one for the center's own events. A feed that is away holds back nobody else's, and no
/// event comes to another's.
/// </summary>
/// <param name="issuers">The issuers.</param>
/// <param name="make">Makes the pump of one; of the center's own for null.</param>
public sealed class FeedPumps(IIssuers issuers, Func<IssuerId?, FeedPump> make)
{
    private readonly Lock _lock = new();
    private readonly FeedPump _own = make(null);
    private readonly Dictionary<IssuerId, FeedPump> _pumps = [];

    /// <summary>The pump of one issuer, made when it is first asked for; of the center's own events for null.</summary>
    public FeedPump Of(IssuerId? issuer)
    {
        if (issuer is not { } one) return _own;
        lock (_lock)
        {
            if (!_pumps.TryGetValue(one, out var pump)) _pumps.Add(one, pump = make(one));
            return pump;
        }
    }

    /// <summary>The pump of the center's own events, and that of each issuer.</summary>
    /// <exception cref="Storage.StoreException">The store cannot be read.</exception>
    internal async Task<IReadOnlyList<FeedPump>> AllAsync(CancellationToken cancellation = default) =>
        [_own, .. (await issuers.ListAsync(cancellation).ConfigureAwait(false)).Select(issuer => Of(issuer.Issuer))];

    /// <summary>None waits any longer for its next try.</summary>
    internal void TryNow()
    {
        lock (_lock)
        {
            foreach (var pump in _pumps.Values.Append(_own)) pump.TryNow();
        }
    }

    /// <summary>Pumps until it is cancelled, and then returns; also for issuers that are added meanwhile.</summary>
    /// <param name="look">How often is looked for new issuers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="trouble">Told why they could not be looked for, once; and why a pump ended.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task RunAsync(TimeSpan look, TimeProvider time, Action<Exception> trouble, CancellationToken cancellation)
    {
        var running = new Dictionary<FeedPump, Task>();
        Begin(_own);
        await RepeatedLook.RunAsync(look, time, async stopping =>
        {
            foreach (var pump in await AllAsync(stopping).ConfigureAwait(false)) Begin(pump);
        }, trouble, cancellation).ConfigureAwait(false);
        await Task.WhenAll(running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Also one that has ended, as none does: its issuer would never be told again.
        void Begin(FeedPump pump)
        {
            if (running.GetValueOrDefault(pump) is not { IsCompleted: false }) running[pump] = PumpAsync(pump, trouble, cancellation);
        }
    }

    private static async Task PumpAsync(FeedPump pump, Action<Exception> trouble, CancellationToken stopping)
    {
        try
        {
            await pump.RunAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops; what was not told waits in the outbox.
        }
        catch (Exception error)
        {
            trouble(error);
        }
    }
}
