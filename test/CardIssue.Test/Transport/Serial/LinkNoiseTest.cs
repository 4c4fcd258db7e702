using CardIssue.Test.Parts;
using CardIssue.Transport.Serial;

namespace CardIssue.Test.Transport.Serial;

/// <summary>Everything arrives in order, or the link says that it could not: machine, framing and check together, in simulated time.</summary>
public class LinkNoiseTest
{
    private const int Payload = 256 * 1024;
    private static readonly TimeSpan ADay = TimeSpan.FromDays(1);

    [Test]
    public void BytesFlippedLostDoubledDelayed_EachOneInAThousand_EverythingArrivesInOrder([Range(1, 8)] int seed)
    {
        var link = Transfer(seed, 1e-3, new SerialLineOptions(), out var done);
        Assert.That(done, Is.True, $"seed {seed}: {link.Calling.Machine.End}, {link.Answering.Machine.End}");
        AssertArrived(link);
        Report($"1 in 1,000 each, seed {seed}", link);
    }

    [TestCase(0)]
    [TestCase(1e-5)]
    [TestCase(1e-4)]
    public void LittleNoise_EverythingArrives_AtLittleCost(double rate)
    {
        var link = Transfer(5, rate, new SerialLineOptions(), out var done);
        Assert.That(done, Is.True);
        AssertArrived(link);
        Report($"{rate} each", link);
        Assert.That((double)link.Calling.BytesOnLine / Payload, Is.LessThan(1.2 + rate * 1000));
    }

    [TestCase(32, 7)]
    [TestCase(64, 63)]
    [TestCase(256, 4)]
    [TestCase(128, 1)]
    public void OtherFramesAndWindows_OneInAThousand_EverythingArrives(int frameSize, int window)
    {
        var link = Transfer(11, 1e-3, new SerialLineOptions { FrameSize = frameSize, Window = window, N2 = 40 }, out var done);
        Assert.That(done, Is.True, $"{link.Calling.Machine.End}, {link.Answering.Machine.End}");
        AssertArrived(link);
        Report($"frames of {frameSize}, window {window}", link);
    }

    [TestCase(0.02)]
    [TestCase(0.05)]
    [TestCase(0.3)]
    public void NoiseTooHeavy_Transferring_IsSaidAtBothEnds(double rate)
    {
        var noisy = Transfer(3, rate, new SerialLineOptions { N2 = 5 }, out var done);
        Assert.That(done, Is.False);
        Assert.That(noisy.Calling.Machine.Phase, Is.EqualTo(LinkPhase.Ended));
        Assert.That(noisy.Calling.Machine.End, Is.AnyOf(LinkEnd.NoAnswer, LinkEnd.Silent, LinkEnd.Undeliverable, LinkEnd.PeerDisconnected));
        AssertIsBeginning(noisy.Answering.Read, noisy.Calling.ToWrite);
        AssertIsBeginning(noisy.Calling.Read, noisy.Answering.ToWrite);
    }

    [Test]
    public void ShortFramesPassAndLongOnesNever_Sending_IsSaid()
    {
        // Polls are answered for ever, so only the count of each frame's tries can end it (X.25 2.4.8.4).
        var link = new SimulatedLink(new SerialLineOptions { FrameSize = 1024 }, new LineNoise(9, flipped: 0.01), null);
        link.Calling.ToWrite = Lines.Bytes(5_000);
        Assert.That(link.RunUntil(() => link.Calling.Machine.Phase == LinkPhase.Ended, ADay), Is.True);
        Assert.That(link.Calling.Machine.End, Is.EqualTo(LinkEnd.Undeliverable));
        Assert.That(link.RunUntil(() => link.Answering.Machine.Phase == LinkPhase.Ended, TimeSpan.FromMinutes(2)), Is.True);
    }

    private static SimulatedLink Transfer(int seed, double rate, SerialLineOptions options, out bool done)
    {
        var link = new SimulatedLink(options, LineNoise.Of(seed, rate), LineNoise.Of(seed + 1_000, rate));
        var random = new Random(seed);
        random.NextBytes(link.Calling.ToWrite = new byte[Payload]);
        random.NextBytes(link.Answering.ToWrite = new byte[Payload]);
        var all = false;
        done = link.RunUntil(() => (all = link.Calling.Read.Count == Payload && link.Answering.Read.Count == Payload)
            || link.Calling.Machine.Phase == LinkPhase.Ended && link.Answering.Machine.Phase is LinkPhase.Ended or LinkPhase.Waiting, ADay) && all;
        return link;
    }

    private static void AssertArrived(SimulatedLink link)
    {
        Assert.That(link.Answering.Read.SequenceEqual(link.Calling.ToWrite), Is.True);
        Assert.That(link.Calling.Read.SequenceEqual(link.Answering.ToWrite), Is.True);
        link.Calling.Machine.Close();
        Assert.That(link.RunUntil(() => link.Calling.Machine.Phase == LinkPhase.Ended, TimeSpan.FromMinutes(5)), Is.True);
        Assert.That(link.Calling.Machine.End, Is.EqualTo(LinkEnd.ClosedHere));
        Assert.That(link.Answering.Machine.End, Is.EqualTo(LinkEnd.ClosedByPeer));
    }

    private static void AssertIsBeginning(List<byte> read, byte[] written) =>
        Assert.That(read.SequenceEqual(written.Take(read.Count)), Is.True, "what was delivered is a beginning of what was sent");

    private static void Report(string what, SimulatedLink link) => TestContext.Out.WriteLine(
        $"{what}: {(double)link.Calling.BytesOnLine / Payload:F3} and {(double)link.Answering.BytesOnLine / Payload:F3} bytes on the line for each byte, "
        + $"{link.Calling.FramesOnLine} and {link.Answering.FramesOnLine} frames, {link.Now.TotalSeconds:F0} s at 9,600 baud (bare: {Payload * 10 / 9600.0:F0} s)");
}
