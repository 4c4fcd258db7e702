using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Issuers;

/// <summary>An issuer. What else is his follows from the key sets: a product is whose keys it names, an order whose product it is for.</summary>
/// <param name="Issuer">The name.</param>
/// <param name="KeySets">The key sets that are his, each nobody else's, by <see cref="NameRule"/>; in their order.</param>
public sealed record IssuerRecord(IssuerId Issuer, ValueList<string> KeySets)
{
    /// <summary>The most key sets of one issuer.</summary>
    public const int MaxKeySets = 64;

    internal string? Fault =>
        KeySets.Count is 0 or > MaxKeySets ? $"an issuer has 1 to {MaxKeySets} key sets"
        : !KeySets.All(NameRule.Accepts) ? $"a key set's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -"
        : KeySets.Distinct(StringComparer.Ordinal).Count() < KeySets.Count ? "a key set is named once"
        : null;
}

/// <summary>Whose the key sets of a center are, and so its products.</summary>
public sealed class KeySetOwners
{
    private readonly Dictionary<string, IssuerId> _owners;

    /// <param name="issuers">All issuers of the center.</param>
    public KeySetOwners(IEnumerable<IssuerRecord> issuers) => _owners = issuers
        .SelectMany(issuer => issuer.KeySets.Select(set => (set, issuer.Issuer))).ToDictionary(it => it.set, it => it.Issuer, StringComparer.Ordinal);

    /// <summary>Whether nothing is anybody's: a center that names no issuers.</summary>
    internal bool AreNone => _owners.Count == 0;

    /// <summary>Whose a key set is; null for the center's own.</summary>
    public IssuerId? Of(string keySet) => _owners.TryGetValue(keySet, out var owner) ? owner : null;

    /// <summary>Whose a product is, by the key sets that it and its rewrites name.</summary>
    /// <param name="product">The product.</param>
    /// <param name="fault">What is wrong where its key sets are of several: then it is nobody's, and not taken in. Else null.</param>
    public IssuerId? Of(CardProduct product, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(product);
        var owners = KeySetsOf(product).Select(set => Of(set)).Distinct().ToList();
        fault = owners.Count == 1 ? null : $"product {product.Name} names key sets of several issuers, or of one and the center: all are to be one's";
        return fault is null ? owners[0] : null;
    }

    /// <summary>Every key set that a product names anywhere.</summary>
    internal static IEnumerable<string> KeySetsOf(CardProduct product) =>
    [
        .. product.KeysBefore.Concat(product.KeysAfter).Concat(product.SecurityDomains.Select(domain => domain.Keys)).Select(keys => keys.KeySet),
        .. product.Rewrites.Select(rewrite => rewrite.OwnKeys?.KeySet).OfType<string>(),
    ];
}
