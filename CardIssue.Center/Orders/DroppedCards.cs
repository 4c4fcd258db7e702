using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Cards that an order had and has no more. Each is told to the issuer's feed to be blocked, stays in the registry as one never to be used again, and until
/// the feed was told the order is claimed by nobody (<see cref="FeedOutbox.BlockWaits"/>): so no second card is begun beside one that may live.
/// </summary>
internal static class DroppedCards
{
    public static void Drop(StoreTransaction connection, OrderRow order, CardId card, string reason, DateTimeOffset now)
    {
        CardRegistry.AddVoided(connection, order, card, now);
        FeedOutbox.Add(connection, FeedEventKind.Blocked, order with { Card = card }, reason, now);
    }

    /// <summary>Whether a card may have been this order's: it is no other's.</summary>
    public static bool MayBeOf(StoreView connection, CardId card, OrderRow order, OrderOptions options)
    {
        var known = CardRegistry.Look(connection, card, options.CardTries);
        return known.Standing == CardStanding.Free || (known.Order == order.Order && known.Standing is CardStanding.Bound or CardStanding.Issued);
    }
}
