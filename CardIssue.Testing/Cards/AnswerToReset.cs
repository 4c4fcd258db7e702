using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards;

/// <summary>
/// The answers to reset (ISO 7816-3 8.2), such as EMV terminals accept (EMV Book 1, 8.3). Historical bytes: card capabilities C8 21 00,
/// selection by full and partial name, no extra channels.
/// </summary>
internal static class AnswerToReset
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
        // TB1 00, which EMV wants to see: no programming voltage. TC1 FF: the least guard time. T=0 alone has no TCK.
        CardProtocol.T0 => [0x3B, 0x65, 0x00, 0xFF, .. Historical],
        // Before TB1 the speed, which an EMV terminal leaves alone, for there is no TA2. TB3, which EMV wants to see: BWI 4, CWI 5.
        CardProtocol.T1 => WithCheck([0x3B, 0xF5, Speed, 0x00, 0xFF, 0x81, 0x31, InformationFieldSize, 0x45, .. Historical]),
    };

    private static byte[] WithCheck(byte[] atr)
    {
        byte check = 0;
        foreach (var b in atr.AsSpan(1)) check ^= b;
        return [.. atr, check];
    }
}
