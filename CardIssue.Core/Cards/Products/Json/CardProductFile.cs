using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.SecureChannel;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>What came of reading a card product's file: the product, or all that is wrong with the file.</summary>
public sealed class CardProductReading : JsonReading
{
    internal CardProductReading(string source, CardProduct? product, JsonMistakes mistakes) : base(source, mistakes) => Product = Unless(product);

    /// <summary>The product; null when there is a mistake.</summary>
    public CardProduct? Product { get; }
}

/// <summary>Reads card products from JSON. <c>card-product.schema.json</c> says the same for editors.</summary>
public static class CardProductFile
{
    /// <summary>Reads a product and checks that its parts fit each other.</summary>
    /// <param name="json">The file, UTF-8, with or without a byte order mark; 16 MiB at most.</param>
    /// <param name="source">The file's name, for messages.</param>
    public static CardProductReading Read(ReadOnlySpan<byte> json, string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var mistakes = new JsonMistakes();
        var root = LocatedJson.Read(json, mistakes);
        var product = root is null ? null : new ProductMapping(mistakes).Product(root);
        if (product is not null && mistakes.Count == 0) RuleFaults.Locate(product, root!, mistakes);
        return new CardProductReading(source, product, mistakes);
    }
}

/// <summary>
/// Maps a product's JSON onto the model. Where a part is wrong the mistake is kept and the mapping goes on, so that one reading finds everything; the
/// stand-ins that it goes on with (an empty list, the first member of an enumeration) never get out, for there is a mistake then.
/// </summary>
internal sealed class ProductMapping(JsonMistakes mistakes)
{
    private const byte Detect = 0;

    private readonly RecordMapping _records = new(mistakes);

    public CardProduct? Product(LocatedNode root)
    {
        if (ObjectReader.Of(root, mistakes) is not { } o) return null;
        o.Optional("$schema")?.AsText(mistakes, JsonSchemas.MaxAddress);
        var name = o.Required("name")?.AsName(mistakes);
        var version = o.Required("version")?.AsInteger(mistakes, 1, int.MaxValue);
        var profile = o.Required("profile")?.AsName(mistakes) is { } word ? Profile(word, root) : null;
        var mode = o.Required("mode")?.AsWord(mistakes, ("endToEnd", KeyMode.EndToEnd), ("module", KeyMode.Module));
        var keySet = o.Required("keySet")?.AsName(mistakes);
        var keyVersion = o.Required("keyVersion")?.AsByte(mistakes);
        var diversification = o.Required("diversification") is { } way ? OwnKeysMapping.Diversification(way, mistakes) : null;
        var ownKeys = o.Optional("ownKeys") is { } own ? OwnKeysMapping.OwnKeys(own, mistakes) : null;
        var scp = o.Optional("scp")?.AsWord(mistakes, ("02", (byte)ScpProtocol.Scp02), ("03", (byte)ScpProtocol.Scp03), ("detect", Detect))
            ?? (byte)ScpProtocol.Scp03;
        var options = o.Optional("i")?.AsByte(mistakes);
        var level = o.Required("securityLevel")?.AsWord(mistakes, ("01", SecurityLevel.CMac), ("03", SecurityLevel.CMacCEnc), ("11", SecurityLevel.CMacRMac),
            ("13", SecurityLevel.CMacCEncRMac), ("33", SecurityLevel.CMacCEncRMacREnc));
        var identity = o.Optional("identity") is { } sources ? new IdentityMapping(mistakes).Sources(sources) : default;
        var selected = o.Required("securityDomain")?.AsAid(mistakes);
        var application = o.Optional("application")?.AsAid(mistakes);
        var start = o.Optional("acceptedStates") is { } states ? StartState(states) : null;
        var (plainP1, encryptedP1, packed) = StoreData(o.Optional("storeData"));
        var quirks = o.Optional("quirks") is { } departures ? Quirks(departures) : CardQuirks.None;
        var allowRepeated = o.Optional("allowRepeatedCardNumber")?.AsBoolean(mistakes) ?? false;
        var exposed = o.Optional("exposedToTerminal")?.AsBoolean(mistakes) ?? false;
        var domains = o.Optional("securityDomains") is { } beside ? DomainMapping.Domains(beside, mistakes) : default;
        var programs = o.Optional("programs") is { } named ? new ProgramMapping(mistakes).Programs(named) : default;
        var records = o.Required("records") is { } list ? _records.Records(list) : default;
        var close = Close(o.Required("close"), o.Required("closeLook"));
        var rewrites = o.Optional("rewrites") is { } later ? new RewriteMapping(mistakes, _records, this).Rewrites(later) : default;
        var csv = o.Optional("csv") is { } columns ? CsvMapping.Columns(columns, mistakes) : null;
        o.Done();
        if (name is null || profile is null || keySet is null) return null;
        return new CardProduct(profile)
        {
            Name = name,
            Version = version ?? 0,
            Mode = mode ?? default,
            KeySet = keySet,
            KeyVersion = keyVersion ?? 0,
            Diversification = diversification ?? default,
            OwnKeys = ownKeys,
            Protocol = scp == Detect ? null : (ScpProtocol)scp,
            ProtocolOptions = options,
            SecurityLevel = level ?? default,
            Identity = identity,
            Selected = selected ?? default,
            Application = application,
            Start = start,
            PlainP1 = plainP1,
            EncryptedP1 = encryptedP1,
            Packed = packed,
            Quirks = quirks,
            AllowRepeatedCardNumber = allowRepeated,
            ExposedToTerminal = exposed,
            SecurityDomains = domains,
            Programs = programs,
            Records = records,
            Close = close,
            Rewrites = rewrites,
            Csv = csv,
        };
    }

