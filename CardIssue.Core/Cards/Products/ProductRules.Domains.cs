using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Security domains beside the issuer's: whose keys they get, and when.</summary>
internal static partial class ProductRules
{
    /// <summary>The most security domains of one product.</summary>
    public const int MaxDomains = 16;

    private static IEnumerable<string> DomainFaults(CardProduct product)
    {
        var domains = product.SecurityDomains;
        if (domains.Count > MaxDomains) yield return $"a product has {MaxDomains} security domains at the most";
        var written = product.Rewrites.Select(rewrite => product.Rewrite(rewrite.Name)!).Prepend(product).ToList();
        for (var i = 0; i < domains.Count; i++)
        {
            var (domain, earlier) = (domains[i], domains.Take(i).ToList());
            if (!NameRule.Accepts(domain.Name)) yield return $"a name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -";
            if (earlier.Exists(other => other.Name == domain.Name)) yield return $"two security domains have the name {domain.Name}";
            if (earlier.Exists(other => other.Aid == domain.Aid)) yield return $"two security domains have the AID {domain.Aid}";
            if (earlier.Exists(other => other.Keys == domain.Keys))
                yield return $"{domain.Name} has the keys of another domain: who opens one would open both";
            if (!written.Exists(one => one.DomainsGivenKeys.Contains(domain))) yield return $"{domain.Name} is given its keys by no record";
            foreach (var message in DomainFaults(product, domain)) yield return $"{domain.Name}: {message}";
        }
    }

    private static IEnumerable<string> DomainFaults(CardProduct product, ProductDomain domain)
    {
        if (domain.Aid == product.Selected) yield return "this is the domain that is selected; its keys are ownKeys";
        if (!NameRule.Accepts(domain.KeySet)) yield return $"a key set's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -";
        if (domain.KeyVersion is 0 or > PutKey.LastVersion) yield return "a domain's keys have a version from 01 to 7F";
        if (product.KeysBefore.Concat(product.KeysAfter).Any(keys => keys.KeySet == domain.KeySet && keys.KeyVersion == domain.KeyVersion))
            yield return "these are the issuer's keys: who has a domain's would have the whole card";
        if (product.Protocol is null) yield return "keys have another form in each protocol: where a domain gets its own, scp is 02 or 03";
        if (domain.Diversification is KeyDiversification.EmvCps or KeyDiversification.Visa2 && product.Protocol is ScpProtocol.Scp03
            || domain.Diversification is KeyDiversification.Kdf3 && product.Protocol is ScpProtocol.Scp02)
            yield return "a domain's channels have the card's protocol: SCP02 has emvCps, visa2 or none, SCP03 kdf3 or none";
        if (domain.Diversification is not KeyDiversification.None && product.Diversification is KeyDiversification.None
            && !product.SecurityLevel.HasRMac())
            yield return "keys that all cards share do not prove whose diversification data it is that the domain's are made of: "
                + "security level 11, 13 or 33, where it is read again";
        if ((domain.StoreDataP1 & (LastBlock | TlvFormat)) != 0 || (domain.StoreDataP1 & EncryptionBits) == 0
            || (domain.StoreDataP1 & EncryptionBits) == 0x40)
            yield return "storeDataP1 says that groupings are encrypted, and does not mark the last block: 28 or 68; 20 or 60";
    }

    private static void CheckDomainKeys(CardProduct product, List<ProductFault> faults)
    {
        for (var number = 1; number <= product.Records.Count; number++)
        {
            var record = product.Records[number - 1];
            foreach (var item in record.Items.OfType<ItemDefinition.DomainKeys>())
            {
                void Fault(string property, string message) => faults.Add(new ProductFault(property, number, message));
                if (product.SecurityDomain(item.Domain) is null) Fault("items", $"there is no {item.Domain} among securityDomains");
                if (record.Items.Count > 1 || record.Status is not null)
                    Fault("items", "what gives a security domain keys is a record of its own");
                if (product.Records.Take(number - 1).Any(earlier => earlier.Items.Contains(item)))
                    Fault("items", $"{item.Domain} has its keys from an earlier record: they are put once");
                if (product.OwnKeysRecord is > 0 and var own && own < number) Fault("items", SecretAfterKeys);
            }
        }
        if (product.Close.Items.Any(item => item is ItemDefinition.DomainKeys))
            faults.Add(new ProductFault("close", 0, "a security domain gets its keys from a record, before the closing"));
    }
}
