using CardIssue.Fuzz.Flows;
using CardIssue.Fuzz.Running;

namespace CardIssue.Fuzz.Targets;

/// <summary>Everything that takes a stranger's bytes or text. A new parser gets a line in one of these lists.</summary>
internal static class FuzzTargets
{
    /// <summary>All targets, by their names.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } = [.. CardTargets.All, .. MessageTargets.All, .. ReaderTargets.All,
        .. FileTargets.All, .. HostTargets.All, .. FlowTargets.All];

    /// <summary>A target, or null.</summary>
    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);

    /// <summary>The inputs of a target that are kept with the code: what once took a branch or failed.</summary>
    public static IEnumerable<byte[]> Corpus(string target)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Corpus", target);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
    }
}
