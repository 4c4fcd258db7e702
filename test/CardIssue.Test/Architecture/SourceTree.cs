using System.Text.RegularExpressions;

namespace CardIssue.Test.Architecture;

/// <summary>One source file: where it is, what it declares, what it imports.</summary>
/// <param name="Path">Relative to the assembly's folder, with <c>/</c>.</param>
/// <param name="Namespace">What the file says; empty when it says none.</param>
/// <param name="Usings">The namespaces that it imports.</param>
/// <param name="Types">The types that it declares, those within types not counted.</param>
/// <param name="Code">The text without comments, and without strings that have no holes.</param>
internal sealed record SourceFile(string Path, string Namespace, IReadOnlyList<string> Usings, IReadOnlyList<string> Types, string Code)
{
    private readonly HashSet<string> _words = [.. Regex.Matches(Code, @"\w+").Select(match => match.Value)];

    /// <summary>The folder, with <c>/</c>; empty for the assembly's own.</summary>
    public string Folder => Path.Contains('/') ? Path[..Path.LastIndexOf('/')] : "";

    /// <summary>Whether the name stands in the code.</summary>
    public bool Mentions(string name) => _words.Contains(name);
}

/// <summary>The source files of one assembly, or of a part of one.</summary>
internal sealed partial class SourceTree
{
    private static readonly string[] Made = ["bin", "obj"];

    private readonly ILookup<(string Namespace, string Type), SourceFile> _declared;

    /// <param name="folder">Where they are, from the checkout's root.</param>
    /// <param name="root">The namespace of the files that lie in that folder itself.</param>
    public SourceTree(string folder, string root)
    {
        Root = root;
        var place = Path.Combine(Repository.Root, folder);
        Files = [.. Directory.EnumerateFiles(place, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(place, path).Replace('\\', '/'))
            .Where(path => !Made.Contains(path.Split('/')[0]))
            .Order(StringComparer.Ordinal)
            .Select(path => Read(path, File.ReadAllText(Path.Combine(place, path))))];
        _declared = Files.SelectMany(file => file.Types.Distinct(), (file, type) => (file, type)).ToLookup(each => (each.file.Namespace, each.type), each => each.file);
    }

    /// <summary>The namespace of the files that lie in the folder itself.</summary>
    public string Root { get; }

    public IReadOnlyList<SourceFile> Files { get; }

    /// <summary>The namespace that the files of a folder are in.</summary>
    public string NamespaceOf(string folder) => folder.Length == 0 ? Root : $"{Root}.{folder.Replace('/', '.')}";

    /// <summary>The files that declare a type.</summary>
    public IReadOnlyList<SourceFile> Of(string space, string type) => [.. _declared[(space, type)]];

    private static SourceFile Read(string path, string text)
    {
        var code = NotCode().Replace(text, match => match.Value[0] == '$' ? match.Value : " ");
        var space = NamespaceLine().Match(code).Groups[1].Value;
        return new SourceFile(path, space, Names(UsingLine(), code), Names(TypeLine(), code), code);
    }

    private static string[] Names(Regex regex, string code) => [.. regex.Matches(code).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("""//[^\n]*|/\*[\s\S]*?\*/|\$*"{3,}[\s\S]*?"{3,}|\$?@?"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])+'""")]
    private static partial Regex NotCode();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^using ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^(?:[a-z]+ )*(?:class|struct|interface|enum|record|delegate [\w<>\[\],.?]+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
