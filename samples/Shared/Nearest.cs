namespace CardIssue.CommandLine;

/// <summary>What somebody may have meant.</summary>
internal static class Nearest
{
    private const int Farthest = 2;

    /// <summary>A sentence that suggests the nearest of these, or names all when none is near.</summary>
    public static string Suggest(string text, IReadOnlyCollection<string> known) =>
        To(text, known) is { } near ? $"did you mean {near}?" : $"there are {string.Join(", ", known)}.";

    /// <summary>The nearest of these; null when all are farther than two letters.</summary>
    public static string? To(string text, IEnumerable<string> known) => known
        .Select(name => (Name: name, Distance: Distance(text.ToUpperInvariant(), name.ToUpperInvariant())))
        .Where(found => found.Distance <= Farthest).OrderBy(found => found.Distance).Select(found => found.Name).FirstOrDefault();

    /// <summary>Letters to put in, take out or change (Levenshtein); counted only as far as it matters.</summary>
    private static int Distance(string one, string other)
    {
        if (Math.Abs(one.Length - other.Length) > Farthest) return Farthest + 1;
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var changed = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.Length];
    }
}
