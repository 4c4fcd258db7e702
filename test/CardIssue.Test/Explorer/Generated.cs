namespace CardIssue.Test.Explorer;

/// <summary>Files of the repository that tests compare with, or rewrite when asked to.</summary>
internal static class Generated
{
    /// <summary>Set to 1, tests rewrite generated files instead of comparing.</summary>
    public const string UpdateVariable = "CARDISSUE_UPDATE_DOCS";

    public static bool Updating => Environment.GetEnvironmentVariable(UpdateVariable) == "1";

    /// <summary>A document with what stands between the marks of one part made anew.</summary>
    public static string Replace(string document, string name, string text)
    {
        var (begin, end) = ($"<!-- generated: {name} -->\n", $"<!-- end: {name} -->");
        var from = document.IndexOf(begin, StringComparison.Ordinal);
        var to = document.IndexOf(end, StringComparison.Ordinal);
        if (from < 0 || to < from) throw new InvalidOperationException($"the document has no part '{name}'");
        return document[..(from + begin.Length)] + text + document[to..];
    }

    public static string Scenarios => Path.Combine(Repository.Root, "test", "CardIssue.Test", "Explorer", "Scenarios");
}
