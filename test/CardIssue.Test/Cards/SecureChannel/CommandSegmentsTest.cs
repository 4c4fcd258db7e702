using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Test.VirtualCard;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;
using CardKeySet = CardIssue.Testing.Cards.State.CardKeySet;
using Diversification = CardIssue.Testing.Cards.Crypto.Diversification;

namespace CardIssue.Test.Cards.SecureChannel;

/// <summary>
/// Commands that are longer than one carries, sent to the virtual card, whose end of both protocols is written by itself: in S8 and S16 mode and
/// SCP02, at every level, of every length about a boundary.
/// </summary>
public sealed class CommandSegmentsTest
{
    private const byte KeyVersion = 0x20;

    private static readonly ByteString Key = ByteString.FromHex(CardProfile.TestKey);

    private static readonly Aid Package = new(CardProfile.EmvPackage), Module = Aid.FromHex(TestCard.Emv), Instance = Aid.FromHex("A000000003101009");

    private static IEnumerable<TestCaseData> Channels()
    {
        SecurityLevel[] levels =
            [SecurityLevel.CMac, SecurityLevel.CMacCEnc, SecurityLevel.CMacRMac, SecurityLevel.CMacCEncRMac, SecurityLevel.CMacCEncRMacREnc];
        foreach (var level in levels)
        {
            yield return new TestCaseData(ScpProtocol.Scp03, (byte)0x70, level);
            yield return new TestCaseData(ScpProtocol.Scp03, (byte)0x71, level);
            if (level.HasREnc()) continue;
            yield return new TestCaseData(ScpProtocol.Scp02, (byte)0x75, level);
            yield return new TestCaseData(ScpProtocol.Scp02, (byte)0x2E, level);
        }
    }

    /// <summary>
    /// The card takes each as one command, and the channel goes on after it: what is asked next is answered under the MAC that is chained to it.
    /// </summary>
    [TestCaseSource(nameof(Channels))]
    public void LongInstall_InSegments_IsOneCommandForTheCard(ScpProtocol protocol, byte i, SecurityLevel level)
    {
        var card = Card(protocol, i);
        using var session = Open(card, protocol, i, level);
        foreach (var length in Enumerable.Range(195, 70).Concat([300, 470, 480, 496, 712, 1_000]))
        {
            var install = Install.ForInstall(
                Package, Module, Instance, ByteString.FromHex("00"), default, default, ByteString.Own(new byte[length]), selectable: true);
            var segments = CommandSegments.Of(install, new ScpOptions(protocol, i), level);
            Assert.That(segments.Sum(segment => segment.Data.Length), Is.EqualTo(install.Data.Length));
            Assert.That(segments.SkipLast(1).Select(segment => segment.P1), Is.All.EqualTo(0x8C));
            for (var at = 0; at < segments.Count; at++)
            {
                var isLast = at == segments.Count - 1;
                var answer = session.Unwrap(Transmit(card, session.Wrap(segments[at])));
                Assert.That(answer.StatusWord, Is.EqualTo(StatusWords.Ok), $"token of {length} bytes, segment {at}");
                Assert.That(answer is UnwrapResult.Authenticated, Is.EqualTo(isLast && level.HasRMac()), $"token of {length} bytes, segment {at}");
            }
            var deleted = session.Unwrap(Transmit(card, session.Wrap(Delete.Object(Instance, related: false))));
            Assert.That((deleted.StatusWord, deleted is UnwrapResult.Authenticated), Is.EqualTo((StatusWords.Ok, level.HasRMac())), $"token of {length} bytes");
        }
    }

    [Test]
    public void LongDelete_InSegments_IsOneCommandForTheCard()
    {
        var card = Card(ScpProtocol.Scp03, 0x70);
        using var session = Open(card, ScpProtocol.Scp03, 0x70, SecurityLevel.CMacCEncRMacREnc);
        var segments = CommandSegments.Of(Delete.Object(Module, false, ByteString.Own(new byte[256])), new ScpOptions(ScpProtocol.Scp03, 0), SecurityLevel.CMacCEncRMacREnc);
        Assert.That(segments, Has.Count.EqualTo(2));
        var answers = segments.Select(segment => session.Unwrap(Transmit(card, session.Wrap(segment)))).ToList();
        Assert.That(answers.Select(answer => answer.GetType()), Is.EqualTo(new[] { typeof(UnwrapResult.NoProtection), typeof(UnwrapResult.Authenticated) }));
        Assert.That(card.Inspect().Applications, Is.Empty);
    }

