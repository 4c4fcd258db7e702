namespace CardIssue.Test.Guides;

/// <summary>The code of INTEGRATING.md, as it is compiled in <c>samples/Integrating</c>: what stands there between its marks.</summary>
internal static class IntegratingCode
{
    private const string Begin = "// guide: ", End = "// end";

    public static string Guide => Path.Combine(Repository.Root, "INTEGRATING.md");

    /// <summary>Each part by its name, without the indent that all its lines have.</summary>
    public static IReadOnlyDictionary<string, string> Parts { get; } = Directory.GetFiles(Path.Combine(Repository.Root, "samples", "Integrating"), "*.cs")
        .SelectMany(file => Read(File.ReadAllLines(file))).ToDictionary(part => part.Name, part => part.Text);

    private static IEnumerable<(string Name, string Text)> Read(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimStart().StartsWith(Begin, StringComparison.Ordinal)) continue;
            var name = lines[i].TrimStart()[Begin.Length..];
            var indent = lines[i].Length - lines[i].TrimStart().Length;
            var end = Array.FindIndex(lines, i, line => line.TrimStart() == End);
            yield return (name, string.Concat(lines[(i + 1)..end].Select(line => $"{(line.Length > indent ? line[indent..] : "")}\n")));
            i = end;
        }
    }
}
