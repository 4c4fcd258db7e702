using CardIssue.Core.Cards.Apdu;

namespace CardIssue.Reader.Serial.Card;

/// <summary>
/// Command APDUs as T=0 carries them (ISO 7816-3 12.2): a header of five bytes, then the data. Le of a command with data cannot be said; what the card then offers
/// (61xx), and a wrong Le (6Cxx), is settled by the layer above, by GET RESPONSE and by sending again. A command with more than 255 bytes of data goes whole, its own
/// lengths and all, as the data of ENVELOPE commands (12.2.7).
/// </summary>
internal static class T0Command
{
    /// <summary>The longest command of T=0 in bytes.</summary>
    public const int MaxLength = 5 + CommandApdu.MaxShortData;

    private const byte Envelope = 0xC2;

    /// <summary>How many T=0 commands carry the APDU: 1, or as many ENVELOPEs as it takes.</summary>
    public static int CountOf(CommandShape shape, int length) =>
        shape.DataLength <= CommandApdu.MaxShortData ? 1 : (length + CommandApdu.MaxShortData - 1) / CommandApdu.MaxShortData;

    /// <summary>Writes the T=0 command number <paramref name="index"/> for an APDU and returns its length.</summary>
    public static int Write(ReadOnlySpan<byte> command, CommandShape shape, int index, Span<byte> tpdu)
    {
        if (shape.DataLength > CommandApdu.MaxShortData) return WriteEnvelope(command, index, tpdu);
        command[..4].CopyTo(tpdu);
        // Case 1: P3 is 00. Case 2: P3 is Le, and all there is (00) when more than 256 is asked for. Cases 3 and 4: P3 is Lc.
        tpdu[4] = shape.DataLength > 0 ? (byte)shape.DataLength : shape.Le is > 0 and < CommandApdu.MaxShortLe ? (byte)shape.Le : (byte)0;
        command.Slice(shape.DataStart, shape.DataLength).CopyTo(tpdu[5..]);
        return 5 + shape.DataLength;
    }

    private static int WriteEnvelope(ReadOnlySpan<byte> command, int index, Span<byte> tpdu)
    {
        var part = command[(index * CommandApdu.MaxShortData)..];
        part = part[..Math.Min(part.Length, CommandApdu.MaxShortData)];
        // The class of the command's own logical channel, without secure messaging and chaining.
        var cla = (command[0] & 0x40) != 0 ? (byte)(0x40 | command[0] & 0x0F) : (byte)(command[0] & 0x03);
        (tpdu[0], tpdu[1], tpdu[2], tpdu[3], tpdu[4]) = (cla, Envelope, 0, 0, (byte)part.Length);
        part.CopyTo(tpdu[5..]);
        return 5 + part.Length;
    }
}
