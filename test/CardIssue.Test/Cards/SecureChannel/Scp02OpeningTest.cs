using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Cards.SecureChannel.Scp02;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

public class Scp02OpeningTest
{
    private static JsonElement Genuine => Scp02SessionTest.Vector13;

    private static ChannelOpenResult Open(ByteString data, SecurityLevel level = SecurityLevel.CMacCEncRMac, byte? options = 0x35) =>
        Scp02SessionTest.TryOpen(Genuine, data, options, level);

    private static ByteString With(int index, byte value) => Genuine.With(index, value);

    private static void AssertRefused(ChannelOpenResult result, OpenDiagnosis diagnosis) => Channels.ThatIsRefused(result, diagnosis);

    [Test]
    public void CardWithTheKeys_Answers_OpensAndSaysWhoItClaimsToBe()
    {
        var opened = (ChannelOpenResult.Opened)Open(Genuine.Hex("initializeUpdateResponse"));
        using var session = opened.Session;
        Assert.That(opened.Answer.Protocol, Is.EqualTo(ScpProtocol.Scp02));
        Assert.That(opened.Answer.DiversificationData, Is.EqualTo(ByteString.FromHex("43415244495300000007")));
        Assert.That(opened.Answer.KeyVersion, Is.EqualTo(0x20));
        Assert.That(opened.Answer.SequenceCounter, Is.EqualTo(ByteString.FromHex("0007")));
        Assert.That(opened.Answer.CardChallenge.Length, Is.EqualTo(6));
    }

    [Test]
    public void EveryBitOfTheCryptogram_Flipped_IsRefused() =>
        Channels.ThatEveryFlippedBitOfTheCryptogramIsRefused(Genuine, 20, answer => Open(answer));

    [Test]
    public void SequenceCounterOrChallenge_Changed_IsRefused()
    {
        AssertRefused(Open(With(13, 0x08)), OpenDiagnosis.WrongCryptogram);
        AssertRefused(Open(With(14, 0xFF)), OpenDiagnosis.WrongCryptogram);
    }

    /// <summary>No key is used in a protocol that it is not for, whatever the card answers.</summary>
    [Test]
    public void CardOfTheOtherProtocol_Answers_IsRefused()
    {
        AssertRefused(Open(With(11, 0x03)), OpenDiagnosis.OtherProtocol);
        AssertRefused(Open(With(11, 0x01)), OpenDiagnosis.OtherProtocol);
        using var aes = new StaticKeys(0x20, SecretBytes.Random(16), SecretBytes.Random(16), SecretBytes.Random(16));
        AssertRefused(ChannelOpening.TryOpen(aes, 0, new byte[8], new ResponseApdu(Genuine.Hex("initializeUpdateResponse"), 0x9000),
            new ChannelTerms(SecurityLevel.CMac) { Protocol = null, Options = new ScpOptions(ScpProtocol.Scp02, 0x75) }), OpenDiagnosis.OtherProtocol);
    }

    [Test]
    public void Options_ThatNobodyTold_OrThatDoNotServe_AreRefused()
    {
        var answer = Genuine.Hex("initializeUpdateResponse");
        AssertRefused(Open(answer, options: null), OpenDiagnosis.UnknownOptions);
        AssertRefused(Open(answer, options: 0x1A), OpenDiagnosis.UnsupportedMode);
        AssertRefused(Open(answer, options: 0x15), OpenDiagnosis.LevelNotSupported);
        AssertRefused(Open(answer, SecurityLevel.RMac, 0x55), OpenDiagnosis.LevelNotSupported);
    }

    [Test]
    public void KeyVersion_NotOnTheCard_IsRefused() => AssertRefused(Open(With(10, 0x21)), OpenDiagnosis.UnknownKeyVersion);

    [Test]
    public void Answer_CutAtAnyByte_IsRefused()
    {
        Channels.ThatEveryCutAnswerIsMalformed(Genuine, answer => Open(answer));
        AssertRefused(Open(ByteString.Concat(Genuine.Hex("initializeUpdateResponse"), ByteString.Own([0]))), OpenDiagnosis.MalformedResponse);
    }

    [Test]
    public void OwnMistakes_Throw()
    {
        var answer = Genuine.Hex("initializeUpdateResponse");
        Assert.That(() => Open(answer, SecurityLevel.CMacCEncRMacREnc), Throws.ArgumentException);
        Assert.That(() => new StaticKeys(1, SecretBytes.Random(24), SecretBytes.Random(24), SecretBytes.Random(24), ScpProtocol.Scp02), Throws.ArgumentException);
        using var keys = Scp02SessionTest.Keys(Genuine, 0x20);
        var response = new ResponseApdu(answer, 0x9000);
        Assert.That(() => ChannelOpening.TryOpen(keys, 0, new byte[8], response, new ChannelTerms(SecurityLevel.CMac)), Throws.ArgumentException, "AES");
        Assert.That(() => ChannelOpening.OpenImplicitly(keys, [0, 1], new Aid(Genuine.Hex("selected")), 0x15), Throws.ArgumentException);
        Assert.That(() => ChannelOpening.OpenImplicitly(keys, [0], new Aid(Genuine.Hex("selected")), 0x1A), Throws.ArgumentException);
    }

    [Test]
    public void RandomAnswers_NeverOpenAndNeverThrow()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 1000; i++)
        {
            var data = new byte[random.Next(20, 36)];
            random.NextBytes(data);
            if (random.Next(2) == 0) (data[10], data[11]) = (0x20, 0x02);
            Assert.That(Open(ByteString.Own(data)), Is.InstanceOf<ChannelOpenResult.Refused>());
        }
    }
}
