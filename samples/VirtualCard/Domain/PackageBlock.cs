using System.Buffers.Binary;
using CardIssue.Core.Primitives;
using CardIssue.VirtualCard.Apdu;
using CardIssue.VirtualCard.State;

namespace CardIssue.VirtualCard.Domain;

/// <summary>
/// A load file data block that is a Java Card package (JCVM 3.0.5 chapter 6), as a card links it: components in load order, each of the size
/// that Directory says, every import met. It is registered, not run.
/// </summary>
internal sealed class PackageBlock
{
    private const byte Header = 1, Directory = 2, Applet = 3, Import = 4;
    private const uint Magic = 0xDECAFFED;
    private const byte ExtendedFlag = 0x08;

    /// <summary>JCVM table 6-4. Debug is for debuggers alone.</summary>
    private static readonly byte[] LoadOrder = [Header, Directory, Import, Applet, 6, 7, 8, 10, 5, 9, 13, 11];

    private static readonly byte[] Needed = [Header, Directory, Import, 6, 7, 8, 5, 9];

    private readonly Dictionary<byte, byte[]> _components = [];

    /// <summary>Whether a block begins as a package does; others are of no kind that the simulator looks into.</summary>
    public static bool IsPackage(ReadOnlySpan<byte> block) =>
        block.Length >= 7 && block[0] == Header && BinaryPrimitives.ReadUInt32BigEndian(block[3..]) == Magic;

    /// <summary>The registry's entry, or why there is none: 6A80 what is malformed, 6438 what needs a package that is not on the card.</summary>
    public static (LoadFile? File, ushort Refusal) Link(ReadOnlySpan<byte> block, ByteString aid, CardState card)
    {
        var package = new PackageBlock();
        if (!package.TakeComponents(block) || package.Describe(aid, block.Length) is not { } file) return (null, Sw.WrongData);
        return file.Imports.All(needed => IsThere(needed, card)) ? (file, Sw.Ok) : (null, Sw.ImportNotThere);
    }

    private static bool IsThere(CardPackage needed, CardState card) =>
        card.Platform.Any(package => package.DoesFor(needed))
        || card.LoadFiles.Exists(file => file.Version.Length == 2 && new CardPackage(file.Aid, file.Version[0], file.Version[1]).DoesFor(needed));

    private bool TakeComponents(ReadOnlySpan<byte> rest)
    {
        for (var place = 0; !rest.IsEmpty;)
        {
            if (rest.Length < 3) return false;
            var (tag, size) = (rest[0], BinaryPrimitives.ReadUInt16BigEndian(rest[1..]));
            var next = Array.IndexOf(LoadOrder, tag, place);
            if (next < 0 || rest.Length < 3 + size) return false;
            place = next + 1;
            _components.Add(tag, rest.Slice(3, size).ToArray());
            rest = rest[(3 + size)..];
        }
        return Needed.All(_components.ContainsKey) && SizesAreRight();
    }

    /// <summary>Directory's first ten sizes are those of the components that can be loaded, whatever the format.</summary>
    private bool SizesAreRight()
    {
        var sizes = _components[Directory];
        if (sizes.Length < 2 * 11) return false;
        for (byte tag = 1; tag <= 10; tag++)
        {
            var there = _components.TryGetValue(tag, out var part) ? part.Length : 0;
            if (BinaryPrimitives.ReadUInt16BigEndian(sizes.AsSpan(2 * (tag - 1))) != there) return false;
        }
        return true;
    }

    private LoadFile? Describe(ByteString aid, int length)
    {
        var header = _components[Header];
        if (header.Length < 10 || header.Length < 10 + header[9] || (header[6] & ExtendedFlag) != 0) return null;
        if (!header.AsSpan(10, header[9]).SequenceEqual(aid.Span)) return null;
        return TryReadImports(out var imports) && TryReadModules(aid, out var modules)
            ? new LoadFile(aid, ByteString.Own([header[8], header[7]]), modules, length, imports)
            : null;
    }

    private bool TryReadImports(out ValueList<CardPackage> imports)
    {
        imports = default;
        ReadOnlySpan<byte> rest = _components[Import];
        if (rest.IsEmpty) return false;
        var count = rest[0];
        rest = rest[1..];
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < 3 || rest.Length < 3 + rest[2]) return false;
            imports = imports.Add(new CardPackage(ByteString.Copy(rest.Slice(3, rest[2])), rest[1], rest[0]));
            rest = rest[(3 + rest[2])..];
        }
        return rest.IsEmpty;
    }

    /// <summary>Applets are of the package's provider (JCVM 4.2).</summary>
    private bool TryReadModules(ByteString aid, out ValueList<ByteString> modules)
    {
        modules = default;
        if (!_components.TryGetValue(Applet, out var applets)) return true;
        ReadOnlySpan<byte> rest = applets;
        if (rest.IsEmpty) return false;
        var count = rest[0];
        rest = rest[1..];
        for (var i = 0; i < count; i++)
        {
            if (rest.IsEmpty || rest[0] is < 5 or > 16 || rest.Length < 3 + rest[0]) return false;
            if (!rest.Slice(1, 5).SequenceEqual(aid.Span[..5])) return false;
            modules = modules.Add(ByteString.Copy(rest.Slice(1, rest[0])));
            rest = rest[(3 + rest[0])..];
        }
        return rest.IsEmpty;
    }
}
