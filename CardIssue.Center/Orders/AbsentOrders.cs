using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Orders that a later log names with a card or an end, and that the restored store does not have: their cards are nobody else's, and
/// imported again they
/// are quarantined until that log says where they stand.
/// </summary>
internal static class AbsentOrders
{
    public static void Put(StoreTransaction store, OrderId order, OrderState state, CardId? card)
    {
        Remove(store, order);
        store.Insert(SealedTable.AbsentOrders, "INSERT INTO absent_orders (order_id, state, card) VALUES ($order, $state, $card)",
            ("$order", order), ("$state", state), ("$card", card));
    }

    public static void Remove(StoreTransaction store, OrderId order) => store.Delete(SealedTable.AbsentOrders, "order_id = $order", ("$order", order));

    public static bool IsKnown(StoreView store, OrderId order) =>
        store.Number("SELECT count(*) FROM absent_orders WHERE order_id = $order", ("$order", order)) > 0;

    /// <summary>The absent order that has a card.</summary>
    public static (CardStanding Standing, OrderId Order)? OfCard(StoreView store, CardId card) =>
        store.Query(SealedTable.AbsentOrders, "card = $card",
            row => ((OrderState)row.Int("state") switch
            {
                OrderState.Issued => CardStanding.Issued,
                OrderState.Voided => CardStanding.Voided,
                _ => CardStanding.Bound,
            }, new OrderId(row.Text("order_id")!)), ("$card", card)) is [var known, ..] ? known : null;
}
