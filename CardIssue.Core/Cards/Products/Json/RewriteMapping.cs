using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps what may be done to a card after it was issued.</summary>
internal sealed class RewriteMapping(JsonMistakes mistakes, RecordMapping records, ProductMapping product)
{
    public ValueList<RewriteDefinition> Rewrites(LocatedNode node)
    {
        var rewrites = new List<RewriteDefinition>();
        foreach (var item in node.AsList(mistakes, 1, ProductRules.MaxRewrites))
        {
            if (Rewrite(item) is not { } rewrite) continue;
            if (rewrites.Exists(earlier => earlier.Name == rewrite.Name))
                mistakes.Add(item.Find("name")?.Place ?? item.Place, "An earlier rewrite has this name.");
            rewrites.Add(rewrite);
        }
        return [.. rewrites];
    }

    private RewriteDefinition? Rewrite(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var name = o.Required("name")?.AsName(mistakes);
        var from = o.Optional("from")?.AsList(mistakes, 1, ProductRules.MaxFrom)
            .Select(item => item.AsInteger(mistakes, 1, int.MaxValue) ?? 0).ToList();
        var before = o.Required("before") is { } checks ? records.Checks.Checks(checks) : default;
        var ownKeys = o.Optional("ownKeys") is { } own ? OwnKeysMapping.OwnKeys(own, mistakes) : null;
        var toDomain = o.Optional("toSecurityDomain")?.AsBoolean(mistakes) ?? false;
        var store = o.Optional("storeData");
        var (plainP1, encryptedP1, packed) = product.StoreData(store);
        var list = o.Required("records") is { } found ? records.Records(found) : default;
        var close = product.Close(o.Optional("close"), o.Required("closeLook"));
        o.Done();
        return new RewriteDefinition
        {
            Name = name ?? "", From = from is null ? default : [.. from], Before = before, OwnKeys = ownKeys,
            ToSecurityDomain = toDomain,
            PlainP1 = store is null ? null : plainP1, EncryptedP1 = store is null ? null : encryptedP1,
            Packed = store is null ? null : packed,
            Records = list, Close = close,
        };
    }
}
