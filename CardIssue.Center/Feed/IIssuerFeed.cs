using CardIssue.Center.Orders;

namespace CardIssue.Center.Feed;

/// <summary>Where the issuer is told.</summary>
public interface IIssuerFeed
{
    /// <summary>Tells events, at most 100, in their order; when it returns they are told durably. After a failure all of them come again.</summary>
    /// <exception cref="IOException">
    /// They could not be told. Any other exception means the same, and so does taking longer than five minutes.
    /// </exception>
    Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation);
}
