using CardIssue.Core.Lines;

namespace CardIssue.Test.Transport.Contract;

/// <summary>What <see cref="ILine"/> promises, on every kind of line and at both of its ends.</summary>
[TestFixtureSource(nameof(Kinds))]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class LineContractTest(LineKind kind)
{
    private LineUnderTest _line = null!;

    private static LineKind[] Kinds => Enum.GetValues<LineKind>();

    private bool IsSplit => kind is LineKind.Split or LineKind.AuthenticatedSplit;

    private (ILine Here, ILine There)[] BothWays => [(_line.Near, _line.Far), (_line.Far, _line.Near)];

    [SetUp]
    public async Task BringUp() => _line = await LineUnderTest.UpAsync(kind);

    [TearDown]
    public async Task TakeDown() => await _line.DisposeAsync();

    [Test]
    public async Task Frames_FromOneByteToTheLongest_ArriveWholeAndInOrder()
    {
        int[] lengths = [1, 2, 255, 256, 257, 16_384, _line.Longest - 1, _line.Longest, 1];
        foreach (var (here, there) in BothWays)
        {
            var sending = Task.Run(async () =>
            {
                foreach (var length in lengths) await here.SendAsync(Lines.Bytes(length), Lines.Soon());
            });
            foreach (var length in lengths) Assert.That(await there.ReceiveBytesAsync(), Is.EqualTo(Lines.Bytes(length)));
            await sending;
        }
    }

    [Test]
    public async Task FrameOneByteTooLong_Sent_IsRefused_AndTheLineGoesOn()
    {
        foreach (var (here, there) in BothWays)
        {
            foreach (var length in new[] { _line.Longest + 1, 10 * ILine.MaxFrame })
                Assert.That((await Lines.FaultOf(() => here.SendAsync(new byte[length], Lines.Soon()).AsTask())).Fault,
                    Is.EqualTo(LineFault.Oversized));
            await PassesAsync(here, there);
        }
    }

    [Test]
    public async Task FrameOfNoBytes_Sent_IsACallersFault_AndTheLineGoesOn()
    {
        foreach (var (here, there) in BothWays)
        {
            Assert.That(async () => await here.SendAsync(ReadOnlyMemory<byte>.Empty, Lines.Soon()), Throws.ArgumentException);
            await PassesAsync(here, there);
        }
    }

    [Test]
    public async Task CallsAlreadyCancelled_DoNothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        foreach (var (here, there) in BothWays)
        {
            Assert.That(async () => await here.SendAsync(new byte[] { 9 }, cancelled), Throws.InstanceOf<OperationCanceledException>());
            Assert.That(async () => await there.ReceiveAsync(cancelled), Throws.InstanceOf<OperationCanceledException>());
            await PassesAsync(here, there);
        }
    }

    [Test]
    public async Task ReceiveCancelledWhileItWaits_TheNext_LosesNothing()
    {
        foreach (var (here, there) in BothWays)
        {
            using var cancel = new CancellationTokenSource();
            var waiting = there.ReceiveAsync(cancel.Token).AsTask();
            await cancel.CancelAsync();
            Assert.That(async () => await waiting.WaitAsync(Lines.Patience), Throws.InstanceOf<OperationCanceledException>());
            await PassesAsync(here, there);
        }
    }

    /// <summary>
    /// A line whose messages are counted is over when one is given up while it is sent: the peer would take the next for tampered.
    /// Every other one goes on.
    /// </summary>
    [Test]
    public async Task SendCancelledWhileItWaits_OnlyWholeFramesArrive([Values] bool near)
    {
        const int most = 2_000;
        var (here, there) = BothWays[near ? 0 : 1];
        var frame = Lines.Bytes(_line.Longest);
        using var cancel = new CancellationTokenSource();
        var blocked = Task.CompletedTask;
        for (var i = 0; i < most && blocked.IsCompletedSuccessfully; i++)
        {
            blocked = here.SendAsync(frame, cancel.Token).AsTask();
            await Task.WhenAny(blocked, Task.Delay(200));
        }
        Assert.That(blocked.IsCompleted, Is.False, "nobody reads, so a sender comes to wait");
        await cancel.CancelAsync();
        Assert.That(async () => await blocked.WaitAsync(Lines.Patience), Throws.InstanceOf<OperationCanceledException>());
        if (kind is LineKind.Authenticated or LineKind.AuthenticatedSplit)
        {
            Assert.That((await Lines.FaultOf(() => here.SendAsync(new byte[] { 9 }, Lines.Soon()).AsTask())).Fault,
                Is.EqualTo(LineFault.Closed));
            Assert.That((await Lines.FaultOfReceive(here)).Fault, Is.EqualTo(LineFault.Closed));
            Assert.That(await UntilAnotherOrTheEndAsync(there, frame), Is.Null);
            return;
        }
        var draining = UntilAnotherOrTheEndAsync(there, frame);
        await here.SendAsync(new byte[] { 9 }, Lines.Soon());
        Assert.That(await draining, Is.EqualTo(new byte[] { 9 }));
    }

    [Test]
    public async Task OwnEndDisposed_AnyCall_SaysClosed([Values] bool near)
    {
        var (here, _) = BothWays[near ? 0 : 1];
        var waiting = Lines.FaultOfReceive(here);
        await here.DisposeAsync();
        await here.DisposeAsync();
        Assert.That((await waiting).Fault, Is.EqualTo(LineFault.Closed), "the call that waited");
        Assert.That((await Lines.FaultOfReceive(here)).Fault, Is.EqualTo(LineFault.Closed));
        Assert.That((await Lines.FaultOf(() => here.SendAsync(new byte[1], Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Closed));
    }

    [Test]
    public async Task PeerDisposed_Receiving_GivesWhatWasSentThenTheEnd([Values] bool near)
    {
        var (here, there) = BothWays[near ? 0 : 1];
        await here.SendAsync(Lines.Bytes(300), Lines.Soon());
        // A split line is lost with either half, whatever is on its way on the other.
        var first = IsSplit ? await there.ReceiveBytesAsync() : null;
        var reading = Task.Run(async () =>
        {
            if (!IsSplit) first = await there.ReceiveBytesAsync();
            for (var i = 0; i < 3; i++) Assert.That(await UntilAnotherOrTheEndAsync(there, []), Is.Null);
        });
        await here.DisposeAsync();
        await reading;
        Assert.That(first, Is.EqualTo(Lines.Bytes(300)));
    }

    [Test]
    public async Task ManySendersAtOnce_AtBothEnds_FramesNeverMix()
    {
        const int senders = 8, each = 20;
        await Task.WhenAll(BothWays.SelectMany(ends => new[] { SendAsync(ends.Here), ReceiveAsync(ends.There) }));

        static Task SendAsync(ILine line) => Task.WhenAll(Enumerable.Range(1, senders).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++) await line.SendAsync(Enumerable.Repeat((byte)sender, sender * 97).ToArray(), Lines.Soon());
        })));

        static async Task ReceiveAsync(ILine line)
        {
            var counts = new int[senders + 1];
            for (var i = 0; i < senders * each; i++)
            {
                var frame = (await line.ReceiveBytesAsync())!;
                Assert.That(frame, Is.EqualTo(Enumerable.Repeat(frame[0], frame[0] * 97)));
                counts[frame[0]]++;
            }
            Assert.That(counts[1..], Is.All.EqualTo(each));
        }
    }

    [Test]
    public async Task SecondReaderAtOnce_IsACallersFault_AndTheFirstLosesNothing()
    {
        foreach (var (here, there) in BothWays)
        {
            var waiting = there.ReceiveBytesAsync();
            Assert.That(async () => await there.ReceiveAsync(Lines.Soon()), Throws.InvalidOperationException);
            await here.SendAsync(new byte[] { 5 }, Lines.Soon());
            Assert.That(await waiting, Is.EqualTo(new byte[] { 5 }));
        }
    }

    private static async Task PassesAsync(ILine here, ILine there)
    {
        await here.SendAsync(new byte[] { 1, 2, 3 }, Lines.Soon());
        Assert.That(await there.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    /// <summary>Takes frames like <paramref name="each"/>; then the one that is another, or null when the line has ended instead.</summary>
    private async Task<byte[]?> UntilAnotherOrTheEndAsync(ILine line, byte[] each)
    {
        try
        {
            while (true)
            {
                var frame = await line.ReceiveBytesAsync();
                if (frame is null || !frame.AsSpan().SequenceEqual(each)) return frame;
            }
        }
        catch (LineException e) when (IsSplit)
        {
            Assert.That(e.Fault, Is.EqualTo(LineFault.Broken));
            return null;
        }
    }
}
