using CardIssue.Center.Orders;

namespace CardIssue.Center.Feed;

/// <summary>The feed as its settings have it at the moment; made anew when those are others. One call at a time: a pump sees to that.</summary>
internal sealed class FeedAsSet : IIssuerFeed, IDisposable
{
    private readonly Func<(FeedOptions Options, string File)> _set;
    private readonly TimeProvider _time;
    private (FeedOptions Options, string File) _made;
    private IIssuerFeed _feed;

    /// <param name="set">The settings: other ones are another object. The file is for where nothing is posted.</param>
    /// <param name="time">The clock.</param>
    public FeedAsSet(Func<(FeedOptions Options, string File)> set, TimeProvider time)
    {
        (_set, _time, _made) = (set, time, set());
        _feed = Make(_made);
    }

    public Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation)
    {
        if (_set() is var set && set != _made)
        {
            // One that can't be made leaves nothing of the one before in its place: that is another address.
            var next = Make(set);
            (_feed as IDisposable)?.Dispose();
            (_made, _feed) = (set, next);
        }
        return _feed.TellAsync(events, cancellation);
    }

    public void Dispose() => (_feed as IDisposable)?.Dispose();

    private IIssuerFeed Make((FeedOptions Options, string File) set) => set.Options.IsPosted ? new WebhookFeed(set.Options, _time) : new JsonLinesFeed(set.File);
}