    [Test]
    public void ShortCommand_IsItself_AndATooLongOneIsRefused()
    {
        var command = Install.ForPersonalization(Instance);
        Assert.That(CommandSegments.Of(command, default, SecurityLevel.CMacCEnc), Is.EqualTo(new[] { command }));
        var long4097 = new CommandApdu(0x80, Instructions.Install, 0x0C, 0, ByteString.Own(new byte[CommandSegments.MaxData + 1]));
        Assert.That(() => CommandSegments.Of(long4097, default, SecurityLevel.CMac), Throws.ArgumentException);
    }

    /// <summary>What a card would take as the end of a command's segments is a fault of who sends them; so are halves of blocks.</summary>
    [Test]
    public void Segments_ThatAreNotWhatACardTakes_AreNotWrapped()
    {
        var card = Card(ScpProtocol.Scp03, 0x70);
        using var session = Open(card, ScpProtocol.Scp03, 0x70, SecurityLevel.CMacCEncRMacREnc);
        CommandApdu Of(byte p1, int length) => new(0x80, Instructions.Install, p1, 0, ByteString.Own(new byte[length]), CommandApdu.MaxShortLe);
        Assert.That(() => session.Wrap(Of(0x8C, 17)), Throws.ArgumentException, "one block and a byte");
        Assert.That(() => session.Wrap(Of(0x0C, 240)), Throws.ArgumentException, "too long to be the last one");
        session.Wrap(Of(0x8C, 240));
        Assert.That(() => session.Wrap(Of(0x82, 16)), Throws.ArgumentException, "another P1");
        Assert.That(() => session.Wrap(GetStatus.Command(RegistryScope.Applications)), Throws.ArgumentException, "another command");
        for (var at = 1; at < CommandSegments.MaxData / 240; at++) session.Wrap(Of(0x8C, 240));
        Assert.That(() => session.Wrap(Of(0x8C, 240)), Throws.ArgumentException, "too long altogether");
        Assert.That(session.Wrap(Of(0x0C, 10)).Data.Length, Is.EqualTo(16 + 8));
    }

    /// <summary>An error to a segment is anybody's word, and data in its answer is nobody's.</summary>
    [Test]
    public void AnswerToASegment_IsWorthWhatTheLastOneIs()
    {
        var card = Card(ScpProtocol.Scp03, 0x70);
        using var session = Open(card, ScpProtocol.Scp03, 0x70, SecurityLevel.CMacCEncRMacREnc);
        var segment = new CommandApdu(0x80, Instructions.Install, 0x8C, 0, ByteString.Own(new byte[16]), CommandApdu.MaxShortLe);
        session.Wrap(segment);
        session.Wrap(segment);
        Assert.That(session.Unwrap(new ResponseApdu(ByteString.FromHex("AABB"), 0x9000)), Is.EqualTo(new UnwrapResult.NoProtection(default, 0x9000)));
        Assert.That(session.Unwrap(new ResponseApdu(default, 0x6A86)), Is.EqualTo(new UnwrapResult.Unauthenticated(0x6A86)));
    }

    private static CardSimulator Card(ScpProtocol protocol, byte i)
    {
        var type = protocol is ScpProtocol.Scp02 ? CardKeyType.Des : CardKeyType.Aes;
        var keys = CardKeySet.Derive(KeyVersion, Diversification.None, Key.Span, CardProfile.Kdd(1).Span, type);
        var card = CardSimulator.Create(CardProfile.BlankEmv(1, [keys]) with
        {
            Scp = protocol is ScpProtocol.Scp02 ? CardState.Scp02 : CardState.Scp03, ScpParameter = i,
        });
        card.Reset();
        return card;
    }

    private static SecureChannelSession Open(CardSimulator card, ScpProtocol protocol, byte i, SecurityLevel level)
    {
        var options = new ScpOptions(protocol, i);
        var challenge = Enumerable.Range(1, options.ChallengeLength).Select(b => (byte)b).ToArray();
        Transmit(card, Select.Application(Aid.FromHex("A000000151000000")));
        var answer = Transmit(card, ChannelCommands.InitializeUpdate(KeyVersion, challenge));
        using var keys = new StaticKeys(KeyVersion, SecretBytes.Copy(Key.Span), SecretBytes.Copy(Key.Span), SecretBytes.Copy(Key.Span), protocol);
        var session = ((ChannelOpenResult.Opened)ChannelOpening.TryOpen(
            keys, KeyVersion, challenge, answer, new ChannelTerms(level) { Protocol = protocol, Options = options })).Session;
        Assert.That(Transmit(card, session.ExternalAuthenticate()).IsOk, Is.True);
        return session;
    }

    private static ResponseApdu Transmit(CardSimulator card, CommandApdu command) => ResponseApdu.Parse(card.Transmit(command.ToBytes().Span));
}