    private ICardProfile? Profile(string name, LocatedNode root)
    {
        var profile = CardProfiles.Find(name);
        if (profile is null) mistakes.Add(root.Find("profile")!.Place, $"There is no such card profile; there are: {string.Join(", ", CardProfiles.Names)}.");
        return profile;
    }

    private StartState? StartState(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var of = _records.Checks.LifeCycleOf(o);
        var states = new List<byte>();
        foreach (var state in o.Required("states")?.AsList(mistakes, 1, byte.MaxValue) ?? [])
            if (state.AsByte(mistakes) is { } value) states.Add(value);
        o.Done();
        return of is null ? null : new StartState(of, [.. states]);
    }

    /// <summary>The defaults are GlobalPlatform's (GPCS table 11-89).</summary>
    internal (byte PlainP1, byte EncryptedP1, bool Packed) StoreData(LocatedNode? node)
    {
        if (node is null || ObjectReader.Of(node, mistakes) is not { } o) return (0x08, 0x68, false);
        var read = (o.Optional("plainP1")?.AsByte(mistakes) ?? 0x08, o.Optional("encryptedP1")?.AsByte(mistakes) ?? 0x68, o.Optional("packed")?.AsBoolean(mistakes) ?? false);
        o.Done();
        return read;
    }

    private CardQuirks Quirks(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return CardQuirks.None;
        var read = new CardQuirks(
            o.Optional("asksForKeyVersion")?.AsByte(mistakes),
            o.Optional("answersKeyVersion")?.AsByte(mistakes),
            o.Optional("countsEmptyCommands")?.AsBoolean(mistakes) ?? true);
        o.Done();
        return read;
    }

    internal CloseDefinition Close(LocatedNode? close, LocatedNode? look)
    {
        var looks = look is null ? default : _records.Checks.Checks(look);
        if (close is null || ObjectReader.Of(close, mistakes) is not { } o) return new CloseDefinition(default, null, looks);
        var items = o.Optional("items") is { } list ? _records.Items(list) : default;
        var status = o.Optional("status") is { } node ? _records.Status(node) : null;
        o.Done();
        return new CloseDefinition(items, status, looks);
    }
}
