using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// What may be done to a card of the product after it was issued: other records, over the same channel, with the keys that the card has by
/// then, on a card that is known by the same identity.
/// </summary>
public sealed record RewriteDefinition
{
    /// <summary>Its name, by <see cref="NameRule"/>; once in the product.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The versions of the product that a card may have before it; empty: the product's own alone. After it the card has the product's.
    /// </summary>
    public ValueList<int> From { get; init; }

    /// <summary>
    /// What is read before anything leaves: what the center believes to be on the card. A card that holds something else was changed
    /// elsewhere, and is told of, not written on.
    /// </summary>
    public required ValueList<CheckDefinition> Before { get; init; }

    /// <summary>
    /// The keys that a record of it puts in exchange for those that the card is opened with by then; null for
    /// <see cref="CardProduct.OwnKeys"/>, or where no record puts keys.
    /// </summary>
    public OwnKeys? OwnKeys { get; init; }

    /// <summary>Whether its data is for the security domain itself, also where the product's is for an application behind it.</summary>
    public bool ToSecurityDomain { get; init; }

    /// <summary>P1 of STORE DATA without encryption; null: the product's.</summary>
    public byte? PlainP1 { get; init; }

    /// <summary>P1 of STORE DATA encrypted under the DEK; null: the product's.</summary>
    public byte? EncryptedP1 { get; init; }

    /// <summary>Whether several data groupings may share one STORE DATA; null: as the product says.</summary>
    public bool? Packed { get; init; }

    /// <summary>The records, in order.</summary>
    public required ValueList<RecordDefinition> Records { get; init; }

    /// <summary>How it ends: what is written last, if anything, and the look that shows the whole of it on the card.</summary>
    public required CloseDefinition Close { get; init; }
}
