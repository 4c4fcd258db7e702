namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>Primary account numbers and track 2, as cards hold them (ISO/IEC 7812-1, ISO/IEC 7813; EMV Book 3 annex A, tags 5A and 57).</summary>
internal static class Pan
{
    /// <summary>The shortest and longest number, in digits (ISO/IEC 7812-1 §4.2).</summary>
    public const int MinDigits = 8, MaxDigits = 19;

    /// <summary>How F fills up the digits of tags 5A and 57: EMV's format cn and ISO/IEC 7813 ask for one where there is need; cards have any number.</summary>
    private const char Filler = 'F';

    /// <summary>Digits packed two in a byte, any number of F behind them as filler; null when there is anything else.</summary>
    public static string? FromPacked(ReadOnlySpan<byte> packed)
    {
        var text = Unfilled(packed);
        return text.Length is >= MinDigits and <= MaxDigits && text.All(char.IsAsciiDigit) ? text : null;
    }

    /// <summary>The half bytes, the filler behind them left away.</summary>
    internal static string Unfilled(ReadOnlySpan<byte> packed) => Convert.ToHexString(packed).TrimEnd(Filler);

    /// <summary>Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B).</summary>
    public static bool HasCheckDigit(string digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
        }
        return digits.Length > 0 && sum % 10 == 0;
    }
}

/// <summary>Track 2 equivalent data (tag 57): number, D, expiry YYMM, service code, discretionary data, packed, any number of F behind them as filler.</summary>
internal sealed record Track2(string Number, string Expiry, string ServiceCode)
{
    /// <summary>The longest value of tag 57, in bytes.</summary>
    public const int MaxLength = 19;

    public static Track2? Parse(ReadOnlySpan<byte> packed)
    {
        if (packed.Length > MaxLength) return null;
        var text = Pan.Unfilled(packed);
        var at = text.IndexOf('D', StringComparison.Ordinal);
        if (at is < Pan.MinDigits or > Pan.MaxDigits || text.Length < at + 8) return null;
        return text[..at].All(char.IsAsciiDigit) && text[(at + 1)..].All(char.IsAsciiDigit)
            ? new Track2(text[..at], text.Substring(at + 1, 4), text.Substring(at + 5, 3))
            : null;
    }

    /// <summary>Never the digits.</summary>
    public override string ToString() => "track 2";
}
