using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Reader.PcSc;
using CardIssue.Reader.PcSc.Binding;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;
using CardIssue.Test.Readers.PcSc;
using CardIssue.Test.Transport;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Serial;

namespace CardIssue.Test.Zeroing;

using ReaderDecoder = CardIssue.Reader.Serial.Framing.FrameDecoder;

/// <summary>The buffers of lines and readers hold nothing of what has passed through them.</summary>
[NonParallelizable]
public sealed class BufferZeroingTest
{
    private static byte[] Filled(int length) => [.. Enumerable.Repeat((byte)0x5A, length)];

    [Test]
    public void Ring_PutAndTakenInAnyPieces_HoldsOnlyWhatIsInIt()
    {
        const int capacity = 13;
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (ring, reference) = (new ByteQueue(capacity), new Queue<byte>());
        var held = HeldBytes.Of(ring);
        byte next = 0;
        for (var round = 0; round < 2_000; round++)
        {
            if (random.Next(2) == 0)
            {
                byte[] bytes = [.. Enumerable.Range(0, random.Next(capacity + 3)).Select(_ => next = (byte)(next % 255 + 1))];
                var put = ring.Put(bytes);
                Assert.That(put, Is.EqualTo(Math.Min(bytes.Length, capacity - reference.Count)), $"seed {seed}");
                foreach (var b in bytes[..put]) reference.Enqueue(b);
            }
            else
            {
                var target = new byte[random.Next(capacity + 3)];
                var taken = ring.Take(target);
                Assert.That(taken, Is.EqualTo(Math.Min(target.Length, reference.Count)), $"seed {seed}");
                byte[] expected = [.. Enumerable.Range(0, taken).Select(_ => reference.Dequeue())];
                Assert.That(target[..taken], Is.EqualTo(expected), $"seed {seed}");
                Assert.That(target[taken..], Is.All.Zero, $"seed {seed}");
            }
            Assert.That(held.Values, Is.EqualTo(reference.Order()), $"seed {seed}");
            Assert.That((ring.Count, ring.Free), Is.EqualTo((reference.Count, capacity - reference.Count)), $"seed {seed}");
        }
        ring.Put(Filled(5));
        ring.Clear();
        Assert.That((held.Left.Count(), ring.Count, ring.Free), Is.EqualTo((0, 0, capacity)));
    }

    [TestCase(300)]
    [TestCase(40_000)]
    public async Task Line_FrameTaken_HoldsNothingOfIt(int length)
    {
        var streams = new JoinedStreams();
        await using var line = new FramedLine(streams.Near, Lines.Anyone);
        await using var far = new FramedLine(streams.Far, Lines.Anyone);
        var sending = far.SendAsync(Filled(length), Lines.Soon()).AsTask();
        using (var frame = await line.ReceiveAsync(Lines.Soon())) Assert.That(frame!.Span.ToArray(), Is.EqualTo(Filled(length)));
        await sending;
        Assert.That(HeldBytes.Of(line).Left.Concat(HeldBytes.Of(far).Left), Is.Empty);
    }

    [TestCase(300, TestName = "Line_ClosedInTheMiddleOfAShortFrame_HoldsNothingOfIt")]
    [TestCase(40_000, TestName = "Line_ClosedInTheMiddleOfALongFrame_HoldsNothingOfIt")]
    public async Task Line_ClosedInTheMiddleOfAFrame_HoldsNothingOfIt(int length)
    {
        var streams = new JoinedStreams();
        var line = new FramedLine(streams.Near, Lines.Anyone);
        await streams.Far.WriteAsync(Lines.OnLine(Filled(length)).AsMemory(..^1));
        var receiving = Lines.FaultOfReceive(line);
        var held = HeldBytes.Of(line);
        for (var tries = 0; tries < 1_000 && !held.Hold(Filled(length - 1)); tries++)
        {
            await Task.Delay(5);
            held = HeldBytes.Of(line);
        }
        Assert.That(held.Hold(Filled(length - 1)), Is.True, "this is the memory");
        await line.DisposeAsync();
        Assert.That((await receiving).Fault, Is.EqualTo(LineFault.Closed));
        Assert.That(held.Left, Is.Empty);
    }

