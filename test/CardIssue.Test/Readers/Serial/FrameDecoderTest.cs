using CardIssue.Reader.Serial.Framing;

namespace CardIssue.Test.Readers.Serial;

/// <summary>Frames out of bytes. The frame is a GetSlotStatus answer: header of ten bytes, no data.</summary>
public sealed class FrameDecoderTest
{
    private static readonly byte[] Message = [0x81, 0, 0, 0, 0, 0, 0x2A, 0x02, 0x00, 0x00];

    private static byte[] Frame()
    {
        var frame = new byte[Message.Length + SerialFrame.Overhead];
        SerialFrame.Write(Message, frame);
        return frame;
    }

    private static List<FrameEvent> Feed(FrameDecoder decoder, params IEnumerable<byte> bytes) =>
        [.. bytes.Select(b => decoder.On(b)).Where(happened => happened is not null).Select(happened => happened!.Value)];

    [Test]
    public void WholeFrame_Comes_IsItsMessage()
    {
        Assert.That(Frame(), Is.EqualTo(Convert.FromHexString("0306" + "8100000000002A020000" + "AC")));
        var happened = Feed(new FrameDecoder(), Frame());
        Assert.That(happened, Has.Count.EqualTo(1));
        Assert.That(happened[0].Message, Is.EqualTo(Message));
    }

    [Test]
    public void UnframedBytes_BetweenFrames_AreWhatTheyTell()
    {
        var happened = Feed(new FrameDecoder(), [0x50, 0x03, 0x80, .. Frame(), 0xFF, 0x50, 0x02, 0x03, 0x15, 0x16, 0x11]);
        Assert.That(happened.Select(h => h.Kind), Is.EqualTo(new[]
        {
            FrameEventKind.Inserted, FrameEventKind.TimeRequest, FrameEventKind.Message, FrameEventKind.TimeRequest, FrameEventKind.Removed, FrameEventKind.Nak, FrameEventKind.Noise,
        }));
    }

    [Test]
    public void FlippedBit_AnywhereInTheFrame_IsNeverAMessage()
    {
        for (var bit = 0; bit < Frame().Length * 8; bit++)
        {
            var decoder = new FrameDecoder();
            var frame = Frame();
            frame[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.That(Feed(decoder, frame).Select(h => h.Kind), Has.No.Member(FrameEventKind.Message), $"bit {bit}");
            decoder.OnSilence();
            Assert.That(decoder.IsMidway, Is.False);
            Assert.That(Feed(decoder, Frame()).Select(h => h.Kind), Is.EqualTo(new[] { FrameEventKind.Message }), $"after bit {bit}");
        }
    }

    [Test]
    public void LostOrDoubledByte_AnywhereInTheFrame_IsDamageAtTheNextSilence([Values] bool lost)
    {
        for (var at = 1; at < Frame().Length; at++)
        {
            var decoder = new FrameDecoder();
            var frame = Frame();
            byte[] damaged = lost ? [.. frame[..at], .. frame[(at + 1)..]] : [.. frame[..at], frame[at], .. frame[at..]];
            var happened = Feed(decoder, damaged);
            if (decoder.OnSilence() is { } silence) happened.Add(silence);
            // A frame may be whole and a byte too many follow it: that is all that a doubled check does.
            var isOnlyTooLong = !lost && at == frame.Length - 1;
            Assert.That(happened.Any(h => h.Kind == FrameEventKind.Message), Is.EqualTo(isOnlyTooLong), $"byte {at}");
            Assert.That(Feed(decoder, Frame()).Select(h => h.Kind), Is.EqualTo(new[] { FrameEventKind.Message }), $"after byte {at}");
        }
    }

    [Test]
    public void FrameInsideDamage_IsNotBelieved()
    {
        var decoder = new FrameDecoder();
        var damaged = Frame();
        damaged[^1] ^= 1;
        Assert.That(Feed(decoder, [.. damaged, .. Frame()]), Is.Empty);
        Assert.That(decoder.OnSilence(), Is.EqualTo(new FrameEvent(FrameEventKind.Damaged, null, 2 * Frame().Length)));
    }

    [Test]
    public void ImpossibleLength_IsDamageAtOnce()
    {
        var decoder = new FrameDecoder();
        Feed(decoder, 0x03, 0x06, 0x80, 0x06, 0x01, 0x00, 0x00);
        Feed(decoder, new byte[400]);
        Assert.That(decoder.OnSilence()?.Kind, Is.EqualTo(FrameEventKind.Damaged));
    }

    [Test]
    public void Noise_OfAnyKind_NeitherThrowsNorStays()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var decoder = new FrameDecoder();
        for (var round = 0; round < 2_000; round++)
        {
            var noise = new byte[random.Next(1, 600)];
            random.NextBytes(noise);
            if (random.Next(2) == 0) (noise[0], noise[^1]) = (0x03, 0x06);
            Feed(decoder, noise);
            decoder.OnSilence();
            Assert.That(Feed(decoder, Frame()).Select(h => h.Kind), Is.EqualTo(new[] { FrameEventKind.Message }), $"seed {seed}, round {round}");
        }
    }

    /// <summary>A reader that talks on and never falls silent: two thousand million bytes later its count must not have come round.</summary>
    [Test]
    public void LostFrame_GoesOnForEver_StaysLost()
    {
        var decoder = new FrameDecoder();
        Feed(decoder, [0x03, 0x00]);
        Count(decoder) = int.MaxValue - 1;
        Assert.That(Feed(decoder, Enumerable.Repeat((byte)0x03, 5)), Is.Empty);
        Assert.That(decoder.OnSilence(), Is.EqualTo(new FrameEvent(FrameEventKind.Damaged, null, int.MaxValue)));
        Assert.That(Feed(decoder, Frame()).Select(h => h.Kind), Is.EqualTo(new[] { FrameEventKind.Message }));
    }

    [System.Runtime.CompilerServices.UnsafeAccessor(System.Runtime.CompilerServices.UnsafeAccessorKind.Field, Name = "_count")]
    private static extern ref int Count(FrameDecoder decoder);
}
