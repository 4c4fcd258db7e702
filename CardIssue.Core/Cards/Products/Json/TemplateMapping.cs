using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>What the pieces of a template are in. Where EMV's dictionary holds, what is the same for every customer is checked against it.</summary>
/// <param name="IsEmv">Whether the pieces are data objects of a data grouping.</param>
/// <param name="Template">The template around them; null when there is none.</param>
internal readonly record struct TemplatePlace(bool IsEmv, BerTag? Template = null);

/// <summary>Maps templates: pieces that are literal bytes, a customer's field, or a data object around further pieces.</summary>
internal sealed class TemplateMapping(JsonMistakes mistakes)
{
    /// <summary>The most pieces of one list.</summary>
    public const int MaxPieces = 256;

    /// <summary>The longest literal, in bytes: the most that a DGI holds.</summary>
    public const int MaxLiteral = 0xFFFF;

    /// <summary>
    /// Content of a DGI, a data object or an expectation: one of <c>tlv</c>, <c>hex</c>, <c>ascii</c>, and <c>text</c> or <c>field</c> with <c>as</c>.
    /// </summary>
    public ValueList<TemplateNode> Content(ObjectReader o, TemplatePlace place = default)
    {
        var kind = o.OneOf("tlv", "hex", "ascii", "text", "field");
        // Outside of a field or a text, "as" stays unknown and is a mistake.
        var encoding = kind?.Name is "field" or "text" ? o.Required("as") : null;
        switch (kind?.Name)
        {
            case "tlv": return Pieces(kind.Value, place);
            case "hex": return Hex(kind.Value, place);
            case "ascii": return Ascii(kind.Value);
            case "text": return Text(kind.Value, encoding);
            case "field": return Field(kind.Value, encoding);
            default: return default;
        }
    }

    /// <summary>A data object whose tag is <paramref name="tagNode"/> and whose content is in <paramref name="o"/>.</summary>
    public TemplateNode.Tlv? Tlv(LocatedNode tagNode, ObjectReader o, TemplatePlace place = default)
    {
        if (Tag(tagNode) is not { } tag)
        {
            Content(o);
            return null;
        }
        var content = Content(o, new TemplatePlace(place.IsEmv && tag.IsConstructed, tag));
        var tlv = new TemplateNode.Tlv(tag, content);
        if (place.IsEmv && EmvDictionary.Defines(place.Template, tag) && Fixed(content) is { } value && EmvValue.Fault(tag, value.Span) is { } fault)
            mistakes.Add(tagNode.Place, fault);
        return tlv;
    }

    private ValueList<TemplateNode> Pieces(LocatedNode node, TemplatePlace place)
    {
        var pieces = new List<TemplateNode>();
        foreach (var item in node.AsList(mistakes, 0, MaxPieces))
        {
            if (ObjectReader.Of(item, mistakes) is not { } o) continue;
            if (o.Optional("tag") is { } tag)
            {
                if (Tlv(tag, o, place) is { } tlv) pieces.Add(tlv);
            }
            else
            {
                // Bytes between data objects may be anything in a grouping of one's own; in a template they are data objects.
                pieces.AddRange(Content(o, place.Template is null ? default : place));
            }
            o.Done();
        }
        if (place.IsEmv && NameFault(place.Template, pieces) is { } fault) mistakes.Add(node.Place, fault);
        return [.. pieces];
    }

    /// <summary>A preferred name and the code table beside it, where both are the same for every customer.</summary>
    private static string? NameFault(BerTag? template, List<TemplateNode> pieces)
    {
        ValueList<TemplateNode>? ContentOf(BerTag tag) => pieces.OfType<TemplateNode.Tlv>().FirstOrDefault(piece => piece.Tag == tag)?.Content;
        if (ContentOf(EmvValue.PreferredName) is not { } name || Fixed(name) is not { } value) return null;
        if (ContentOf(EmvValue.CodeTable) is not { } table) return EmvValue.NameFault(template, null, value.Span);
        return Fixed(table) is { } index ? EmvValue.NameFault(template, index, value.Span) : null;
    }

    /// <summary>
    /// The bytes of content that is literal; null when some of it is not, or is a data object of its own, which is checked by itself, or when there is
    /// none, after another mistake.
    /// </summary>
    private static ByteString? Fixed(ValueList<TemplateNode> content)
    {
        if (content.Count == 0) return null;
        var parts = new ByteString[content.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            if (content[i] is not TemplateNode.Literal literal) return null;
            parts[i] = literal.Bytes;
        }
        return parts.Length == 1 ? parts[0] : ByteString.Concat(parts);
    }

    private ValueList<TemplateNode> Hex(LocatedNode node, TemplatePlace place)
    {
        if (node.AsHex(mistakes, 0, MaxLiteral) is not { } bytes) return default;
        if (place.IsEmv && BerTlv.TryParse(bytes.Span, out var objects, out _))
        {
            EmvValue.Visit(place.Template, objects, (_, fault) =>
            {
                if (fault is not null) mistakes.Add(node.Place, fault);
            });
        }
        return [new TemplateNode.Literal(bytes)];
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

    /// <summary>Text in a character set, the same for every customer.</summary>
    private ValueList<TemplateNode> Text(LocatedNode node, LocatedNode? encodingNode)
    {
        if (node.AsText(mistakes, MaxLiteral) is not { } text || encodingNode?.AsWord(mistakes, CharacterSets) is not { } encoding) return default;
        if (FieldText.Encode(text, encoding, out var error) is { } bytes) return [new TemplateNode.Literal(bytes)];
        mistakes.Add(node.Place, $"The text {error}.");
        return default;
    }

    private ValueList<TemplateNode> Field(LocatedNode nameNode, LocatedNode? encodingNode)
    {
        var name = nameNode.AsName(mistakes);
        var encoding = encodingNode?.AsWord(mistakes, Encodings);
        return name is not null && encoding is { } read ? [new TemplateNode.Field(name, read)] : default;
    }

    private static readonly (string Word, FieldEncoding Value)[] CharacterSets = [.. CharacterSet.All.Select(set => (set.Word, set.Encoding))];

    private static readonly (string Word, FieldEncoding Value)[] Encodings =
    [
        ("ascii", FieldEncoding.Ascii), ("hex", FieldEncoding.Hex), ("digits", FieldEncoding.Digits), ("number", FieldEncoding.Number),
        ("date", FieldEncoding.Date), ("track2", FieldEncoding.Track2), .. CharacterSets,
    ];
}
