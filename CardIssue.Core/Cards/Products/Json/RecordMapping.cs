using System.Buffers.Binary;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps records and their items.</summary>
internal sealed class RecordMapping(JsonMistakes mistakes)
{
    /// <summary>The most items of one record.</summary>
    public const int MaxItems = 256;

    private readonly TemplateMapping _templates = new(mistakes);
    private readonly ProgramMapping _programs = new(mistakes);

    public CheckMapping Checks { get; } = new(mistakes);

    public ValueList<RecordDefinition> Records(LocatedNode node)
    {
        var nodes = node.AsList(mistakes, 1, ProtocolLimits.MaxRecords);
        var names = nodes.Select(record => record.Find("name")?.Value.Text).ToList();
        var records = new List<RecordDefinition>();
        for (var i = 0; i < nodes.Count; i++)
        {
            if (names[i] is not null && names.IndexOf(names[i]) < i) mistakes.Add(nodes[i].Find("name")!.Value.Place, "An earlier record has this name.");
            if (Record(nodes[i], i + 1, names) is { } record) records.Add(record);
        }
        return [.. records];
    }

    public ValueList<ItemDefinition> Items(LocatedNode node)
    {
        var items = new List<ItemDefinition>();
        foreach (var item in node.AsList(mistakes, 0, MaxItems))
            if (Item(item) is { } read) items.Add(read);
        return [.. items];
    }

    public StatusChange? Status(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var scope = o.Required("scope")?.AsWord(mistakes, ("card", StatusScope.Card), ("application", StatusScope.Application),
            ("securityDomainAndApplications", StatusScope.SecurityDomainAndApplications));
        var aid = o.Required("aid")?.AsAid(mistakes);
        var state = o.Required("state")?.AsByte(mistakes);
        o.Done();
        return new StatusChange(scope ?? default, aid ?? default, state ?? 0);
    }

    private RecordDefinition? Record(LocatedNode node, int number, List<string?> names)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var name = o.Required("name")?.AsName(mistakes);
        var items = o.Optional("items") is { } list ? Items(list) : default;
        var status = o.Optional("status") is { } change ? Status(change) : null;
        var proof = o.Required("proof")?.AsWord(mistakes, ("cardMac", ProofKind.CardMac), ("readBack", ProofKind.ReadBack),
            ("readBackAfterClose", ProofKind.ReadBackAfterClose), ("cardState", ProofKind.CardState),
            ("terminalWord", ProofKind.TerminalWord), ("cryptogram", ProofKind.Cryptogram));
        var checks = o.Optional("checks") is { } check ? Checks.Checks(check) : default;
        var (repeat, restartAt) = o.Required("repeat") is { } again ? Repeat(again, number, names) : default;
        var look = o.Optional("look") is { } looks ? Checks.Checks(looks) : default;
        o.Done();
        return new RecordDefinition
        {
            Name = name ?? "", Items = items, Status = status, Proof = proof ?? default, Checks = checks, Repeat = repeat, RestartAt = restartAt, Look = look,
        };
    }

    private (RepeatRule Repeat, int RestartAt) Repeat(LocatedNode node, int number, List<string?> names)
    {
        if (node.Kind != JsonKind.Object)
        {
            if (node.Kind == JsonKind.String && node.Text is "repeatable" or "lookFirst")
                return (node.Text == "lookFirst" ? Protocol.RepeatRule.LookFirst : Protocol.RepeatRule.Repeatable, 0);
            mistakes.Add(node.Place, "Expected is \"repeatable\", \"lookFirst\" or {\"startOver\": a record's name}.");
            return default;
        }
        var o = ObjectReader.Of(node, mistakes)!;
        var target = o.Required("startOver");
        o.Done();
        if (target?.AsName(mistakes) is not { } name) return default;
        var at = names.IndexOf(name) + 1;
        if (at == 0) mistakes.Add(target.Place, "There is no record of this name.");
        else if (at > number) mistakes.Add(target.Place, "The record to start over from comes after this one.");
        return (Protocol.RepeatRule.StartOver, at);
    }

    private ItemDefinition? Item(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var kind = o.OneOf("dgi", "tag", "hexDgi", "command", "load", "install", "delete", "extradite", "registryUpdate", "putKeys", "domainKeys");
        ItemDefinition? item = null;
        switch (kind?.Name)
        {
            case "dgi":
                var id = kind.Value.AsHex(mistakes, 2, 2);
                var secret = o.Optional("secret")?.AsBoolean(mistakes) ?? false;
                // What is secret is not looked into, not even where it is the same for every customer.
                var isEmv = !secret && id is { } number && EmvCheck.HoldsObjects((ushort)(number[0] << 8 | number[1]));
                var content = _templates.Content(o, new TemplatePlace(isEmv));
                item = id is { } dgi ? new ItemDefinition.Grouping((ushort)(dgi[0] << 8 | dgi[1]), content) { Secret = secret } : null;
                break;
            case "tag":
                var isSecret = o.Optional("secret")?.AsBoolean(mistakes) ?? false;
                item = _templates.Tlv(kind.Value, o) is { } tlv ? new ItemDefinition.DataObject(tlv) { Secret = isSecret } : null;
                break;
            case "command":
                var header = kind.Value.AsHex(mistakes, 4, 4);
                var data = _templates.Content(o);
                item = header is { } bytes ? new ItemDefinition.Command(BinaryPrimitives.ReadUInt32BigEndian(bytes.Span), data) : null;
                break;
            case "putKeys":
                item = OwnKeysMapping.Item(kind.Value, mistakes);
                break;
            case "domainKeys":
                item = kind.Value.AsName(mistakes) is { } domain ? new ItemDefinition.DomainKeys(domain) : null;
                break;
            case "hexDgi":
                item = kind.Value.AsName(mistakes) is { } field ? new ItemDefinition.Prepared(field) : null;
                break;
            case "load" or "install" or "delete" or "extradite" or "registryUpdate":
                item = _programs.Item(kind, o);
                break;
        }
        // When even the kind is not known, every property would be called unknown.
        if (kind is not null) o.Done();
        return item;
    }
}
