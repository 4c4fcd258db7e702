using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Keys;

public class AdmissionTranscriptTest
{
    private static readonly ByteString NonceT = ByteString.Own(new byte[32]), NonceC = ByteString.Own([.. Enumerable.Repeat((byte)1, 32)]);

    private static AdmissionTranscript Transcript() => new()
    {
        MinVersion = 1, MaxVersion = 2, Version = 1, Terminal = new TerminalId("T-1"), Center = new CenterId("C-1"), Window = 8, Line = new LineNumber(3),
        TerminalNonce = NonceT, CenterNonce = NonceC, TerminalCertificate = ByteString.Own(new byte[32]), CenterCertificate = ByteString.Empty,
    };

    private static IEnumerable<TestCaseData> Changes()
    {
        var t = Transcript();
        yield return new TestCaseData(t with { MinVersion = 2 }).SetArgDisplayNames("min version");
        yield return new TestCaseData(t with { MaxVersion = 1 }).SetArgDisplayNames("max version");
        yield return new TestCaseData(t with { Version = 2 }).SetArgDisplayNames("version");
        yield return new TestCaseData(t with { Terminal = new TerminalId("T-2") }).SetArgDisplayNames("terminal");
        yield return new TestCaseData(t with { Center = new CenterId("C-2") }).SetArgDisplayNames("center");
        yield return new TestCaseData(t with { Window = 9 }).SetArgDisplayNames("window");
        yield return new TestCaseData(t with { Line = new LineNumber(4) }).SetArgDisplayNames("line");
        yield return new TestCaseData(t with { TerminalNonce = NonceC }).SetArgDisplayNames("terminal nonce");
        yield return new TestCaseData(t with { CenterNonce = NonceT }).SetArgDisplayNames("center nonce");
        yield return new TestCaseData(t with { Half = LineHalf.Data }).SetArgDisplayNames("half");
        yield return new TestCaseData(t with { Note = NonceC }).SetArgDisplayNames("note");
        yield return new TestCaseData(t with { TerminalCertificate = ByteString.Empty }).SetArgDisplayNames("terminal certificate");
        yield return new TestCaseData(t with { CenterCertificate = ByteString.Own(new byte[32]) }).SetArgDisplayNames("center certificate");
        yield return new TestCaseData(t with { TerminalCertificate = ByteString.Empty, CenterCertificate = ByteString.Own(new byte[32]) }).SetArgDisplayNames("certificates swapped");
    }

    [TestCaseSource(nameof(Changes))]
    public void AField_IsChanged_SignatureFails(AdmissionTranscript changed)
    {
        using var key = P256PrivateKey.Generate();
        var signature = Transcript().Sign(AdmissionRole.Terminal, key);
        Assert.That(Transcript().IsSigned(AdmissionRole.Terminal, key.PublicKey, signature), Is.True);
        Assert.That(changed.IsSigned(AdmissionRole.Terminal, key.PublicKey, signature), Is.False);
        Assert.That(changed.Hash(AdmissionRole.Terminal), Is.Not.EqualTo(Transcript().Hash(AdmissionRole.Terminal)));
    }

    [Test]
    public void ASignature_IsReflected_FailsInTheOtherRole()
    {
        using var key = P256PrivateKey.Generate();
        var signature = Transcript().Sign(AdmissionRole.Terminal, key);
        Assert.That(Transcript().IsSigned(AdmissionRole.Center, key.PublicKey, signature), Is.False);
    }

    [Test]
    public void ASignature_IsAnotherKeysOrCut_Fails()
    {
        using var key = P256PrivateKey.Generate();
        using var other = P256PrivateKey.Generate();
        var signature = Transcript().Sign(AdmissionRole.Terminal, key);
        Assert.That(Transcript().IsSigned(AdmissionRole.Terminal, other.PublicKey, signature), Is.False);
        Assert.That(Transcript().IsSigned(AdmissionRole.Terminal, key.PublicKey, signature.Slice(0, 63)), Is.False);
        Assert.That(Transcript().IsSigned(AdmissionRole.Terminal, key.PublicKey, ByteString.Own(new byte[64])), Is.False);
    }

    [Test]
    public void TheLayout_IsPinned() => Assert.That(Transcript().ToBytes(AdmissionRole.Terminal).ToString(), Is.EqualTo(
        Convert.ToHexString("CardIssue admission v1\0"u8) + "0008" + Convert.ToHexString("terminal"u8) + "000000010000000200000001"
        + "0003542D31" + "0003432D31" + "0000000800000003" + "0020" + NonceT + "0020" + NonceC + "0020" + NonceT + "0000"));

    [Test]
    public void TheLayoutOfWhatIsNotAlwaysThere_IsPinned()
    {
        var plain = Transcript().ToBytes(AdmissionRole.Center).ToString();
        var shown = Transcript() with { Note = ByteString.FromHex("0A0B") };
        Assert.Multiple(() =>
        {
            Assert.That((Transcript() with { Half = LineHalf.Results }).ToBytes(AdmissionRole.Center).ToString(), Is.EqualTo(plain + "00000002"));
            Assert.That(shown.ToBytes(AdmissionRole.Center).ToString(), Is.EqualTo(plain + "00000000" + "00020A0B"));
            Assert.That((shown with { Half = LineHalf.Data }).ToBytes(AdmissionRole.Center).ToString(), Is.EqualTo(plain + "00000001" + "00020A0B"));
        });
    }
}
