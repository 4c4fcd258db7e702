using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Codec;

public class CommandFrameTest
{
    [TestCase(0, 256), TestCase(65_535, 256), TestCase(65_535, 65_535), TestCase(300, 1_000)]
    public void ACommand_HasAnUsualSize_CostsElevenBytes(int sequence, int length)
    {
        var frame = new byte[CommandFrame.MaxOverhead + length];
        Assert.That(CommandFrame.Encode(sequence, new byte[length], default, frame) - length, Is.LessThanOrEqualTo(11));
    }

    [TestCase(0, 1), TestCase(23, 23), TestCase(24, 24), TestCase(255, 255), TestCase(256, 256), TestCase(65_536, 65_536), TestCase(ProtocolLimits.MaxSequence, FieldLimits.MaxPayload)]
    public void ACommand_GoesThere_ComesBackWithItsPayloadInPlace(int sequence, int length)
    {
        var payload = new byte[length];
        new Random(length).NextBytes(payload);
        ValueList<ushort> expected = [0x9000, 0x6310];
        var frame = new byte[CommandFrame.MaxOverhead + length + 6];
        var written = frame.AsSpan(0, CommandFrame.Encode(sequence, payload, expected, frame));
        Assert.That(CommandFrame.TryRead(written, out var readSequence, out var readPayload, out var readExpected), Is.True);
        Assert.That(readSequence, Is.EqualTo(sequence));
        Assert.That(readPayload.SequenceEqual(payload), Is.True);
        Assert.That(readPayload.Overlaps(written), Is.True);
        Assert.That(readExpected, Is.EqualTo(expected));
        Assert.That(MessageCodec.Decode(written.ToArray()).Message, Is.EqualTo(new Command(sequence, ByteString.Copy(payload), expected)));
        Assert.That(MessageCodec.Encode(new Command(sequence, ByteString.Copy(payload), expected)), Is.EqualTo(written.ToArray()));
    }

    [Test]
    public void AFrame_IsTooShort_IsSaidToBe()
    {
        for (var length = 0; length < 15; length++)
            Assert.That(() => CommandFrame.Encode(300, [1, 2, 3, 4, 5], [0x9000], new byte[length]), Throws.InstanceOf<ArgumentException>(), length.ToString());
    }

    [Test]
    public void AnotherMessage_IsRead_IsNoCommand()
    {
        foreach (var (message, golden) in MessageSamples.All)
            Assert.That(CommandFrame.TryRead(Convert.FromHexString(golden), out _, out _, out _), Is.EqualTo(message is Command), message.Type.ToString());
    }
}
