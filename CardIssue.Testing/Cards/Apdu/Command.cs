namespace CardIssue.Testing.Cards.Apdu;

/// <summary>A command APDU (ISO 7816-4 5.1) as the card understands it.</summary>
/// <param name="Expected">Ne: the most response bytes wanted; null when there was no Le field.</param>
/// <param name="IsExtended">Whether the length fields were extended ones.</param>
internal sealed record Command(byte Cla, byte Ins, byte P1, byte P2, byte[] Data, int? Expected, bool IsExtended)
{
    /// <summary>Bit 3 of the class: GlobalPlatform secure messaging (GPCS 11.1.4).</summary>
    public bool IsSecured => (Cla & 0x04) != 0;

    public ushort P1P2 => (ushort)(P1 << 8 | P2);

    /// <summary>Parses; null when the lengths contradict each other.</summary>
    public static Command? TryParse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4) return null;
        var body = bytes[4..];
        if (body.IsEmpty) return Make(bytes, [], null, false);
        if (body.Length == 1) return Make(bytes, [], body[0] == 0 ? 256 : body[0], false);
        if (body[0] != 0) return ParseBody(bytes, body[0], body[1..], 1, false);
        if (body.Length < 3) return null;
        var length = body[1] << 8 | body[2];
        if (body.Length == 3) return Make(bytes, [], length == 0 ? 65_536 : length, true);
        return length == 0 ? null : ParseBody(bytes, length, body[3..], 2, true);
    }

    private static Command? ParseBody(ReadOnlySpan<byte> header, int length, ReadOnlySpan<byte> rest, int leSize, bool extended)
    {
        if (rest.Length == length) return Make(header, rest, null, extended);
        if (rest.Length != length + leSize) return null;
        var le = leSize == 1 ? rest[^1] : rest[^2] << 8 | rest[^1];
        return Make(header, rest[..length], le != 0 ? le : extended ? 65_536 : 256, extended);
    }

    private static Command Make(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data, int? expected, bool extended) =>
        new(header[0], header[1], header[2], header[3], data.ToArray(), expected, extended);

    /// <summary>The header and the length, never the data.</summary>
    public override string ToString() => $"{Cla:X2}{Ins:X2}{P1:X2}{P2:X2}, {Data.Length} bytes";
}
