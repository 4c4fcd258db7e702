using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>Rewrites of a card: which is next, and what stands against doing one.</summary>
internal static class RewriteOrders
{
    /// <summary>Those of a card that is named by its identity in hexadecimal, in their order; none where that is no card.</summary>
    public static List<OrderRow> OfCard(StoreView store, string reference) => CardOf(reference) is { } card ? Of(store, card) : [];

    /// <summary>Those of a card, in their order.</summary>
    public static List<OrderRow> Of(StoreView store, CardId card) =>
        OrderRow.Select(store, "card = $card AND rewrite IS NOT NULL ORDER BY rewrite_number", ("$card", card));

    /// <summary>Whether all are rewrites of the same card: then the first of them is meant.</summary>
    public static bool AreOfOneCard(List<OrderRow> orders) =>
        orders.TrueForAll(order => order.Rewrite is not null && order.Card == orders[0].Card);

    /// <summary>What stands against doing a rewrite now; null for nothing, and for an issue.</summary>
    public static string? Refusal(StoreView store, OrderRow order)
    {
        if (order.Rewrite is null) return null;
        var known = CardRegistry.Look(store, order.Card!.Value, int.MaxValue);
        if (known.Standing != CardStanding.Issued) return $"its card is {known.Standing}";
        if (OrderRow.Find(store, known.Order!.Value) is not { State: OrderState.Issued, VoidReason: null })
            return $"order {known.Order}, by which its card was issued, is being voided or is quarantined";
        var earlier = Of(store, order.Card.Value).Find(other => !other.IsEnded && other.RewriteNumber < order.RewriteNumber);
        return earlier is null ? null : $"order {earlier.Order} comes first on its card";
    }

    /// <summary>
    /// Whether a rewrite may be given up: nothing of it ever left, so its card is as it was; or its card is blocked, and nobody uses it.
    /// </summary>
    public static bool MayBeCancelled(StoreView store, OrderRow order) => order is { Rewrite: not null, IsEnded: false }
        && order.State != OrderState.Quarantined
        && (order.Progress.Furthest == 0 || CardRegistry.Look(store, order.Card!.Value, int.MaxValue).Standing == CardStanding.Voided);

    private static CardId? CardOf(string reference)
    {
        try
        {
            return new CardId(ByteString.FromHex(reference));
        }
        catch (FormatException)
        {
            // An order's number or a customer's id is none.
            return null;
        }
    }
}
