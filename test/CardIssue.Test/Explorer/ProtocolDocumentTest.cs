namespace CardIssue.Test.Explorer;

/// <summary>PROTOCOL.md shows what the machines do.</summary>
public sealed class ProtocolDocumentTest
{
    [Test]
    public void GeneratedParts_OfProtocolDocument_AreThoseOfTheMachines()
    {
        var met = new Coverage();
        met.Add(Explored.All);
        met.Add(Probe.Run(Explored.All));
        var document = File.ReadAllText(ProtocolDocument.FilePath).ReplaceLineEndings("\n");
        var renewed = ProtocolDocument.Renew(document, met);
        if (Generated.Updating) File.WriteAllText(ProtocolDocument.FilePath, document = renewed);
        Assert.That(document, Is.EqualTo(renewed), $"PROTOCOL.md is not what the machines are: rewrite it with {Generated.UpdateVariable}=1.");
    }
}
