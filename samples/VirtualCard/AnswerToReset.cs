using CardIssue.VirtualCard.State;

namespace CardIssue.VirtualCard;

/// <summary>The answers to reset (ISO 7816-3 8.2). Historical bytes: card capabilities C8 21 00, selection by full and partial name, no extra channels.</summary>
public static class AnswerToReset
{
    /// <summary>The T=1 card's IFSC, in bytes (TA3).</summary>
    public const byte InformationFieldSize = 0xFE;

    /// <summary>The speed that the T=1 card offers (TA1): F=372, D=12.</summary>
    public const byte Speed = 0x18;

    /// <summary>The speed of a card that offers none (ISO 7816-3 8.1): F=372, D=1.</summary>
    public const byte DefaultSpeed = 0x11;

    private static readonly byte[] Historical = [0x80, 0x73, 0xC8, 0x21, 0x00];

    public static byte[] Of(CardProtocol protocol) => protocol switch
    {
        // T=0 alone: no TCK.
        CardProtocol.T0 => [0x3B, 0x65, 0x00, 0xFF, .. Historical],
        CardProtocol.T1 => WithCheck([0x3B, 0xD5, Speed, 0xFF, 0x81, 0x91, InformationFieldSize, 0x1F, 0xC3, .. Historical]),
    };

    private static byte[] WithCheck(byte[] atr)
    {
        byte check = 0;
        foreach (var b in atr.AsSpan(1)) check ^= b;
        return [.. atr, check];
    }
}
