using System.Globalization;
using System.Text.RegularExpressions;

namespace CardIssue.Test.Hosts;

/// <summary>What a scrape of <c>/metrics</c> says, by the text format (https://prometheus.io/docs/instrumenting/exposition_formats/).</summary>
internal sealed partial class PrometheusText
{
    private readonly List<(string Name, Dictionary<string, string> Labels, double Value)> _samples = [];

    /// <summary>Reads it; a line that is none fails the test.</summary>
    public PrometheusText(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'))
        {
            var match = Sample().Match(line);
            Assert.That(match.Success, Is.True, line);
            var labels = Label().Matches(match.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value);
            var value = match.Groups["value"].Value;
            _samples.Add((match.Groups["name"].Value, labels, value == "+Inf" ? double.PositiveInfinity : double.Parse(value, CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>The names of all samples.</summary>
    public IEnumerable<string> Names => _samples.Select(sample => sample.Name).Distinct();

    /// <summary>The names of all labels.</summary>
    public IEnumerable<string> Labels => _samples.SelectMany(sample => sample.Labels.Keys).Distinct();

    /// <summary>The sum of a name's samples that have these labels; null where there is none.</summary>
    public double? Find(string name, params (string Name, string Value)[] labels)
    {
        var found = _samples.Where(sample => sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value)).ToList();
        return found.Count == 0 ? null : found.Sum(sample => sample.Value);
    }

    [GeneratedRegex("""
        ^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-zA-Z_][a-zA-Z0-9_]*="(\\.|[^"\\])*",?)*)\})?[ ](?<value>[-+0-9.eEInfNa]+)([ ][0-9]+)?$
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(\\.|[^"\\])*)"?""")]
    private static partial Regex Label();
}
