using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>
/// What each change makes of an order, as a pure function. A change that does not fit is a local bug (the center's machine and the store
/// disagree) and throws, so that it is never written. The closing is the record after the last one confirmed.
/// </summary>
internal static class OrderTransition
{
    public static OrderRow Apply(OrderRow order, OrderChange change) => change switch
    {
        OrderChange.Authenticating(var card) => Trying(order, card, "authenticates"),
        OrderChange.Spared(var card) => Trying(order, card, "takes a try back of"),
        OrderChange.Bound(var card, _) => Bound(order, card),
        OrderChange.Numbering(var card) => Numbering(order, card),
        OrderChange.Opened(var card, var proved) => Opened(order, card, proved),
        OrderChange.Leaving leaving => Leaving(order, leaving),
        OrderChange.Confirmed(var record, var closes) => Confirmed(order, record, closes),
        OrderChange.NotDone(var record, var attempt) => NotDone(order, record, attempt),
        OrderChange.Rewound(var kept, var attempt) => Rewound(order, kept, attempt),
        OrderChange.Closing(var attempt) => Closing(order, attempt),
        OrderChange.Issued(var card) => Issued(order, card),
        OrderChange.Waiting(var record, _) => Waiting(order, record),
        OrderChange.Released => Release(order),
        _ => throw new InvalidOperationException($"order {order.Order}: unknown change {change.GetType().Name}"),
    };

    /// <summary>Drops the claim; an order without a card is ready for another.</summary>
    public static OrderRow Release(OrderRow order) =>
        order with { Claim = null, State = order.State == OrderState.Claimed ? OrderState.Ready : order.State };

    private static OrderRow Trying(OrderRow order, CardId card, string what)
    {
        Need(order.State is OrderState.Claimed || IsBound(order), order, $"{what} {card}");
        Need(order.Card is null || order.Card == card, order, $"{what} {card}, which is not its card");
        return order;
    }

    private static OrderRow Bound(OrderRow order, CardId card)
    {
        Need(order is { State: OrderState.Claimed, Card: null }, order, $"is bound to {card}");
        return order with { State = OrderState.Bound, Card = card, CodeSpent = true };
    }

    /// <summary>Nothing is bound to a card that has no number yet.</summary>
    private static OrderRow Numbering(OrderRow order, CardId card)
    {
        Need(order is { State: OrderState.Claimed, Card: null }, order, $"gives {card} a number");
        return order;
    }

    private static OrderRow Opened(OrderRow order, CardId card, bool proved)
    {
        var first = order is { State: OrderState.Claimed, Rewrite: not null };
        Need((first || IsBound(order)) && order.Card == card, order, $"opens {card}");
        // A rewrite had its card before; now the card was there, and its code has done its work.
        if (first) order = order with { State = OrderState.Bound, CodeSpent = true };
        return proved ? order : order with { Progress = order.Progress with { Unproved = order.Progress.Furthest } };
    }

    private static OrderRow Leaving(OrderRow order, OrderChange.Leaving leaving)
    {
        var (p, (record, attempt, closes)) = (order.Progress, leaving);
        // A closing that left with the last record, and was found not to be done, leaves with it again.
        Need(order.State is OrderState.Bound or OrderState.Writing || (order.State is OrderState.Closing && p.Furthest > record), order,
            $"sends record {record}");
        Need(record == p.Confirmed + 1 && (p.InDoubt == 0 || p.InDoubt == record) && attempt >= 1, order, $"sends record {record}, attempt {attempt}");
        return order with
        {
            State = closes ? OrderState.Closing : OrderState.Writing,
            Progress = p with { InDoubt = record, Attempt = attempt, Furthest = Math.Max(p.Furthest, closes ? record + 1 : record) },
        };
    }

    private static OrderRow Confirmed(OrderRow order, int record, bool closes)
    {
        var p = order.Progress;
        Need(!closes || (order.State is OrderState.Closing && p.InDoubt == record && p.Furthest == record + 1), order,
            $"confirms record {record}, with which the closing left");
        Need(order.State is OrderState.Writing or OrderState.Closing, order, $"confirms record {record}");
        // A look may find what left for this card in an earlier pass.
        Need(record == p.Confirmed + 1 && (p.InDoubt == record || (p.InDoubt == 0 && record <= p.Unproved)), order,
            $"confirms record {record}");
        return order with { Progress = p with { Confirmed = record, InDoubt = closes ? record + 1 : 0 } };
    }

    private static OrderRow NotDone(OrderRow order, int record, int attempt)
    {
        var p = order.Progress;
        Need(order.State is OrderState.Writing or OrderState.Closing, order, $"takes back record {record}");
        Need(p.InDoubt == record && record > 0 && attempt >= 1, order, $"takes back record {record}, attempt {attempt}");
        return order with { Progress = p with { InDoubt = 0, Attempt = attempt } };
    }

    private static OrderRow Rewound(OrderRow order, int kept, int attempt)
    {
        var p = order.Progress;
        Need(order.State is OrderState.Writing or OrderState.Closing, order, $"goes back to after record {kept}");
        Need(kept >= 0 && kept <= p.Confirmed && attempt >= 1, order, $"goes back to after record {kept}, attempt {attempt}");
        return order with { State = OrderState.Writing, Progress = p with { Confirmed = kept, InDoubt = 0, Attempt = attempt } };
    }

    private static OrderRow Closing(OrderRow order, int attempt)
    {
        var p = order.Progress;
        var closing = p.Confirmed + 1;
        var fits = order.State switch
        {
            OrderState.Writing => p.InDoubt == 0,
            OrderState.Closing => (p.InDoubt == closing && closing == p.Furthest) || (p.InDoubt == 0 && p.Confirmed < p.Furthest),
            OrderState.Ready or OrderState.Claimed or OrderState.Bound or OrderState.Issued or OrderState.Waiting or OrderState.Voided
                or OrderState.Quarantined or OrderState.Rewritten or OrderState.Cancelled => false,
        };
        Need(fits && p.Confirmed >= 1 && attempt >= 1, order, $"closes, attempt {attempt}");
        return order with
        {
            State = OrderState.Closing,
            Progress = p with { InDoubt = closing, Attempt = attempt, Furthest = Math.Max(p.Furthest, closing) },
        };
    }

    private static OrderRow Issued(OrderRow order, CardId card)
    {
        var p = order.Progress;
        Need(order.State == OrderState.Closing && order.Card == card, order, $"is issued as {card}");
        // The closing left and was shown to be done; where it was confirmed like a record before, nothing is in doubt any more.
        Need((p.InDoubt == p.Confirmed + 1 && p.InDoubt == p.Furthest) || (p.InDoubt == 0 && p.Confirmed == p.Furthest), order, $"is issued as {card}");
        var done = order.Rewrite is null ? OrderState.Issued : OrderState.Rewritten;
        return order with { State = done, Progress = p with { Confirmed = p.Furthest, InDoubt = 0 } };
    }

    private static OrderRow Waiting(OrderRow order, int record)
    {
        Need(order.State == OrderState.Claimed || IsBound(order), order, $"waits at record {record}");
        return order with { State = OrderState.Waiting, WaitingRecord = record, HeldState = order.State };
    }

    private static bool IsBound(OrderRow order) => order.State is OrderState.Bound or OrderState.Writing or OrderState.Closing;

    private static void Need(bool holds, OrderRow order, string what)
    {
        if (!holds) throw new InvalidOperationException($"order {order.Order} in state {order.State} with {order.Progress} {what}: the center's machine and the store disagree");
    }
}
