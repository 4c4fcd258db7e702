using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps what is read from a card, and what it must be.</summary>
internal sealed class CheckMapping(JsonMistakes mistakes)
{
    /// <summary>The most checks of one list.</summary>
    public const int MaxChecks = 64;

    private readonly TemplateMapping _templates = new(mistakes);

    public ValueList<CheckDefinition> Checks(LocatedNode node)
    {
        var checks = new List<CheckDefinition>();
        foreach (var item in node.AsList(mistakes, 1, MaxChecks))
            if (Check(item) is { } check) checks.Add(check);
        return [.. checks];
    }

    /// <summary>Whose life cycle state: <c>scope</c> and <c>aid</c> of <paramref name="o"/>.</summary>
    public LifeCycleOf? LifeCycleOf(ObjectReader o)
    {
        var scope = o.Required("scope")?.AsWord(mistakes, ("issuerSecurityDomain", RegistryScope.IssuerSecurityDomain), ("applications", RegistryScope.Applications));
        var aid = o.Required("aid")?.AsAid(mistakes);
        return scope is { } part && aid is { } of ? new LifeCycleOf(part, of) : null;
    }

    private CheckDefinition? Check(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var command = o.OneOf("readRecord", "getData", "lifeCycle") is { } read ? Command(read) : null;
        var done = o.Required("done") is { } yes ? Expected(yes) : null;
        var notDone = o.Optional("notDone") is { } no ? Expected(no) : null;
        o.Done();
        return command is null || done is null ? null : new CheckDefinition(command, done, notDone);
    }

    private CheckCommand? Command(LocatedProperty read)
    {
        if (read.Name == "getData")
            return read.Value.AsHex(mistakes, 2, 2) is { } tag ? new CheckCommand.GetData((ushort)(tag[0] << 8 | tag[1])) : null;
        if (ObjectReader.Of(read.Value, mistakes) is not { } o) return null;
        CheckCommand? command;
        if (read.Name == "lifeCycle")
        {
            command = LifeCycleOf(o) is { } of ? new CheckCommand.LifeCycle(of) : null;
        }
        else
        {
            // ISO 7816-4 §7.3: short file identifiers 1 to 30, record numbers 1 to 254.
            var file = o.Required("sfi")?.AsInteger(mistakes, 1, 30);
            var record = o.Required("record")?.AsInteger(mistakes, 1, 254);
            command = file is { } f && record is { } r ? new CheckCommand.ReadRecord((byte)f, (byte)r) : null;
        }
        o.Done();
        return command;
    }

    private Expectation? Expected(LocatedNode node)
    {
        if (node is { Kind: JsonKind.String, Text: "nothing" }) return new Expectation.Nothing();
        if (node.Kind != JsonKind.Object)
        {
            mistakes.Add(node.Place, "Expected is \"nothing\", {\"state\": …}, {\"sha256\": …} or bytes: {\"tlv\"|\"hex\"|\"ascii\"|\"field\": …}.");
            return null;
        }
        var o = ObjectReader.Of(node, mistakes)!;
        Expectation? expectation = o.Has("state")
            ? o.Required("state")?.AsByte(mistakes) is { } state ? new Expectation.State(state) : null
            : o.Has("sha256") ? Digest(o.Required("sha256")!)
            : new Expectation.Exactly(_templates.Content(o));
        o.Done();
        return expectation;
    }

    private Expectation.Digest? Digest(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var content = _templates.Content(o);
        o.Done();
        return new Expectation.Digest(content);
    }
}
