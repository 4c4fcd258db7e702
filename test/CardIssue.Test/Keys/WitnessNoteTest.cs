using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Keys;

public class WitnessNoteTest
{
    private static readonly ByteString Store = ByteString.Own(new byte[16]), OtherStore = ByteString.Own([1, .. new byte[15]]);

    private static ByteString Head(byte first) => ByteString.Own([first, .. new byte[31]]);

    private static WitnessNote Note(long generation, long sequence, byte head = 0, string chain = "host-1") =>
        new(new CenterId("C-1"), Store, generation, chain, sequence, Head(head));

    private static CenterIdentity Center(P256PrivateKey signing, string name = "C-1") =>
        new(new CenterId(name), signing.PublicKey, signing.PublicKey, default);

    [Test]
    public void ANote_IsSigned_ComesBackEqual()
    {
        using var key = P256PrivateKey.Generate();
        var longest = new WitnessNote(new CenterId(new string('C', 64)), Store, long.MaxValue, new string('h', 64), long.MaxValue, Head(255));
        foreach (var note in new[] { Note(0, 0), longest })
        {
            var bytes = SignedWitnessNote.Sign(note, key);
            Assert.That(bytes.Length, Is.LessThanOrEqualTo(FieldLimits.MaxWitness));
            Assert.That(SignedWitnessNote.TryVerify(bytes, Center(key, note.Center.Value), out var verified), Is.True);
            Assert.That((verified!.Note, verified.Bytes), Is.EqualTo((note, bytes)));
        }
    }

    [Test]
    public void ANote_HasAnyByteChangedOrIsCut_IsRefused()
    {
        using var key = P256PrivateKey.Generate();
        var bytes = SignedWitnessNote.Sign(Note(5, 7), key).ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x01;
            Assert.That(SignedWitnessNote.TryVerify(ByteString.Copy(bytes), Center(key), out _), Is.False, $"byte {i}");
            bytes[i] ^= 0x01;
            Assert.That(SignedWitnessNote.TryVerify(ByteString.Copy(bytes.AsSpan(0, i)), Center(key), out _), Is.False, $"cut to {i}");
        }
        Assert.That(SignedWitnessNote.TryVerify(ByteString.Own([.. bytes, 0]), Center(key), out _), Is.False);
        Assert.That(SignedWitnessNote.TryVerify(ByteString.Own(new byte[FieldLimits.MaxWitness + 1]), Center(key), out _), Is.False);
    }

    [Test]
    public void ANote_OfAnotherCenterOrKey_IsRefused()
    {
        using var key = P256PrivateKey.Generate();
        using var other = P256PrivateKey.Generate();
        var bytes = SignedWitnessNote.Sign(Note(5, 7), key);
        Assert.That(SignedWitnessNote.TryVerify(bytes, Center(key, "C-2"), out _), Is.False);
        Assert.That(SignedWitnessNote.TryVerify(bytes, Center(other), out _), Is.False);
    }

    private static IEnumerable<TestCaseData> Broken()
    {
        yield return new TestCaseData(Note(-1, 0)).SetArgDisplayNames("generation -1");
        yield return new TestCaseData(Note(1, -1)).SetArgDisplayNames("entry -1");
        yield return new TestCaseData(Note(1, 0) with { Store = default }).SetArgDisplayNames("no store");
        yield return new TestCaseData(Note(1, 0) with { Head = default }).SetArgDisplayNames("no hash");
        yield return new TestCaseData(Note(1, 0, chain: "a b")).SetArgDisplayNames("chain");
    }

    [TestCaseSource(nameof(Broken))]
    public void ANote_BreaksARule_IsNotSigned(WitnessNote note)
    {
        using var key = P256PrivateKey.Generate();
        Assert.That(() => SignedWitnessNote.Sign(note, key), Throws.ArgumentException);
    }

    private static IEnumerable<TestCaseData> Pairs()
    {
        yield return Pair("the same", Note(5, 7, 1), Note(5, 7, 1), false);
        yield return Pair("both higher", Note(5, 7, 1), Note(9, 8, 2), false);
        yield return Pair("a change without an entry", Note(5, 7, 1), Note(6, 7, 1), false);
        yield return Pair("the same generation, another hash", Note(5, 7, 1), Note(5, 7, 2), true);
        yield return Pair("the same generation, another entry", Note(5, 7, 1), Note(5, 8, 2), true);
        yield return Pair("higher, and the log went back", Note(5, 7, 1), Note(9, 6, 2), true);
        yield return Pair("higher, and the same entry is another", Note(5, 7, 1), Note(9, 7, 2), true);
        yield return Pair("another host's chain", Note(5, 7, 1), Note(9, 2, 2, "host-2"), false);
        yield return Pair("another store", Note(5, 7, 1), Note(9, 8, 2) with { Store = OtherStore }, true);
    }

    private static TestCaseData Pair(string name, WitnessNote one, WitnessNote other, bool contradicts) =>
        new TestCaseData(one, other, contradicts).SetArgDisplayNames(name);

    [TestCaseSource(nameof(Pairs))]
    public void TwoNotes_OfOneHistoryOrTwo_AreToldApartEitherWayRound(WitnessNote one, WitnessNote other, bool contradicts)
    {
        Assert.That(one.Contradicts(other), Is.EqualTo(contradicts));
        Assert.That(other.Contradicts(one), Is.EqualTo(contradicts));
    }
}
