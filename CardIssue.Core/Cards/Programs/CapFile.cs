using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Programs;

/// <summary>
/// An application program as its maker ships it: a CAP file, compact, with one package, or extended, with one or more (Java Card VM
/// Specification 3.1 ch. 6). It is read, never run; whether its code is sound, the card or a verifier says.
/// </summary>
public sealed class CapFile
{
    /// <summary>The largest file in bytes; what cards can be given is below 64 KiB, the rest is class and export files.</summary>
    public const int MaxFile = 1024 * 1024;

    /// <summary>The longest load file data block in bytes: two bytes count it where it is sent (GPCS table 11-58).</summary>
    internal const int MaxBlock = 0xFFFF;

    /// <summary>
    /// The order in which a card links components, which is not that of their tags (Java Card VM Specification table 6-4). Not Descriptor,
    /// which cards do not need, and never Debug.
    /// </summary>
    private static readonly CapComponentTag[] LoadOrder =
    [
        CapComponentTag.Header, CapComponentTag.Directory, CapComponentTag.Import, CapComponentTag.Applet, CapComponentTag.Class,
        CapComponentTag.Method, CapComponentTag.StaticField, CapComponentTag.Export, CapComponentTag.ConstantPool,
        CapComponentTag.ReferenceLocation, CapComponentTag.StaticResources,
    ];

    private static readonly CapComponentTag[] NeedNotBe =
        [CapComponentTag.Applet, CapComponentTag.Export, CapComponentTag.Descriptor, CapComponentTag.Debug, CapComponentTag.StaticResources];

    private CapFile(ByteString file, CapHeader header, IReadOnlyDictionary<CapComponentTag, CapPart> parts)
    {
        Sha256 = ByteString.Own(SHA256.HashData(file.Span));
        FileLength = file.Length;
        (Package, Version, Format, Packages, IsExtended) = (header.Package, header.Version, header.Format, header.Packages, header.IsExtended);
        var loaded = LoadOrder.Where(parts.ContainsKey).ToList();
        Components = [.. loaded.Select(tag => new CapComponent(tag, parts[tag].Whole.Length))];
        Block = ByteString.Concat([.. loaded.Select(tag => parts[tag].Whole)]);
    }

    /// <summary>SHA-256 of the file as it is, 32 bytes: what a program is known by.</summary>
    public ByteString Sha256 { get; }

    /// <summary>The file's length in bytes.</summary>
    public int FileLength { get; }

    /// <summary>The AID of the package, or of the extended file: the load file's on the card.</summary>
    public Aid Package { get; }

    /// <summary>The version of the package, or of the extended file.</summary>
    public PackageVersion Version { get; }

    /// <summary>Whether it is an extended file, which cards may take or not (from Java Card 3.1 on).</summary>
    public bool IsExtended { get; }

    /// <summary>The packages that others may use: that of a compact file, the public ones of an extended file.</summary>
    public ValueList<CapPackage> Packages { get; }

    /// <summary>The version of the CAP format: 2.1 to 2.3.</summary>
    public PackageVersion Format { get; }

    /// <summary>The package's name, such as com/example/loyalty; null where the format has none, and for an extended file.</summary>
    internal string? Name => IsExtended ? null : Packages[0].Name;

    /// <summary>The AIDs of its applets, which are the module AIDs of INSTALL; none for a library.</summary>
    public ValueList<Aid> Applets { get; private init; }

    /// <summary>What it needs on the card.</summary>
    public ValueList<CapImport> Imports { get; private init; }

    /// <summary>The components that are loaded, in that order.</summary>
    public ValueList<CapComponent> Components { get; }

    /// <summary>The load file data block: the components one after the other, without tag and length (GPCS §C.2).</summary>
    public ByteString Block { get; }

    /// <summary>
    /// The hash of <see cref="Block"/>, as INSTALL [for load], tokens and DAP blocks have it (GPCS §C.2): 20 bytes of SHA-1, 32 of SHA-256;
    /// empty for none.
    /// </summary>
    [SuppressMessage("Security", "CA5350", Justification = "GPCS C.2 has SHA-1; the secure channel protects the block, not its hash.")]
    public ByteString HashOf(LoadFileHash hash) => hash switch
    {
        LoadFileHash.None => default,
        LoadFileHash.Sha1 => ByteString.Own(SHA1.HashData(Block.Span)),
        LoadFileHash.Sha256 => ByteString.Own(SHA256.HashData(Block.Span)),
    };

    /// <summary>Reads a CAP file.</summary>
    /// <param name="file">The file, at most <see cref="MaxFile"/> bytes.</param>
    /// <param name="cap">The program.</param>
    /// <param name="error">What is wrong, when the result is false; begins in lower case.</param>
    public static bool TryRead(ByteString file, [NotNullWhen(true)] out CapFile? cap, [NotNullWhen(false)] out string? error)
    {
        cap = null;
        error = file.Length > MaxFile ? $"it has {file.Length} bytes; {MaxFile} are the most" : null;
        if (error is not null || !CapArchive.TryRead(file, out var parts, out error)) return false;
        error = parts.TryGetValue(CapComponentTag.Header, out var bytes) ? null : "the component Header is missing";
        if (error is not null || !CapHeader.TryRead(bytes.Content, out var header, out error)) return false;
        error = Fault(header, parts, out var applets, out var imports);
        if (error is not null) return false;
        var read = new CapFile(file, header, parts) { Applets = applets, Imports = imports };
        error = read.Block.Length > MaxBlock ? $"what is loaded of it has {read.Block.Length} bytes; {MaxBlock} are the most" : null;
        if (error is null) cap = read;
        return error is null;
    }

    /// <summary>For people: package, version and length.</summary>
    public override string ToString() => $"{(IsExtended ? "extended file" : "package")} {Package} {Version}, {Block.Length} bytes";

    private static string? Fault(
        CapHeader header,
        IReadOnlyDictionary<CapComponentTag, CapPart> parts,
        out ValueList<Aid> applets,
        out ValueList<CapImport> imports)
    {
        (applets, imports) = (default, default);
        foreach (var tag in Enum.GetValues<CapComponentTag>())
            if (!parts.ContainsKey(tag) && !NeedNotBe.Contains(tag)) return $"the component {tag} is missing";
        if (header.HasApplets != parts.ContainsKey(CapComponentTag.Applet))
            return "Header and the component Applet do not say the same of applets";
        if (CapParts.FileFault(parts, header.IsExtended) is { } kind) return kind;
        if (CapParts.DirectoryFault(parts, header.IsExtended) is { } sizes) return sizes;
        if (!CapParts.TryReadImports(parts[CapComponentTag.Import].Content, out imports)) return "the component Import is malformed";
        if (!header.HasApplets) return null;
        if (!CapParts.TryReadApplets(parts[CapComponentTag.Applet].Content, header.IsExtended, out applets))
            return "the component Applet is malformed";
        foreach (var applet in applets)
        {
            // Java Card VM Specification §4.2: the applets of a package are of one provider.
            if (!applet.Value.Span[..Aid.MinLength].SequenceEqual(header.Package.Value.Span[..Aid.MinLength]))
                return $"applet {applet} has another registered provider (the first five bytes) than package {header.Package}";
        }
        return null;
    }
}
