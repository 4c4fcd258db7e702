using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Programs;

/// <summary>
/// The Header component (Java Card VM Specification 3.1 §6.4). A compact file has one package and its name; an extended one an AID and a
/// version of its own, a count, and so many packages and names.
/// </summary>
/// <param name="Format">The version of the format.</param>
/// <param name="Package">The AID of the package, or of the extended file.</param>
/// <param name="Version">Its version.</param>
/// <param name="HasApplets">Whether there is an Applet component.</param>
/// <param name="Packages">Those of an extended file; the one of a compact file.</param>
/// <param name="IsExtended">Whether it is an extended file.</param>
internal sealed record CapHeader(
    PackageVersion Format, Aid Package, PackageVersion Version, bool HasApplets, ValueList<CapPackage> Packages, bool IsExtended)
{
    private const uint Magic = 0xDECAFFED;
    private const byte HasAppletsFlag = 0x04, ExtendedFlag = 0x08;
    private const int PackageAt = 7, MagicLength = 4;

    private static readonly PackageVersion Oldest = new(2, 1), Newest = new(2, 3);

    /// <summary>Reads the component's content.</summary>
    public static bool TryRead(ReadOnlySpan<byte> content, [NotNullWhen(true)] out CapHeader? header, [NotNullWhen(false)] out string? error)
    {
        header = null;
        error = content.Length < PackageAt || BinaryPrimitives.ReadUInt32BigEndian(content) != Magic
            ? "its Header does not say DECAFFED: it is no CAP file"
            : null;
        if (error is not null) return false;
        var format = new PackageVersion(content[MagicLength + 1], content[MagicLength]);
        var flags = content[MagicLength + 2];
        var isExtended = (flags & ExtendedFlag) != 0;
        var rest = content[PackageAt..];
        error = format.Major != Oldest.Major || format.Minor < Oldest.Minor || format.Minor > Newest.Minor
            ? $"its format is {format}; {Oldest} to {Newest} are read"
            : isExtended && format.Minor < Newest.Minor ? $"its Header says that it is extended, which format {format} has not"
            : null;
        if (error is not null) return false;
        ValueList<CapPackage> packages = default;
        var isRead = TryTakePackage(ref rest, out var package)
            && (isExtended ? TryTakePackages(rest, out packages) : TryTakeName(rest, package, out packages));
        error = isRead ? null : isExtended ? "its Header does not name its packages" : "its Header names no package";
        if (error is null)
            header = new CapHeader(format, package.Package, package.Version, (flags & HasAppletsFlag) != 0, packages, isExtended);
        return error is null;
    }

    /// <summary>A version, minor first, and an AID.</summary>
    private static bool TryTakePackage(ref ReadOnlySpan<byte> rest, out CapPackage package)
    {
        package = default;
        if (rest.Length < 2) return false;
        var version = new PackageVersion(rest[1], rest[0]);
        var after = rest[2..];
        if (!CapParts.TryTakeAid(ref after, out var aid)) return false;
        package = new CapPackage(aid, version, null);
        rest = after;
        return true;
    }

    /// <summary>One package or more, and as many names, each of which may be empty.</summary>
    private static bool TryTakePackages(ReadOnlySpan<byte> rest, out ValueList<CapPackage> packages)
    {
        packages = default;
        if (rest.IsEmpty || rest[0] == 0) return false;
        var list = new CapPackage[rest[0]];
        rest = rest[1..];
        for (var i = 0; i < list.Length; i++)
            if (!TryTakePackage(ref rest, out list[i])) return false;
        for (var i = 0; i < list.Length; i++)
        {
            if (rest.IsEmpty || rest.Length < 1 + rest[0]) return false;
            list[i] = list[i] with { Name = NameOf(rest[..(1 + rest[0])]) };
            rest = rest[(1 + rest[0])..];
        }
        packages = [.. list];
        return rest.IsEmpty;
    }

    /// <summary>From format 2.2 on; a compact file's name is for people, and one that is none is left out.</summary>
    private static bool TryTakeName(ReadOnlySpan<byte> rest, CapPackage package, out ValueList<CapPackage> packages)
    {
        packages = [package with { Name = rest.Length > 1 && rest.Length == 1 + rest[0] ? NameOf(rest) : null }];
        return true;
    }

    private static string? NameOf(ReadOnlySpan<byte> name) =>
        name[0] > 0 && !name[1..].ContainsAnyExceptInRange((byte)' ', (byte)'~') ? Encoding.ASCII.GetString(name[1..]) : null;
}
