using CardIssue.Center.Feed;
using CardIssue.Center.Storage;
using CardIssue.Core;

namespace CardIssue.Center.Orders;

/// <summary>
/// Voiding in two durable steps: the feed's order to block, and, in the transaction that marks this as told, the void itself. So no order
/// is ever voided, and none reissued, before the issuer was told to block its card.
/// </summary>
internal static class OrderVoiding
{
    public static DeskOutcome Begin(StoreTransaction connection, OrderRow order, OperatorId first, OperatorId second, string reason, DateTimeOffset now)
    {
        var ordered = OrderTransition.Release(order) with { VoidReason = reason };
        ordered.Save(connection, now, "VoidOrdered", $"{first} and {second}: {reason}");
        if (ordered.Card is null)
        {
            Finish(connection, order.Order, now);
            return DeskOutcome.Done;
        }
        FeedOutbox.Add(connection, FeedEventKind.Blocked, ordered, reason, now);
        return DeskOutcome.BlockOrdered;
    }

    public static void Finish(StoreTransaction connection, OrderId id, DateTimeOffset now)
    {
        if (OrderRow.Find(connection, id) is not { State: not OrderState.Voided, VoidReason: { } reason } order) return;
        if (order.Card is { } card) CardRegistry.AddVoided(connection, order, card, now);
        var voided = order with { State = OrderState.Voided, HeldState = null, Claim = null, Ended = now };
        voided.Save(connection, now, "Voided", reason);
        FeedOutbox.Add(connection, FeedEventKind.Voided, voided, reason, now);
    }
}
