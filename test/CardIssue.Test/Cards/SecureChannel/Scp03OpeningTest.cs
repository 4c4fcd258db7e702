using System.Text.Json;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

public class Scp03OpeningTest
{
    private static readonly JsonElement Genuine = Vector.Load("scp03_sessions.json").First();

    private static ChannelOpenResult Open(ByteString data, ushort statusWord = 0x9000, SecurityLevel level = SecurityLevel.CMacRMac)
    {
        using var keys = Scp03SessionTest.Keys(Genuine);
        return ChannelOpening.TryOpen(keys, 0x30, CommandApdu.Parse(Genuine.Hex("initializeUpdate").Span).Data.Span, new ResponseApdu(data, statusWord),
            new ChannelTerms(level));
    }

    private static ByteString With(int index, byte value) => Genuine.With(index, value);

    private static void AssertRefused(ChannelOpenResult result, OpenDiagnosis diagnosis) => Channels.ThatIsRefused(result, diagnosis);

    [Test]
    public void InitializeUpdate_Made_IsTheVectors() => Assert.That(
        ChannelCommands.InitializeUpdate(0x30, CommandApdu.Parse(Genuine.Hex("initializeUpdate").Span).Data.Span).ToBytes(), Is.EqualTo(Genuine.Hex("initializeUpdate")));

    [Test]
    public void CardWithTheKeys_Answers_OpensAndSaysWhoItClaimsToBe()
    {
        var result = Open(Genuine.Hex("initializeUpdateResponse"));
        using var session = ((ChannelOpenResult.Opened)result).Session;
        var answer = ((ChannelOpenResult.Opened)result).Answer;
        Assert.That(answer.DiversificationData, Is.EqualTo(ByteString.Own(new byte[10])));
        Assert.That(answer.KeyVersion, Is.EqualTo(0x30));
        Assert.That(answer.Mode, Is.EqualTo(0x70));
        Assert.That(answer.SequenceCounter, Is.EqualTo(ByteString.FromHex("000002")));
    }

    [Test]
    public void EveryBitOfTheCryptogram_Flipped_IsRefused() =>
        Channels.ThatEveryFlippedBitOfTheCryptogramIsRefused(Genuine, 21, answer => Open(answer));

    [Test]
    public void CardWithOtherKeys_Answers_IsRefused()
    {
        using var keys = new StaticKeys(0x30, SecretBytes.Random(16), SecretBytes.Random(16), SecretBytes.Random(16));
        var result = ChannelOpening.TryOpen(keys, 0x30, CommandApdu.Parse(Genuine.Hex("initializeUpdate").Span).Data.Span,
            new ResponseApdu(Genuine.Hex("initializeUpdateResponse"), 0x9000), new ChannelTerms(SecurityLevel.CMacRMac));
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
        Assert.That(((ChannelOpenResult.Refused)result).StatusWord, Is.EqualTo(statusWord));
    }

    [Test]
    public void Scp02Card_Answers_IsRefused() =>
        AssertRefused(Open(ByteString.FromHex("0000234555808320483901020013884AB6A84A1819A72830637708FB")), OpenDiagnosis.OtherProtocol);

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
        Channels.ThatEveryCutAnswerIsMalformed(Genuine, answer => Open(answer));
    }

    [Test]
    public void OwnMistakes_Throw()
    {
        using var keys = Scp03SessionTest.Keys(Genuine);
        var response = new ResponseApdu(Genuine.Hex("initializeUpdateResponse"), 0x9000);
        Assert.That(() => ChannelOpening.TryOpen(keys, 0x31, new byte[8], response, new ChannelTerms(SecurityLevel.CMac)), Throws.ArgumentException);
        Assert.That(() => ChannelOpening.TryOpen(keys, 0x30, new byte[7], response, new ChannelTerms(SecurityLevel.CMac)), Throws.ArgumentException);
        Assert.That(() => ChannelOpening.TryOpen(keys, 0x30, new byte[8], response, new ChannelTerms(SecurityLevel.RMac)), Throws.ArgumentException);
        Assert.That(() => new StaticKeys(0, SecretBytes.Random(16), SecretBytes.Random(16), SecretBytes.Random(16)), Throws.ArgumentException);
        Assert.That(() => new StaticKeys(1, SecretBytes.Random(16), SecretBytes.Random(24), SecretBytes.Random(16)), Throws.ArgumentException);
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
            Assert.That(Open(ByteString.Own(data), random.Next(4) == 0 ? (ushort)random.Next(65536) : (ushort)0x9000), Is.InstanceOf<ChannelOpenResult.Refused>());
        }
    }
}
