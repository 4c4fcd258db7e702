using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Transport;

/// <summary>A line whose peer writes raw bytes; what it allocates is counted on all threads.</summary>
[NonParallelizable]
public class FrameReaderTest
{
    private FakeTimeProvider _time = null!;
    private JoinedStreams _streams = null!;
    private Stream _raw = null!;
    private FramedLine _line = null!;

    [SetUp]
    public void Join()
    {
        _streams = new JoinedStreams();
        _time = new FakeTimeProvider();
        _raw = _streams.Far;
        _line = new FramedLine(_streams.Near, Lines.Anyone, new LineOptions
        {
            KeepAliveInterval = TimeSpan.FromSeconds(100), SilenceLimit = TimeSpan.FromSeconds(200), FrameTimeout = TimeSpan.FromSeconds(30),
        }, _time);
    }

    [TearDown]
    public async Task Close()
    {
        await _line.DisposeAsync();
        await _raw.DisposeAsync();
    }

    [Test]
    public async Task BytesComeOneByOne_Receiving_GivesTheSameFrames()
    {
        var receiving = Task.Run(async () => new[] { await _line.ReceiveBytesAsync(), await _line.ReceiveBytesAsync() });
        foreach (var b in (byte[])[.. Lines.OnLine(1, 2, 3), .. Lines.OnLine(), .. Lines.OnLine(Lines.Bytes(300))])
            await _raw.WriteAsync(new[] { b });
        Assert.That(await receiving, Is.EqualTo(new[] { [1, 2, 3], Lines.Bytes(300) }));
    }

    [Test]
    public async Task IdleLine_WaitsWithoutMemory()
    {
        for (var frames = 1; frames <= 3; frames++)
        {
            var receiving = _line.ReceiveBytesAsync();
            Assert.That((_streams.Near.Waits, _streams.Near.Reads), Is.EqualTo((frames, frames - 1)), "it waits for a frame");
            await _raw.WriteAsync(Lines.OnLine(1, 2, 3));
            Assert.That(await receiving, Is.EqualTo(new byte[] { 1, 2, 3 }));
        }
    }

    [Test]
    public async Task FramesInOneWrite_CutAtEveryByte_GiveTheSameFrames()
    {
        byte[] bytes = [.. Lines.OnLine(7), .. Lines.OnLine(), .. Lines.OnLine(8, 9), .. Lines.OnLine(10)];
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var receiving = Task.Run(async () => new[] { await _line.ReceiveBytesAsync(), await _line.ReceiveBytesAsync(), await _line.ReceiveBytesAsync() });
            await _raw.WriteAsync(bytes.AsMemory(0, cut));
            await _raw.WriteAsync(bytes.AsMemory(cut));
            Assert.That(await receiving, Is.EqualTo(new byte[][] { [7], [8, 9], [10] }), $"cut {cut}");
        }
    }

    [Test]
    public async Task KeepAlives_Received_NeverSurface()
    {
        for (var i = 0; i < 5_000; i++) await _raw.WriteAsync(Lines.OnLine());
        await _raw.WriteAsync(Lines.OnLine(1));
        Assert.That(await _line.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
    }

    [TestCase(ILine.MaxFrame + 1)]
    [TestCase(0xFFFFFF)]
    public async Task LengthTooLarge_Received_BreaksTheLineWithoutAllocating(int length)
    {
        await _raw.WriteAsync(new[] { (byte)(length >> 16), (byte)(length >> 8), (byte)length });
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var fault = await Lines.FaultOfReceive(_line);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.That(fault.Fault, Is.EqualTo(LineFault.Oversized));
        // Exceptions cost some; the frame would have cost 66,049 bytes or more.
        Assert.That(allocated, Is.LessThan(ILine.MaxFrame));
        Assert.That((await Lines.FaultOf(() => _line.SendAsync(new byte[1], Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Oversized));
        Assert.That(await _raw.ReadAsync(new byte[1]), Is.Zero, "the line is closed");
    }

    [Test]
    public async Task TextOfAnotherProtocol_Received_BreaksTheLine()
    {
        await _raw.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        Assert.That((await Lines.FaultOfReceive(_line)).Fault, Is.EqualTo(LineFault.Oversized));
    }

    [Test]
    public async Task RandomBytes_Received_OnlyFramesOrAFaultCome()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var streams = new JoinedStreams();
            await using var line = new FramedLine(streams.Near, Lines.Anyone);
            var bytes = new byte[random.Next(1, 2_000)];
            random.NextBytes(bytes);
            if (random.Next(4) > 0) bytes[0] = 0;
            if (random.Next(2) == 0 && bytes.Length > 40) (bytes[1], bytes[2], bytes[23], bytes[24], bytes[25], bytes[26]) = (0, 20, 0, 0, 0, 0);
            await streams.Far.WriteAsync(bytes);
            await streams.Far.DisposeAsync();
            var (frames, fault) = Reference(bytes);
            foreach (var frame in frames) Assert.That(await line.ReceiveBytesAsync(), Is.EqualTo(frame), $"seed {seed}, round {round}");
            if (fault is null) Assert.That(await line.ReceiveBytesAsync(), Is.Null, $"seed {seed}, round {round}");
            else Assert.That((await Lines.FaultOfReceive(line)).Fault, Is.EqualTo(fault), $"seed {seed}, round {round}");
        }

        // Three bytes of length, big-endian, and so many bytes; frames of none are passed over.
        static (List<byte[]> Frames, LineFault? Fault) Reference(ReadOnlySpan<byte> bytes)
        {
            var frames = new List<byte[]>();
            while (!bytes.IsEmpty)
            {
                if (bytes.Length < 3) return (frames, LineFault.Broken);
                var length = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
                if (length > ILine.MaxFrame) return (frames, LineFault.Oversized);
                if (bytes.Length < 3 + length) return (frames, LineFault.Broken);
                if (length > 0) frames.Add(bytes[3..(3 + length)].ToArray());
                bytes = bytes[(3 + length)..];
            }
            return (frames, null);
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    public async Task PartOfAFrame_ThenEnd_IsBroken(int length)
    {
        await _raw.WriteAsync(Lines.OnLine(1, 2, 3).AsMemory(0, length));
        await _raw.DisposeAsync();
        Assert.That((await Lines.FaultOfReceive(_line)).Fault, Is.EqualTo(LineFault.Broken));
    }

    [Test]
    public async Task FrameBegun_DrippingOnPastTheTimeout_BreaksTheLine()
    {
        await _raw.WriteAsync(new byte[] { 0, 255, 255 });
        var receiving = Lines.FaultOfReceive(_line);
        while (!receiving.IsCompleted)
        {
            await _raw.WriteAsync(new byte[] { 1 });
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }
        Assert.That((await receiving).Fault, Is.EqualTo(LineFault.Broken));
    }

    [Test]
    public async Task CallerSlowToAsk_FrameBegunLongAgo_IsNotThePeersFault()
    {
        using var cancel = new CancellationTokenSource();
        var waiting = _line.ReceiveAsync(cancel.Token).AsTask();
        await _raw.WriteAsync(Lines.OnLine(1, 2, 3).AsMemory(0, 4));
        await cancel.CancelAsync();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        _time.Advance(TimeSpan.FromHours(1));
        var receiving = _line.ReceiveBytesAsync();
        await _raw.WriteAsync(Lines.OnLine(1, 2, 3).AsMemory(4));
        Assert.That(await receiving, Is.EqualTo(new byte[] { 1, 2, 3 }));
    }
}
