using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

public class Scp03OpeningTest
{
    private static readonly JsonElement Genuine = Vector.Load("scp03_sessions.json").First();

    private static Scp03OpenResult Open(ByteString data, ushort statusWord = 0x9000, SecurityLevel level = SecurityLevel.CMacRMac)
    {
        using var keys = Scp03SessionTest.Keys(Genuine);
        return Scp03Opening.TryOpen(keys, 0x30, CommandApdu.Parse(Genuine.Hex("initializeUpdate").Span).Data.Span, new ResponseApdu(data, statusWord), level);
    }

    private static ByteString With(int index, byte value)
    {
        var data = Genuine.Hex("initializeUpdateResponse").ToArray();
        data[index] = value;
        return ByteString.Own(data);
    }

    private static void AssertRefused(Scp03OpenResult result, OpenDiagnosis diagnosis) =>
        Assert.That((result as Scp03OpenResult.Refused)?.Diagnosis, Is.EqualTo(diagnosis));

    [Test]
    public void InitializeUpdate_Made_IsTheVectors() => Assert.That(
        Scp03.InitializeUpdate(0x30, CommandApdu.Parse(Genuine.Hex("initializeUpdate").Span).Data.Span).ToBytes(), Is.EqualTo(Genuine.Hex("initializeUpdate")));

    [Test]
    public void CardWithTheKeys_Answers_OpensAndSaysWhoItClaimsToBe()
    {
        var result = Open(Genuine.Hex("initializeUpdateResponse"));
        using var session = ((Scp03OpenResult.Opened)result).Session;
        var answer = ((Scp03OpenResult.Opened)result).Answer;
        Assert.That(answer.DiversificationData, Is.EqualTo(ByteString.Own(new byte[10])));
        Assert.That(answer.KeyVersion, Is.EqualTo(0x30));
        Assert.That(answer.Mode, Is.EqualTo(0x70));
        Assert.That(answer.SequenceCounter, Is.EqualTo(ByteString.FromHex("000002")));
    }

    [Test]
    public void EveryBitOfTheCryptogram_Flipped_IsRefused()
    {
        for (var bit = 0; bit < 64; bit++)
            AssertRefused(Open(With(21 + bit / 8, (byte)(Genuine.Hex("initializeUpdateResponse")[21 + bit / 8] ^ 1 << bit % 8))), OpenDiagnosis.WrongCryptogram);
    }

    [Test]
    public void CardWithOtherKeys_Answers_IsRefused()
    {
        using var keys = new Scp03StaticKeys(0x30, SecretBytes.Random(16), SecretBytes.Random(16), SecretBytes.Random(16));
        var result = Scp03Opening.TryOpen(keys, 0x30, CommandApdu.Parse(Genuine.Hex("initializeUpdate").Span).Data.Span,
            new ResponseApdu(Genuine.Hex("initializeUpdateResponse"), 0x9000), SecurityLevel.CMacRMac);
        AssertRefused(result, OpenDiagnosis.WrongCryptogram);
    }

    [Test]
    public void KeyVersion_NotOnTheCard_IsRefused()
    {
        AssertRefused(Open(default, 0x6A88), OpenDiagnosis.UnknownKeyVersion);
        AssertRefused(Open(With(10, 0x31)), OpenDiagnosis.UnknownKeyVersion);
    }

    [TestCase(0x6982)]
    [TestCase(0x6985)]
    [TestCase(0x6700)]
    [TestCase(0x6D00)]
    public void ErrorStatus_Answered_IsRefusedWithIt(int statusWord)
    {
        var result = Open(default, (ushort)statusWord);
        AssertRefused(result, OpenDiagnosis.CardRefused);
        Assert.That(((Scp03OpenResult.Refused)result).StatusWord, Is.EqualTo(statusWord));
    }

    [Test]
    public void Scp02Card_Answers_IsRefused() =>
        AssertRefused(Open(ByteString.FromHex("0000234555808320483901020013884AB6A84A1819A72830637708FB")), OpenDiagnosis.NotScp03);

    [Test]
    public void S16Card_Answers_IsRefused()
    {
        AssertRefused(Open(With(12, 0x71)), OpenDiagnosis.UnsupportedMode);
        AssertRefused(Open(ByteString.Concat(Genuine.Hex("initializeUpdateResponse"), ByteString.Own(new byte[16]))), OpenDiagnosis.UnsupportedMode);
    }

    [Test]
    public void CardWithoutResponseProtection_LevelAsksForIt_IsRefused()
    {
        AssertRefused(Open(With(12, 0x10)), OpenDiagnosis.LevelNotSupported);
        AssertRefused(Open(With(12, 0x10), level: SecurityLevel.CMacCEncRMac), OpenDiagnosis.LevelNotSupported);
        AssertRefused(Open(With(12, 0x30), level: SecurityLevel.CMacCEncRMacREnc), OpenDiagnosis.LevelNotSupported);
    }

    [Test]
    public void Answer_CutAtAnyByte_IsRefused()
    {
        var data = Genuine.Hex("initializeUpdateResponse");
        for (var length = 0; length < data.Length; length++)
            AssertRefused(Open(data.Slice(0, length)), OpenDiagnosis.MalformedResponse);
    }

    [Test]
    public void OwnMistakes_Throw()
    {
        using var keys = Scp03SessionTest.Keys(Genuine);
        var response = new ResponseApdu(Genuine.Hex("initializeUpdateResponse"), 0x9000);
        Assert.That(() => Scp03Opening.TryOpen(keys, 0x31, new byte[8], response, SecurityLevel.CMac), Throws.ArgumentException);
        Assert.That(() => Scp03Opening.TryOpen(keys, 0x30, new byte[7], response, SecurityLevel.CMac), Throws.ArgumentException);
        Assert.That(() => Scp03Opening.TryOpen(keys, 0x30, new byte[8], response, SecurityLevel.RMac), Throws.ArgumentException);
        Assert.That(() => new Scp03StaticKeys(0, SecretBytes.Random(16), SecretBytes.Random(16), SecretBytes.Random(16)), Throws.ArgumentException);
        Assert.That(() => new Scp03StaticKeys(1, SecretBytes.Random(16), SecretBytes.Random(24), SecretBytes.Random(16)), Throws.ArgumentException);
    }

    [Test]
    public void RandomAnswers_NeverOpenAndNeverThrow()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 2000; i++)
        {
            var data = new byte[random.Next(64)];
            random.NextBytes(data);
            if (data.Length > 12 && random.Next(2) == 0) (data[10], data[11], data[12]) = (0x30, 0x03, (byte)(data[12] & 0x70));
            Assert.That(Open(ByteString.Own(data), random.Next(4) == 0 ? (ushort)random.Next(65536) : (ushort)0x9000), Is.InstanceOf<Scp03OpenResult.Refused>());
        }
    }
}
