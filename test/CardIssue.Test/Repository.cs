namespace CardIssue.Test;

/// <summary>Where the checkout is, for tests that read its files.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The program of a sample, of the same configuration as these tests: bin/CONFIGURATION/FRAMEWORK.</summary>
    public static string Program(string sample)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(Root, "samples", sample, "bin", framework.Parent!.Name, framework.Name, $"{sample.ToLowerInvariant()}.dll");
    }

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "CardIssue.sln"))
        ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of a checkout."));
}
