using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps a product's programs, and the items that load, install, delete, and change the registry.</summary>
internal sealed class ProgramMapping(JsonMistakes mistakes)
{
    /// <summary>The longest parameters or token, in bytes: more than RSA 4096 makes.</summary>
    public const int MaxPart = 1_024;

    /// <summary>The most DAP blocks of one load file.</summary>
    public const int MaxDap = 8;

    private readonly TemplateMapping _templates = new(mistakes);

    public ValueList<ProductProgram> Programs(LocatedNode node)
    {
        var programs = new List<ProductProgram>();
        foreach (var item in node.AsList(mistakes, 1, ProductRules.MaxPrograms))
        {
            if (ObjectReader.Of(item, mistakes) is not { } o) continue;
            var name = o.Required("name")?.AsName(mistakes);
            var package = o.Required("package")?.AsAid(mistakes);
            var version = o.Required("version") is { } text ? Version(text) : null;
            var sha256 = o.Required("sha256")?.AsHex(mistakes, 32, 32);
            o.Done();
            programs.Add(new ProductProgram(name ?? "", package ?? default, version ?? default, sha256 ?? default));
        }
        return [.. programs];
    }

    /// <summary>The item that <paramref name="kind"/> begins; null when something of it is wrong.</summary>
    public ItemDefinition? Item(LocatedProperty kind, ObjectReader o) => kind.Name switch
    {
        "load" => Load(kind.Value, o),
        "install" => Install(kind.Value, o),
        "extradite" => Extradite(kind.Value, o),
        "registryUpdate" => RegistryUpdate(kind.Value, o),
        _ => Delete(kind.Value, o),
    };

    private ItemDefinition.Load? Load(LocatedNode program, ObjectReader o)
    {
        var name = program.AsName(mistakes);
        var whenThere = When(o);
        var hash = o.Optional("hash")?.AsWord(
            mistakes, ("none", LoadFileHash.None), ("sha1", LoadFileHash.Sha1), ("sha256", LoadFileHash.Sha256));
        var domain = o.Optional("securityDomain")?.AsAid(mistakes);
        var (parameters, token) = (Part(o, "parameters"), Part(o, "token"));
        var dap = o.Optional("dap") is { } list ? Dap(list) : default;
        return name is null ? null : new ItemDefinition.Load(name, whenThere)
        {
            Hash = hash ?? LoadFileHash.None, SecurityDomain = domain, Parameters = parameters, Token = token, Dap = dap,
        };
    }

    private ItemDefinition.Install? Install(LocatedNode aid, ObjectReader o)
    {
        var instance = aid.AsAid(mistakes);
        var whenThere = When(o);
        var from = o.OneOf("program", "loadFile");
        var program = from?.Name == "program" ? from.Value.AsName(mistakes) : null;
        var loadFile = from?.Name == "loadFile" ? from.Value.AsAid(mistakes) : null;
        var module = o.Required("module")?.AsAid(mistakes);
        var privileges = o.Optional("privileges")?.AsHex(mistakes, 1, 3);
        var selectable = o.Optional("makeSelectable")?.AsBoolean(mistakes);
        var parameters = o.Optional("parameters") is { } template ? Parameters(template) : default;
        var (system, token) = (Part(o, "systemParameters"), Part(o, "token"));
        return instance is null || module is null ? null : new ItemDefinition.Install(instance.Value, module.Value, whenThere)
        {
            Program = program,
            LoadFile = loadFile,
            Privileges = privileges ?? ByteString.Own([0x00]),
            MakeSelectable = selectable ?? true,
            Parameters = parameters,
            SystemParameters = system,
            Token = token,
        };
    }

    private ItemDefinition.Delete? Delete(LocatedNode aid, ObjectReader o)
    {
        var what = aid.AsAid(mistakes);
        var related = o.Optional("related")?.AsBoolean(mistakes) ?? false;
        var token = Part(o, "token");
        return what is { } of ? new ItemDefinition.Delete(of, related) { Token = token } : null;
    }

    private ItemDefinition.Extradite? Extradite(LocatedNode aid, ObjectReader o)
    {
        var what = aid.AsAid(mistakes);
        var to = o.Required("securityDomain")?.AsAid(mistakes);
        var (parameters, token) = (Part(o, "parameters"), Part(o, "token"));
        return what is { } of && to is { } domain
            ? new ItemDefinition.Extradite(of, domain) { Parameters = parameters, Token = token } : null;
    }

    private ItemDefinition.RegistryUpdate? RegistryUpdate(LocatedNode aid, ObjectReader o)
    {
        var what = aid.AsAid(mistakes);
        var privileges = o.Optional("privileges")?.AsHex(mistakes, 1, 3) ?? default;
        var to = o.Optional("securityDomain")?.AsAid(mistakes);
        var (parameters, token) = (Part(o, "parameters"), Part(o, "token"));
        return what is not { } of ? null : new ItemDefinition.RegistryUpdate(of)
        {
            Privileges = privileges, SecurityDomain = to, Parameters = parameters, Token = token,
        };
    }

    private WhenThere When(ObjectReader o) => o.Required("whenThere")?.AsWord(mistakes,
        ("refuse", WhenThere.Refuse), ("accept", WhenThere.Accept), ("replace", WhenThere.Replace)) ?? WhenThere.Refuse;

    private ByteString Part(ObjectReader o, string name) => o.Optional(name)?.AsHex(mistakes, 1, MaxPart) ?? default;

    private ValueList<TemplateNode> Parameters(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return default;
        var content = _templates.Content(o);
        o.Done();
        return content;
    }

    private ValueList<DapBlock> Dap(LocatedNode node)
    {
        var blocks = new List<DapBlock>();
        foreach (var item in node.AsList(mistakes, 1, MaxDap))
        {
            if (ObjectReader.Of(item, mistakes) is not { } o) continue;
            var domain = o.Required("securityDomain")?.AsAid(mistakes);
            var signature = o.Required("signature")?.AsHex(mistakes, 1, 512);
            o.Done();
            if (domain is { } by && signature is { } bytes) blocks.Add(new DapBlock(by, bytes));
        }
        return [.. blocks];
    }

    /// <summary>Such as 1.0: major, minor.</summary>
    private PackageVersion? Version(LocatedNode node)
    {
        if (node.AsText(mistakes, 7) is not { } text) return null;
        if (text.Split('.') is [var major, var minor] && byte.TryParse(major, System.Globalization.NumberStyles.None, null, out var first)
            && byte.TryParse(minor, System.Globalization.NumberStyles.None, null, out var second)) return new PackageVersion(first, second);
        mistakes.Add(node.Place, "A package's version is expected, such as \"1.0\".");
        return null;
    }
}
