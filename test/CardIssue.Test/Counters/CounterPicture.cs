using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using CardIssue.TerminalHost.Display.Screen;

namespace CardIssue.Test.Counters;

/// <summary>A frame of the operator's screen as a picture for the documents: each character in its cell, whatever fonts a reader has.</summary>
internal static partial class CounterPicture
{
    private const int Cell = 9, Row = 19, Baseline = 14, Edge = 10;

    /// <summary>Where the lines of a sign go from the middle of its cell: up, right, down, left.</summary>
    private static readonly Dictionary<char, string> Arms = new()
    {
        ['─'] = "rl", ['━'] = "rl", ['│'] = "ud", ['┃'] = "ud", ['┌'] = "rd", ['┏'] = "rd", ['┐'] = "dl", ['┓'] = "dl", ['└'] = "ur", ['┗'] = "ur", ['┘'] = "ul", ['┛'] = "ul",
    };

    /// <summary>A terminal's sixteen colours, as far as the screen has them.</summary>
    private static readonly Dictionary<int, string> Colours = new()
    {
        [31] = "#ff6b6b", [32] = "#3ddc5b", [33] = "#ffe066", [34] = "#8aa4ff", [36] = "#5ce1e6", [37] = "#c8c8c8",
        [90] = "#909090", [91] = "#ff6b6b", [92] = "#3ddc5b", [93] = "#ffe066", [94] = "#8aa4ff", [96] = "#5ce1e6", [97] = "#ffffff",
    };

    public static string Of(CounterFrame frame, int width)
    {
        var svg = new StringBuilder();
        var (wide, high) = ((width * Cell) + (2 * Edge), (frame.Rows.Count * Row) + (2 * Edge));
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" font-size=\"15\"\n")
            .Append("  font-family=\"'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans CJK JP', 'Noto Sans JP', 'Hiragino Sans', 'MS Gothic', monospace\">\n")
            .Append(CultureInfo.InvariantCulture, $"<rect width=\"{wide}\" height=\"{high}\" rx=\"6\" fill=\"#111111\"/>\n");
        for (var row = 0; row < frame.Rows.Count; row++) Draw(svg, frame.Rows[row], Edge + (row * Row));
        return svg.Append("</svg>\n").ToString();
    }

    private static void Draw(StringBuilder svg, string row, int y)
    {
        var (x, colour, isBold) = (Edge, "#e0e0e0", false);
        foreach (Match part in Part().Matches(row))
        {
            if (part.Groups["codes"] is { Success: true } codes)
            {
                foreach (var code in codes.Value.Split(';').Select(code => code.Length == 0 ? 0 : int.Parse(code, CultureInfo.InvariantCulture)))
                    (colour, isBold) = code switch { 0 => ("#e0e0e0", false), 1 => (colour, true), _ => (Colours[code], isBold) };
                continue;
            }
            var columns = Drawing.Width(part.Value);
            if (Arms.TryGetValue(part.Value[0], out var arms)) Lines(svg, arms, part.Value[0] is '━' or '┃' or '┏' or '┓' or '┗' or '┛', columns, x, y, colour);
            else if (part.Value.Trim().Length > 0) Text(svg, part.Value, columns, x, y, colour, isBold);
            x += columns * Cell;
        }
    }

    /// <summary>Without the spaces around it, which a picture would fold.</summary>
    private static void Text(StringBuilder svg, string text, int columns, int x, int y, string colour, bool isBold)
    {
        var before = text.Length - text.TrimStart().Length;
        var length = (columns - before - (text.Length - text.TrimEnd().Length)) * Cell;
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + (before * Cell)}\" y=\"{y + Baseline}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\" ")
            .Append(CultureInfo.InvariantCulture, $"fill=\"{colour}\"{(isBold ? " font-weight=\"bold\"" : "")}>{WebUtility.HtmlEncode(text.Trim())}</text>\n");
    }

    private static void Lines(StringBuilder svg, string arms, bool isHeavy, int columns, int x, int y, string colour)
    {
        var (left, middle, right) = (x, x + (Cell / 2.0), x + (columns * Cell));
        var (top, centre, bottom) = (y, y + (Row / 2.0), y + Row);
        if (arms == "rl") middle = left;
        var path = string.Concat(arms.Select(arm => arm switch
        {
            'u' => FormattableString.Invariant($"M{middle} {centre}V{top}"),
            'd' => FormattableString.Invariant($"M{middle} {centre}V{bottom}"),
            'r' => FormattableString.Invariant($"M{middle} {centre}H{right}"),
            _ => FormattableString.Invariant($"M{middle} {centre}H{left}"),
        }));
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"{(isHeavy ? 2.4 : 1.2)}\" stroke-linecap=\"square\"/>\n");
    }

    /// <summary>A change of colour; a run of one sign; a run of text of one width, with its single spaces.</summary>
    [GeneratedRegex(@"\e\[(?<codes>[0-9;]*)m|─+|━+|[│┃┌┏┐┓└┗┘┛]|(?:[\x21-\x7E]| (?=[\x21-\x7E]))+|[^\x20-\x7E─━│┃┌┏┐┓└┗┘┛\e]+| +")]
    private static partial Regex Part();
}
