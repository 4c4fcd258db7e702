using System.IO.Enumeration;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CardIssue.Test.Guides;

/// <summary>What the documents say of each other and of the programs: links lead somewhere, and the messages of OPERATING are the programs' own.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class DocumentsTest
{
    private const int LongestLine = 120;

    private static readonly string[] Sources =
        ["CardIssue.Core", "CardIssue.Transport", "CardIssue.Reader", "CardIssue.Terminal", "CardIssue.Center", "samples/CenterHost", "samples/TerminalHost"];

    private static IEnumerable<string> Documents() =>
        new[] { ".", "docs", "CardIssue.Core" }.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.md"))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'));

    /// <summary>Those of the site (<c>./build.sh docs</c>), and what is in the packages.</summary>
    private static IEnumerable<string> Pages() => Documents().Append("test/CardIssue.Bench/RESULTS.md").Concat(["package/PACKAGE.md", "package/TOOL.md"]);

    [TestCaseSource(nameof(Pages))]
    public void Links_OfADocument_LeadToFilesAndHeadingsThatAreThere(string document)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;
        var dead = Link().Matches(Prose(document)).Select(link => (Path: link.Groups["path"].Value, Place: link.Groups["place"].Value))
            .Where(link => !Leads(link.Path.Length == 0 ? Path.Combine(Repository.Root, document) : Path.Combine(folder, link.Path), link.Place));
        Assert.That(dead.Select(link => $"{link.Path}#{link.Place}"), Is.Empty);
    }

    /// <summary>A row of a table has no other line to go to, and what is generated is as long as it is.</summary>
    [TestCaseSource(nameof(Documents))]
    public void Lines_OfADocument_AreAtMost120CharactersLong(string document)
    {
        var lines = Generated().Replace(File.ReadAllText(Path.Combine(Repository.Root, document)).ReplaceLineEndings("\n"), "").Split('\n');
        Assert.That(lines.Where(line => line.Length > LongestLine && !line.StartsWith('|')), Is.Empty);
    }

    [Test]
    public void Messages_ThatOperatingTellsWhatToDoAbout_AreWhatTheProgramsSay()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "OPERATING.md")).ReplaceLineEndings("\n");
        var chapter = page[page.IndexOf("\n## When something is wrong\n", StringComparison.Ordinal)..];
        chapter = chapter[..chapter.IndexOf("\n## ", 1, StringComparison.Ordinal)];
        var told = Message().Matches(chapter).Select(row => row.Groups[1].Value).ToList();
        Assert.That(told, Has.Count.GreaterThan(25));
        var source = string.Concat(Sources.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)).Select(File.ReadAllText));
        Assert.That(told.Where(message => !source.Contains(message, StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>A guide that the site's table of contents does not name is found by nobody there.</summary>
    [Test]
    public void Guides_OfTheRoot_AreInTheSitesTableOfContents()
    {
        var contents = File.ReadAllText(Path.Combine(Repository.Root, "docs", "toc.yml"));
        Assert.That(Documents().Where(page => !page.StartsWith("docs/", StringComparison.Ordinal) && !contents.Contains($"href: ../{page}\n", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>To <c>./build.sh docs</c>, which takes minutes, a picture that is not among its resources is an error.</summary>
    [Test]
    public void Pictures_OfThePages_AreAmongTheResourcesOfTheSite()
    {
        using var site = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "docfx.json")));
        var resources = site.RootElement.GetProperty("build").GetProperty("resource").EnumerateArray()
            .SelectMany(part => part.GetProperty("files").EnumerateArray()).Select(files => files.GetString()!).ToList();
        var pictures = Documents().Append("test/CardIssue.Bench/RESULTS.md")
            .SelectMany(page => Picture().Matches(Prose(page)).Select(picture => Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, picture.Groups[1].Value)))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).ToList();
        Assert.That(pictures, Has.Count.GreaterThan(3));
        Assert.That(pictures.Where(path => !resources.Any(files => FileSystemName.MatchesSimpleExpression(files, path, ignoreCase: false))), Is.Empty);
    }

    private static bool Leads(string path, string place) =>
        place.Length == 0 ? Path.Exists(path) : File.Exists(path) && Headings(path).Contains(place);

    /// <summary>The places of a document as GitHub names them.</summary>
    private static HashSet<string> Headings(string path) =>
        [.. Heading().Matches(File.ReadAllText(path)).Select(heading => NoPlace().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    /// <summary>Without what stands in blocks and between backquotes.</summary>
    private static string Prose(string document) => Code().Replace(File.ReadAllText(Path.Combine(Repository.Root, document)).ReplaceLineEndings("\n"), "");

    [GeneratedRegex(@"\]\((?<path>(?!\w+:)[^)#\s]*)(#(?<place>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"!\[[^\]]*\]\(((?!\w+:)[^)\s]+)\)")]
    private static partial Regex Picture();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoPlace();

    [GeneratedRegex(@"^```.*?^```|`[^`\n]+`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^<!-- generated: .*?^<!-- end: ", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Generated();

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Message();
}
