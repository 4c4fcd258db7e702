using CardIssue.Core.Keys;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

/// <summary>PROTOCOL.md tells the bytes, codes and caps that the code has.</summary>
public sealed class ProtocolDocumentPartsTest
{
    [Test]
    public void GeneratedParts_OfProtocolDocument_AreThoseOfTheSources()
    {
        var document = File.ReadAllText(ProtocolDocument.FilePath).ReplaceLineEndings("\n");
        var renewed = document;
        foreach (var (name, text) in ProtocolDocumentParts.All) renewed = Generated.Replace(renewed, name, text);
        if (Generated.Updating) File.WriteAllText(ProtocolDocument.FilePath, document = renewed);
        Assert.That(document, Is.EqualTo(renewed), $"PROTOCOL.md is not what the sources say: rewrite it with {Generated.UpdateVariable}=1.");
    }

    /// <summary>What is signed, derived or sealed for one thing must never do for another.</summary>
    [Test]
    public void Labels_AreAllInTheTable_EachOnce()
    {
        var constants = typeof(ProtocolLabels).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).ToArray();
        Assert.That(ProtocolLabels.All.Select(use => use.Label), Is.EquivalentTo(constants));
        Assert.That(constants, Is.Unique);
        Assert.That(constants, Is.All.StartsWith("CardIssue 1 "));
    }

    /// <summary>A summary that says nothing of the direction would leave the document's reader in the dark.</summary>
    [Test]
    public void Messages_AreListed_EachSaysWhoSendsIt()
    {
        var rows = ProtocolDocumentParts.All.Single(part => part.Name == "messages").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2);
        foreach (var row in rows) Assert.That(row, Does.Contain("erminal to center").Or.Contain("enter to terminal").Or.Contain("Either way"));
    }
}
