using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps what may be done to a card after it was issued.</summary>
internal sealed class RewriteMapping(JsonMistakes mistakes, RecordMapping records, ProductMapping product)
{
    public ValueList<RewriteDefinition> Rewrites(LocatedNode node)
    {
        if (node.Kind != JsonKind.Object)
        {
            node.WrongKind("An object of rewrites by name", mistakes);
            return default;
        }
        var rewrites = new List<RewriteDefinition>();
        foreach (var property in node.Properties)
        {
            if (!NameRule.Accepts(property.Name))
                mistakes.Add(property.Place, $"A rewrite's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");
            else if (Rewrite(property.Name, property.Value) is { } rewrite) rewrites.Add(rewrite);
        }
        return [.. rewrites];
    }

    private RewriteDefinition? Rewrite(string name, LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var from = o.Optional("from")?.AsList(mistakes, 1, ProductRules.MaxFrom).Select(item => item.AsInteger(mistakes, 1, int.MaxValue) ?? 0).ToList();
        var before = o.Required("before") is { } checks ? records.Checks.Checks(checks) : default;
        var toDomain = o.Optional("toSecurityDomain")?.AsBoolean(mistakes) ?? false;
        var store = o.Optional("storeData");
        var (plainP1, encryptedP1, packed) = product.StoreData(store);
        var list = o.Required("records") is { } found ? records.Records(found) : default;
        var close = product.Close(o.Optional("close"), o.Required("closeLook"));
        o.Done();
        return new RewriteDefinition
        {
            Name = name, From = from is null ? default : [.. from], Before = before, ToSecurityDomain = toDomain,
            PlainP1 = store is null ? null : plainP1, EncryptedP1 = store is null ? null : encryptedP1, Packed = store is null ? null : packed,
            Records = list, Close = close,
        };
    }
}
