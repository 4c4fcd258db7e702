using System.Buffers.Binary;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Programs;

/// <summary>The components that say what a program is and needs.</summary>
internal static class CapParts
{
    /// <summary>
    /// Those with four bytes of size in an extended file (Java Card VM Specification 3.1 §6.2.1); a static resource has them in every one.
    /// </summary>
    private static readonly CapComponentTag[] LongWhereExtended =
        [CapComponentTag.Method, CapComponentTag.ReferenceLocation, CapComponentTag.Descriptor, CapComponentTag.Debug];

    /// <summary>Whether each component is in the kind of file that the format has for it.</summary>
    public static string? FileFault(IReadOnlyDictionary<CapComponentTag, CapPart> parts, bool isExtended)
    {
        foreach (var (tag, part) in parts)
        {
            var isLong = tag is CapComponentTag.StaticResources || isExtended && LongWhereExtended.Contains(tag);
            if (part.IsLong != isLong)
                return $"the component {tag} is in a .{(part.IsLong ? "capx" : "cap")} file; "
                    + $"{(isExtended ? "an extended" : "a compact")} CAP file has it in a .{(isLong ? "capx" : "cap")} file";
        }
        return null;
    }

    /// <summary>
    /// Directory repeats the components' sizes (Java Card VM Specification 3.1 §6.5), in the order of their tags, in as many bytes as the
    /// components have themselves. Not those of Descriptor and Debug, which tools take away.
    /// </summary>
    public static string? DirectoryFault(IReadOnlyDictionary<CapComponentTag, CapPart> parts, bool isExtended)
    {
        var rest = parts[CapComponentTag.Directory].Content;
        for (var tag = CapComponentTag.Header; tag <= CapComponentTag.Descriptor; tag++)
        {
            var isLong = isExtended && LongWhereExtended.Contains(tag);
            if (rest.Length < (isLong ? sizeof(uint) : sizeof(ushort))) return "the component Directory is too short";
            var said = isLong ? BinaryPrimitives.ReadUInt32BigEndian(rest) : BinaryPrimitives.ReadUInt16BigEndian(rest);
            rest = rest[(isLong ? sizeof(uint) : sizeof(ushort))..];
            var there = parts.TryGetValue(tag, out var part) ? part.Content.Length : 0;
            if (tag is not CapComponentTag.Descriptor && said != there)
                return $"Directory says that {tag} has {said} bytes; {there} are there";
        }
        return null;
    }

    /// <summary>§6.7: count, and for each the version, minor first, and the AID.</summary>
    public static bool TryReadImports(ReadOnlySpan<byte> rest, out ValueList<CapImport> imports)
    {
        imports = default;
        if (rest.IsEmpty) return false;
        var list = new List<CapImport>(rest[0]);
        var count = rest[0];
        rest = rest[1..];
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < 3) return false;
            var version = new PackageVersion(rest[1], rest[0]);
            rest = rest[2..];
            if (!TryTakeAid(ref rest, out var package)) return false;
            list.Add(new CapImport(package, version));
        }
        imports = [.. list];
        return rest.IsEmpty;
    }

    /// <summary>
    /// §6.6: count, and for each the AID and where its install method is: an offset, in an extended file behind a block's number.
    /// </summary>
    public static bool TryReadApplets(ReadOnlySpan<byte> rest, bool isExtended, out ValueList<Aid> applets)
    {
        applets = default;
        var place = isExtended ? 1 + sizeof(ushort) : sizeof(ushort);
        if (rest.IsEmpty || rest[0] == 0) return false;
        var list = new List<Aid>(rest[0]);
        var count = rest[0];
        rest = rest[1..];
        for (var i = 0; i < count; i++)
        {
            if (!TryTakeAid(ref rest, out var applet) || rest.Length < place || list.Contains(applet)) return false;
            rest = rest[place..];
            list.Add(applet);
        }
        applets = [.. list];
        return rest.IsEmpty;
    }

    /// <summary>A length and an AID.</summary>
    public static bool TryTakeAid(ref ReadOnlySpan<byte> rest, out Aid aid)
    {
        aid = default;
        if (rest.IsEmpty || rest.Length < 1 + rest[0] || !Aid.IsAid(rest.Slice(1, rest[0]))) return false;
        aid = new Aid(ByteString.Copy(rest.Slice(1, rest[0])));
        rest = rest[(1 + rest[0])..];
        return true;
    }
}
