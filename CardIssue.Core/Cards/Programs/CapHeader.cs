using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Programs;

/// <summary>The Header component (Java Card VM Specification 3.0.5 §6.3).</summary>
internal sealed record CapHeader(PackageVersion Format, Aid Package, PackageVersion Version, bool HasApplets, string? Name)
{
    private const uint Magic = 0xDECAFFED;
    private const byte HasAppletsFlag = 0x04, ExtendedFlag = 0x08;
    private const int AidAt = 13, MaxName = 255;

    private static readonly PackageVersion Oldest = new(2, 1), Newest = new(2, 3);

    /// <summary>Reads the component, tag and size included.</summary>
    public static bool TryRead(ByteString component, [NotNullWhen(true)] out CapHeader? header, [NotNullWhen(false)] out string? error)
    {
        header = null;
        var bytes = component.Span;
        error = bytes.Length < AidAt || BinaryPrimitives.ReadUInt32BigEndian(bytes[3..]) != Magic
            ? "its Header does not say DECAFFED: it is no CAP file"
            : null;
        if (error is not null) return false;
        var format = new PackageVersion(bytes[8], bytes[7]);
        var flags = bytes[9];
        int length = bytes[12];
        error = (flags & ExtendedFlag) != 0 ? "it is an extended CAP file (Java Card 3.1), which is not read: convert the package as a compact one"
            : format.Major != Oldest.Major || format.Minor < Oldest.Minor || format.Minor > Newest.Minor
                ? $"its format is {format}; {Oldest} to {Newest} are read"
            : bytes.Length < AidAt + length || !Aid.IsAid(bytes.Slice(AidAt, length)) ? "its Header names no package"
            : null;
        if (error is not null) return false;
        var package = new Aid(ByteString.Copy(bytes.Slice(AidAt, length)));
        var version = new PackageVersion(bytes[11], bytes[10]);
        header = new CapHeader(format, package, version, (flags & HasAppletsFlag) != 0, NameOf(bytes[(AidAt + length)..]));
        return true;
    }

    /// <summary>From format 2.2 on; a name is for people, and what is none is left out.</summary>
    private static string? NameOf(ReadOnlySpan<byte> rest) =>
        rest.Length > 1 && rest[0] is > 0 and <= MaxName && rest.Length == 1 + rest[0]
            && !rest[1..].ContainsAnyExceptInRange((byte)' ', (byte)'~')
            ? Encoding.ASCII.GetString(rest[1..])
            : null;
}
