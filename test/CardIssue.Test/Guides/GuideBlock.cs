using System.Text.RegularExpressions;

namespace CardIssue.Test.Guides;

/// <summary>A block of commands in a guide, as it stands there.</summary>
/// <param name="Guide">The guide's file.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Text">The commands.</param>
/// <param name="WhyNotRun">What the line in front of it says to its readers, where nobody runs it; else null.</param>
internal sealed partial record GuideBlock(string Guide, int Line, string Text, string? WhyNotRun)
{
    private const string NotRun = "_Not run by the tests";

    /// <summary>The <c>bash</c> blocks of a guide, in their order.</summary>
    public static IReadOnlyList<GuideBlock> Of(string guide)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, guide));
        var blocks = new List<GuideBlock>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].TrimStart() != "```bash") continue;
            var end = Array.FindIndex(lines, i + 1, line => line.TrimStart() == "```");
            var why = i > 0 && lines[i - 1].StartsWith(NotRun, StringComparison.Ordinal) ? lines[i - 1] : null;
            blocks.Add(new GuideBlock(guide, i + 1, string.Join('\n', lines[(i + 1)..end]), why));
            i = end;
        }
        return blocks;
    }

    /// <summary>The same, with ports that nobody else has: a guide names some, and the machine of a test may use them.</summary>
    public GuideBlock With(IReadOnlyDictionary<string, string> ports) =>
        this with { Text = Port().Replace(Text, port => ports.GetValueOrDefault(port.Value, port.Value)) };

    /// <inheritdoc/>
    public override string ToString() => $"{Guide}, line {Line}";

    [GeneratedRegex(@"\b7\d{3}\b")]
    private static partial Regex Port();
}
