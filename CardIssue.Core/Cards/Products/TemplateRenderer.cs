using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>Fills a product's templates with one customer's fields; collects all that does not fit.</summary>
/// <param name="fields">The customer's.</param>
/// <param name="protocol">What secret data is encrypted for.</param>
/// <param name="standIn">What stands in the place of a field; null where a card is written, and it is the field itself.</param>
internal sealed class TemplateRenderer(IReadOnlyDictionary<string, string> fields, ScpProtocol protocol, FieldStandIn? standIn = null)
{
    /// <summary>The most that the items of one record make together, in bytes: as many commands as a script has, each full.</summary>
    public const int MaxRecordBytes = ProtocolLimits.MaxScriptCommands * CommandApdu.MaxShortData;

    private readonly List<PlanError> _errors = [];
    private readonly HashSet<PlanError> _known = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private int _record;

    /// <summary>All that did not fit.</summary>
    public IReadOnlyList<PlanError> Errors => _errors;

    /// <summary>Fields that no template asked for: a misspelt name, most often.</summary>
    public IEnumerable<string> Unused => fields.Keys.Where(name => !_used.Contains(name)).Order(StringComparer.Ordinal);

    /// <summary>The items of a record or the closing, in the clear.</summary>
    public List<RenderedItem> Items(int record, ValueList<ItemDefinition> items)
    {
        _record = record;
        var rendered = new List<RenderedItem>();
        var total = 0;
        foreach (var item in items)
        {
            var before = rendered.Count;
            switch (item)
            {
                case ItemDefinition.Grouping grouping:
                    rendered.Add(Grouping(grouping));
                    break;
                case ItemDefinition.DataObject dataObject:
                    rendered.Add(DataObject(dataObject));
                    break;
                case ItemDefinition.Command command:
                    rendered.Add(new RenderedItem(null, null, Bytes(command.Content, $"command {command.Header:X8}"), false, command.Header));
                    break;
                case ItemDefinition.PutKeys:
                    rendered.Add(new RenderedItem(null, null, default, false, PutsKeys: true));
                    break;
                case ItemDefinition.DomainKeys keys:
                    rendered.Add(new RenderedItem(null, null, default, false, KeysOf: keys.Domain));
                    break;
                case { IsContent: true }:
                    rendered.Add(Content(item));
                    break;
                case ItemDefinition.Prepared prepared:
                    rendered.AddRange(Prepared(prepared));
                    break;
            }
            for (var i = before; i < rendered.Count; i++) total += rendered[i].Data.Length;
            if (total <= MaxRecordBytes) continue;
            Fail("", $"a record has more than {MaxRecordBytes} bytes");
            break;
        }
        return rendered;
    }

    /// <summary>What a template makes.</summary>
    public ByteString Bytes(int record, ValueList<TemplateNode> content)
    {
        _record = record;
        return Bytes(content, "what is expected");
    }

    /// <summary>What a template makes, which must be a SHA-256.</summary>
    public ByteString Digest(int record, ValueList<TemplateNode> content)
    {
        var before = _errors.Count;
        var digest = Bytes(record, content);
        if (_errors.Count == before && digest.Length != SHA256.HashSizeInBytes) Fail("", $"a SHA-256 has {digest.Length} bytes; {SHA256.HashSizeInBytes} are due");
        return digest;
    }

    /// <summary>Card content; only what an application gets at its installation is made of the customer's fields.</summary>
    private RenderedItem Content(ItemDefinition item) => new(
        null, null, item is ItemDefinition.Install install ? Bytes(install.Parameters, $"installation of {install.Instance}") : default, false, Content: item);

    private RenderedItem Grouping(ItemDefinition.Grouping grouping)
    {
        var data = Bytes(grouping.Content, $"DGI {grouping.Id:X4}", new FieldPlace(!grouping.Secret && EmvCheck.HoldsObjects(grouping.Id)));
        var length = grouping.Secret ? DataEncryption.LengthOf(data.Length, protocol) : data.Length;
        if (length > Dgi.MaxData) Fail("", $"DGI {grouping.Id:X4} has more than {Dgi.MaxData} bytes");
        if (grouping.Secret && data.IsEmpty && !IsOpen(grouping.Content)) Fail("", $"DGI {grouping.Id:X4} is secret, and there is nothing to encrypt");
        return new RenderedItem(grouping.Id, null, data, grouping.Secret);
    }

    /// <summary>Encryption is of the value alone, as a grouping's identifier and length stay readable too.</summary>
    private RenderedItem DataObject(ItemDefinition.DataObject dataObject)
    {
        if (!dataObject.Secret) return new RenderedItem(null, null, Bytes([dataObject.Content], $"tag {dataObject.Content.Tag}"), false);
        var value = Bytes(dataObject.Content.Content, $"tag {dataObject.Content.Tag}");
        if (dataObject.Content.Tag.IsConstructed) Fail("", $"tag {dataObject.Content.Tag} is secret, and constructed: encrypted, it would hold no data objects");
        if (value.IsEmpty && !IsOpen(dataObject.Content.Content)) Fail("", $"tag {dataObject.Content.Tag} is secret, and there is nothing to encrypt");
        return new RenderedItem(null, dataObject.Content.Tag, value, true);
    }

