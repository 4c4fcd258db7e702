using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// The receipts of orders that are done, for the terminal that may not have heard: whoever returns with the order's token is told again.
/// For each terminal at most one, that of the last order begun there. And for people at the center, who may print it again for as long as the order is
/// kept.
/// </summary>
internal static class KeptReceipts
{
    /// <summary>In the commit that makes the order done.</summary>
    public static void Keep(StoreTransaction connection, OrderId order, string receipt) =>
        connection.UpdateRow(SealedTable.Orders, order.Value, ("receipt", receipt), ("kept_receipt", receipt));

    /// <summary>The next order begins at a terminal: it has let go of the one before, and its customer is gone.</summary>
    public static void Forget(StoreTransaction connection, TerminalId terminal) =>
        connection.UpdateRight(
            SealedTable.Orders, "receipt = NULL", "token_terminal = $terminal AND receipt IS NOT NULL", ("$terminal", terminal));

    /// <summary>Shows what an order's receipt says, and says in the log who looked.</summary>
    /// <returns>Null where there is no such order; the text is null where none was kept.</returns>
    public static ShownReceipt? Show(StoreTransaction connection, OrderId order, CenterPerson person)
    {
        if (OrderRow.Find(connection, order) is not { } row) return null;
        var kept = connection.Query("SELECT kept_receipt FROM orders WHERE order_id = $order", it => it.Text("kept_receipt"), ("$order", order))[0];
        connection.Log(ConsoleLog.Of("ReceiptShown", new { person = person.Name.Value, kept = kept is not null }, order));
        return new ShownReceipt(order, row.State, row.Card, row.Ended, kept);
    }

    /// <summary>What to tell a terminal that has the order's token; null when there is nothing, or not any more.</summary>
    public static ClaimOutcome.Done? Find(StoreTransaction connection, OrderRow order, OrderOptions options, DateTimeOffset now)
    {
        if (!order.IsDone || order.VoidReason is not null || order.Receipt is not { } receipt || order.Card is not { } card) return null;
        if (order.Ended is not { } ended || ended + options.ReceiptKept <= now) return null;
        OrderAge.Check(connection, order);
        return new ClaimOutcome.Done(order.Order, card, receipt);
    }
}
