using CardIssue.Test.Explorer;

namespace CardIssue.Test.Architecture;

/// <summary>ARCHITECTURE.md shows the folders as they are.</summary>
public sealed class ArchitectureDocumentTest
{
    [Test]
    public void Pictures_OfArchitectureDocument_AreThoseOfTheCode()
    {
        var document = File.ReadAllText(ArchitectureDocument.FilePath).ReplaceLineEndings("\n");
        var renewed = ArchitectureDocument.Renew(document);
        if (Generated.Updating) File.WriteAllText(ArchitectureDocument.FilePath, document = renewed);
        Assert.That(document, Is.EqualTo(renewed), $"ARCHITECTURE.md does not show the folders as they are: rewrite it with {Generated.UpdateVariable}=1.");
    }
}
