using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Cards that are issued: what the registry knows of one, and what the issuer is told of it, are one. However an order comes to be issued,
/// it is written here.
/// </summary>
internal static class IssuedCards
{
    /// <param name="store">The transaction that makes the order issued.</param>
    /// <param name="order">The order, with its card.</param>
    /// <param name="issued">When the card was issued.</param>
    public static void Add(StoreTransaction store, OrderRow order, DateTimeOffset issued)
    {
        store.Insert(SealedTable.Cards, """
            INSERT INTO issued_cards (card, order_id, customer, sequence, standing, issued_at)
            VALUES ($card, $order, $customer, $sequence, $issued, $at)
            """, ("$card", order.Card!.Value), ("$order", order.Order), ("$customer", order.Customer), ("$sequence", order.Sequence),
            ("$issued", CardStanding.Issued), ("$at", issued));
        FeedOutbox.Add(store, FeedEventKind.Issued, order, "", store.Now);
    }
}
