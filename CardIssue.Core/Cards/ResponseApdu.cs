using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards;

/// <summary>A response APDU (ISO 7816-4 5.1): data and a status word of two bytes.</summary>
/// <param name="Data">0 to 65,536 bytes.</param>
/// <param name="StatusWord">SW1 in the high byte, SW2 in the low byte.</param>
public readonly record struct ResponseApdu(ByteString Data, ushort StatusWord)
{
    /// <summary>The longest response in bytes: 65,536 of data and two of status word.</summary>
    public const int MaxLength = 65_536 + 2;

    /// <summary>Whether the status word is 9000.</summary>
    public bool IsOk => StatusWord == 0x9000;

    /// <summary>Splits received bytes into data and status word.</summary>
    /// <exception cref="CardException">Fewer than two bytes or more than <see cref="MaxLength"/>.</exception>
    public static ResponseApdu Parse(ReadOnlySpan<byte> bytes) => bytes.Length is < 2 or > MaxLength
        ? throw new CardException(CardFault.Protocol, $"A response APDU has 2 to {MaxLength} bytes; {bytes.Length} came.")
        : new ResponseApdu(ByteString.Copy(bytes[..^2]), (ushort)(bytes[^2] << 8 | bytes[^1]));

    /// <summary>The response as it stands on the wire (ISO 7816-4 5.1): the data, then the two bytes of the status word.</summary>
    public ByteString ToBytes() => ByteString.Concat(Data, ByteString.Own([(byte)(StatusWord >> 8), (byte)StatusWord]));

    /// <summary>Length of the data and the status word; never the data.</summary>
    public override string ToString() => $"{Data.Length} bytes, {StatusWord:X4}";
}
