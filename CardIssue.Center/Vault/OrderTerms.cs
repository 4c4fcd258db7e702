using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Products;
using CardIssue.Core;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;

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
    /// <summary>
    /// SHA-256 over a label and every field in order, each preceded by its length in bytes (4, big-endian); texts in UTF-8, numbers in 8
    /// bytes, big-endian.
    /// </summary>
    internal byte[] Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Text(hash, "CardIssue order terms v1");
        Text(hash, Order.Value);
        Text(hash, Customer);
        Number(hash, Sequence);
        Text(hash, Display);
        Text(hash, Product.Ref.Name);
        Number(hash, Product.Ref.Version);
        Bytes(hash, Product.Hash.Span);
        Number(hash, (long)Product.Mode);
        Number(hash, (long)Product.Level);
        Number(hash, Product.ExposedToTerminal ? 1 : 0);
        return hash.GetHashAndReset();
    }

    /// <summary>Only the order and its product: the rest is the customer's.</summary>
    public override string ToString() => $"OrderTerms {{ {Order}, {Product} }}";

    private static void Text(IncrementalHash hash, string text) => Bytes(hash, Encoding.UTF8.GetBytes(text));

    private static void Number(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        Bytes(hash, bytes);
    }

    private static void Bytes(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}

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
