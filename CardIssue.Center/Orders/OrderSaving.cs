using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>Saves a session's change of an order, with all that belongs to it, inside one transaction.</summary>
internal static class OrderSaving
{
    public static SaveOutcome Save(
        StoreTransaction connection, OrderId id, long fence, OrderChange change, OrderOptions options, DateTimeOffset now)
    {
        var order = OrderRow.Find(connection, id) ?? throw new InvalidOperationException($"order {id} is not in the store");
        if (order.Claim is null || order.Fence != fence) return new SaveOutcome.ClaimLost();
        var next = OrderTransition.Apply(order, change);
        if (CardRefusal(connection, order, change, options) is { } refusal) return refusal;
        CarryAlong(connection, next, change, now);
        if (change is OrderChange.Bound { IsOpen: true } or OrderChange.Opened && order.Mode is ProductMode.Module)
            TerminalFaults.Clear(connection, order.Claim.Terminal);
        if (next.IsDone) next = next with { Ended = now };
        if (next.Claim is { } claim) next = next with { Claim = claim with { LeaseUntil = now + options.Lease } };
        var name = next.State == OrderState.Rewritten ? nameof(OrderState.Rewritten) : change.GetType().Name;
        next.Save(connection, now, name, Detail(change));
        return new SaveOutcome.Saved();
    }

    private static SaveOutcome? CardRefusal(StoreView connection, OrderRow order, OrderChange change, OrderOptions options)
    {
        if (change is not (OrderChange.Authenticating or OrderChange.Bound)) return null;
        var card = change is OrderChange.Authenticating(var authenticating) ? authenticating : ((OrderChange.Bound)change).Card;
        var known = CardRegistry.Look(connection, card, options.CardTries);
        var isIts = order.Rewrite is not null && known.Standing == CardStanding.Issued && order.Card == card;
        var isFree = known.Standing == CardStanding.Free || (known.Standing == CardStanding.Bound && known.Order == order.Order);
        if (!isIts && !isFree) return new SaveOutcome.CardInUse();
        return change is OrderChange.Authenticating && known.Barred ? new SaveOutcome.CardBarred(known.Tries) : null;
    }

    private static void CarryAlong(StoreTransaction connection, OrderRow order, OrderChange change, DateTimeOffset now)
    {
        switch (change)
        {
            case OrderChange.Authenticating(var card):
                CardRegistry.CountTry(connection, card, now);
                break;
            case OrderChange.Spared(var card):
                CardRegistry.TakeTryBack(connection, card);
                break;
            case OrderChange.Bound(var card, var isOpen):
                if (isOpen) CardRegistry.ClearTries(connection, card);
                CodeAttempts.ClearCustomer(connection, CodeAttempts.KeyOf(order));
                break;
            case OrderChange.Opened(var card, _):
                CardRegistry.ClearTries(connection, card);
                if (order is { Rewrite: not null, State: OrderState.Bound }) CodeAttempts.ClearCustomer(connection, CodeAttempts.KeyOf(order));
                break;
            case OrderChange.Numbering(var card):
                CardRegistry.ClearTries(connection, card);
                break;
            case OrderChange.Issued when order.Rewrite is not null:
                FeedOutbox.Add(connection, FeedEventKind.Rewritten, order, "", now);
                break;
            case OrderChange.Issued:
                IssuedCards.Add(connection, order, now);
                break;
            default:
                break;
        }
    }

    private static string Detail(OrderChange change) => change switch
    {
        OrderChange.Authenticating(var card) => $"card {card}",
        OrderChange.Spared(var card) => $"card {card}",
        OrderChange.Bound(var card, var isOpen) => isOpen ? $"card {card}" : $"card {card}, before it is authenticated",
        OrderChange.Numbering(var card) => $"card {card}",
        OrderChange.Opened(var card, var proved) => proved ? $"card {card}" : $"card {card}, which could not show that it is the one begun",
        OrderChange.Issued(var card) => $"card {card}",
        OrderChange.Leaving(var record, _, var closes) => closes ? $"record {record}, and the closing" : $"record {record}",
        OrderChange.Confirmed(var record, _) => $"record {record}",
        OrderChange.NotDone(var record, _) => $"record {record}",
        OrderChange.Rewound(var kept, _) => $"kept to record {kept}",
        OrderChange.Waiting(var record, "") => $"record {record}",
        OrderChange.Waiting(var record, var found) => $"record {record}: {found}",
        _ => "",
    };
}
