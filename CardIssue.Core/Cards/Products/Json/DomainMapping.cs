using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps the security domains that get keys of their own.</summary>
internal static class DomainMapping
{
    public static ValueList<ProductDomain> Domains(LocatedNode node, JsonMistakes mistakes)
    {
        var domains = new List<ProductDomain>();
        foreach (var item in node.AsList(mistakes, 1, ProductRules.MaxDomains))
        {
            if (ObjectReader.Of(item, mistakes) is not { } o) continue;
            var name = o.Required("name")?.AsName(mistakes);
            var aid = o.Required("aid")?.AsAid(mistakes);
            var keySet = o.Required("keySet")?.AsName(mistakes);
            var keyVersion = o.Required("keyVersion")?.AsByte(mistakes);
            var diversification = o.Required("diversification") is { } way ? OwnKeysMapping.Diversification(way, mistakes) : null;
            var p1 = o.Optional("storeDataP1")?.AsByte(mistakes);
            o.Done();
            domains.Add(new ProductDomain(name ?? "", aid ?? default, keySet ?? "", keyVersion ?? 0, diversification ?? default)
            {
                StoreDataP1 = p1 ?? StoreKeys.UsualP1,
            });
        }
        return [.. domains];
    }
}
