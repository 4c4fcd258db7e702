using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Modules;

namespace CardIssue.Test.Keys;

public class LineKeysTest
{
    [Test]
    public void ModuleAndVault_OfOneAdmission_DeriveTheSame_OneKeyForEachDirection()
    {
        using var counter = new Counter();
        var transcript = Prove(counter);
        using var center = counter.Vault.Present.OpenLineKeys(counter.Module.Identity, transcript);
        Assert.That(counter.Module.OpenLineKeys(transcript, out var terminal), Is.EqualTo(ModuleRefusal.None));
        using (terminal)
        {
            Assert.That(terminal!.ToCenter.FixedTimeEquals(center.ToCenter.Span), Is.True);
            Assert.That(terminal.ToTerminal.FixedTimeEquals(center.ToTerminal.Span), Is.True);
            Assert.That(terminal.ToCenter.FixedTimeEquals(center.ToTerminal.Span), Is.False);
        }
    }

    [Test]
    public void AnyFieldOfTheTranscript_Differs_SoDoTheKeys()
    {
        using var counter = new Counter();
        var transcript = Prove(counter);
        using var keys = counter.Vault.Present.OpenLineKeys(counter.Module.Identity, transcript);
        AdmissionTranscript[] changes =
        [
            transcript with { Hello = transcript.Challenge }, transcript with { Challenge = transcript.Hello },
            transcript with { CenterCertificate = transcript.Hash() }, transcript with { Note = transcript.Hash() },
        ];
        foreach (var changed in changes)
        {
            using var other = counter.Vault.Present.OpenLineKeys(counter.Module.Identity, changed);
            Assert.That(keys.ToCenter.FixedTimeEquals(other.ToCenter.Span), Is.False);
        }
    }

    [Test]
    public void OtherTerminal_HasOtherKeys()
    {
        using var counter = new Counter();
        var transcript = Prove(counter);
        using var keys = counter.Vault.Present.OpenLineKeys(counter.Module.Identity, transcript);
        using var other = counter.Vault.Present.OpenLineKeys(counter.Other.Identity, transcript);
        Assert.That(keys.ToTerminal.FixedTimeEquals(other.ToTerminal.Span), Is.False);
    }

    [Test]
    public void Module_TranscriptThatItDidNotProve_OrOfAnAdmissionThatIsOver_IsRefused()
    {
        using var counter = new Counter();
        var transcript = Prove(counter);
        Assert.That(counter.Module.OpenLineKeys(transcript with { Note = transcript.Hash() }, out var keys), Is.EqualTo(ModuleRefusal.NoAdmission));
        Assert.That(keys, Is.Null);
        counter.Module.BeginAdmission();
        Assert.That(counter.Module.OpenLineKeys(transcript, out _), Is.EqualTo(ModuleRefusal.NoAdmission));
    }

    private static AdmissionTranscript Prove(Counter counter)
    {
        var transcript = counter.Transcript(counter.Module, counter.Module.BeginAdmission());
        Assert.That(counter.Module.ProveAdmission(transcript, out _), Is.EqualTo(ModuleRefusal.None));
        return transcript;
    }
}
