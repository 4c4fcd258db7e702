using CardIssue.Reader.Serial.T1;

namespace CardIssue.Reader.Serial.Card;

/// <summary>What TA1 says (ISO 7816-3 tables 7 and 8), and the times that follow from it and from the protocol's parameters, in a GemPC Twin.</summary>
internal static class CardTiming
{
    /// <summary>The clock that a GemPC Twin gives to cards, in Hz (dwDefaultClock).</summary>
    public const int Clock = 4_000_000;

    /// <summary>The fastest that a GemPC Twin talks to cards, in bits per second (dwMaxDataRate).</summary>
    public const int MaxDataRate = 344_086;

    private const int DefaultFi = 372;
    private static readonly int[] Fi = [372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0];
    private static readonly int[] Di = [0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0];

    /// <summary>Bits per second with these parameters; null when one of them is reserved.</summary>
    public static int? DataRate(byte ta1) => Fi[ta1 >> 4] is > 0 and var f && Di[ta1 & 0x0F] is > 0 and var d ? (int)((long)Clock * d / f) : null;

    /// <summary>
    /// What to propose to a card that offers <paramref name="ta1"/>: the same Fi, and the greatest Di up to the card's (ISO 7816-3 9.2) that reader and card both can;
    /// <see cref="Atr.DefaultSpeed"/> when nothing faster than that is left.
    /// </summary>
    public static byte FastestBoth(byte ta1)
    {
        if (DataRate(ta1) is not { } offered) return Atr.DefaultSpeed;
        var best = Atr.DefaultSpeed;
        var bestRate = DataRate(Atr.DefaultSpeed)!.Value;
        for (var d = 1; d <= 9; d++)
        {
            var candidate = (byte)(ta1 & 0xF0 | d);
            if (DataRate(candidate) is not { } rate || rate > offered || rate > MaxDataRate || rate <= bestRate) continue;
            (best, bestRate) = (candidate, rate);
        }
        return best;
    }

    /// <summary>How long a T=0 card may be silent inside a command (ISO 7816-3 10.2): WI × 960 × Fi / f; and the longest command's own bytes at that speed.</summary>
    public static TimeSpan T0Wait(byte speed, byte waitingInteger, byte guardTime) =>
        Clocks((long)waitingInteger * 960 * F(speed)) + Characters(speed, 260 + 258, 12 + Guard(guardTime));

    /// <summary>How long a T=1 card may be silent before a block (ISO 7816-3 11.4.3): 11 etu + 2^BWI × 960 × 372 / f; and two blocks' own bytes at that speed.</summary>
    public static TimeSpan T1Wait(byte speed, T1Parameters parameters, byte guardTime) =>
        Clocks((1L << parameters.Bwi) * 960 * DefaultFi) + Characters(speed, 2 * 259 + 1, 11 + Guard(guardTime));

    private static int F(byte speed) => Fi[speed >> 4] is > 0 and var f ? f : DefaultFi;

    // N = 255 is the least there is, not the most (ISO 7816-3 8.3).
    private static int Guard(byte guardTime) => guardTime == 0xFF ? 0 : guardTime;

    private static TimeSpan Characters(byte speed, int count, int etus)
    {
        var d = Di[speed & 0x0F] is > 0 and var di ? di : 1;
        return Clocks((long)count * etus * F(speed) / d);
    }

    private static TimeSpan Clocks(long clocks) => TimeSpan.FromSeconds((double)clocks / Clock);
}
