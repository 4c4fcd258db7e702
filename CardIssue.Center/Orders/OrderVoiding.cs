using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Voiding in two durable steps: the feed's order to block, and, in the transaction that marks this as told, the void itself. So no order
/// is ever voided, and none reissued, before the issuer was told to block its card.
/// </summary>
internal static class OrderVoiding
{
    /// <param name="connection">The transaction of the approval.</param>
    /// <param name="order">The order.</param>
    /// <param name="card">A card that the store did not know it had; of an order in quarantine alone.</param>
    /// <param name="who">Who asked, who approved, and why; for the history.</param>
    /// <param name="reason">Why; for the feed.</param>
    /// <param name="options">Limits.</param>
    /// <param name="now">When.</param>
    public static DeskOutcome Begin(
        StoreTransaction connection, OrderRow order, CardId? card, string who, string reason, OrderOptions options, DateTimeOffset now)
    {
        if (card is { } lost && lost != order.Card)
        {
            if (order.State != OrderState.Quarantined || !DroppedCards.MayBeOf(connection, lost, order, options)) return DeskOutcome.DoesNotFit;
            DroppedCards.Drop(connection, order, lost, reason, now);
        }
        var ordered = OrderTransition.Release(order) with { VoidReason = reason };
        ordered.Save(connection, now, "VoidOrdered", card is null ? who : $"{who}; card {card} is blocked");
        if (ordered.Card is not null) FeedOutbox.Add(connection, FeedEventKind.Blocked, ordered, reason, now);
        return Blocked(connection, order.Order, now) ? DeskOutcome.Done : DeskOutcome.BlockOrdered;
    }

    /// <summary>The issuer was told to block a card: with the last of them the order is voided, if that is what was ordered.</summary>
    /// <returns>Whether it is.</returns>
    public static bool Blocked(StoreTransaction connection, OrderId id, DateTimeOffset now)
    {
        if (OrderRow.Find(connection, id) is not { State: not OrderState.Voided, VoidReason: { } reason } order || FeedOutbox.BlockWaits(connection, id)) return false;
        if (order.Card is { } card) CardRegistry.AddVoided(connection, order, card, now);
        var voided = order with { State = OrderState.Voided, HeldState = null, Claim = null, Ended = now };
        voided.Save(connection, now, "Voided", reason);
        FeedOutbox.Add(connection, FeedEventKind.Voided, voided, reason, now);
        return true;
    }
}
