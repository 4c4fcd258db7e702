using System.Data.Common;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>The events that wait for the issuer, written in the same transaction as what they tell of.</summary>
internal static class FeedOutbox
{
    public static void Add(StoreTransaction connection, FeedEventKind kind, OrderRow order, string reason, DateTimeOffset now) => connection.Execute("""
        INSERT INTO feed_outbox (event_id, kind, order_id, customer, sequence, card, at, reason)
        VALUES ($event, $kind, $order, $customer, $sequence, $card, $now, $reason)
        """,
        ("$event", Guid.NewGuid().ToString("N")), ("$kind", kind), ("$order", order.Order), ("$customer", order.Customer),
        ("$sequence", order.Sequence), ("$card", order.Card), ("$now", now), ("$reason", reason));

    public static List<FeedEvent> Untold(StoreView connection, int most) =>
        connection.Query("SELECT * FROM feed_outbox WHERE told_at IS NULL ORDER BY id LIMIT $most", Read, ("$most", most));

    public static int CountUntold(StoreView connection) => (int)connection.Number("SELECT count(*) FROM feed_outbox WHERE told_at IS NULL");

    public static bool IsTold(StoreView connection, OrderId order, FeedEventKind kind) => connection.Number(
        "SELECT count(*) FROM feed_outbox WHERE order_id = $order AND kind = $kind AND told_at IS NOT NULL", ("$order", order), ("$kind", kind)) > 0;

    /// <summary>Whether the issuer was not told yet to block a card that this order had.</summary>
    public static bool BlockWaits(StoreView connection, OrderId order) => connection.Number(
        "SELECT count(*) FROM feed_outbox WHERE order_id = $order AND kind = $kind AND told_at IS NULL",
        ("$order", order), ("$kind", FeedEventKind.Blocked)) > 0;

    /// <summary>Marks events as told; an order whose block was told is voided now.</summary>
    public static void MarkTold(StoreTransaction connection, IReadOnlyList<FeedEvent> events, DateTimeOffset now)
    {
        foreach (var told in events)
        {
            // Another pump may have told it too: only the first mark counts.
            var first = connection.Execute("UPDATE feed_outbox SET told_at = $now WHERE id = $id AND told_at IS NULL", ("$now", now), ("$id", told.Id)) == 1;
            if (!first) continue;
            connection.Log(new LogEntry("feed", null, null, told.Order, LogDirection.None, 0, "Told",
                JsonSerializer.Serialize(new { @event = told.EventId, number = told.Id, kind = told.Kind.ToString() })));
            if (told.Kind == FeedEventKind.Blocked) OrderVoiding.Blocked(connection, told.Order, now);
        }
    }

    private static FeedEvent Read(DbDataReader row) => new(
        row.Long("id")!.Value, row.Text("event_id")!, (FeedEventKind)row.Int("kind"), new OrderId(row.Text("order_id")!), row.Text("customer")!,
        row.Int("sequence"), row.Bytes("card") is { } card ? new CardId(card) : null, row.Time("at")!.Value, row.Text("reason")!);
}
