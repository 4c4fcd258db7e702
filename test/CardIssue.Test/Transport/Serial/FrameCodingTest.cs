using CardIssue.Transport.Serial;

namespace CardIssue.Test.Transport.Serial;

public class FrameCodingTest
{
    [Test]
    public void CheckSequence_OfTheUsualDigits_IsTheKnownOne() =>
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        Assert.That(FrameCheck.Of("123456789"u8), Is.EqualTo(0xCBF43926));

    [Test]
    public void FlagsAndEscapes_Encoded_AreEscapedAsRfc1662Says()
    {
        var line = Encode([0x03, 0x7E, 0x7D, 0x41]);
        Assert.That(line[..7], Is.EqualTo(new byte[] { 0x7E, 0x03, 0x7D, 0x5E, 0x7D, 0x5D, 0x41 }), "RFC 1662 4.2: 7E as 7D 5E, 7D as 7D 5D");
        Assert.That(line[^1], Is.EqualTo(0x7E));
        Assert.That(line[1..^1], Has.None.EqualTo((byte)0x7E));
    }

    [Test]
    public void RandomFrames_InPieces_ComeBack()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var frames = Enumerable.Range(0, 200).Select(_ =>
        {
            var frame = new byte[random.Next(2, 3 + SerialLineOptions.MaxFrameSize)];
            random.NextBytes(frame);
            return frame;
        }).ToList();
        var line = frames.SelectMany(Encode).ToArray();
        var decoder = new FrameDecoder();
        var back = new List<byte[]>();
        for (var at = 0; at < line.Length;)
        {
            var piece = Math.Min(random.Next(1, 300), line.Length - at);
            back.AddRange(Decode(decoder, line.AsSpan(at, piece)));
            at += piece;
        }
        Assert.That(back, Is.EqualTo(frames));
        Assert.That(decoder.Damaged, Is.Zero);
    }

    [Test]
    public void AnyByteChangedLostOrDoubled_Decoding_GivesNoFrame()
    {
        var line = Encode([0x03, 0x10, 0x20, 1, 2, 3, 4, 5]);
        for (var at = 1; at < line.Length - 1; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var flipped = (byte[])line.Clone();
                flipped[at] ^= (byte)(1 << bit);
                Assert.That(Decode(new FrameDecoder(), flipped), Is.Empty, $"byte {at}, bit {bit}");
            }
            Assert.That(Decode(new FrameDecoder(), [.. line[..at], .. line[(at + 1)..]]), Is.Empty, $"byte {at} lost");
            Assert.That(Decode(new FrameDecoder(), [.. line[..(at + 1)], .. line[at..]]), Is.Empty, $"byte {at} doubled");
        }
    }

    [Test]
    public void FlagDoubledOrNoiseBefore_Decoding_GivesTheFrameOnce()
    {
        var line = Encode([0x03, 0x3F]);
        Assert.That(Decode(new FrameDecoder(), [0x7E, 0x7E, .. line, 0x7E, 0x7E]), Has.Count.EqualTo(1));
        Assert.That(Decode(new FrameDecoder(), [0x55, 0xAA, .. line]), Has.Count.EqualTo(1));
        Assert.That(Decode(new FrameDecoder(), [0x7E, 0x55, 0xAA, .. line]), Has.Count.EqualTo(1));
    }

    [Test]
    public void EscapeBeforeFlag_Decoding_AbortsTheFrame()
    {
        // RFC 1662 4.3: control escape before the closing flag.
        var line = Encode([0x03, 0x3F]);
        var decoder = new FrameDecoder();
        Assert.That(Decode(decoder, [.. line[..^1], 0x7D, 0x7E]), Is.Empty);
        Assert.That(decoder.Damaged, Is.EqualTo(1));
        Assert.That(Decode(decoder, line), Has.Count.EqualTo(1), "the next one counts");
    }

    [Test]
    public void EndlessBytesWithoutFlag_Decoding_HoldNoMoreThanAFrame()
    {
        var decoder = new FrameDecoder();
        var frame = new byte[] { 0x03, 0x3F };
        Assert.That(Decode(decoder, [0x7E, .. new byte[100_000], .. Encode(frame)]), Is.EqualTo(new[] { frame }));
    }

    private static byte[] Encode(byte[] frame)
    {
        var line = new byte[FrameCoding.MostOnLine(frame.Length)];
        return line[..FrameCoding.Encode(frame, line)];
    }

    private static List<byte[]> Decode(FrameDecoder decoder, ReadOnlySpan<byte> line)
    {
        var frames = new List<byte[]>();
        while (decoder.TryNext(ref line, out var frame)) frames.Add(frame.ToArray());
        return frames;
    }
}
