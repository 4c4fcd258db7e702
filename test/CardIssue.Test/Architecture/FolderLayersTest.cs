namespace CardIssue.Test.Architecture;

/// <summary>Inside an assembly, folders are layers: each uses only what lies below it, and namespaces follow folders.</summary>
public sealed class FolderLayersTest
{
    private const string Planted = "test/CardIssue.Test/Architecture/Planted";

    private static FolderGraph Graph(params (string File, string To)[] uses) => new(
        [.. uses.SelectMany(use => new[] { FolderOf(use.File), use.To }).Distinct()],
        [.. uses.Select(use => new FolderUse(use.File, FolderOf(use.File), "Thing", use.To))]);

    private static string FolderOf(string file) => Path.GetDirectoryName(file)!.Replace('\\', '/');

    [TestCaseSource(typeof(ArchitectureDocument), nameof(ArchitectureDocument.Assemblies))]
    public void FoldersOfAnAssembly_UseEachOther_InNoCircle(string assembly) =>
        Assert.That(ArchitectureDocument.GraphOf(assembly).Circle()?.ToString(), Is.Null);

    [TestCaseSource(typeof(ArchitectureDocument), nameof(ArchitectureDocument.Assemblies))]
    public void NamespacesOfAnAssembly_FollowFolders(string assembly)
    {
        var sources = ArchitectureDocument.SourcesOf(assembly);
        Assert.That(sources.Files.Where(file => file.Namespace != sources.NamespaceOf(file.Folder) && file.Types.Count > 0)
            .Select(file => $"{file.Path} is in {file.Namespace}"), Is.Empty);
        Assert.That(sources.Files.Count(file => file.Types.Count > 0), Is.GreaterThan(10), "the files were read");
    }

    [Test]
    public void Circle_OfThreeFolders_IsFoundWithTheFilesThatMakeIt()
    {
        var circle = Graph(("A/a.cs", "B"), ("B/b.cs", "C"), ("C/c.cs", "A"), ("A/other.cs", "D")).Circle()!;
        Assert.That(circle.ToString(), Is.EqualTo("A → B → C → A\n  A/a.cs uses Thing of B\n  B/b.cs uses Thing of C\n  C/c.cs uses Thing of A"));
    }

    [Test]
    public void Circle_BesideALongerOne_IsTheShortest() =>
        Assert.That(Graph(("A/a.cs", "B"), ("B/b.cs", "C"), ("C/c.cs", "A"), ("C/d.cs", "B")).Circle()!.Folders, Is.EquivalentTo(new[] { "B", "C" }));

    /// <summary>No two of these folders use each other, but A taken whole and B do; own files and a sub-folder are two layers of the same folder.</summary>
    [TestCase("A/X", "A/Y", "A → B → A")]
    [TestCase("A/X", "A", "A → B → A")]
    public void Circle_ThroughASubFolder_IsFound(string uses, string used, string expected) =>
        Assert.That(Graph(($"{uses}/a.cs", "B"), ("B/b.cs", used)).Circle()!.ToString(), Does.StartWith(expected + "\n"));

    [Test]
    public void Circle_OfAFoldersOwnFilesAndASubFolder_IsFound() =>
        Assert.That(Graph(("A/a.cs", "A/X"), ("A/X/x.cs", "A")).Circle()!.ToString(), Does.StartWith("A/*.cs → A/X → A/*.cs\n"));

    [Test]
    public void Folders_OneAboveTheOther_MakeNoCircle() =>
        Assert.That(Graph(("A/a.cs", "A/X"), ("A/X/x.cs", "B"), ("A/a.cs", "B"), ("a.cs", "A/X")).Circle(), Is.Null);

    /// <summary>Two small folders that are compiled into these tests: one uses the other by a method's body, and is used back by a constant alone.</summary>
    [Test]
    public void PlantedCircle_InCompiledCode_IsFoundWithTheFilesThatMakeIt()
    {
        var sources = new SourceTree(Planted, typeof(Planted.Upper.Sum).Namespace!.Replace(".Upper", "", StringComparison.Ordinal));
        var uses = FolderUses.Of(typeof(Planted.Upper.Sum).Assembly, sources);
        Assert.That(new FolderGraph(["Lower", "Upper"], uses).Circle()?.ToString(), Is.EqualTo(
            "Lower → Upper → Lower\n  Lower/Digits.cs uses Sum of Upper\n  Upper/Sum.cs uses Digits of Lower"));
    }
}
