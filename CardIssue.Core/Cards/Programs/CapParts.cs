using System.Buffers.Binary;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Programs;

/// <summary>The components that say what a program is and needs; each with its tag and size.</summary>
internal static class CapParts
{
    private const int Content = 3, OldestSizes = 11;

    /// <summary>
    /// Directory repeats the components' sizes (Java Card VM Specification §6.4): eleven of them in every format. Not those of Descriptor
    /// and Debug, which tools take away.
    /// </summary>
    public static string? DirectoryFault(IReadOnlyDictionary<CapComponentTag, ByteString> parts)
    {
        var sizes = parts[CapComponentTag.Directory].Span[Content..];
        if (sizes.Length < 2 * OldestSizes) return "the component Directory is too short";
        for (var tag = CapComponentTag.Header; tag <= CapComponentTag.Export; tag++)
        {
            int said = BinaryPrimitives.ReadUInt16BigEndian(sizes[(2 * ((int)tag - 1))..]);
            var there = parts.TryGetValue(tag, out var part) ? part.Length - Content : 0;
            if (said != there) return $"Directory says that {tag} has {said} bytes; {there} are there";
        }
        return null;
    }

    /// <summary>§6.6: count, and for each the version, minor first, and the AID.</summary>
    public static bool TryReadImports(ByteString component, out ValueList<CapImport> imports)
    {
        imports = default;
        var rest = component.Span[Content..];
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

    /// <summary>§6.5: count, and for each the AID and where its install method is.</summary>
    public static bool TryReadApplets(ByteString component, out ValueList<Aid> applets)
    {
        applets = default;
        var rest = component.Span[Content..];
        if (rest.IsEmpty || rest[0] == 0) return false;
        var list = new List<Aid>(rest[0]);
        var count = rest[0];
        rest = rest[1..];
        for (var i = 0; i < count; i++)
        {
            if (!TryTakeAid(ref rest, out var applet) || rest.Length < 2 || list.Contains(applet)) return false;
            rest = rest[2..];
            list.Add(applet);
        }
        applets = [.. list];
        return rest.IsEmpty;
    }

    private static bool TryTakeAid(ref ReadOnlySpan<byte> rest, out Aid aid)
    {
        aid = default;
        if (rest.IsEmpty || rest.Length < 1 + rest[0] || !Aid.IsAid(rest.Slice(1, rest[0]))) return false;
        aid = new Aid(ByteString.Copy(rest.Slice(1, rest[0])));
        rest = rest[(1 + rest[0])..];
        return true;
    }
}
