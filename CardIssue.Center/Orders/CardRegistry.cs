using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>The cards: which are bound, issued or voided, and how many authentications were begun without success.</summary>
internal static class CardRegistry
{
    public static CardRecord Look(StoreView connection, CardId card, int limit)
    {
        var tries = Tries(connection, card);
        var known = Of(connection, card);
        // Also a voided order's: its card is in the registry, unless somebody took it out there.
        known ??= OfAnOrder(connection, card);
        if (known is null && AbsentOrders.OfCard(connection, card) is { } absent) known = new Owner(absent.Standing, absent.Order);
        return new CardRecord(known?.Standing ?? CardStanding.Free, known?.Order, tries, tries >= limit);
    }

    public static int Tries(StoreView connection, CardId card) =>
        (int)connection.Number("SELECT tries FROM card_tries WHERE card = $card", ("$card", card));

    public static void CountTry(StoreTransaction connection, CardId card, DateTimeOffset now) => connection.Later("""
        INSERT INTO card_tries (card, tries, last_at) VALUES ($card, 1, $now)
        ON CONFLICT (card) DO UPDATE SET tries = card_tries.tries + 1, last_at = $now
        """, rows: 1, ("$card", card), ("$now", now));

    public static void TakeTryBack(StoreTransaction connection, CardId card)
    {
        connection.Later("UPDATE card_tries SET tries = tries - 1 WHERE card = $card", rows: null, ("$card", card));
        connection.Later("DELETE FROM card_tries WHERE card = $card AND tries <= 0", rows: null, ("$card", card));
    }

    public static void ClearTries(StoreTransaction connection, CardId card) =>
        connection.Later("DELETE FROM card_tries WHERE card = $card", rows: null, ("$card", card));

    /// <summary>The card of a voided order is never used again, whether it was issued or only bound.</summary>
    public static void AddVoided(StoreTransaction connection, OrderRow order, CardId card, DateTimeOffset now)
    {
        var known = connection.Update(SealedTable.Cards, "standing = $voided, voided_at = $now", "card = $card",
            ("$card", card), ("$voided", CardStanding.Voided), ("$now", now));
        if (known > 0) return;
        connection.Insert(SealedTable.Cards, """
            INSERT INTO issued_cards (card, order_id, customer, sequence, standing, voided_at)
            VALUES ($card, $order, $customer, $sequence, $voided, $now)
            """, ("$card", card), ("$order", order.Order), ("$customer", order.Customer), ("$sequence", order.Sequence),
            ("$voided", CardStanding.Voided), ("$now", now));
    }

    private static Owner? OfAnOrder(StoreView connection, CardId card) => OrderRow
        .Select(connection, "card = $card AND rewrite IS NULL ORDER BY state = $voided LIMIT 1",
            ("$card", card), ("$voided", OrderState.Voided))
        .Select(order => new Owner(order.State == OrderState.Voided ? CardStanding.Voided : CardStanding.Bound, order.Order)).FirstOrDefault();

    /// <summary>The registry's own row of a card: one that is issued, or was; null for every other.</summary>
    public static Owner? Of(StoreView connection, CardId card) => connection.Query(SealedTable.Cards, "card = $card",
        row => new Owner((CardStanding)row.Int("standing"), new OrderId(row.Text("order_id")!)), ("$card", card)).FirstOrDefault();

    /// <summary>Whose a card is.</summary>
    /// <param name="Standing">Issued, voided, or only bound.</param>
    /// <param name="Order">The order by which.</param>
    internal sealed record Owner(CardStanding Standing, OrderId Order);
}
