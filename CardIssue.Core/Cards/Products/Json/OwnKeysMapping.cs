using CardIssue.Core.Cards.Diversification;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps the keys that cards get for their transport keys.</summary>
internal static class OwnKeysMapping
{
    public static OwnKeys? OwnKeys(LocatedNode node, JsonMistakes mistakes)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var keySet = o.Required("keySet")?.AsName(mistakes);
        var keyVersion = o.Required("keyVersion")?.AsByte(mistakes);
        var diversification = o.Required("diversification") is { } way ? Diversification(way, mistakes) : null;
        var put = o.Required("put")?.AsWord(mistakes, ("add", OwnKeysPut.Add), ("replace", OwnKeysPut.Replace));
        var oneByOne = o.Optional("oneByOne")?.AsBoolean(mistakes) ?? false;
        o.Done();
        return new OwnKeys(keySet ?? "", keyVersion ?? 0, diversification ?? default, put ?? default, oneByOne);
    }

    /// <summary>How a card's keys come from a master.</summary>
    public static KeyDiversification? Diversification(LocatedNode node, JsonMistakes mistakes) => node.AsWord(mistakes,
        ("none", KeyDiversification.None), ("emvCps", KeyDiversification.EmvCps), ("visa2", KeyDiversification.Visa2),
        ("kdf3", KeyDiversification.Kdf3));

    /// <summary>The item that puts them.</summary>
    public static ItemDefinition.PutKeys? Item(LocatedNode node, JsonMistakes mistakes)
    {
        if (node.AsBoolean(mistakes) is not { } isSaid) return null;
        if (!isSaid) mistakes.Add(node.Place, "Expected is true: an item that puts no keys is left out.");
        return new ItemDefinition.PutKeys();
    }
}
