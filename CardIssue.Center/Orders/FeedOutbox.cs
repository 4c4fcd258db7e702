using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>The events that wait for the issuer, written in the same transaction as what they tell of.</summary>
internal static class FeedOutbox
{
    public static void Add(StoreTransaction connection, FeedEventKind kind, OrderRow order, string reason, DateTimeOffset now) => connection.Insert(SealedTable.Feed, """
        INSERT INTO feed_outbox (event_id, kind, order_id, customer, sequence, card, at, reason, issuer, branch)
        VALUES ($event, $kind, $order, $customer, $sequence, $card, $now, $reason, $issuer, $branch)
        """,
        ("$event", Guid.NewGuid().ToString("N")), ("$kind", kind), ("$order", order.Order), ("$customer", order.Customer),
        ("$sequence", order.Sequence), ("$card", order.Card), ("$now", now), ("$reason", reason), ("$issuer", order.Issuer),
        ("$branch", order.Branch));

    /// <summary>What one issuer is to be told; the center's own where that is null. What is another's is not even read.</summary>
    public static List<FeedEvent> Untold(StoreView connection, IssuerId? issuer, int most) => connection.Query(
        SealedTable.Feed, "told_at IS NULL AND coalesce(issuer, '') = $issuer ORDER BY id LIMIT $most", Read,
        ("$most", most), ("$issuer", issuer?.Value ?? ""));

    public static int CountUntold(StoreView connection, IssuerId? issuer) => (int)connection.Number(
        "SELECT count(*) FROM feed_outbox WHERE told_at IS NULL AND coalesce(issuer, '') = $issuer", ("$issuer", issuer?.Value ?? ""));

    public static bool IsTold(StoreView connection, OrderId order, FeedEventKind kind) => connection.Number(
        "SELECT count(*) FROM feed_outbox WHERE order_id = $order AND kind = $kind AND told_at IS NOT NULL", ("$order", order), ("$kind", kind)) > 0;

    /// <summary>Whether the issuer was not told yet to block a card that this order had.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: an event of the order is not what this center wrote.</exception>
    public static bool BlockWaits(StoreView connection, OrderId order) =>
        connection.Query(SealedTable.Feed, "order_id = $order",
            row => (FeedEventKind)row.Int("kind") == FeedEventKind.Blocked && row.Time("told_at") is null, ("$order", order)).Contains(true);

    /// <summary>Marks events as told; an order whose block was told is voided now.</summary>
    public static void MarkTold(StoreTransaction connection, IReadOnlyList<FeedEvent> events, DateTimeOffset now)
    {
        foreach (var told in events)
        {
            // Another pump may have told it too: only the first mark counts.
            var first = connection.Update(SealedTable.Feed, "told_at = $now", "id = $id AND told_at IS NULL", ("$now", now), ("$id", told.Id)) == 1;
            if (!first) continue;
            connection.Log(new LogEntry("feed", null, null, told.Order, LogDirection.None, 0, "Told",
                JsonSerializer.Serialize(new { @event = told.EventId, number = told.Id, kind = told.Kind.ToString() })));
            if (told.Kind == FeedEventKind.Blocked) OrderVoiding.Blocked(connection, told.Order, now);
        }
    }

    private static FeedEvent Read(StoredRow row) => new(
        row.Long("id")!.Value, row.Text("event_id")!, (FeedEventKind)row.Int("kind"), new OrderId(row.Text("order_id")!), row.Text("customer")!,
        row.Int("sequence"), row.Bytes("card") is { } card ? new CardId(card) : null, row.Time("at")!.Value, row.Text("reason")!)
    {
        Issuer = row.Issuer(),
        Branch = row.Branch(),
    };
}
