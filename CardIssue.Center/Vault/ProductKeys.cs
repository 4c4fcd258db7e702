using CardIssue.Core.Cards.Products;

namespace CardIssue.Center.Vault;

/// <summary>Whether a vault has the keys that a product names, and whether they are what the product needs.</summary>
public static class ProductKeys
{
    /// <summary>
    /// What keeps cards of a product from being opened, or from getting their own keys: keys that are not there, of another algorithm, or
    /// those once more that the card has. Null when nothing does.
    /// </summary>
    public static string? LackOf(this IKeyVault vault, CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(vault);
        ArgumentNullException.ThrowIfNull(product);
        return vault.LackOf(product.KeySet, product.KeyVersion, product.Diversification, product.Protocol)
            ?? LackOfOwnKeys(vault, product) ?? LackOfDomainKeys(vault, product);
    }

    /// <summary>What keeps cards of a product from getting the own keys that it names. Null when nothing does, or it names none.</summary>
    public static string? LackOfOwnKeys(this IKeyVault vault, CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(vault);
        ArgumentNullException.ThrowIfNull(product);
        return product.OwnKeys is not { } own ? null
            : vault.LackOf(own.KeySet, own.KeyVersion, own.Diversification, product.Protocol) ?? OwnKeysFault(vault, product, own);
    }

    /// <summary>
    /// What keeps security domains beside the issuer's from getting the keys that a product names for them. Null when nothing does.
    /// </summary>
    public static string? LackOfDomainKeys(this IKeyVault vault, CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(vault);
        ArgumentNullException.ThrowIfNull(product);
        return product.DomainsGivenKeys.Select(domain => DomainLack(vault, product, domain)).FirstOrDefault(lack => lack is not null);
    }

    private static string? DomainLack(IKeyVault vault, CardProduct product, ProductDomain domain)
    {
        if (vault.LackOf(domain.KeySet, domain.KeyVersion, domain.Diversification, product.Protocol) is { } lack) return lack;
        var theirs = Find(vault, domain.KeySet, domain.KeyVersion);
        var issuers = product.KeysBefore.Concat(product.KeysAfter).Select(keys => Find(vault, keys.KeySet, keys.KeyVersion));
        return issuers.Any(key => key is not null && key.Algorithm == theirs?.Algorithm && key.CheckValue == theirs.CheckValue)
            ? $"Key {domain.Keys} of security domain {domain.Name} is the issuer's itself: who has a domain's would have the whole card."
            : null;
    }

    /// <summary>By what is public of both: another key has the same check value once in 16 million times.</summary>
    private static string? OwnKeysFault(IKeyVault vault, CardProduct product, OwnKeys own)
    {
        if (Find(vault, product.KeySet, product.KeyVersion) is not { } transport) return null;
        if (Find(vault, own.KeySet, own.KeyVersion) is not { } ours) return null;
        var key = $"Key {own.KeySet} of version {own.KeyVersion:X2}";
        if (transport.Algorithm == ours.Algorithm && transport.CheckValue == ours.CheckValue)
            return $"{key} is the {(product.Doing is null ? "transport key" : "key of before")} {product.KeySet} of version "
                + $"{product.KeyVersion:X2} itself; a card's own keys are others.";
        // GPCS §11.8.2.3: type and size of a key that is there cannot change.
        return own.Put is OwnKeysPut.Replace && transport.Algorithm != ours.Algorithm
            ? $"{key} is {ours.Algorithm}, and what it is to replace is {transport.Algorithm}: no card does that; "
                + "put add, or enter a key of the same algorithm."
            : null;
    }

    private static CardMasterKeyInfo? Find(IKeyVault vault, string keySet, byte keyVersion) =>
        vault.CardMasterKeys.FirstOrDefault(key => key.KeySet == keySet && key.KeyVersion == keyVersion);
}
