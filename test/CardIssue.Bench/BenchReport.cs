using System.Text;
using CardIssue.Test;

namespace CardIssue.Bench;

/// <summary>
/// What a bench tells: a line of JSON for each figure, its summary last, to the console and into <c>artifacts/bench/NAME.jsonl</c>; and a plot of what it is about,
/// <c>NAME.svg</c> beside it.
/// </summary>
/// <param name="bench">The bench's name.</param>
/// <param name="title">What the plot shows, with its unit.</param>
internal sealed class BenchReport(string bench, string title)
{
    private readonly StringBuilder _lines = new();
    private readonly List<PlotBar> _bars = [];
    private readonly List<string> _missed = [];

    /// <summary>A figure, or several of one thing.</summary>
    /// <param name="fields">The fields of a JSON object, without its braces; numbers as everywhere.</param>
    public void Line(FormattableString fields) => Write(FormattableString.Invariant(fields));

    /// <summary>A bar of the plot.</summary>
    /// <param name="label">What of.</param>
    /// <param name="value">How much, in the plot's unit; what is less than nothing is none.</param>
    /// <param name="aim">How much it may be, or should be, where there is an aim.</param>
    public void Bar(FormattableString label, double value, double? aim = null) => _bars.Add(new PlotBar(FormattableString.Invariant(label), Math.Max(0, value), aim));

    /// <summary>An aim that is missed.</summary>
    public void Missed(FormattableString what) => _missed.Add(FormattableString.Invariant(what));

    /// <summary>The summary, and the files.</summary>
    /// <param name="check">Whether a missed aim is a failure.</param>
    /// <param name="fields">What else the summary says, as in <see cref="Line"/>.</param>
    /// <returns>The exit code.</returns>
    public int End(bool check, FormattableString? fields = null)
    {
        Write($"\"summary\":\"{(_missed.Count == 0 ? "every target is met" : string.Join("; ", _missed))}\"{(fields is null ? "" : "," + FormattableString.Invariant(fields))}");
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "bench")).FullName;
        File.WriteAllText(Path.Combine(folder, $"{bench}.jsonl"), _lines.ToString());
        File.WriteAllText(Path.Combine(folder, $"{bench}.svg"), BarPlot.Of(title, _bars));
        return check && _missed.Count > 0 ? 1 : 0;
    }

    private void Write(string fields)
    {
        var line = $"{{\"bench\":\"{bench}\",{fields}}}";
        Console.WriteLine(line);
        _lines.Append(line).Append('\n');
    }
}
