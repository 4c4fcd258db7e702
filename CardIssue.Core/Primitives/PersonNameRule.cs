using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace CardIssue.Core.Primitives;

/// <summary>
/// What a person's name may look like: text of any script, 1 to 128 bytes of UTF-8, with spaces inside and none at the ends. No control and
/// formatting characters (but the joiners that some scripts need), no line ends, no private or unassigned ones and no half surrogate pairs: nothing
/// that forges a line of a log, turns text round or shows nothing.
/// </summary>
/// <remarks>Names are kept as they came, code point by code point: .NET normalises only with the operating system's help.</remarks>
public static class PersonNameRule
{
    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int MaxBytes = 128;

    private const int NonJoiner = 0x200C, Joiner = 0x200D, IdeographicSpace = 0x3000;

    /// <summary>Whether <paramref name="text"/> is a name.</summary>
    public static bool Accepts([NotNullWhen(true)] string? text)
    {
        if (text is not { Length: > 0 and <= MaxBytes }) return false;
        var (length, isFirst, isSpace) = (0, true, false);
        for (var at = 0; at < text.Length; isFirst = false)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune) || !Fits(rune, isFirst)) return false;
            isSpace = IsSpace(rune);
            length += rune.Utf8SequenceLength;
            at += rune.Utf16SequenceLength;
        }
        return length <= MaxBytes && !isSpace;
    }

    internal static string Check(string? text, string what) => Accepts(text) ? text : throw new FormatException(
        $"An {what} is text of 1 to {MaxBytes} bytes, without control characters and without spaces at its ends.");

    /// <summary>A mark would join what stands before the name.</summary>
    private static bool Fits(Rune rune, bool isFirst) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => false,
        UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.Format => !isFirst && rune.Value is NonJoiner or Joiner,
        UnicodeCategory.SpaceSeparator => !isFirst && IsSpace(rune),
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => !isFirst,
        _ => true,
    };

    private static bool IsSpace(Rune rune) => rune.Value is ' ' or IdeographicSpace;
}
