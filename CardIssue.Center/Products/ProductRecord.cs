using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Products;

/// <summary>Who opens the card and holds its session keys while it is written.</summary>
public enum ProductMode
{
    /// <summary>The terminal's secure module decrypts a record and wraps it for the card.</summary>
    Module = 1,
    /// <summary>The center wraps for the card; the terminal carries bytes that it cannot read.</summary>
    EndToEnd = 2,
}

/// <summary>Names one version of a card product.</summary>
/// <param name="Name">Its name, by <see cref="NameRule"/>.</param>
/// <param name="Version">1 or greater.</param>
public readonly record struct ProductRef(string Name, int Version)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}/{Version}";
}

/// <summary>One version of a card product as the store keeps it. A version never changes: a change is a new version.</summary>
/// <param name="Ref">Its name and version.</param>
/// <param name="Mode">Module or end-to-end.</param>
/// <param name="Body">The product's JSON, UTF-8, 1 byte to 4 MiB. Holds names of keys, never keys.</param>
public sealed record ProductRecord(ProductRef Ref, ProductMode Mode, ByteString Body)
{
    /// <summary>The largest product, in bytes.</summary>
    public const int MaxBody = 4 * 1024 * 1024;

    /// <summary>A product as it is kept.</summary>
    /// <param name="product">What was read of the text.</param>
    /// <param name="body">The text, UTF-8.</param>
    public static ProductRecord Of(CardProduct product, ByteString body)
    {
        ArgumentNullException.ThrowIfNull(product);
        var mode = product.Mode switch { KeyMode.Module => ProductMode.Module, KeyMode.EndToEnd => ProductMode.EndToEnd };
        return new ProductRecord(new ProductRef(product.Name, product.Version), mode, body);
    }

    /// <summary>What is wrong with it, or null.</summary>
    internal string? Fault =>
        !NameRule.Accepts(Ref.Name) ? $"the product's name is not 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -"
        : Ref.Version < 1 ? $"the version of product {Ref.Name} is {Ref.Version}; it starts at 1"
        : !Enum.IsDefined(Mode) ? $"product {Ref} has no mode"
        : Body.Length is 0 or > MaxBody ? $"product {Ref} has {Body.Length} bytes; 1 to {MaxBody} are possible"
        : null;
}