    /// <summary>The pieces one after the other; nothing, once they are more than any item holds.</summary>
    private ByteString Bytes(ValueList<TemplateNode> content, string what, FieldPlace place = default)
    {
        var parts = new ByteString[content.Count];
        var total = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = content[i] switch
            {
                TemplateNode.Literal literal => literal.Bytes,
                TemplateNode.Field field => Field(field.Name, field.As, place),
                TemplateNode.Tlv tlv => Object(tlv, place),
                var other => throw new InvalidOperationException($"No one renders {other.GetType().Name}."),
            };
            total += parts[i].Length;
            if (total <= Dgi.MaxData) continue;
            Fail("", $"{what} has more than {Dgi.MaxData} bytes");
            return default;
        }
        return ByteString.Concat(parts);
    }

    private ByteString Object(TemplateNode.Tlv tlv, FieldPlace place)
    {
        var value = Bytes(tlv.Content, $"tag {tlv.Tag}", place.In(tlv.Tag));
        if (!tlv.Tag.IsConstructed) return BerTlv.Primitive(tlv.Tag, value).ToBytes();
        // The bytes stay as they were given, long lengths and padding too: an issuer signs a record as it is (EMV Book 2 §5.4).
        if (BerTlv.TryWrap(tlv.Tag, value, out var wrapped, out _)) return wrapped.ToBytes();
        if (standIn is not null) return FieldStandIn.Wrap(tlv.Tag, value);
        Fail("", $"what is in tag {tlv.Tag} is not BER-TLV");
        return default;
    }

    private IEnumerable<RenderedItem> Prepared(ItemDefinition.Prepared prepared)
    {
        if (standIn is FieldStandIn.Least) return [FieldStandIn.Least.Prepared];
        var before = _errors.Count;
        var bytes = Encoded(prepared.Field, FieldEncoding.Hex);
        if (bytes.IsEmpty && _errors.Count == before) Fail(prepared.Field, "holds no data grouping");
        if (Dgi.TryParse(bytes.Span, out var groupings, out var error)) return groupings.Select(g => new RenderedItem(g.Id, null, Prepared(g), false));
        Fail(prepared.Field, error);
        return [];
    }

    private ByteString Prepared(Dgi grouping) =>
        standIn?.Of(grouping.Data, new FieldPlace(EmvCheck.HoldsObjects(grouping.Id))) ?? grouping.Data;

    private ByteString Field(string name, FieldEncoding encoding, FieldPlace place)
    {
        if (standIn is FieldStandIn.Least) return FieldStandIn.Least.Of(encoding);
        var bytes = Encoded(name, encoding);
        return standIn?.Of(bytes, place) ?? bytes;
    }

    /// <summary>Whether its bytes are a customer's, and none are given: then nothing is wrong with there being none.</summary>
    private bool IsOpen(ValueList<TemplateNode> content) => standIn is FieldStandIn.Least && CardPlan.HasField(content);

    private ByteString Encoded(string name, FieldEncoding encoding)
    {
        _used.Add(name);
        if (!fields.TryGetValue(name, out var text))
        {
            Fail(name, "is missing");
            return default;
        }
        if (FieldText.Encode(text, encoding, out var error) is { } bytes) return bytes;
        Fail(name, error!);
        return default;
    }

    private void Fail(string field, string message)
    {
        var error = new PlanError(_record, field, message);
        if (_known.Add(error)) _errors.Add(error);
    }
}

/// <summary>An item with its data in the clear. The data never shows in text.</summary>
/// <param name="Grouping">The DGI, or null for BER-TLV.</param>
/// <param name="Tag">The tag of a secret data object; else null.</param>
/// <param name="Data">The grouping's data, the secret object's value, or the coded object.</param>
/// <param name="Secret">Whether it is encrypted under the DEK before it is sent.</param>
/// <param name="Header">CLA, INS, P1 and P2 of a command; null for all else.</param>
/// <param name="PutsKeys">Whether it stands for the card's own keys, which no template holds.</param>
/// <param name="Content">What is loaded, installed or deleted, its data being the application's parameters; null for all else.</param>
/// <param name="KeysOf">The name of the security domain whose keys it stands for; null for all else.</param>
internal readonly record struct RenderedItem(
    ushort? Grouping,
    BerTag? Tag,
    ByteString Data,
    bool Secret,
    uint? Header = null,
    bool PutsKeys = false,
    ItemDefinition? Content = null,
    string? KeysOf = null)
{
    /// <summary>Whether STORE DATA carries it.</summary>
    public bool IsStored => Header is null && Content is null && KeysOf is null && !PutsKeys;

    public override string ToString() => $"{Grouping:X4}{Tag}, {Data.Length} bytes{(Secret ? ", secret" : "")}";
}
