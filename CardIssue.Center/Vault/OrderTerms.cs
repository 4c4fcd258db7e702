using System.Globalization;
using System.Security.Cryptography;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// What an order's write data is sealed for, and what it opens for: the order, whose it is, what people see of it, and what is written
/// how. Whoever can change rows of the store, and has no key, can't have the data written otherwise, nor under another customer's name.
/// </summary>
/// <param name="Order">The order.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="Sequence">The sequence number of the customer's card.</param>
/// <param name="Display">What the operator may see.</param>
/// <param name="Product">The product version, and what it says of protection.</param>
public sealed record OrderTerms(OrderId Order, string Customer, int Sequence, string Display, ProductTerms Product)
{
    /// <summary>Which rewrite of which card it is; null for an issue.</summary>
    public RewriteOf? Rewrite { get; init; }

    /// <summary>Whose order it is; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>Over a label and every field in order (<see cref="FieldHash"/>), 32 bytes.</summary>
    internal byte[] Digest()
    {
        using var hash = new FieldHash();
        hash.Text("CardIssue order terms v1").Text(Order.Value).Text(Customer).Number(Sequence).Text(Display);
        hash.Text(Product.Ref.Name).Number(Product.Ref.Version).Bytes(Product.Hash.Span);
        hash.Number((long)Product.Mode).Number((long)Product.Level).Number(Product.ExposedToTerminal ? 1 : 0);
        if (Rewrite is { } rewrite) hash.Text("rewrite").Text(rewrite.Name).Bytes(rewrite.Card.Value.Span);
        if (Issuer is { } issuer) hash.Text("issuer").Text(issuer.Value);
        return hash.Make();
    }

    /// <summary>Only the order and its product: the rest is the customer's.</summary>
    public override string ToString() => $"OrderTerms {{ {Order}, {Product} }}";
}

/// <summary>What makes an order a rewrite.</summary>
/// <param name="Name">Which of its product's rewrites, by <see cref="NameRule"/>.</param>
/// <param name="Card">The issued card that it is bound to from the start.</param>
public sealed record RewriteOf(string Name, CardId Card);

/// <summary>
/// A product version as an order is sealed for it. Level and exposure stand for themselves, so that no later reading of the same text
/// weakens them.
/// </summary>
/// <param name="Ref">Its name and version.</param>
/// <param name="Hash">SHA-256 of its text as the store keeps it, 32 bytes.</param>
/// <param name="Mode">Who holds the session keys.</param>
/// <param name="Level">The protection of the secure channel.</param>
/// <param name="ExposedToTerminal">Whether write data may pass the terminal readable.</param>
public sealed record ProductTerms(ProductRef Ref, ByteString Hash, KeyMode Mode, SecurityLevel Level, bool ExposedToTerminal)
{
    /// <summary>The terms of a product.</summary>
    /// <param name="record">As the store keeps it.</param>
    /// <param name="product">What was read of it.</param>
    public static ProductTerms Of(ProductRecord record, CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(product);
        return new ProductTerms(
            record.Ref, ByteString.Own(SHA256.HashData(record.Body.Span)), product.Mode, product.SecurityLevel, product.ExposedToTerminal);
    }

    /// <summary>For the log: name, version, hash, mode, level and exposure.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"product {Ref}, SHA-256 {Hash}, {Mode}, level {(byte)Level:X2}, {(ExposedToTerminal ? "" : "not ")}exposed to the terminal");
}
