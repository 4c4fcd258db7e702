using CardIssue.Center.Orders;
using CardIssue.Center.Storage;

namespace CardIssue.Center.Recovery;

/// <summary>Puts one order where a plan says, inside the plan's transaction, with its card's row in the registry and what the issuer is
/// to be told.</summary>
internal static class OrderSettling
{
    private const string Ordered = "ordered before the restore";

    public static void Settle(StoreTransaction store, ReconcileStep step, bool complete, string why)
    {
        switch (step)
        {
            case { Way: ReconcileWay.AsBefore, Row: { } row }:
                var held = row.HeldState == OrderState.Waiting ? HeldWhileWaiting(store, row) : null;
                (row with { State = row.HeldState!.Value, HeldState = held }).Save(store, store.Now, "Reconciled", why);
                break;
            case { Way: ReconcileWay.AsLogged, Row: { } row, Trail: { } trail }:
                AsLogged(store, step, row, trail, why);
                break;
            case { Way: ReconcileWay.ImportAgain, Trail: { } trail } when ReconcilePlanning.IsFar(trail) || !complete:
                AbsentOrders.Put(store, step.Order, trail.Last.State, trail.Last.Rewrite is null ? trail.Last.Card : null);
                break;
            default:
                break;
        }
    }

    private static void AsLogged(StoreTransaction store, ReconcileStep step, OrderRow row, OrderTrail trail, string why)
    {
        var known = row.IsDone || row.WasDone;
        var next = row with
        {
            State = step.State,
            HeldState = step.State == OrderState.Waiting ? trail.Held ?? HeldWhileWaiting(store, row) : null,
            WaitingRecord = trail.WaitingRecord,
            Card = step.Card,
            CodeSpent = row.CodeSpent || step.Card is not null,
            CodeExpires = step.CodeEnds ? store.Now : row.CodeExpires,
            Progress = step.Progress,
            Fence = Math.Max(row.Fence, trail.Last.Fence),
            Claim = null,
            VoidReason = trail.VoidOrdered || step.State == OrderState.Voided ? Ordered : null,
            Ended = step.State is OrderState.Voided or OrderState.Cancelled ? trail.Last.At
                : step.State is OrderState.Issued or OrderState.Rewritten ? row.Ended ?? trail.Last.At : null,
        };
        AbsentOrders.Remove(store, row.Order);
        next.Save(store, store.Now, "Reconciled", why);
        if (step.State == OrderState.Issued && !known) IssuedCards.Add(store, next, trail.Last.At);
        if (step.State == OrderState.Rewritten && !known) FeedOutbox.Add(store, FeedEventKind.Rewritten, next, "", store.Now);
        if (step.State == OrderState.Voided)
        {
            if (next.Card is { } card) CardRegistry.AddVoided(store, next, card, trail.Last.At);
            FeedOutbox.Add(store, FeedEventKind.Voided, next, Ordered, store.Now);
        }
        // The issuer is told again to block: who knows whether it was told.
        if (!trail.VoidOrdered) return;
        if (next.Card is null) OrderVoiding.Blocked(store, next.Order, store.Now);
        else FeedOutbox.Add(store, FeedEventKind.Blocked, next, Ordered, store.Now);
    }

    /// <summary>
    /// The state that it waits in: the quarantine took its place in the order's row. The log has it; of a change that a version before
    /// made, which its log does not tell, the
    /// history.
    /// </summary>
    private static OrderState? HeldWhileWaiting(StoreView store, OrderRow row) =>
        LoggedChange.AllOf(store, row.Order).Select(entry => entry.Change)
            .Where(change => change.State is not (OrderState.Waiting or OrderState.Quarantined))
            .Order(LoggedChange.InOrder).LastOrDefault()?.State ?? HeldBefore(store, row);

    private static OrderState? HeldBefore(StoreView store, OrderRow row) => store.Number(
        "SELECT state FROM order_history WHERE order_id = $order AND state NOT IN ($waiting, $quarantined) ORDER BY id DESC LIMIT 1",
        ("$order", row.Order), ("$waiting", OrderState.Waiting), ("$quarantined", OrderState.Quarantined)) is var state and not 0 ? (OrderState)state : null;
}
