namespace CardIssue.Test.Explorer;

/// <summary>Files of the repository that tests compare with, or rewrite when asked to.</summary>
internal static class Generated
{
    /// <summary>Set to 1, tests rewrite generated files instead of comparing.</summary>
    public const string UpdateVariable = "CARDISSUE_UPDATE_DOCS";

    public static bool Updating => Environment.GetEnvironmentVariable(UpdateVariable) == "1";

    public static string Scenarios => Path.Combine(Repository.Root, "test", "CardIssue.Test", "Explorer", "Scenarios");
}
