using CardIssue.VirtualCard.State;

namespace CardIssue.VirtualCard;

/// <summary>The answers to reset (ISO 7816-3 8.2). Historical bytes: card capabilities C8 21 00, selection by full and partial name, no extra channels.</summary>
public static class AnswerToReset
{
    private static readonly byte[] Historical = [0x80, 0x73, 0xC8, 0x21, 0x00];

    public static byte[] Of(CardProtocol protocol) => protocol switch
    {
        // T=0 alone: no TCK.
        CardProtocol.T0 => [0x3B, 0x65, 0x00, 0xFF, .. Historical],
        CardProtocol.T1 => WithCheck([0x3B, 0xD5, 0x18, 0xFF, 0x81, 0x91, 0xFE, 0x1F, 0xC3, .. Historical]),
    };

    private static byte[] WithCheck(byte[] atr)
    {
        byte check = 0;
        foreach (var b in atr.AsSpan(1)) check ^= b;
        return [.. atr, check];
    }
}
