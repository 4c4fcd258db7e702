using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>What the issuer is told. The numbers are in the store: never change one.</summary>
public enum FeedEventKind
{
    /// <summary>A card was issued; it is live once this was told.</summary>
    Issued = 1,
    /// <summary>Block this card: its order is being voided.</summary>
    Blocked = 2,
    /// <summary>The order is voided.</summary>
    Voided = 3,
    /// <summary>An issued card was rewritten; the order says how.</summary>
    Rewritten = 4,
}

/// <summary>One event for the issuer. It may come more than once, with the same <paramref name="EventId"/>.</summary>
/// <param name="Id">Rises with each event of this store.</param>
/// <param name="EventId">Unique; by this the issuer knows a double.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Order">The order.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="Sequence">The sequence number of the customer's card.</param>
/// <param name="Card">The card, if one was bound.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Reason">Why, for a block or a void; else empty.</param>
public sealed record FeedEvent(
    long Id, string EventId, FeedEventKind Kind, OrderId Order, string Customer, int Sequence, CardId? Card, DateTimeOffset At, string Reason)
{
    /// <summary>Whose event it is, who alone is told; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>The branch that the order names; null where it names none.</summary>
    public BranchId? Branch { get; init; }
}
