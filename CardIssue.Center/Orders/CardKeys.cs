using CardIssue.Center.Products;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Which keys are on a card: what the products of the orders say that were done on it, the issue first, each from what the one before left.
/// </summary>
/// <param name="Held">Those that it has, those that it is opened with first.</param>
/// <param name="Had">All that it ever had, those too, and those of its security domains beside the issuer's.</param>
public sealed record CardKeys(ValueList<HeldKeySet> Held, ValueList<HeldKeySet> Had)
{
    /// <summary>The keys of a card by now.</summary>
    /// <param name="card">The card.</param>
    /// <param name="products">The center's.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The keys; null where a product is missing, or is none that this version knows.</returns>
    public static async Task<CardKeys?> OfAsync(IssuedCard card, IProductStore products, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(card);
        ArgumentNullException.ThrowIfNull(products);
        var read = new Dictionary<ProductRef, CardProduct?>();
        var onCard = card.Contents.Where(content => content.IsOnCard).ToList();
        foreach (var product in onCard.Select(content => content.Product).Distinct())
            read.Add(product, await products.GetAsync(product, cancellation).ConfigureAwait(false) is { } record ? Read(record) : null);
        return After(onCard, product => read[product]);
    }

    /// <summary>What a product's text says; null where this version does not understand it.</summary>
    internal static CardProduct? Read(ProductRecord record) => CardProductFile.Read(record.Body.Span, record.Ref.ToString()).Product;

    /// <summary>The keys of a card on which these are done, the issue first.</summary>
    internal static CardKeys? After(IEnumerable<CardContent> contents, Func<ProductRef, CardProduct?> find)
    {
        ValueList<HeldKeySet>? held = null;
        var had = new List<HeldKeySet>();
        foreach (var content in contents)
        {
            var product = find(content.Product);
            if ((content.Rewrite is { } rewrite ? product?.Rewrite(rewrite, held) : product) is not { } written) return null;
            held = written.KeysAfter;
            had.AddRange(written.KeysBefore.Concat(written.KeysAfter).Concat(written.DomainsGivenKeys.Select(domain => domain.Keys)));
        }
        return held is { } keys ? new CardKeys(keys, [.. had.Distinct()]) : null;
    }
}
