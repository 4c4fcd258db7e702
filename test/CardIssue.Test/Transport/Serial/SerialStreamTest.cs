using CardIssue.Core.Lines;
using CardIssue.Test.Parts;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Serial;

namespace CardIssue.Test.Transport.Serial;

/// <summary>The stream around the machine, with threads and real time, over pipes.</summary>
[Parallelizable]
public class SerialStreamTest
{
    /// <summary>Fast, so that tests are; a spurious T1 on a busy machine costs a poll.</summary>
    private static readonly SerialLineOptions Fast = SerialLineOptions.Checked(new SerialLineOptions
    {
        BaudRate = SerialLineOptions.MaxBaudRate, FrameSize = 64, T1 = TimeSpan.FromMilliseconds(100), T3 = TimeSpan.FromMilliseconds(500), N2 = 40,
    });

    [TestCase(1)]
    public async Task NoiseOneInAThousand_BothWays_EverythingArrivesInOrder(int seed)
    {
        const int Payload = 256 * 1024;
        TestContext.Out.WriteLine($"seed {seed}");
        await using var pair = await Pair.UpAsync(Fast, LineNoise.Of(seed, 1e-3), LineNoise.Of(seed + 100, 1e-3));
        var random = new Random(seed);
        byte[] there = new byte[Payload], back = new byte[Payload];
        random.NextBytes(there);
        random.NextBytes(back);
        var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3)).Token;
        var reading = Task.WhenAll(ReadAsync(pair.Answering, Payload, limit), ReadAsync(pair.Calling, Payload, limit));
        await Task.WhenAll(pair.Calling.WriteAsync(there, limit).AsTask(), pair.Answering.WriteAsync(back, limit).AsTask());
        var read = await reading;
        Assert.That(read[0].AsSpan().SequenceEqual(there), Is.True);
        Assert.That(read[1].AsSpan().SequenceEqual(back), Is.True);
        TestContext.Out.WriteLine($"{(double)pair.CallingWire.BytesWritten / Payload:F3} and {(double)pair.AnsweringWire.BytesWritten / Payload:F3} bytes on the wire for each byte; "
            + $"{pair.Answering.DamagedFrames} and {pair.Calling.DamagedFrames} frames came damaged");
    }

    /// <summary>A write that comes just after the hang-up is never done; a port that waits for it when it is closed stays taken, and its terminal without a line.</summary>
    [Test]
    public async Task RealPort_HungUp_WithAWriteThatIsNeverDone_IsClosed()
    {
        using var ptys = await PtyPair.OpenAsync();
        var port = await SerialPortStream.Opener(ptys.A, Fast)(Lines.Soon());
        var reading = port.ReadAsync(new byte[16], Lines.Soon()).AsTask();
        ptys.HangUp();
        Assert.That(async () => await reading, Throws.InstanceOf<Exception>());
        using var given = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        Assert.That(async () => await port.WriteAsync(new byte[16], given.Token), Throws.InstanceOf<OperationCanceledException>());
        await Task.Run(port.Dispose).WaitAsync(Lines.Patience);
    }

    [Test]
    public async Task EitherEndCloses_TheOther_ReadsEverythingThenTheEnd([Values] bool callingCloses)
    {
        await using var pair = await Pair.UpAsync(Fast);
        var (closing, waiting) = callingCloses ? (pair.Calling, pair.Answering) : (pair.Answering, pair.Calling);
        await closing.WriteAsync(Lines.Bytes(3_000), Lines.Soon());
        await closing.CloseAsync(Lines.Soon());
        Assert.That(await ReadAsync(waiting, 3_000, Lines.Soon()), Is.EqualTo(Lines.Bytes(3_000)));
        Assert.That(await waiting.ReadAsync(new byte[1], Lines.Soon()), Is.Zero);
        Assert.That(async () => await waiting.WriteAsync(new byte[1], Lines.Soon()), Throws.InstanceOf<IOException>());
        Assert.That(async () => await closing.ReadAsync(new byte[1], Lines.Soon()), Throws.InstanceOf<ObjectDisposedException>());
        await waiting.Ended.WaitAsync(Lines.Patience);
    }

    [Test]
    public async Task EitherEndGivesUp_TheOther_FindsItBroken([Values] bool callingGivesUp)
    {
        await using var pair = await Pair.UpAsync(Fast);
        var (goingAway, waiting) = callingGivesUp ? (pair.Calling, pair.Answering) : (pair.Answering, pair.Calling);
        var reading = Lines.FaultOf(() => waiting.ReadAsync(new byte[1], Lines.Soon()).AsTask());
        await goingAway.DisposeAsync();
        Assert.That((await reading).Fault, Is.EqualTo(LineFault.Broken));
        await Task.WhenAll(goingAway.Ended, waiting.Ended).WaitAsync(Lines.Patience);
    }

    [Test]
    public async Task CableCut_Idle_IsSilentWithinItsTime()
    {
        var options = SerialLineOptions.Checked(new SerialLineOptions
        {
            BaudRate = 115_200, T1 = TimeSpan.FromMilliseconds(200), T3 = TimeSpan.FromMilliseconds(300), N2 = 5,
        });
        await using var pair = await Pair.UpAsync(options);
        pair.CallingWire.Cut();
        pair.AnsweringWire.Cut();
        var faults = await Task.WhenAll(
            Lines.FaultOf(() => pair.Calling.ReadAsync(new byte[1], Lines.Soon()).AsTask()),
            Lines.FaultOf(() => pair.Answering.ReadAsync(new byte[1], Lines.Soon()).AsTask()));
        Assert.That(faults.Select(f => f.Fault), Is.All.EqualTo(LineFault.Silent), "in far less than a test's patience");
    }

    [Test]
    public async Task SlowReader_WriterWaits_AndNothingIsLost()
    {
        const int Payload = 100_000;
        await using var pair = await Pair.UpAsync(Fast);
        var writing = pair.Calling.WriteAsync(Lines.Bytes(Payload), Lines.Soon()).AsTask();
        await Task.Delay(500);
        Assert.That(writing.IsCompleted, Is.False, "both ends' buffers hold less");
        Assert.That(pair.CallingWire.BytesWritten, Is.LessThan(Payload / 2), "the sender stopped");
        Assert.That(await ReadAsync(pair.Answering, Payload, Lines.Soon()), Is.EqualTo(Lines.Bytes(Payload)));
        await writing;
    }

    [Test]
    public async Task CallingEndRestarted_AnsweringStream_BreaksWithoutABitOfTheNew()
    {
        var joined = new JoinedStreams();
        await using var answering = new SerialStream(joined.Far, LinkRole.Answering, Fast, TimeProvider.System);
        var machine = new LinkMachine(LinkRole.Calling, Fast, "thefirst"u8);
        await SetUpByHandAsync(machine, joined.Near);
        await answering.WaitUntilUpAsync(Lines.Soon());
        machine.Write([1, 2, 3]);
        await SendAllAsync(machine, joined.Near);
        Assert.That(await ReadAsync(answering, 3, Lines.Soon()), Is.EqualTo(new byte[] { 1, 2, 3 }));

        var next = new LinkMachine(LinkRole.Calling, Fast, "thesecnd"u8);
        next.Open();
        await SendAllAsync(next, joined.Near);
        var fault = await Lines.FaultOf(() => answering.ReadAsync(new byte[1], Lines.Soon()).AsTask());
        Assert.That((fault.Fault, fault.Message), Is.EqualTo((LineFault.Broken, "The peer began the serial line anew.")));
    }

    [Test]
    public async Task WireEnds_Reading_IsBroken()
    {
        await using var pair = await Pair.UpAsync(Fast);
        var reading = Lines.FaultOf(() => pair.Calling.ReadAsync(new byte[1], Lines.Soon()).AsTask());
        pair.AnsweringWire.Dispose();
        Assert.That((await reading).Fault, Is.EqualTo(LineFault.Broken));
        await pair.Calling.Ended.WaitAsync(Lines.Patience);
    }

    [Test]
    public async Task CancelledRead_NextRead_LosesNothing()
    {
        await using var pair = await Pair.UpAsync(Fast);
        using var cancel = new CancellationTokenSource();
        var reading = pair.Answering.ReadAsync(new byte[10], cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.That(async () => await reading, Throws.InstanceOf<OperationCanceledException>());
        await pair.Calling.WriteAsync(new byte[] { 9, 8 }, Lines.Soon());
        Assert.That(await ReadAsync(pair.Answering, 2, Lines.Soon()), Is.EqualTo(new byte[] { 9, 8 }));
    }

    [Test]
    public async Task PortTakesNothing_Opening_SaysSo()
    {
        var options = SerialLineOptions.Checked(new SerialLineOptions { T1 = TimeSpan.FromMilliseconds(200), T2 = TimeSpan.FromMilliseconds(50), T3 = TimeSpan.FromSeconds(1), N2 = 3 });
        await using var stream = new SerialStream(new HeldUp(), LinkRole.Calling, options, TimeProvider.System);
        Assert.That((await Lines.FaultOf(() => stream.WaitUntilUpAsync(Lines.Soon()))).Fault, Is.EqualTo(LineFault.Unreachable));
        await stream.Ended.WaitAsync(Lines.Patience);
    }

    [Test]
    public async Task PacedAt9600_Transferring_TakesTheBytesOwnTime()
    {
        const int Payload = 2_000;
        var joined = new JoinedStreams();
        PacedStream near = new(joined.Near, 9_600, TimeProvider.System), far = new(joined.Far, 9_600, TimeProvider.System);
        await using var answering = new SerialStream(far, LinkRole.Answering, SerialLineOptions.Checked(null), TimeProvider.System);
        await using var calling = new SerialStream(near, LinkRole.Calling, SerialLineOptions.Checked(null), TimeProvider.System);
        await calling.WaitUntilUpAsync(Lines.Soon());
        var began = TimeProvider.System.GetTimestamp();
        await calling.WriteAsync(Lines.Bytes(Payload), Lines.Soon());
        Assert.That(await ReadAsync(answering, Payload, Lines.Soon()), Is.EqualTo(Lines.Bytes(Payload)));
        var took = TimeProvider.System.GetElapsedTime(began);
        TestContext.Out.WriteLine($"{Payload} bytes in {took.TotalSeconds:F2} s, bare {Payload * 10 / 9600.0:F2} s; {near.BytesWritten} bytes out, {near.BytesRead} in, line time {near.LineTime.TotalSeconds:F2} s");
        Assert.That(took, Is.GreaterThan(TimeSpan.FromSeconds(Payload * 10 / 9600.0) - TimeSpan.FromMilliseconds(100)));
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int count, CancellationToken cancellation)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }

    private static async Task SetUpByHandAsync(LinkMachine machine, Stream wire)
    {
        machine.Open();
        await SendAllAsync(machine, wire);
        var decoder = new FrameDecoder();
        var buffer = new byte[1_000];
        while (machine.Phase != LinkPhase.Up)
        {
            var count = await wire.ReadAsync(buffer, Lines.Soon());
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, count);
            while (decoder.TryNext(ref bytes, out var frame)) machine.Receive(frame, TimeSpan.Zero);
        }
    }

    private static async Task SendAllAsync(LinkMachine machine, Stream wire)
    {
        var frame = new byte[LinkMachine.MostInFrame(Fast)];
        var line = new byte[FrameCoding.MostOnLine(frame.Length)];
        while (machine.TryTake(TimeSpan.Zero, frame, out var length))
            await wire.WriteAsync(line.AsMemory(0, FrameCoding.Encode(frame.AsSpan(0, length), line)), Lines.Soon());
        await wire.FlushAsync(Lines.Soon());
    }

    /// <summary>Two streams with a cable between them.</summary>
    private sealed class Pair : IAsyncDisposable
    {
        private Pair(SerialLineOptions options, LineNoise there, LineNoise back)
        {
            var joined = new JoinedStreams();
            CallingWire = new NoisyStream(joined.Near, there, TimeSpan.FromMilliseconds(3));
            AnsweringWire = new NoisyStream(joined.Far, back, TimeSpan.FromMilliseconds(3));
            Answering = new SerialStream(AnsweringWire, LinkRole.Answering, options, TimeProvider.System);
            Calling = new SerialStream(CallingWire, LinkRole.Calling, options, TimeProvider.System);
        }

        public NoisyStream CallingWire { get; }
        public NoisyStream AnsweringWire { get; }
        public SerialStream Calling { get; }
        public SerialStream Answering { get; }

        public static async Task<Pair> UpAsync(SerialLineOptions options, LineNoise? there = null, LineNoise? back = null)
        {
            var pair = new Pair(options, there ?? new LineNoise(0), back ?? new LineNoise(0));
            await Task.WhenAll(pair.Calling.WaitUntilUpAsync(Lines.Soon()), pair.Answering.WaitUntilUpAsync(Lines.Soon()));
            return pair;
        }

        public async ValueTask DisposeAsync()
        {
            await Calling.DisposeAsync();
            await Answering.DisposeAsync();
            await Task.WhenAll(Calling.Ended, Answering.Ended).WaitAsync(Lines.Patience);
        }
    }

    /// <summary>A port whose peer never gives CTS.</summary>
    private sealed class HeldUp : ByteStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
