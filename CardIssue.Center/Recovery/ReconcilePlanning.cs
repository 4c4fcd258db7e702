using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Recovery;

/// <summary>Makes a plan of what a later log tells: which order goes where, and which stay for people.</summary>
internal sealed class ReconcilePlanning(StoreView store, LaterLog log)
{
    // What this store may have done to an order since it was put back without having gone on with it.
    private static readonly HashSet<string> Harmless = ["Quarantined", "Imported", "Reissued", "CodeRenewed"];

    private static readonly HashSet<string> Begun = ["Quarantined", "Imported", "Reissued"];

    private bool IsComplete => log.Missing.Count == 0;

    public IEnumerable<ReconcileStep> Steps()
    {
        var quarantined = OrderRow.SelectRight(store, "state = $quarantined", ("$quarantined", OrderState.Quarantined)).ToDictionary(row => row.Order);
        foreach (var order in quarantined.Keys.Union(log.Orders.Keys).OrderBy(order => order.Value, StringComparer.Ordinal))
        {
            var row = quarantined.GetValueOrDefault(order) ?? OrderRow.Find(store, order);
            var trail = log.Orders.GetValueOrDefault(order);
            var step = trail is null ? Untouched(row!) : row is null ? Absent(trail) : Touched(row, trail);
            if (step is not null) yield return step;
        }
    }

    private ReconcileStep Untouched(OrderRow row)
    {
        var own = Own(row.Order);
        if (!own.Overlaps(Begun)) return ByHand(row, "was quarantined before the backup already");
        if (!own.IsSubsetOf(Harmless)) return ByHand(row, "was changed here since the restore");
        if (!IsComplete) return ByHand(row, "may have been changed after the log's end");
        return row.HeldState is { } held
            ? new ReconcileStep(row.Order, ReconcileWay.AsBefore, held, row.Card, row.Progress, $"nobody touched it: {held} as before") { Row = row }
            : ByHand(row, "was in no state that it could go back to");
    }

    private ReconcileStep Absent(OrderTrail trail)
    {
        var last = trail.Last;
        var far = IsFar(trail);
        return new ReconcileStep(last.Order, ReconcileWay.ImportAgain, last.State, last.Card, last.Progress,
            far ? $"was imported since, and {In(last)}: import it again, then give this log again"
                : $"was imported since, and {(last.Rewrite is null ? "has no card" : "was not begun")}: import it again") { Trail = trail };
    }

    private ReconcileStep? Touched(OrderRow row, OrderTrail trail)
    {
        var (own, last) = (Own(row.Order), trail.Last);
        if (own.Contains("Reconciled")) return new ReconcileStep(row.Order, ReconcileWay.Settled, row.State, row.Card, row.Progress, "was settled before") { Row = row };
        if (!own.IsSubsetOf(Harmless)) return ByHand(row, $"was changed here since the restore, and the log says that it {In(last)}");
        if (row.IsEnded && row.State == last.State && row.Card == last.Card && !trail.VoidOrdered) return null;
        if (last.State == OrderState.Quarantined) return ByHand(row, "was quarantined when the log ended");
        if (row.Card is { } had && had != last.Card) return ByHand(row, $"has card {had} here, and in the log {(last.Card is { } other ? $"card {other}" : "none")}");
        if (!IsComplete && !IsFar(trail))
        {
            return ByHand(row, last.Rewrite is null ? "has no card in the log, and may have been given one after the log's end"
                : "had nothing written in the log, and may have been begun after the log's end");
        }
        // A rewrite's card is that of the order by which it was issued.
        if (last.Rewrite is null && last.Card is { } card
            && CardRegistry.Look(store, card, int.MaxValue) is { Order: { } owner } && owner != row.Order)
            return ByHand(row, $"has card {card} in the log, which is order {owner}'s here");
        var progress = IsComplete ? last.Progress : last.Progress with { Unproved = last.Progress.Furthest };
        var codeEnds = trail.CodeRenewed && !own.Contains("CodeRenewed");
        var state = last.State == OrderState.Claimed ? OrderState.Ready : last.State;
        return new ReconcileStep(row.Order, ReconcileWay.AsLogged, state, last.Card, progress, In(last) + (codeEnds ? "; its new issue code is lost: renew it" : ""))
        {
            Row = row, Trail = trail, CodeEnds = codeEnds,
        };
    }

    internal static bool IsFar(OrderTrail trail) => trail.Last.Rewrite is null ? HasCard(trail)
        : trail.Last.Progress.Furthest > 0 || trail.Last.State is OrderState.Rewritten or OrderState.Cancelled;

    private static bool HasCard(OrderTrail trail) =>
        trail.Last.Card is not null || trail.VoidOrdered || trail.Last.State is OrderState.Issued or OrderState.Voided;

    private static string In(LoggedChange last) => last.State switch
    {
        OrderState.Issued => $"was issued as card {last.Card}",
        OrderState.Voided => $"was voided{(last.Card is { } card ? $" with card {card}" : "")}",
        OrderState.Waiting => $"waits{(last.Card is { } card ? $" with card {card}" : "")}",
        OrderState.Bound or OrderState.Writing or OrderState.Closing => $"is {last.State} on card {last.Card}, {last.Progress}",
        OrderState.Rewritten => $"was done on card {last.Card}",
        OrderState.Cancelled => "was cancelled",
        OrderState.Ready or OrderState.Claimed => last.Rewrite is null ? "has no card" : $"is to be done on card {last.Card}",
        OrderState.Quarantined => "is quarantined",
    };

    private static ReconcileStep ByHand(OrderRow row, string why) => new(row.Order, ReconcileWay.ByHand, row.State, row.Card, row.Progress, why) { Row = row };

    private HashSet<string> Own(OrderId order) => log.Own.GetValueOrDefault(order) ?? [];
}
