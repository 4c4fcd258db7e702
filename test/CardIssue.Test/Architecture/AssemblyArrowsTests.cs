using System.Reflection;
using System.Xml.Linq;

namespace CardIssue.Test.Architecture;

/// <summary>The arrows between the assemblies: Transport, Reader, Center and Terminal know Core and nothing of each other.</summary>
[TestFixture]
public sealed class AssemblyArrowsTests
{
    private static readonly string[] Libraries = ["CardIssue.Core", "CardIssue.Transport", "CardIssue.Reader", "CardIssue.Center", "CardIssue.Terminal"];

    [TestCaseSource(nameof(Libraries))]
    public void Library_ReferencesOnlyCore_AmongOurs(string library)
    {
        var ours = Assembly.Load(library).GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("CardIssue", StringComparison.Ordinal));
        Assert.That(ours, Is.SubsetOf(new[] { "CardIssue.Core" }));
    }

    [TestCaseSource(nameof(Libraries))]
    public void ProjectFile_ReferencesOnlyCore_AmongOurs(string library)
    {
        var references = Items(library, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/')));
        Assert.That(references, Is.EqualTo(library == "CardIssue.Core" ? Array.Empty<string>() : ["CardIssue.Core"]));
    }

    /// <summary>The helpers of embedders' tests put the others together; nothing that is sold to a shop depends on them.</summary>
    [Test]
    public void Testing_KnowsTheOthers_AndNoneOfThemIt()
    {
        Assert.That(Items("CardIssue.Testing", "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/'))),
            Is.EquivalentTo(new[] { "CardIssue.Core", "CardIssue.Transport", "CardIssue.Center", "CardIssue.Terminal" }));
        Assert.That(Libraries.SelectMany(library => Items(library, "ProjectReference")), Has.None.Contains("CardIssue.Testing"));
    }

    [Test]
    public void Core_NeedsBouncyCastleAndCborAlone()
    {
        var atRunTime = Items("CardIssue.Core", "PackageReference").Where(p => !p.EndsWith("Analyzers", StringComparison.Ordinal));
        Assert.That(atRunTime, Is.EquivalentTo(new[] { "BouncyCastle.Cryptography", "System.Formats.Cbor" }));
    }

    private static IEnumerable<string> Items(string library, string item) =>
        XDocument.Load(Path.Combine(Repository.Root, library, library + ".csproj")).Descendants(item).Select(e => e.Attribute("Include")!.Value);
}
