using System.Text;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Protocol.Vectors;

/// <summary>A terminal that enrols by a code, and renews its keys after it.</summary>
internal static class VectorEnrolment
{
    /// <summary>The code of the bytes 41 to 4C for T-1, with its check made by another implementation.</summary>
    private const string Code = "T-1:8514-6H25-8S3M-GJAA-9D6D-154M";

    private static readonly ByteString First = VectorSession.Counting(0xA1), Second = VectorSession.Counting(0xB1),
        OfCenter = VectorSession.Counting(0xC1);

    public static void Run(VectorFile file)
    {
        using var code = EnrolmentCode.TryParse(Encoding.ASCII.GetBytes(Code), out var fault) ?? throw new InvalidOperationException(fault);
        var center = new CenterIdentity(VectorSession.Center, VectorSession.Point(0x41), VectorSession.Point(0x01), OfCenter);
        var present = new TerminalIdentity(VectorSession.Terminal, VectorSession.Point(0x81), VectorSession.Point(0x21), 1, First);
        var next = new TerminalIdentity(VectorSession.Terminal, VectorSession.Point(0x91), VectorSession.Point(0x31), 2, Second);
        file.Given("code", Code);
        file.Given("credentialPrivateKey", VectorSession.Counting(0x81));
        file.Given("agreementPrivateKey", VectorSession.Counting(0x21));
        file.Given("tlsCertificateSha256", First);
        file.Given("nextCredentialPrivateKey", VectorSession.Counting(0x91));
        file.Given("nextAgreementPrivateKey", VectorSession.Counting(0x31));
        file.Given("nextTlsCertificateSha256", Second);
        file.Given("centerJson", Encoding.UTF8.GetString(center.Write()));

        using var ofCode = EnrolmentKey.Of(code);
        file.Made("enrolment key", ofCode.Span,
            ("info", VectorSession.Hex(new Labelled(ProtocolLabels.Enrolment).Text(VectorSession.Terminal.Value))));
        Exchange(file, new EnrolmentTranscript(present, VectorSession.Counting(0xE0), First, OfCenter), ofCode, center, isRenewal: false);

        using var module = VectorSession.Private(0x21);
        using var transport = TerminalTransportKey.AtTerminal(module, VectorSession.Terminal, 1, center);
        using var ofKeys = EnrolmentKey.Of(transport);
        file.Made("transport key", transport.Key.Span);
        file.Made("enrolment key of the renewal", ofKeys.Span, ("info", VectorSession.Hex(new Labelled(ProtocolLabels.Renewal))));
        Exchange(file, new EnrolmentTranscript(next, VectorSession.Counting(0x60), First, OfCenter), ofKeys, center, isRenewal: true);
    }

    private static void Exchange(VectorFile file, EnrolmentTranscript transcript, EnrolmentKey key, CenterIdentity center, bool isRenewal)
    {
        var asked = transcript.Ask(key);
        file.Made("the terminal's proof", asked.Confirmation.Span, ("info", transcript.ToBytes(ProtocolLabels.TerminalEnrols).ToString()));
        if (isRenewal)
        {
            var signed = transcript.ToBytes(ProtocolLabels.Renews);
            asked = asked with { Signature = VectorSession.Sign(0x81, signed.Span) };
            file.Made("the present credential's signature", asked.Signature.Span, ("signed", signed.ToString()));
            Assert.That(transcript.IsSigned(VectorSession.Point(0x81), asked), Is.True);
        }
        file.Message(VectorSpeaker.Terminal, asked);
        var answer = transcript.Answer(key, center);
        Assert.That((transcript.IsAsked(key, asked), transcript.CenterOf(key, answer)), Is.EqualTo((true, center)));
        file.Message(VectorSpeaker.Center, answer);
    }
}
