using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products;

namespace CardIssue.Center.Orders;

/// <summary>Products as a transaction sees them, each read once.</summary>
/// <param name="store">Has them.</param>
/// <param name="coming">Those that are about to be added.</param>
internal sealed class ProductTexts(StoreView store, IReadOnlyDictionary<ProductRef, ProductRecord>? coming = null)
{
    private readonly Dictionary<ProductRef, CardProduct?> _read = [];

    /// <summary>A product; null when it is not there, or this version does not understand it.</summary>
    public CardProduct? Find(ProductRef product)
    {
        if (_read.TryGetValue(product, out var known)) return known;
        var found = (coming?.GetValueOrDefault(product) ?? DatabaseProductStore.Find(store, product)) is { } record ? CardKeys.Read(record) : null;
        _read.Add(product, found);
        return found;
    }
}
