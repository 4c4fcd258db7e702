using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>How it stands with where an issuer is told, as the host wrote down that tried last. Nothing is decided by it.</summary>
/// <param name="Host">The host.</param>
/// <param name="Trouble">Why the last try failed; null when it did not.</param>
/// <param name="FailedSince">Since when it fails.</param>
/// <param name="Failures">How many tries failed one after the other.</param>
/// <param name="NextTry">When it is tried again.</param>
public sealed record FeedStanding(string Host, string? Trouble, DateTimeOffset? FailedSince, long Failures, DateTimeOffset? NextTry)
{
    private const int MaxTrouble = 500;

    internal static FeedStanding? Find(StoreView store, IssuerId? issuer) => store.First(
        "SELECT * FROM feed_state WHERE issuer = $issuer",
        row => new FeedStanding(
            row.Text("host")!, row.Text("trouble"), row.Time("failed_since"), row.Long("failures")!.Value, row.Time("next_try")),
        ("$issuer", issuer?.Value ?? ""));

    internal void Keep(StoreTransaction store, IssuerId? issuer) => store.Execute("""
        INSERT INTO feed_state (issuer, host, trouble, failed_since, failures, next_try, updated_at)
        VALUES ($issuer, $host, $trouble, $since, $failures, $next, $now)
        ON CONFLICT (issuer) DO UPDATE SET host = excluded.host, trouble = excluded.trouble, failed_since = excluded.failed_since,
          failures = excluded.failures, next_try = excluded.next_try, updated_at = excluded.updated_at
        """,
        ("$issuer", issuer?.Value ?? ""), ("$host", Host), ("$trouble", Trouble is null ? null : PlainText.Of(Trouble, MaxTrouble)), ("$since", FailedSince), ("$failures", Failures),
        ("$next", NextTry), ("$now", store.Now));
}
