namespace CardIssue.Test;

/// <summary>Where the checkout is, for tests that read its files.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The configuration that these tests were built in: they lie in bin/CONFIGURATION/FRAMEWORK.</summary>
    public static string Configuration => Framework.Parent!.Name;

    private static DirectoryInfo Framework { get; } = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>The program of a sample, of the same configuration as these tests.</summary>
    public static string Program(string sample) =>
        Path.Combine(Root, "samples", sample, "bin", Configuration, Framework.Name, $"{sample.ToLowerInvariant()}.dll");

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "CardIssue.sln"))
        ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of a checkout."));
}
