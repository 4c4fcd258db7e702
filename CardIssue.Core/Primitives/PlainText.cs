using System.Globalization;
using System.Text;

namespace CardIssue.Core.Primitives;

/// <summary>
/// Text as it may be sent, logged or shown: without control characters, so that it can't forge a line of a log or move a cursor, and
/// without halves of
/// characters, which no encoding can carry. Whatever is cut is cut here.
/// </summary>
public static class PlainText
{
    /// <summary>Whether a text is plain, and not too long.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">The most characters (UTF-16).</param>
    /// <param name="lines">Whether line feeds may be in it.</param>
    internal static bool Accepts(string text, int most, bool lines = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > most) return false;
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsControl(text[at]) && !(lines && text[at] == '\n')) return false;
            if (!char.IsSurrogate(text[at])) continue;
            if (at + 1 == text.Length || !char.IsSurrogatePair(text[at], text[at + 1])) return false;
            at++;
        }
        return true;
    }

    /// <summary>
    /// As much of a text as may stand: control characters are left out, half a character becomes U+FFFD, and what is too long ends
    /// after a whole text
    /// element, as the reader sees characters (Unicode, annex 29).
    /// </summary>
    /// <param name="text">The text; nothing when null.</param>
    /// <param name="most">The most characters (UTF-16).</param>
    /// <param name="lines">Whether line feeds may stay.</param>
    public static string Of(string? text, int most, bool lines = false)
    {
        if (text is null) return "";
        if (Accepts(text, most, lines)) return text;
        var clean = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) && !(lines && rune.Value == '\n')) continue;
            clean.Append(rune.ToString());
            // The character behind the end tells whether a text element ends there.
            if (clean.Length > most) break;
        }
        return Cut(clean.ToString(), most);
    }

    private static string Cut(string clean, int most)
    {
        if (clean.Length <= most) return clean;
        var end = 0;
        while (end + StringInfo.GetNextTextElementLength(clean, end) is var next && next <= most) end = next;
        // One text element may be longer than all the room: then a whole character is the least.
        return end > 0 ? clean[..end] : clean[..(most > 0 && char.IsHighSurrogate(clean[most - 1]) ? most - 1 : most)];
    }
}
