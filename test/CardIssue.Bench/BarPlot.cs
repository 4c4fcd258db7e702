using System.Globalization;
using System.Security;
using System.Text;

namespace CardIssue.Bench;

/// <summary>A bar: what of, how much, and how much it may be or should be, where there is an aim.</summary>
internal sealed record PlotBar(string Label, double Value, double? Aim);

/// <summary>Draws bars side by side, one below the other, as SVG 1.1: each with its figure, and a stroke across it where its aim is.</summary>
internal static class BarPlot
{
    private const int Width = 800, LabelWidth = 280, FigureWidth = 70, Top = 40, Row = 22, Bar = 14, Bottom = 12;

    /// <summary>The picture. All bars share one scale, from 0 on.</summary>
    public static string Of(string title, IReadOnlyList<PlotBar> bars)
    {
        var most = bars.SelectMany(bar => new[] { bar.Value, bar.Aim ?? 0 }).DefaultIfEmpty(0).Max();
        var scale = most > 0 ? (Width - LabelWidth - FigureWidth) / most : 0;
        var hasAims = bars.Any(bar => bar.Aim is not null);
        var height = Top + (bars.Count * Row) + (hasAims ? Row : 0) + Bottom;
        var svg = new StringBuilder();
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{height}" viewBox="0 0 {Width} {height}" font-family="sans-serif" font-size="12">""");
        Add($"""<rect width="{Width}" height="{height}" fill="#ffffff"/>""");
        Add($"""<text x="12" y="24" font-size="14" font-weight="bold">{Escape(title)}</text>""");
        for (var i = 0; i < bars.Count; i++)
        {
            var (bar, y) = (bars[i], Top + (i * Row));
            var (end, text) = (LabelWidth + (bar.Value * scale), y + Bar - 3);
            Add($"""<text x="{LabelWidth - 8}" y="{text}" text-anchor="end">{Escape(bar.Label)}</text>""");
            Add($"""<rect x="{LabelWidth}" y="{y}" width="{bar.Value * scale:F1}" height="{Bar}" fill="#4477aa"/>""");
            var behind = end;
            if (bar.Aim is { } aim)
            {
                var x = LabelWidth + (aim * scale);
                Add($"""<path d="M{x:F1} {y - 3}v{Bar + 6}" stroke="#cc3311" stroke-width="2"/>""");
                // The figure stands clear of a stroke that is close behind the bar.
                if (x > end - 4 && x < end + FigureWidth) behind = x;
            }
            Add($"""<text x="{behind + 6:F1}" y="{text}">{Figure(bar.Value)}</text>""");
        }
        if (hasAims) Add($"""<text x="{LabelWidth}" y="{height - Bottom}" fill="#cc3311">The stroke is the aim.</text>""");
        Add($"</svg>");
        return svg.ToString();

        void Add(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>Three digits that count.</summary>
    private static string Figure(double value) => value switch
    {
        >= 100 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("F2", CultureInfo.InvariantCulture),
        _ => value.ToString("G2", CultureInfo.InvariantCulture),
    };

    private static string Escape(string text) => SecurityElement.Escape(text);
}
