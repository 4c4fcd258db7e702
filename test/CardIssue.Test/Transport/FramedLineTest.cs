using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Test.Transport;

public class FramedLineTest
{
    private JoinedStreams _streams = null!;
    private FramedLine _near = null!;
    private FramedLine _far = null!;

    [SetUp]
    public void Join()
    {
        _streams = new JoinedStreams();
        _near = new FramedLine(_streams.Near, Lines.Anyone);
        _far = new FramedLine(_streams.Far, Lines.Anyone);
    }

    [TearDown]
    public async Task Close()
    {
        await _near.DisposeAsync();
        await _far.DisposeAsync();
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(255)]
    [TestCase(256)]
    [TestCase(8_189)]
    [TestCase(8_192)]
    [TestCase(65_536)]
    [TestCase(ILine.MaxFrame)]
    public async Task FrameOfAnySize_Sent_ArrivesWhole(int length)
    {
        var sent = Lines.Bytes(length);
        await _near.SendAsync(sent, Lines.Soon());
        Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(sent));
    }

    [Test]
    public async Task FramesOfRandomSizes_SentBothWays_ArriveInOrder()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var lengths = Enumerable.Range(0, 200).Select(_ => random.Next(4) == 0 ? random.Next(1, ILine.MaxFrame + 1) : random.Next(1, 300)).ToArray();
        await Task.WhenAll(SendAll(_near), SendAll(_far), ReceiveAll(_near), ReceiveAll(_far));

        async Task SendAll(ILine line)
        {
            foreach (var length in lengths) await line.SendAsync(Lines.Bytes(length), Lines.Soon());
        }

        async Task ReceiveAll(ILine line)
        {
            foreach (var length in lengths) Assert.That(await line.ReceiveBytesAsync(), Is.EqualTo(Lines.Bytes(length)), $"seed {seed}");
        }
    }

    [Test]
    public async Task FramesSentTogether_OfRandomSizes_ArriveOneByOneInOrder()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var lengths = Enumerable.Range(0, 200).Select(_ => random.Next(8) == 0 ? random.Next(1, ILine.MaxFrame + 1) : random.Next(1, 300)).ToArray();
        var sending = ((ILine)_near).SendAllAsync([.. lengths.Select(length => (ReadOnlyMemory<byte>)Lines.Bytes(length))], Lines.Soon());
        foreach (var length in lengths) Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(Lines.Bytes(length)), $"seed {seed}");
        await sending;
    }

    [TestCase(6, 200, 1)]
    [TestCase(21, 200, 4)]
    [TestCase(2, 1_390, 2)]
    [TestCase(3, ILine.MaxFrame, 3)]
    public async Task FramesSentTogether_Short_AreFewWrites(int count, int length, int writes)
    {
        var sending = ((ILine)_near).SendAllAsync([.. Enumerable.Repeat((ReadOnlyMemory<byte>)Lines.Bytes(length), count)], Lines.Soon());
        for (var i = 0; i < count; i++) Assert.That(await _far.ReceiveBytesAsync(), Has.Length.EqualTo(length));
        await sending;
        Assert.That(_streams.Near.Writes, Is.EqualTo(writes));
    }

    [Test]
    public async Task FramesSentTogether_OneOfThemTooLong_NoneLeaves()
    {
        var fault = await Lines.FaultOf(() => ((ILine)_near).SendAllAsync([new byte[] { 1 }, new byte[ILine.MaxFrame + 1]], Lines.Soon()).AsTask());
        Assert.That((fault.Fault, _streams.Near.Writes), Is.EqualTo((LineFault.Oversized, 0)));
    }

    [Test]
    public async Task ManySenders_AtOnce_FramesNeverMix()
    {
        const int senders = 16, each = 50;
        var sending = Enumerable.Range(1, senders).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++) await _near.SendAsync(Enumerable.Repeat((byte)sender, sender * 97).ToArray(), Lines.Soon());
        })).ToArray();
        var counts = new int[senders + 1];
        for (var i = 0; i < senders * each; i++)
        {
            var frame = (await _far.ReceiveBytesAsync())!;
            Assert.That(frame, Is.All.EqualTo(frame[0]));
            Assert.That(frame, Has.Length.EqualTo(frame[0] * 97));
            counts[frame[0]]++;
        }
        await Task.WhenAll(sending);
        Assert.That(counts[1..], Is.All.EqualTo(each));
    }

    [Test]
    public void FrameOfNoBytes_Sent_IsACallersFault() =>
        Assert.That(async () => await _near.SendAsync(ReadOnlyMemory<byte>.Empty, Lines.Soon()), Throws.ArgumentException);

    [Test]
    public async Task FrameTooLong_Sent_IsRefusedAndTheLineGoesOn()
    {
        var fault = await Lines.FaultOf(() => _near.SendAsync(new byte[ILine.MaxFrame + 1], Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.Oversized));
        await _near.SendAsync(new byte[] { 1 }, Lines.Soon());
        Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
    }

    [Test]
    public async Task PeerClosed_Receiving_GivesWhatWasSentThenNull()
    {
        await _near.SendAsync(new byte[] { 1, 2 }, Lines.Soon());
        await _near.DisposeAsync();
        Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1, 2 }));
        Assert.That(await _far.ReceiveBytesAsync(), Is.Null);
        Assert.That(await _far.ReceiveBytesAsync(), Is.Null);
    }

    [Test]
    public async Task OwnEndClosed_AnyCall_SaysClosed()
    {
        var waiting = Lines.FaultOfReceive(_near);
        await _near.DisposeAsync();
        await _near.DisposeAsync();
        Assert.That((await waiting).Fault, Is.EqualTo(LineFault.Closed));
        Assert.That((await Lines.FaultOfReceive(_near)).Fault, Is.EqualTo(LineFault.Closed));
        Assert.That((await Lines.FaultOf(() => _near.SendAsync(new byte[1], Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Closed));
    }

    [Test]
    public async Task ReceiveCancelled_NextReceive_LosesNothing()
    {
        using var cancel = new CancellationTokenSource();
        var waiting = _far.ReceiveAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        await _near.SendAsync(new byte[] { 1, 2, 3 }, Lines.Soon());
        await _near.SendAsync(new byte[] { 4 }, Lines.Soon());
        Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 4 }));
    }

    [Test]
    public async Task SendCancelledInTheMiddle_FrameStillGoesOutWhole()
    {
        // The pipe holds 256 KiB: the sender comes to wait inside a frame.
        using var cancel = new CancellationTokenSource();
        var sent = 0;
        var frame = Lines.Bytes(ILine.MaxFrame);
        Task blocked;
        while ((blocked = _near.SendAsync(frame, cancel.Token).AsTask()).IsCompletedSuccessfully) sent++;
        await cancel.CancelAsync();
        Assert.That(async () => await blocked, Throws.InstanceOf<OperationCanceledException>());
        for (var i = 0; i <= sent; i++) Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(frame));
        await _near.SendAsync(new byte[] { 9 }, Lines.Soon());
        Assert.That(await _far.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 9 }));
    }

    [Test]
    public void TokenAlreadyCancelled_AnyCall_DoesNothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        Assert.That(async () => await _near.SendAsync(new byte[1], cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await _near.ReceiveAsync(cancelled), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task SecondReader_AtOnce_IsACallersFault()
    {
        var waiting = _far.ReceiveAsync(Lines.Soon()).AsTask();
        Assert.That(async () => await _far.ReceiveAsync(Lines.Soon()), Throws.InvalidOperationException);
        await _near.SendAsync(new byte[] { 5 }, Lines.Soon());
        using var frame = await waiting;
        Assert.That(frame!.Span.ToArray(), Is.EqualTo(new byte[] { 5 }));
    }
}
