using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Keys;

public class IssueCodeEnvelopeTest
{
    private static readonly ByteString A = ByteString.Own(new byte[32]), B = ByteString.Own([.. Enumerable.Repeat((byte)1, 32)]);
    private static readonly IssueCodeContext Context = new(A, 1, "A-17");

    [Test]
    public void ACode_IsSealed_OpensAtTheCenter()
    {
        using var center = P256PrivateKey.Generate();
        foreach (var length in new[] { 1, 8, IssueCodeEnvelope.MaxCode })
        {
            var code = Enumerable.Repeat((byte)'7', length).ToArray();
            var envelope = IssueCodeEnvelope.Seal(center.PublicKey, Context, code);
            Assert.That(envelope.Length, Is.EqualTo(IssueCodeEnvelope.Length), "the length tells nothing");
            Assert.That(IssueCodeEnvelope.TryOpen(center, Context, envelope.Span, out var opened), Is.True);
            using (opened) Assert.That(opened!.FixedTimeEquals(code), Is.True);
        }
    }

    [TestCase(0)]
    [TestCase(64)]
    [TestCase(65)]
    public void ACode_OfNoLengthThatCodesHave_IsNotSealed(int length)
    {
        using var center = P256PrivateKey.Generate();
        Assert.That(() => IssueCodeEnvelope.Seal(center.PublicKey, Context, new byte[length]), Throws.ArgumentException);
    }

    [Test]
    public void AnEnvelope_IsLongerOrShorterThanOne_DoesNotOpen()
    {
        using var center = P256PrivateKey.Generate();
        var envelope = IssueCodeEnvelope.Seal(center.PublicKey, Context, "1234"u8).ToArray();
        (string, byte[])[] changes =
        [
            ("one more", [.. envelope, 0]), ("one more, first", [0, .. envelope]), ("one less", envelope[..^1]), ("none", []),
            ("twice", [.. envelope, .. envelope]),
        ];
        foreach (var (name, changed) in changes)
        {
            Assert.That(IssueCodeEnvelope.TryOpen(center, Context, changed, out var code), Is.False, name);
            Assert.That(code, Is.Null);
        }
    }

    private static IEnumerable<IssueCodeContext> OtherPlaces() =>
    [
        Context with { Admission = B }, Context with { Request = 2 }, Context with { Reference = "A-18" }, Context with { Reference = "" },
    ];

    [TestCaseSource(nameof(OtherPlaces))]
    public void AnEnvelope_IsReplayedElsewhere_DoesNotOpen(IssueCodeContext elsewhere)
    {
        using var center = P256PrivateKey.Generate();
        var envelope = IssueCodeEnvelope.Seal(center.PublicKey, Context, "1234"u8);
        Assert.That(IssueCodeEnvelope.TryOpen(center, elsewhere, envelope.Span, out var code), Is.False);
        Assert.That(code, Is.Null);
    }

    [Test]
    public void AnEnvelope_HasAnyByteChanged_DoesNotOpen()
    {
        using var center = P256PrivateKey.Generate();
        var envelope = IssueCodeEnvelope.Seal(center.PublicKey, Context, "1234"u8).ToArray();
        for (var i = 0; i < envelope.Length; i++)
        {
            envelope[i] ^= 0x01;
            Assert.That(IssueCodeEnvelope.TryOpen(center, Context, envelope, out _), Is.False, $"byte {i}");
            envelope[i] ^= 0x01;
        }
        Assert.That(IssueCodeEnvelope.TryOpen(center, Context, envelope.AsSpan(1), out _), Is.False);
        using var other = P256PrivateKey.Generate();
        Assert.That(IssueCodeEnvelope.TryOpen(other, Context, envelope, out _), Is.False);
    }
}
