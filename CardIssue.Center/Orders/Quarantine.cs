using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>After a restore: what the store says of an order may be older than its card.</summary>
internal static class Quarantine
{
    /// <summary>Every order that has not ended, and every one issued or rewritten since, until it is reconciled.</summary>
    public static int All(StoreTransaction connection, DateTimeOffset? issuedSince, string reason, DateTimeOffset now)
    {
        var orders = OrderRow.SelectRight(connection, """
            state NOT IN ($issued, $voided, $rewritten, $cancelled, $quarantined)
              OR (state IN ($issued, $rewritten) AND ended_at >= $since)
            """,
            ("$issued", OrderState.Issued), ("$voided", OrderState.Voided), ("$rewritten", OrderState.Rewritten),
            ("$cancelled", OrderState.Cancelled),
            ("$quarantined", OrderState.Quarantined), ("$since", issuedSince));
        foreach (var order in orders)
        {
            var released = OrderTransition.Release(order);
            (released with { State = OrderState.Quarantined, HeldState = released.State }).Save(connection, now, "Quarantined", reason);
        }
        return orders.Count;
    }

    /// <summary>Puts an order where the log and its card say that it is.</summary>
    /// <param name="connection">The transaction of the approval.</param>
    /// <param name="order">The order.</param>
    /// <param name="found">What log and card showed.</param>
    /// <param name="lost">A card that the store did not know it had, and which it goes on without.</param>
    /// <param name="reason">Who asked, who approved, and why.</param>
    /// <param name="options">Limits.</param>
    /// <param name="now">When.</param>
    public static DeskOutcome End(
        StoreTransaction connection, OrderRow order, Reconciliation found, CardId? lost, string reason, OrderOptions options, DateTimeOffset now)
    {
        if (order.Rewrite is not null) return EndOfRewrite(connection, order, found, lost, reason, now);
        // What the registry has as issued stays issued; anything else would let a second card live.
        if (order.HeldState == OrderState.Issued && !(found is Reconciliation.WasIssued(var known) && known == order.Card)) return DeskOutcome.DoesNotFit;
        var next = found switch
        {
            Reconciliation.GoesOn goesOn => GoesOn(order, goesOn),
            Reconciliation.WasIssued(var card) => order with
            {
                State = OrderState.Issued, Card = card, CodeSpent = true, Ended = order.Ended ?? now, Progress = order.Progress with { InDoubt = 0 },
            },
            _ => null,
        };
        if (next is null || (next.Card is { } its && !DroppedCards.MayBeOf(connection, its, order, options))) return DeskOutcome.DoesNotFit;
        if (lost is { } other && (other == next.Card || other == order.Card || !DroppedCards.MayBeOf(connection, other, order, options))) return DeskOutcome.DoesNotFit;
        // What it had and has no more may be closed, and live.
        if (order.Card is { } had && had != next.Card) DroppedCards.Drop(connection, order, had, reason, now);
        if (lost is { } dropped) DroppedCards.Drop(connection, order, dropped, reason, now);
        next = next with { HeldState = null, WaitingRecord = null };
        next.Save(connection, now, "Reconciled", reason);
        if (next.State == OrderState.Issued && order.HeldState != OrderState.Issued) IssuedCards.Add(connection, next, now);
        return DeskOutcome.Done;
    }

    /// <summary>A rewrite keeps its card, whatever was found: it neither takes another nor drops its own.</summary>
    private static DeskOutcome EndOfRewrite(
        StoreTransaction connection, OrderRow order, Reconciliation found, CardId? lost, string reason, DateTimeOffset now)
    {
        var next = found switch
        {
            Reconciliation.GoesOn goesOn when order.HeldState != OrderState.Rewritten && (goesOn.Card ?? order.Card) == order.Card =>
                GoesOn(order, goesOn with { Card = order.Card }),
            Reconciliation.WasIssued(var card) when card == order.Card => order with
            {
                State = OrderState.Rewritten, CodeSpent = true, Ended = order.Ended ?? now, Progress = order.Progress with { InDoubt = 0 },
            },
            _ => null,
        };
        if (next is null || lost is not null) return DeskOutcome.DoesNotFit;
        next = next with { HeldState = null, WaitingRecord = null };
        next.Save(connection, now, "Reconciled", reason);
        if (next.State == OrderState.Rewritten && order.HeldState != OrderState.Rewritten)
            FeedOutbox.Add(connection, FeedEventKind.Rewritten, next, "", now);
        return DeskOutcome.Done;
    }

    private static OrderRow? GoesOn(OrderRow order, Reconciliation.GoesOn found)
    {
        var p = found.Progress;
        var possible = p is { Confirmed: >= 0, Attempt: >= 1 } && (p.InDoubt == 0 || p.InDoubt == p.Confirmed + 1)
            && p.Furthest >= Math.Max(p.Confirmed, p.InDoubt) && p.Furthest <= ProtocolLimits.MaxRecords + 1
            && (found.Card is not null || p == OrderProgress.None) && (!found.Closing || (p.Confirmed >= 1 && p.Furthest > p.Confirmed));
        if (!possible) return null;
        var state = found.Card is null ? OrderState.Ready
            : found.Closing ? OrderState.Closing
            : p.Furthest == 0 ? OrderState.Bound
            : OrderState.Writing;
        // What people found out is no evidence that a card can show: until it does, any card of that identity may be the other one.
        p = p with { Unproved = p.Furthest };
        return order with { State = state, Card = found.Card, CodeSpent = found.Card is not null, Progress = p };
    }
}
