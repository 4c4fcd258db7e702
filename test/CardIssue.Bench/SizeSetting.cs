using System.Globalization;

namespace CardIssue.Bench;

/// <summary>How much a bench does: numbers with spaces between them, in an environment variable.</summary>
internal static class SizeSetting
{
    public static int[] Read(string variable, string usual) =>
        [.. (Environment.GetEnvironmentVariable(variable) ?? usual).Split(' ').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
}
