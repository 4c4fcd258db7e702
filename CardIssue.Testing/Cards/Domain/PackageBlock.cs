using System.Buffers.Binary;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>
/// A load file data block that is a Java Card package, or an extended file with several (JCVM 3.1 chapter 6), as a card links it: components in
/// load order, each of the size that Directory says, every import met. It is registered, not run.
/// </summary>
internal sealed class PackageBlock
{
    private const byte Header = 1, Directory = 2, Applet = 3, Import = 4, Method = 7, ReferenceLocation = 9, Descriptor = 11, StaticResources = 13;
    private const uint Magic = 0xDECAFFED;
    private const byte ExtendedFlag = 0x08;

    /// <summary>JCVM table 6-4. Debug is for debuggers alone.</summary>
    private static readonly byte[] LoadOrder = [Header, Directory, Import, Applet, 6, 7, 8, 10, 5, 9, 13, 11];

    private static readonly byte[] Needed = [Header, Directory, Import, 6, 7, 8, 5, 9];

    private readonly Dictionary<byte, byte[]> _components = [];
    private bool _isExtended;

    /// <summary>Whether a block begins as a package does; others are of no kind that the simulator looks into.</summary>
    public static bool IsPackage(ReadOnlySpan<byte> block) =>
        block.Length >= 7 && block[0] == Header && BinaryPrimitives.ReadUInt32BigEndian(block[3..]) == Magic;

    /// <summary>The registry's entry, or why there is none: 6A80 what is malformed, 6438 what needs a package that is not on the card.</summary>
    public static (LoadFile? File, ushort Refusal) Link(ReadOnlySpan<byte> block, ByteString aid, CardState card)
    {
        var package = new PackageBlock();
        // Flags stand behind tag, size, magic and format (table 6-3).
        package._isExtended = block.Length > 9 && (block[9] & ExtendedFlag) != 0;
        if (package._isExtended && !card.TakesExtendedFiles) return (null, Sw.WrongData);
        if (!package.TakeComponents(block) || package.Describe(aid, block.Length) is not { } file) return (null, Sw.WrongData);
        return file.Imports.All(needed => IsThere(needed, card)) ? (file, Sw.Ok) : (null, Sw.ImportNotThere);
    }

    private static bool IsThere(CardPackage needed, CardState card) =>
        card.Platform.Any(package => package.DoesFor(needed))
        || card.LoadFiles.Exists(file => file.Provides.Any(package => package.DoesFor(needed)));

    /// <summary>Four bytes of size instead of two: of these components in an extended file, of static resources in every one (6.2.1).</summary>
    private bool IsLong(byte tag) => tag == StaticResources || _isExtended && tag is Method or ReferenceLocation or Descriptor;

    private bool TakeComponents(ReadOnlySpan<byte> rest)
    {
        for (var place = 0; !rest.IsEmpty;)
        {
            var tag = rest[0];
            var head = IsLong(tag) ? 5 : 3;
            var next = Array.IndexOf(LoadOrder, tag, place);
            if (next < 0 || rest.Length < head || rest.Length - head < Number(rest[1..head])) return false;
            place = next + 1;
            var size = (int)Number(rest[1..head]);
            _components.Add(tag, rest.Slice(head, size).ToArray());
            rest = rest[(head + size)..];
        }
        return Needed.All(_components.ContainsKey) && SizesAreRight();
    }

    private static long Number(ReadOnlySpan<byte> bytes)
    {
        long number = 0;
        foreach (var b in bytes) number = number << 8 | b;
        return number;
    }

    /// <summary>Directory's first ten sizes are those of the components that can be loaded, in the order of their tags (6.5).</summary>
    private bool SizesAreRight()
    {
        ReadOnlySpan<byte> sizes = _components[Directory];
        for (byte tag = 1; tag <= 10; tag++)
        {
            var length = IsLong(tag) ? 4 : 2;
            if (sizes.Length < length) return false;
            var there = _components.TryGetValue(tag, out var part) ? part.Length : 0;
            if (Number(sizes[..length]) != there) return false;
            sizes = sizes[length..];
        }
        return true;
    }

    private LoadFile? Describe(ByteString aid, int length)
    {
        var header = _components[Header];
        if (header.Length < 10 || header.Length < 10 + header[9]) return null;
        if (!header.AsSpan(10, header[9]).SequenceEqual(aid.Span)) return null;
        ValueList<CardPackage> packages = default;
        if (_isExtended && !TryReadPackages(header.AsSpan(10 + header[9]), out packages)) return null;
        return TryReadImports(out var imports) && TryReadModules(aid, out var modules)
            ? new LoadFile(aid, ByteString.Own([header[8], header[7]]), modules, length, imports, packages)
            : null;
    }

    /// <summary>A count, so many packages, and as many names (6.4).</summary>
    private static bool TryReadPackages(ReadOnlySpan<byte> rest, out ValueList<CardPackage> packages)
    {
        packages = default;
        if (rest.IsEmpty || rest[0] == 0) return false;
        var count = rest[0];
        if (!TryTakePackages(rest[1..], count, out packages, out rest)) return false;
        for (var i = 0; i < count; i++)
        {
            if (rest.IsEmpty || rest.Length < 1 + rest[0]) return false;
            rest = rest[(1 + rest[0])..];
        }
        return rest.IsEmpty;
    }

    private static bool TryTakePackages(
        ReadOnlySpan<byte> bytes, int count, out ValueList<CardPackage> packages, out ReadOnlySpan<byte> rest)
    {
        packages = default;
        rest = bytes;
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < 3 || rest.Length < 3 + rest[2]) return false;
            packages = packages.Add(new CardPackage(ByteString.Copy(rest.Slice(3, rest[2])), rest[1], rest[0]));
            rest = rest[(3 + rest[2])..];
        }
        return true;
    }

    private bool TryReadImports(out ValueList<CardPackage> imports)
    {
        imports = default;
        ReadOnlySpan<byte> rest = _components[Import];
        return !rest.IsEmpty && TryTakePackages(rest[1..], rest[0], out imports, out rest) && rest.IsEmpty;
    }

    /// <summary>Applets are of the package's provider (JCVM 4.2).</summary>
    private bool TryReadModules(ByteString aid, out ValueList<ByteString> modules)
    {
        modules = default;
        // Where the install method is: an offset, in an extended file behind a block's number.
        var place = _isExtended ? 3 : 2;
        if (!_components.TryGetValue(Applet, out var applets)) return true;
        ReadOnlySpan<byte> rest = applets;
        if (rest.IsEmpty) return false;
        var count = rest[0];
        rest = rest[1..];
        for (var i = 0; i < count; i++)
        {
            if (rest.IsEmpty || rest[0] is < 5 or > 16 || rest.Length < 1 + rest[0] + place) return false;
            if (!rest.Slice(1, 5).SequenceEqual(aid.Span[..5])) return false;
            modules = modules.Add(ByteString.Copy(rest.Slice(1, rest[0])));
            rest = rest[(1 + rest[0] + place)..];
        }
        return rest.IsEmpty;
    }
}
