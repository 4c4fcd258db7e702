using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Keys;

/// <summary>What an admission's signature is over. <see cref="SharedLayoutTest"/> pins the bytes.</summary>
public class AdmissionTranscriptTest
{
    private static readonly ByteString NonceT = ByteString.Own(new byte[32]), NonceC = ByteString.Own([.. Enumerable.Repeat((byte)1, 32)]);
    private static readonly Hello Hello = new(1, 2, new TerminalId("T-1"), NonceT, 8);
    private static readonly Challenge Challenge = new(1, NonceC, new LineNumber(3));

    private static AdmissionTranscript Transcript(Hello? hello = null, Challenge? challenge = null) => new()
    {
        Hello = MessageCodec.BytesOf(hello ?? Hello), Challenge = MessageCodec.BytesOf(challenge ?? Challenge), Center = new CenterId("C-1"),
        TerminalCertificate = ByteString.Own(new byte[32]), CenterCertificate = ByteString.Empty,
    };

    private static IEnumerable<TestCaseData> Changes()
    {
        var t = Transcript();
        yield return new TestCaseData(Transcript(Hello with { MinVersion = 2 })).SetArgDisplayNames("min version");
        yield return new TestCaseData(Transcript(Hello with { MaxVersion = 1 })).SetArgDisplayNames("max version");
        yield return new TestCaseData(Transcript(null, Challenge with { Version = 2 })).SetArgDisplayNames("version");
        yield return new TestCaseData(Transcript(Hello with { Terminal = new TerminalId("T-2") })).SetArgDisplayNames("terminal");
        yield return new TestCaseData(t with { Center = new CenterId("C-2") }).SetArgDisplayNames("center");
        yield return new TestCaseData(Transcript(Hello with { Window = 9 })).SetArgDisplayNames("window");
        yield return new TestCaseData(Transcript(null, Challenge with { Line = new LineNumber(4) })).SetArgDisplayNames("line");
        yield return new TestCaseData(Transcript(Hello with { Nonce = NonceC })).SetArgDisplayNames("terminal nonce");
        yield return new TestCaseData(Transcript(null, Challenge with { Nonce = NonceT })).SetArgDisplayNames("center nonce");
        yield return new TestCaseData(Transcript(Hello with { Half = LineHalf.Data })).SetArgDisplayNames("half");
        yield return new TestCaseData(t with { Hello = t.Challenge, Challenge = t.Hello }).SetArgDisplayNames("messages swapped");
        yield return new TestCaseData(t with { TerminalCertificate = ByteString.Empty }).SetArgDisplayNames("terminal certificate");
        yield return new TestCaseData(t with { CenterCertificate = ByteString.Own(new byte[32]) }).SetArgDisplayNames("center certificate");
        yield return new TestCaseData(t with { TerminalCertificate = ByteString.Empty, CenterCertificate = ByteString.Own(new byte[32]) }).SetArgDisplayNames("certificates swapped");
    }

    [TestCaseSource(nameof(Changes))]
    public void Anything_IsChanged_SignatureFails(AdmissionTranscript changed)
    {
        using var key = P256PrivateKey.Generate();
        var proof = Prove(key);
        Assert.That(Transcript().IsSigned(key.PublicKey, proof), Is.True);
        Assert.That(changed.IsSigned(key.PublicKey, proof), Is.False);
        Assert.That(changed.Hash(), Is.Not.EqualTo(Transcript().Hash()));
    }

    /// <summary>The note is in the proof itself: another one in the proof, or in the transcript, is no proof of it.</summary>
    [Test]
    public void TheNote_IsAnotherInProofOrTranscript_SignatureFails()
    {
        using var key = P256PrivateKey.Generate();
        var proof = Prove(key);
        Assert.That(Transcript().IsSigned(key.PublicKey, proof with { Note = NonceC }), Is.False);
        Assert.That((Transcript() with { Note = NonceC }).IsSigned(key.PublicKey, proof), Is.False);
        Assert.That((Transcript() with { Note = NonceC }).IsSigned(key.PublicKey, proof with { Note = NonceC }), Is.False);
    }

    /// <summary>
    /// A field that this version does not know is signed like all others: whoever takes it out, or puts it in, is found out.
    /// </summary>
    [Test]
    public void AHello_HasAFieldOfALaterVersion_ItIsBound()
    {
        var bytes = MessageCodec.Encode(Hello);
        bytes[0]++;
        var came = MessageCodec.Decode((byte[])[.. bytes, 0x09, 0x18, 0x2A]);
        Assert.That(came.Message, Is.EqualTo(Hello), "what is known of it");
        Assert.That(MessageCodec.BytesOf(came.Message!).Length, Is.EqualTo(bytes.Length + 3));
        Assert.That(Transcript((Hello)came.Message!).Hash(), Is.Not.EqualTo(Transcript().Hash()));
    }

    [Test]
    public void ASignature_IsReflected_IsNoAnswer()
    {
        using var key = P256PrivateKey.Generate();
        var proof = Prove(key);
        Assert.That(key.PublicKey.Verify(Transcript().AnswerBytes(proof, default, default).Span, proof.Signature.Span), Is.False);
    }

    [Test]
    public void ASignature_IsAnotherKeysOrCut_Fails()
    {
        using var key = P256PrivateKey.Generate();
        using var other = P256PrivateKey.Generate();
        var proof = Prove(key);
        Assert.That(Transcript().IsSigned(other.PublicKey, proof), Is.False);
        Assert.That(Transcript().IsSigned(key.PublicKey, proof with { Signature = proof.Signature.Slice(0, 63) }), Is.False);
        Assert.That(Transcript().IsSigned(key.PublicKey, proof with { Signature = ByteString.Own(new byte[64]) }), Is.False);
    }

    private static Proof Prove(P256PrivateKey key) => new(ByteString.Own(key.Sign(Transcript().ToBytes().Span)), NonceC);
}