    [Test]
    public void SendersBuffer_GivenBack_HoldsNothing()
    {
        var buffer = PinnedBuffers.ForFrames.Rent();
        Filled(1_000).CopyTo(buffer, 0);
        PinnedBuffers.ForFrames.Return(buffer, 1_000);
        Assert.That(buffer, Is.All.Zero);
    }

    /// <summary>The name of a link is no secret, nor is what answers it.</summary>
    [Test]
    public async Task SerialStream_GivenUp_HoldsNothingThatWasWrittenOrNotRead()
    {
        var wires = new JoinedStreams();
        var options = new SerialLineOptions { BaudRate = 1_000_000, T1 = TimeSpan.FromMilliseconds(150), N2 = 3 };
        var answering = new SerialStream(wires.Far, LinkRole.Answering, options, TimeProvider.System);
        var calling = new SerialStream(wires.Near, LinkRole.Calling, options, TimeProvider.System);
        await calling.WaitUntilUpAsync(Lines.Soon());
        await calling.WriteAsync(Filled(3_000), Lines.Soon());
        await answering.ReadExactlyAsync(new byte[100], Lines.Soon());
        var held = HeldBytes.Of(calling, answering);
        Assert.That(held.Values, Does.Contain(0x5A), "this is the memory");
        await calling.DisposeAsync();
        await answering.DisposeAsync();
        await Task.WhenAll(calling.Ended, answering.Ended).WaitAsync(Lines.Patience);
        Assert.That(held.Hold(Filled(8)), Is.False);
    }

    [Test]
    public void SerialReadersDecoder_MessageTaken_HoldsNothingOfIt_NorTheMessageWhenItIsCleared()
    {
        var frame = MessageFrame();
        var decoder = new ReaderDecoder();
        var held = HeldBytes.Of(decoder);
        FrameEvent? happened = null;
        foreach (var b in frame)
        {
            Assert.That(happened, Is.Null);
            happened = decoder.On(b);
        }
        Assert.That(happened!.Value.Kind, Is.EqualTo(FrameEventKind.Message));
        Assert.That(held.Left, Is.Empty);
        var message = happened.Value.Message!;
        Assert.That(message, Does.Contain(0x5A));
        happened.Value.Clear();
        Assert.That(message, Is.All.Zero);
    }

    [Test]
    public void SerialReadersDecoder_FrameCutOrDamaged_HoldsNothingOfItAfterTheSilence([Values] bool damaged)
    {
        var frame = MessageFrame();
        frame[^1] ^= 1;
        var decoder = new ReaderDecoder();
        var held = HeldBytes.Of(decoder);
        foreach (var b in damaged ? frame : frame[..^5]) Assert.That(decoder.On(b), Is.Null);
        Assert.That(held.Values, Does.Contain(0x5A), "this is the memory");
        Assert.That(decoder.OnSilence()?.Kind, Is.EqualTo(FrameEventKind.Damaged));
        Assert.That(held.Left, Is.Empty);
    }

    [Test]
    public void SerialReadersAnswer_Disposed_IsZero()
    {
        var message = MessageFrame()[2..^1];
        new CcidAnswer(message).Dispose();
        Assert.That(message, Is.All.Zero);
    }

    [Test]
    public async Task PcscChannel_AfterEachCommand_HoldsNothingOfIt_NorOfWhatCameOfIt([Values] bool fails)
    {
        var pcsc = new ScriptedPcsc();
        pcsc.Set(PcscState.Present);
        await using var reader = new PcscCardReader(pcsc, ScriptedPcsc.Reader);
        await using var card = await reader.ConnectAsync(Lines.Soon());
        pcsc.TransmitCode = fails ? PcscCode.NotTransacted : PcscCode.Success;
        var response = new byte[ResponseApdu.MaxLength];
        var transmitting = card.TransmitAsync(Filled(20), response, Lines.Soon()).AsTask();
        if (fails) Assert.That(async () => await transmitting, Throws.InstanceOf<CardException>());
        else Assert.That(await transmitting, Is.EqualTo(2));
        Assert.That(HeldBytes.Of(reader, card).Left, Is.Empty);
    }

    /// <summary>A reader's answer with twenty bytes of data.</summary>
    private static byte[] MessageFrame()
    {
        byte[] message = [0x80, 20, 0, 0, 0, 0, 1, 0, 0, 0, .. Filled(20)];
        var frame = new byte[message.Length + SerialFrame.Overhead];
        SerialFrame.Write(message, frame);
        return frame;
    }
}
