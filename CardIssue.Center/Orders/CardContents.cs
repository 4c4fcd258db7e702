using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// What is on a card of the registry. It is told by the orders that were done on it, so that there is one truth of both: an order's row,
/// its seal and its entry in the log.
/// </summary>
internal static class CardContents
{
    /// <summary>A card that is issued, or was; null for every other.</summary>
    public static IssuedCard? Of(StoreView store, CardId card)
    {
        if (CardRegistry.Of(store, card) is not var (standing, order) || OrderRow.Find(store, order) is not { } issue) return null;
        List<OrderRow> all = [issue, .. RewriteOrders.Of(store, card)];
        var onIt = all.Last(IsOnCard).Product;
        return new IssuedCard(card, order, issue.Customer, issue.Sequence, standing, onIt,
            [.. all.Select(row => new CardContent(row.Order, row.Product, row.Rewrite, row.State, row.Ended) { IsOnCard = IsOnCard(row) })])
        {
            Issuer = issue.Issuer,
        };

        bool IsOnCard(OrderRow row) => row == issue || row.IsDone || row.WasDone;
    }

    /// <summary>The one card that is meant, issued and not voided.</summary>
    public static CardFinding Find(StoreView store, CardReference reference)
    {
        if (reference.Card is { } card)
            return Fits(Of(store, card), reference, "there is no such card in the registry of issued cards");
        if (reference.Order is { } order)
        {
            var issued = store.Query(SealedTable.Cards, "order_id = $order", CardIn, ("$order", order));
            return Fits(issued is [var one] ? Of(store, one) : null, reference, $"no card was issued by order {order}");
        }
        var cards = store.Query(SealedTable.Cards, """
            customer = $customer AND standing = $issued
              AND order_id IN (SELECT order_id FROM orders WHERE customer = $customer AND coalesce(issuer, '') = $issuer)
            """, CardIn, ("$customer", reference.Customer), ("$issued", CardStanding.Issued), ("$issuer", reference.Issuer?.Value ?? ""));
        return cards.Count > 1 ? new CardFinding(null, $"the customer has {cards.Count} cards; name the one by its order or its identity")
            : Fits(cards is [var only] ? Of(store, only) : null, reference, "no card of the customer is issued");
    }

    private static CardFinding Fits(IssuedCard? card, CardReference reference, string absent) =>
        card is null || card.Issuer != reference.Issuer ? new CardFinding(null, absent)
        : card.Standing != CardStanding.Issued ? new CardFinding(null, $"card {card.Card} is {card.Standing}")
        : reference.Customer is { } customer && customer != card.Customer ? new CardFinding(null, $"card {card.Card} is another customer's")
        : reference.Order is { } order && order != card.Order ? new CardFinding(null, $"card {card.Card} was issued by order {card.Order}")
        : new CardFinding(card, "");

    private static CardId CardIn(StoredRow row) => new(row.Bytes("card")!.Value);
}
