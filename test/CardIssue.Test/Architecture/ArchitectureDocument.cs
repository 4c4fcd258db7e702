using System.Reflection;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Architecture;

/// <summary>The pictures of ARCHITECTURE.md, drawn from the code.</summary>
internal static class ArchitectureDocument
{
    /// <summary>The assemblies whose folders are layers.</summary>
    public static readonly string[] Assemblies = ["CardIssue.Core", "CardIssue.Transport", "CardIssue.Reader", "CardIssue.Center", "CardIssue.Terminal"];

    public static string FilePath => Path.Combine(Repository.Root, "ARCHITECTURE.md");

    public static SourceTree SourcesOf(string assembly) => new(assembly, assembly);

    public static FolderGraph GraphOf(string assembly)
    {
        var sources = SourcesOf(assembly);
        return new FolderGraph([.. sources.Files.Select(file => file.Folder).Distinct()], FolderUses.Of(Assembly.Load(assembly), sources));
    }

    /// <summary>The document with every picture drawn anew; what stands between them is kept.</summary>
    public static string Renew(string document) => Assemblies.Aggregate(document,
        (text, assembly) => Generated.Replace(text, $"folders of {assembly}", FolderPicture.Of(GraphOf(assembly), assembly)));
}
