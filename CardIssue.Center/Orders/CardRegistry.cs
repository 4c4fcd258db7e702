using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>The cards: which are bound, issued or voided, and how many authentications were begun without success.</summary>
internal static class CardRegistry
{
    public static CardRecord Look(StoreView connection, CardId card, int limit)
    {
        var tries = Tries(connection, card);
        var known = connection.First("SELECT standing, order_id FROM issued_cards WHERE card = $card",
            row => new Owner((CardStanding)row.Int("standing"), new OrderId(row.Text("order_id")!)), ("$card", card));
        known ??= connection.First("SELECT order_id FROM orders WHERE card = $card AND state <> $voided",
            row => new Owner(CardStanding.Bound, new OrderId(row.Text("order_id")!)), ("$card", card), ("$voided", OrderState.Voided));
        if (known is null && AbsentOrders.OfCard(connection, card) is { } absent) known = new Owner(absent.Standing, absent.Order);
        return new CardRecord(known?.Standing ?? CardStanding.Free, known?.Order, tries, tries >= limit);
    }

    public static int Tries(StoreView connection, CardId card) =>
        (int)connection.Number("SELECT tries FROM card_tries WHERE card = $card", ("$card", card));

    public static void CountTry(StoreTransaction connection, CardId card, DateTimeOffset now) => connection.Execute("""
        INSERT INTO card_tries (card, tries, last_at) VALUES ($card, 1, $now)
        ON CONFLICT (card) DO UPDATE SET tries = tries + 1, last_at = $now
        """, ("$card", card), ("$now", now));

    public static void ClearTries(StoreTransaction connection, CardId card) =>
        connection.Execute("DELETE FROM card_tries WHERE card = $card", ("$card", card));

    public static void AddIssued(StoreTransaction connection, OrderRow order, CardId card, DateTimeOffset now) => connection.Execute("""
        INSERT INTO issued_cards (card, order_id, customer, sequence, standing, issued_at) VALUES ($card, $order, $customer, $sequence, $issued, $now)
        """, ("$card", card), ("$order", order.Order), ("$customer", order.Customer), ("$sequence", order.Sequence),
        ("$issued", CardStanding.Issued), ("$now", now));

    /// <summary>The card of a voided order is never used again, whether it was issued or only bound.</summary>
    public static void AddVoided(StoreTransaction connection, OrderRow order, CardId card, DateTimeOffset now) => connection.Execute("""
        INSERT INTO issued_cards (card, order_id, customer, sequence, standing, voided_at) VALUES ($card, $order, $customer, $sequence, $voided, $now)
        ON CONFLICT (card) DO UPDATE SET standing = $voided, voided_at = $now
        """, ("$card", card), ("$order", order.Order), ("$customer", order.Customer), ("$sequence", order.Sequence),
        ("$voided", CardStanding.Voided), ("$now", now));

    private sealed record Owner(CardStanding Standing, OrderId Order);
}
