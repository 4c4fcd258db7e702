using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// A security domain beside the issuer's, and the keys that a record gives it (an item of <c>domainKeys</c>). Who has the master
/// of these keys opens its channels, and manages what belongs to it, without the issuer's keys.
/// </summary>
/// <param name="Name">What its items call it, by <see cref="NameRule"/>.</param>
/// <param name="Aid">The AID that it is selected by.</param>
/// <param name="KeySet">The key set in the vault, by <see cref="NameRule"/>.</param>
/// <param name="KeyVersion">The key version number, 01 to 7F: in the vault and on the card.</param>
/// <param name="Diversification">How the domain's keys come from their master, by the diversification data of the card.</param>
public sealed record ProductDomain(string Name, Aid Aid, string KeySet, byte KeyVersion, KeyDiversification Diversification)
{
    /// <summary>P1 of the STORE DATA that carries the keys, without the mark of the last block.</summary>
    public byte StoreDataP1 { get; init; } = StoreKeys.UsualP1;

    /// <summary>Its keys.</summary>
    public HeldKeySet Keys => new(KeySet, KeyVersion, Diversification);
}

/// <content>Security domains beside the issuer's.</content>
public sealed partial record CardProduct
{
    /// <summary>Those that its records, or those of its rewrites, give keys.</summary>
    public ValueList<ProductDomain> SecurityDomains { get; init; }

    /// <summary>The one of that name; null when there is none.</summary>
    internal ProductDomain? SecurityDomain(string name) => SecurityDomains.FirstOrDefault(domain => domain.Name == name);

    /// <summary>The domains that its own records give keys, in their order.</summary>
    public IEnumerable<ProductDomain> DomainsGivenKeys => Records.SelectMany(record => record.Items).OfType<ItemDefinition.DomainKeys>()
        .Select(item => SecurityDomain(item.Domain)).OfType<ProductDomain>();
}

/// <content>The keys of a security domain beside the issuer's.</content>
public abstract partial record ItemDefinition
{
    /// <summary>Gives a security domain its keys, through the channel of the one that is selected; the only item of its record.</summary>
    /// <param name="Domain">Its name among <see cref="CardProduct.SecurityDomains"/>.</param>
    internal sealed record DomainKeys(string Domain) : ItemDefinition;
}
