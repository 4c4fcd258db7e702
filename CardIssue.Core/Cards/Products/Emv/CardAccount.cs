namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>The account that a card is of: what no other card may have unless its product says so. Never shown.</summary>
/// <param name="Number">The card number, its digits (tag 5A, or track 2's).</param>
/// <param name="Sequence">Its sequence number (tag 5F34); 0 when the card has none, as networks take it.</param>
public sealed record CardAccount(string Number, int Sequence)
{
    /// <summary>Never the number.</summary>
    public override string ToString() => "card account";
}
