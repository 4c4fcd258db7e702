namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>What may be seen of a card number: its first six and last four digits at most (PCI DSS 3.4.1).</summary>
public static class CardNumberMask
{
    private const int First = 6, Last = 4, Shortest = 13, Longest = 19;

    /// <summary>Whether a digit may be seen.</summary>
    /// <param name="index">Which, 0 for the first; what stands behind the number is never shown.</param>
    /// <param name="digits">How many the number has; of fewer than 13 none is shown.</param>
    internal static bool Shows(int index, int digits) => digits >= Shortest && (index < First || index >= digits - Last && index < digits);

    /// <summary>The number with the other digits masked; null when it is none that some of may be shown.</summary>
    public static string? Of(string? number) => number is { Length: >= Shortest } && number.All(char.IsAsciiDigit)
        ? string.Concat(number.Select((digit, i) => Shows(i, number.Length) ? digit : '*'))
        : null;

    /// <summary>The masked number that a text for operators ends with; null when it ends with none that <see cref="Of"/> makes.</summary>
    internal static string? AtTheEndOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var last = text[(text.LastIndexOf(' ') + 1)..];
        return last.Length is >= Shortest and <= Longest && last.Select((shown, i) => Shows(i, last.Length) ? char.IsAsciiDigit(shown) : shown is '*').All(fits => fits)
            ? last
            : null;
    }
}
