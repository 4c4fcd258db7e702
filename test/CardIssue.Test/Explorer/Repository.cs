namespace CardIssue.Test.Explorer;

/// <summary>Files of the repository that tests compare with, or rewrite when asked to.</summary>
internal static class Repository
{
    /// <summary>Set to 1, tests rewrite generated files instead of comparing.</summary>
    public const string UpdateVariable = "CARDISSUE_UPDATE_DOCS";

    public static bool Updating => Environment.GetEnvironmentVariable(UpdateVariable) == "1";

    public static string Root { get; } = Find();

    public static string Scenarios => Path.Combine(Root, "test", "CardIssue.Test", "Explorer", "Scenarios");

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Directory.Packages.props"))) return at.FullName;
        throw new DirectoryNotFoundException("The tests run inside the repository.");
    }
}
