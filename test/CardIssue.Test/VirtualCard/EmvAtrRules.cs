namespace CardIssue.Test.VirtualCard;

/// <summary>
/// What an EMV terminal makes of the answer to a cold reset (EMV 4.3 Book 1, 8.3.1 to 8.3.4): written after the book alone, for it judges what
/// the virtual card says. A terminal here has no technique of its own: what the book lets it reject, it rejects.
/// </summary>
internal static class EmvAtrRules
{
    private const int MaxLength = 33;

    /// <summary>Null when the terminal accepts; otherwise the character that it rejects the card for, and why.</summary>
    public static string? Reject(byte[] atr)
    {
        if (atr.Length is < 2 or > MaxLength) return $"{atr.Length} characters";
        if (atr[0] is not (0x3B or 0x3F)) return $"TS {atr[0]:X2}";
        if (Read(atr) is not { } c) return "T0 or TD announce characters that are not there";
        return RejectGlobal(c) ?? (c.Td1 is { } td1 && (td1 & 0x0F) == 1 ? RejectT1(c) : null) ?? RejectEnd(atr, c);
    }

    private static string? RejectGlobal(Characters c)
    {
        // 8.3.3.1: without TA2 a TA1 is taken and left unused; with it, it must be what the terminal can do at once.
        if (c is { Ta1: < 0x11 or > 0x13, Ta2: not null }) return $"TA1 {c.Ta1:X2} in specific mode";
        // 8.3.3.2: to a cold reset only 00.
        if (c.Tb1 is not 0x00) return $"TB1 {Shown(c.Tb1)}";
        // 8.3.3.4
        if (c.Td1 is { } td1 && (td1 & 0x0F) > 1) return $"TD1 {td1:X2}";
        // 8.3.3.5: parameters that are not said, or another protocol than the first.
        if (c.Ta2 is { } ta2 && ((ta2 & 0x10) != 0 || (ta2 & 0x0F) != (c.Td1 & 0x0F))) return $"TA2 {ta2:X2}";
        // 8.3.3.6
        if (c.Tb2 is not null) return $"TB2 {Shown(c.Tb2)}";
        // 8.3.3.7: 00 is rejected by all, another than 0A by those that do not support it.
        if (c.Tc2 is not (null or 0x0A)) return $"TC2 {Shown(c.Tc2)}";
        // 8.3.3.8: T=1, or after T=0 T=14 as well.
        if (c.Td2 is { } td2 && (td2 & 0x0F) != 1 && !((td2 & 0x0F) == 0x0E && (c.Td1 & 0x0F) == 0)) return $"TD2 {td2:X2}";
        return null;
    }

    private static string? RejectT1(Characters c)
    {
        // 8.3.3.9
        if (c.Ta3 is < 0x10 or 0xFF) return $"TA3 {Shown(c.Ta3)}";
        // 8.3.3.10: with TC1 FF, N is -1 in T=1; 2^CWI must not be less than N + 1.
        if (c.Tb3 is not { } tb3) return "TB3 absent";
        var (bwi, cwi, guard) = (tb3 >> 4, tb3 & 0x0F, c.Tc1 is 0xFF ? -1 : c.Tc1 ?? 0);
        if (bwi > 4 || cwi > 5 || 1 << cwi < guard + 1) return $"TB3 {tb3:X2}";
        // 8.3.3.11
        return c.Tc3 is null or 0x00 ? null : $"TC3 {Shown(c.Tc3)}";
    }

    /// <summary>8.3.4: TCK unless T=0 is the only protocol; the exclusive-or of all from T0 on is 00.</summary>
    private static string? RejectEnd(byte[] atr, Characters c)
    {
        var hasCheck = (c.Td1 & 0x0F) is > 0 || (c.Td2 & 0x0F) is > 0;
        if (atr.Length != c.End + (hasCheck ? 1 : 0)) return hasCheck && atr.Length == c.End ? "TCK absent" : "length";
        return !hasCheck || atr.Skip(1).Aggregate(0, (sum, b) => sum ^ b) == 0 ? null : "TCK";
    }

    private static string Shown(byte? character) => character is { } b ? $"{b:X2}" : "absent";

    /// <param name="End">Where the historical characters end.</param>
    private sealed record Characters(
        byte? Ta1, byte? Tb1, byte? Tc1, byte? Td1, byte? Ta2, byte? Tb2, byte? Tc2, byte? Td2, byte? Ta3, byte? Tb3, byte? Tc3, int End);

    private static Characters? Read(byte[] atr)
    {
        var (at, announced, isShort) = (2, atr[1] >> 4, false);
        byte? Next(int bit)
        {
            if ((announced >> bit & 1) == 0) return null;
            if (at < atr.Length) return atr[at++];
            isShort = true;
            return null;
        }
        var found = new byte?[12];
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 4; i++) found[4 * round + i] = Next(i);
            announced = (found[4 * round + 3] ?? 0) >> 4;
        }
        // A TD3 leads to characters that EMV gives no meaning to.
        while (announced != 0 && !isShort)
        {
            byte? td = null;
            for (var i = 0; i < 4; i++) td = Next(i);
            announced = (td ?? 0) >> 4;
        }
        var end = at + (atr[1] & 0x0F);
        return isShort || end > atr.Length ? null
            : new Characters(found[0], found[1], found[2], found[3], found[4], found[5], found[6], found[7], found[8], found[9], found[10], end);
    }
}
