using System.Reflection;
using System.Text.RegularExpressions;

namespace CardIssue.Test.Architecture;

/// <summary>A file's use of something in another folder.</summary>
/// <param name="File">The file, relative to the assembly's folder.</param>
/// <param name="From">The file's folder.</param>
/// <param name="What">What it uses.</param>
/// <param name="To">The folder that this is in.</param>
internal sealed record FolderUse(string File, string From, string What, string To)
{
    public override string ToString() => $"{File} uses {What} of {(To.Length == 0 ? "the assembly's own folder" : To)}";
}

/// <summary>
/// What the folders of an assembly use of each other: all that the compiled code names, constants (which the compiler writes into the code that
/// uses them), and every <c>using</c> line, needed or not. What only a comment mentions by a longer name is not counted.
/// </summary>
internal static partial class FolderUses
{
    public static IReadOnlyList<FolderUse> Of(Assembly assembly, SourceTree sources) =>
        [.. Compiled(assembly, sources).Concat(Constants(assembly, sources)).Concat(Imports(sources)).Where(use => use.From != use.To).Distinct()];

    private static IEnumerable<FolderUse> Compiled(Assembly assembly, SourceTree sources)
    {
        foreach (var type in assembly.GetTypes())
        {
            var from = sources.Of(type.Namespace ?? "", NameOf(type));
            if (from.Count == 0) continue;
            foreach (var named in NamedTypes.By(type))
            {
                if (named.Assembly != assembly || sources.Of(named.Namespace ?? "", NameOf(named)) is not [var to, ..]) continue;
                var file = from.FirstOrDefault(file => file.Mentions(NameOf(named))) ?? from[0];
                yield return new FolderUse(file.Path, file.Folder, NameOf(named), to.Folder);
            }
        }
    }

    private static IEnumerable<FolderUse> Constants(Assembly assembly, SourceTree sources)
    {
        var constants = assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(field => field.IsLiteral))
            .Where(field => field.DeclaringType!.DeclaringType is null)
            .ToLookup(field => (field.DeclaringType!.Name, field.Name), field => field.DeclaringType!.Namespace ?? "");
        foreach (var file in sources.Files)
            foreach (Match match in MemberOfType().Matches(file.Code))
                foreach (var space in constants[(match.Groups[2].Value, match.Groups[3].Value)])
                    if (Sees(file, space, match.Groups[1].Value) && sources.Of(space, match.Groups[2].Value) is [var to, ..])
                        yield return new FolderUse(file.Path, file.Folder, match.Groups[2].Value, to.Folder);
    }

    /// <summary>Whether a name of that namespace is meant: the file is within it, imports it, or wrote its end before the name.</summary>
    private static bool Sees(SourceFile file, string space, string before) => before.Length > 0
        ? $".{space}.".EndsWith($".{before}", StringComparison.Ordinal)
        : file.Usings.Contains(space) || $"{file.Namespace}.".StartsWith($"{space}.", StringComparison.Ordinal);

    private static IEnumerable<FolderUse> Imports(SourceTree sources)
    {
        var folders = sources.Files.Select(file => file.Folder).Distinct().ToDictionary(sources.NamespaceOf, folder => folder);
        foreach (var file in sources.Files)
            foreach (var import in file.Usings)
                if (folders.TryGetValue(import, out var to)) yield return new FolderUse(file.Path, file.Folder, $"using {import}", to);
    }

    /// <summary>The name of the type that a file declares: the outermost, without the number of its parameters.</summary>
    private static string NameOf(Type type) => type.DeclaringType is { } outer ? NameOf(outer) : type.Name.Split('`')[0];

    [GeneratedRegex(@"(?<![\w.])((?:\w+\.)*)(\w+)\.(\w+)")]
    private static partial Regex MemberOfType();
}
