using CardIssue.Center.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>A card of the registry, and what is on it, version by version.</summary>
/// <param name="Card">Its identity.</param>
/// <param name="Order">The order by which it was issued.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="Sequence">The sequence number of the customer's card.</param>
/// <param name="Standing">Issued or voided.</param>
/// <param name="Product">The product version that it has now.</param>
/// <param name="Contents">What was written on it, the issue first, and what waits to be, in the order in which it is done.</param>
public sealed record IssuedCard(
    CardId Card, OrderId Order, string Customer, int Sequence, CardStanding Standing, ProductRef Product, ValueList<CardContent> Contents)
{
    /// <summary>Whose card it is; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }
}

/// <summary>One writing of a card.</summary>
/// <param name="Order">By which order.</param>
/// <param name="Product">Of which product version.</param>
/// <param name="Rewrite">Which of its rewrites; null for the issue.</param>
/// <param name="State">Where that order stands.</param>
/// <param name="At">When it ended, UTC; null while it has not.</param>
public sealed record CardContent(OrderId Order, ProductRef Product, string? Rewrite, OrderState State, DateTimeOffset? At)
{
    /// <summary>Whether it is on the card: of an order that was done, whatever became of it since.</summary>
    public bool IsOnCard { get; init; }

    /// <summary>Whether it is on the card or comes there.</summary>
    internal bool IsOnCardThen => IsOnCard || State is not OrderState.Cancelled;
}

/// <summary>Which card is meant.</summary>
/// <param name="Customer">The customer's id; the one card that he has, where nothing else is given.</param>
/// <param name="Order">The order by which it was issued.</param>
/// <param name="Card">Its identity.</param>
public sealed record CardReference(string? Customer, OrderId? Order = null, CardId? Card = null)
{
    /// <summary>Whose card it is; null for the center's own. Another's is not found.</summary>
    public IssuerId? Issuer { get; init; }
}

/// <summary>What came of looking for a card.</summary>
/// <param name="Card">The card; null when there is none, or more than one.</param>
/// <param name="Refusal">Why, in words that follow on "order X:"; empty where one was found.</param>
public sealed record CardFinding(IssuedCard? Card, string Refusal);
