using CardIssue.Core.Cards.Tlv;

namespace CardIssue.Core.Cards.Products;

/// <summary>Maps templates: pieces that are literal bytes, a customer's field, or a data object around further pieces.</summary>
internal sealed class TemplateMapping(JsonMistakes mistakes)
{
    /// <summary>The most pieces of one list.</summary>
    public const int MaxPieces = 256;

    /// <summary>The longest literal, in bytes: the most that a DGI holds.</summary>
    public const int MaxLiteral = 0xFFFF;

    /// <summary>Content of a DGI, a data object or an expectation: one of <c>tlv</c>, <c>hex</c>, <c>ascii</c>, <c>field</c> with <c>as</c>.</summary>
    public ValueList<TemplateNode> Content(ObjectReader o)
    {
        var kind = o.OneOf("tlv", "hex", "ascii", "field");
        // Outside of a field, "as" stays unknown and is a mistake.
        var encoding = kind?.Name == "field" ? o.Required("as") : null;
        switch (kind?.Name)
        {
            case "tlv": return Pieces(kind.Value);
            case "hex": return kind.Value.AsHex(mistakes, 0, MaxLiteral) is { } bytes ? [new TemplateNode.Literal(bytes)] : default;
            case "ascii": return Ascii(kind.Value);
            case "field": return Field(kind.Value, encoding);
            default: return default;
        }
    }

    /// <summary>A data object whose tag is <paramref name="tagNode"/> and whose content is in <paramref name="o"/>.</summary>
    public TemplateNode.Tlv? Tlv(LocatedNode tagNode, ObjectReader o)
    {
        var tag = Tag(tagNode);
        var content = Content(o);
        return tag is { } read ? new TemplateNode.Tlv(read, content) : null;
    }

    private ValueList<TemplateNode> Pieces(LocatedNode node)
    {
        var pieces = new List<TemplateNode>();
        foreach (var item in node.AsList(mistakes, 0, MaxPieces))
        {
            if (ObjectReader.Of(item, mistakes) is not { } o) continue;
            if (o.Optional("tag") is { } tag)
            {
                if (Tlv(tag, o) is { } tlv) pieces.Add(tlv);
            }
            else
            {
                pieces.AddRange(Content(o));
            }
            o.Done();
        }
        return [.. pieces];
    }

    private BerTag? Tag(LocatedNode node)
    {
        if (node.AsHex(mistakes, 1, BerTag.MaxLength) is not { } bytes) return null;
        if (BerTag.TryRead(bytes.Span, out var tag, out var length, out _) && length == bytes.Length) return tag;
        mistakes.Add(node.Place, "This is no BER tag of 1 to 3 bytes.");
        return null;
    }

    private ValueList<TemplateNode> Ascii(LocatedNode node)
    {
        if (node.AsText(mistakes, MaxLiteral) is not { } text) return default;
        if (text.All(c => c is >= ' ' and <= '~')) return [new TemplateNode.Literal(ByteString.Own(System.Text.Encoding.ASCII.GetBytes(text)))];
        mistakes.Add(node.Place, "Only printable ASCII characters are possible.");
        return default;
    }

    private ValueList<TemplateNode> Field(LocatedNode nameNode, LocatedNode? encodingNode)
    {
        var name = nameNode.AsName(mistakes);
        var encoding = encodingNode?.AsWord(mistakes, ("ascii", FieldEncoding.Ascii), ("hex", FieldEncoding.Hex), ("digits", FieldEncoding.Digits),
            ("number", FieldEncoding.Number), ("date", FieldEncoding.Date), ("track2", FieldEncoding.Track2));
        return name is not null && encoding is { } read ? [new TemplateNode.Field(name, read)] : default;
    }
}
