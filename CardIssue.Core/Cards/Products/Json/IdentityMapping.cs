using System.Buffers.Binary;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps where a card's identity comes from.</summary>
internal sealed class IdentityMapping(JsonMistakes mistakes)
{
    /// <summary>The most sources of one product.</summary>
    public const int MaxSources = 8;

    private const string Expected = "Expected is \"diversificationData\", \"provedDiversificationData\", \"cplc\", \"cardImageNumber\", "
        + "\"issuerAndCardNumber\", \"assigned\", {\"getData\": a tag} or {\"assigned\": …}.";

    public ValueList<IdentitySource> Sources(LocatedNode node)
    {
        var sources = new List<IdentitySource>();
        foreach (var item in node.AsList(mistakes, 1, MaxSources))
            if (Source(item) is { } source) sources.Add(source);
        return [.. sources];
    }

    private IdentitySource? Source(LocatedNode node)
    {
        if (node.Kind == JsonKind.Object) return Described(node);
        IdentitySource? source = node.Kind != JsonKind.String ? null : node.Text switch
        {
            "diversificationData" => new IdentitySource.DiversificationData(),
            "provedDiversificationData" => new IdentitySource.ProvedDiversificationData(),
            "cplc" => new IdentitySource.ProductionLifeCycle(),
            "cardImageNumber" => new IdentitySource.CardImageNumber(),
            "issuerAndCardNumber" => new IdentitySource.IssuerAndCardNumber(),
            "assigned" => new IdentitySource.Assigned(),
            _ => null,
        };
        if (source is null) mistakes.Add(node.Place, Expected);
        return source;
    }

    private IdentitySource? Described(LocatedNode node)
    {
        var o = ObjectReader.Of(node, mistakes)!;
        if (o.OneOf("getData", "assigned") is not { } kind) return null;
        IdentitySource? source = kind.Name == "getData" ? DataObject(kind.Value) : Assigned(kind.Value);
        o.Done();
        return source;
    }

    private IdentitySource.DataObject? DataObject(LocatedNode node) => Tag(node) is { } tag ? new IdentitySource.DataObject(tag) : null;

    private IdentitySource.Assigned? Assigned(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var assigned = new IdentitySource.Assigned();
        if (o.Optional("tag") is { } place && Tag(place) is { } tag) assigned = assigned with { Tag = tag };
        if (o.Optional("storeDataP1")?.AsByte(mistakes) is { } p1) assigned = assigned with { StoreDataP1 = p1 };
        if (o.Optional("command")?.AsHex(mistakes, 4, 4) is { } header)
            assigned = assigned with { Command = BinaryPrimitives.ReadUInt32BigEndian(header.Span) };
        if (o.Has("storeDataP1") && o.Has("command")) mistakes.Add(node.Place, "\"storeDataP1\" and \"command\" exclude each other.");
        o.Done();
        return assigned;
    }

    private ushort? Tag(LocatedNode node) => node.AsHex(mistakes, 2, 2) is { } tag ? BinaryPrimitives.ReadUInt16BigEndian(tag.Span) : null;
}
