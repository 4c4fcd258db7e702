using System.Text;

namespace CardIssue.TerminalHost.Printing;

/// <summary>Text broken into lines of so many columns. Japanese characters take two.</summary>
internal static class ReceiptLines
{
    /// <summary>Breaks at spaces where there are any, else where the line is full.</summary>
    /// <param name="text">Lines of text.</param>
    /// <param name="columns">Columns of a line; 2 are the least, for one character may need them.</param>
    public static IEnumerable<string> Of(string text, int columns) => text.Split('\n').SelectMany(line => Break(line.TrimEnd('\r', ' '), Math.Max(2, columns)));

    /// <summary>How many columns a text takes.</summary>
    public static int Width(string text) => text.EnumerateRunes().Sum(WidthOf);

    private static IEnumerable<string> Break(string line, int columns)
    {
        var (start, space, width) = (0, -1, 0);
        for (var at = 0; at < line.Length;)
        {
            // Half a pair is no rune; it becomes a question mark in whichever encoding.
            var length = Rune.TryGetRuneAt(line, at, out var rune) ? rune.Utf16SequenceLength : 1;
            width += WidthOf(length == 1 && rune == default ? new Rune('?') : rune);
            if (width > columns)
            {
                var end = line[at] == ' ' ? at : space > start ? space : at;
                yield return line[start..end];
                start = end < line.Length && line[end] == ' ' ? end + 1 : end;
                (at, space, width) = (start, -1, 0);
                continue;
            }
            if (line[at] == ' ') space = at;
            at += length;
        }
        yield return line[start..];
    }

    /// <summary>What Japanese printers and fonts give two columns: kana, kanji, full-width forms and their signs.</summary>
    private static int WidthOf(Rune rune) => rune.Value switch
    {
        >= 0x1100 and <= 0x115F => 2,
        >= 0x2E80 and <= 0xA4CF => 2,
        >= 0xAC00 and <= 0xD7A3 => 2,
        >= 0xF900 and <= 0xFAFF => 2,
        >= 0xFE30 and <= 0xFE6F => 2,
        >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 => 2,
        >= 0x20000 and <= 0x3FFFD => 2,
        _ => 1,
    };
}
