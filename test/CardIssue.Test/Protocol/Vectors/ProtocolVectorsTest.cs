using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol.Vectors;

/// <summary>
/// The vectors beside PROTOCOL.md are what the code makes: a session of each kind, for whoever builds another end.
/// CARDISSUE_UPDATE_DOCS=1 writes them.
/// </summary>
public sealed class ProtocolVectorsTest
{
    private const string Made = "Keys, nonces and answers are fixed; signatures are deterministic (RFC 6979); R-MACs of the card are made up. All bytes are hexadecimal.";

    [Test]
    public void DirectMode_IsAsItIsWritten()
    {
        var file = new VectorFile($"End-to-end mode on a line with TLS. {Made}");
        using var line = new VectorSession(file);
        line.Admit();
        line.Say(VectorSpeaker.Center, new Witness(VectorSession.Note()));
        new VectorOrder(file, line).Run(isSealed: false);
        Compare("direct", file);
    }

    [Test]
    public void ModuleMode_IsAsItIsWritten()
    {
        var file = new VectorFile($"Module mode on a line with TLS, by a terminal that shows a note. {Made}");
        using var line = new VectorSession(file);
        line.Admit(note: VectorSession.Note());
        new VectorOrder(file, line).Run(isSealed: true);
        Compare("module", file);
    }

    [Test]
    public void WithoutTls_IsAsItIsWritten()
    {
        var file = new VectorFile($"End-to-end mode on a line without TLS: counter and MAC on every message after the admission. {Made}");
        using var line = new VectorSession(file, hasTls: false);
        line.Admit();
        new VectorOrder(file, line).Run(isSealed: false);
        Compare("without-tls", file);
    }

    [Test]
    public void SplitLine_IsAsItIsWritten()
    {
        var file = new VectorFile($"End-to-end mode on a split line with TLS: data on line 7, results on line 8. {Made}");
        using var line = new VectorSession(file);
        var token = VectorSession.Counting(0x50).Slice(0, 16);
        line.Admit(LineHalf.Data, token: token);
        line.Admit(LineHalf.Results, line: 8);
        line.Say(VectorSpeaker.Terminal, new Join(token), LineHalf.Results);
        line.Say(VectorSpeaker.Center, new Joined(), LineHalf.Data);
        new VectorOrder(file, line, up: LineHalf.Results, down: LineHalf.Data).Run(isSealed: false);
        Compare("split", file);
    }

    [Test]
    public void NextCertificate_IsAsItIsWritten()
    {
        var file = new VectorFile($"A center tells its next certificate, and the terminal says the next time that it keeps it. {Made}");
        using var line = new VectorSession(file);
        line.Admit();
        line.Say(VectorSpeaker.Center, new Witness(VectorSession.Note(), VectorSession.NextCertificate()));
        line.Admit(certificate: 2);
        Compare("certificate", file);
    }

    [Test]
    public void NextKeys_IsAsItIsWritten()
    {
        var file = new VectorFile($"A center tells its next keys, and the terminal comes with them the next time. {Made}");
        using var line = new VectorSession(file);
        line.Admit();
        line.Say(VectorSpeaker.Center, new Witness(VectorSession.Note(), default, VectorSession.NextKeys()));
        line.TakeNextKeys();
        line.Admit(note: VectorSession.Note());
        Compare("keys", file);
    }

    [Test]
    public void Enrolment_IsAsItIsWritten()
    {
        var file = new VectorFile("A terminal enrols by a code on a line with TLS, and renews its keys on another. Keys and nonces are fixed; all bytes are hexadecimal.");
        VectorEnrolment.Run(file);
        Compare("enrolment", file);
    }

    private static void Compare(string name, VectorFile file)
    {
        var path = Path.Combine(Repository.Root, "CardIssue.Core", "protocol-vectors", $"{name}.json");
        var json = file.ToJson();
        if (Generated.Updating)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, json);
        }
        Assert.That(File.ReadAllText(path).ReplaceLineEndings("\n"), Is.EqualTo(json), $"the protocol changed: if that was meant, rewrite {name}.json with {Generated.UpdateVariable}=1");
    }
}
