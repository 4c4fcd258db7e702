using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Apdu;

/// <summary>A command APDU (ISO 7816-4 5.1): all four cases, short and extended. One that exists can be coded.</summary>
/// <remarks>It holds its data as a <see cref="ByteString"/>, which is never zeroed: what must not stay in memory is wrapped as spans
/// (<see cref="SecureChannel.ISecureChannelSession.Wrap(ReadOnlySpan{byte}, Span{byte})"/>).</remarks>
public readonly record struct CommandApdu
{
    /// <summary>The most data that a short command carries, in bytes.</summary>
    public const int MaxShortData = 255;

    /// <summary>The most data that an extended command carries, in bytes.</summary>
    public const int MaxData = 65_535;

    /// <summary>Le of a short command that asks for all there is (coded 00).</summary>
    public const int MaxShortLe = 256;

    /// <summary>Le of an extended command that asks for all there is (coded 0000).</summary>
    public const int MaxLe = 65_536;

    /// <summary>The longest command in bytes: header 4, extended Lc 3, data, extended Le 2.</summary>
    public const int MaxLength = 4 + 3 + MaxData + 2;

    private readonly bool _forcedExtended;

    /// <summary>Makes a command.</summary>
    /// <param name="cla">Class byte.</param>
    /// <param name="ins">Instruction byte.</param>
    /// <param name="p1">First parameter.</param>
    /// <param name="p2">Second parameter.</param>
    /// <param name="data">0 to 65,535 bytes; none means that Lc is absent.</param>
    /// <param name="le">How many bytes are expected, 1 to 65,536; null means that Le is absent.</param>
    /// <param name="extended">Codes the lengths in their extended form even where the short one would do.</param>
    /// <exception cref="ArgumentOutOfRangeException">The data or Le is outside its range.</exception>
    internal CommandApdu(byte cla, byte ins, byte p1, byte p2, ByteString data = default, int? le = null, bool extended = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, MaxData, nameof(data));
        if (le is < 1 or > MaxLe) throw new ArgumentOutOfRangeException(nameof(le), le, $"Le is 1 to {MaxLe}, or absent.");
        (Cla, Ins, P1, P2, Data, Le) = (cla, ins, p1, p2, data, le);
        _forcedExtended = extended && !(data.IsEmpty && le is null);
    }

    /// <summary>Class byte.</summary>
    public byte Cla { get; }

    /// <summary>Instruction byte.</summary>
    public byte Ins { get; }

    /// <summary>First parameter.</summary>
    public byte P1 { get; }

    /// <summary>Second parameter.</summary>
    public byte P2 { get; }

    /// <summary>0 to 65,535 bytes.</summary>
    public ByteString Data { get; }

    /// <summary>How many bytes are expected, 1 to 65,536; null when Le is absent.</summary>
    public int? Le { get; }

    /// <summary>Whether the lengths are coded in their extended form.</summary>
    public bool IsExtended => _forcedExtended || Data.Length > MaxShortData || Le > MaxShortLe;

    /// <summary>Length of the coded command in bytes.</summary>
    public int EncodedLength =>
        4 + (Data.IsEmpty ? 0 : IsExtended ? 3 + Data.Length : 1 + Data.Length)
          + (Le is null ? 0 : !IsExtended ? 1 : Data.IsEmpty ? 3 : 2);

    /// <summary>The command as it stands on the wire.</summary>
    internal ByteString ToBytes()
    {
        var bytes = new byte[EncodedLength];
        bytes[0] = Cla;
        bytes[1] = Ins;
        bytes[2] = P1;
        bytes[3] = P2;
        var at = 4;
        if (!Data.IsEmpty)
        {
            at = WriteLc(bytes, at);
            Data.Span.CopyTo(bytes.AsSpan(at));
            at += Data.Length;
        }
        if (Le is { } le) WriteLe(bytes.AsSpan(at), le);
        return ByteString.Own(bytes);
    }

    private int WriteLc(byte[] bytes, int at)
    {
        if (!IsExtended)
        {
            bytes[at] = (byte)Data.Length;
            return at + 1;
        }
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at + 1), (ushort)Data.Length);
        return at + 3;
    }

    // The greatest Le is coded as zeros, which is what the casts leave. Without Lc, an extended Le starts with a 00 of its own.
    private void WriteLe(Span<byte> rest, int le)
    {
        if (IsExtended) BinaryPrimitives.WriteUInt16BigEndian(rest[^2..], (ushort)le);
        else rest[0] = (byte)le;
    }

    /// <summary>Parses a command. Only its structure is checked: whether a class or instruction means anything, the card says.</summary>
    /// <param name="bytes">The command, nothing before and nothing after it.</param>
    /// <param name="command">The command.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out CommandApdu command, [NotNullWhen(false)] out string? error)
    {
        command = default;
        if (!CommandShape.TryRead(bytes, out var shape, out error)) return false;
        var data = ByteString.Copy(bytes.Slice(shape.DataStart, shape.DataLength));
        command = new CommandApdu(bytes[0], bytes[1], bytes[2], bytes[3], data, shape.Le, shape.Extended);
        return true;
    }

    /// <summary>Parses a command.</summary>
    /// <exception cref="FormatException">The lengths do not fit any case of ISO 7816-4 5.1.</exception>
    public static CommandApdu Parse(ReadOnlySpan<byte> bytes) =>
        TryParse(bytes, out var command, out var error) ? command : throw new FormatException(error);

    /// <summary>The header and the lengths; never the data.</summary>
    public override string ToString() =>
        $"{Cla:X2} {Ins:X2} {P1:X2} {P2:X2}, {Data.Length} bytes, {(Le is { } le ? $"Le {le}" : "no Le")}";
}
