using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Transport;

public class KeepAliveTest
{
    private static readonly LineOptions Options = new()
    {
        KeepAliveInterval = TimeSpan.FromSeconds(10), SilenceLimit = TimeSpan.FromSeconds(30), SendTimeout = TimeSpan.FromSeconds(20),
    };

    private FakeTimeProvider _time = null!;
    private JoinedStreams _streams = null!;
    private FramedLine _line = null!;

    [SetUp]
    public void Join()
    {
        _time = new FakeTimeProvider();
        _streams = new JoinedStreams();
        _line = new FramedLine(_streams.Near, Lines.Anyone, Options, _time);
    }

    [TearDown]
    public async Task Close()
    {
        await _line.DisposeAsync();
        await _streams.Far.DisposeAsync();
    }

    [Test]
    public async Task OwnSilence_Interval_SendsAnEmptyFrame()
    {
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.That(await ReadRaw(3), Is.EqualTo(new byte[] { 0, 0, 0 }));
        }
    }

    [Test]
    public async Task LinesDueWithinAFifteenth_AreDueAtOnce()
    {
        var options = new LineOptions { KeepAliveInterval = TimeSpan.FromSeconds(15) };
        var streams = new[] { new JoinedStreams(), new JoinedStreams() };
        await using var first = new FramedLine(streams[0].Near, Lines.Anyone, options, _time);
        _time.Advance(TimeSpan.FromSeconds(0.4));
        await using var second = new FramedLine(streams[1].Near, Lines.Anyone, options, _time);
        _time.Advance(TimeSpan.FromSeconds(14.6));
        foreach (var pair in streams)
        {
            var bytes = new byte[3];
            await pair.Far.ReadExactlyAsync(bytes, Lines.Soon());
            Assert.That(bytes, Is.All.Zero);
            await pair.Far.DisposeAsync();
        }
    }

    [Test]
    public async Task PeersKeepAlive_HalfTheIntervalOver_IsAnsweredAtOnce()
    {
        _ = _line.ReceiveAsync(Lines.Soon()).AsTask();
        _time.Advance(TimeSpan.FromSeconds(5));
        await _streams.Far.WriteAsync(new byte[3]);
        Assert.That(await ReadRaw(3), Is.EqualTo(new byte[] { 0, 0, 0 }));
        // The next is due that much later: after 10 s of the first, nothing but what is sent.
        _time.Advance(TimeSpan.FromSeconds(9));
        await _line.SendAsync(new byte[] { 5 }, Lines.Soon());
        Assert.That(await ReadRaw(4), Is.EqualTo(new byte[] { 0, 0, 1, 5 }));
    }

    /// <summary>However many come: whoever sends them gets no more for it than one each half interval.</summary>
    [Test]
    public async Task PeersKeepAlives_BeforeHalfTheInterval_AreNotAnswered()
    {
        var receiving = _line.ReceiveAsync(Lines.Soon()).AsTask();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        await _streams.Far.WriteAsync((byte[])[.. new byte[300], .. Lines.OnLine(7)]);
        using var frame = await receiving;
        await _line.SendAsync(new byte[] { 5 }, Lines.Soon());
        Assert.That(await ReadRaw(4), Is.EqualTo(new byte[] { 0, 0, 1, 5 }));
    }

    /// <summary>So the center's leave together, and what comes back to it comes together.</summary>
    [Test]
    public async Task EndThatConnected_LeavesTheFirstKeepAliveToTheOther()
    {
        await using var far = new FramedLine(
            _streams.Far, new StreamEnd(_streams.Far), Lines.Anyone, Options, new AlarmClock(_time), NullLogger.Instance, connected: true);
        var receiving = (_line.ReceiveAsync(Lines.Soon()).AsTask(), far.ReceiveAsync(Lines.Soon()).AsTask());
        var answered = 0;
        for (var tenths = 0; tenths < 2_000; tenths++)
        {
            var (writes, farWrites, waits) = (_streams.Near.Writes, _streams.Far.Writes, _streams.Near.Waits);
            _time.Advance(TimeSpan.FromSeconds(0.1));
            Assert.That(_streams.Near.Writes - writes, Is.LessThan(2));
            if (_streams.Near.Writes == writes)
            {
                Assert.That(_streams.Far.Writes, Is.EqualTo(farWrites), "it sends nothing of its own");
                continue;
            }
            Assert.That(SpinWait.SpinUntil(() => _streams.Far.Writes > farWrites && _streams.Near.Waits > waits, Lines.Patience), "it answers");
            answered++;
        }
        Assert.That(answered, Is.InRange(19, 21));
        Assert.That(receiving.Item1.IsCompleted || receiving.Item2.IsCompleted, Is.False);
    }

    [Test]
    public async Task FrameSentMeanwhile_Interval_IsCountedFromIt()
    {
        _time.Advance(TimeSpan.FromSeconds(6));
        await _line.SendAsync(new byte[] { 5 }, Lines.Soon());
        _time.Advance(TimeSpan.FromSeconds(6));
        _time.Advance(TimeSpan.FromSeconds(3));
        await _line.SendAsync(new byte[] { 6 }, Lines.Soon());
        Assert.That(await ReadRaw(8), Is.EqualTo(new byte[] { 0, 0, 1, 5, 0, 0, 1, 6 }));
    }

    [Test]
    public async Task PeerSilent_Limit_BreaksTheLine()
    {
        var receiving = Lines.FaultOfReceive(_line);
        _time.Advance(TimeSpan.FromSeconds(29));
        await Task.Delay(20);
        Assert.That(receiving.IsCompleted, Is.False);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await receiving).Fault, Is.EqualTo(LineFault.Silent));
        Assert.That((await Lines.FaultOf(() => _line.SendAsync(new byte[1], Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Silent));
    }

    [Test]
    public async Task PeerSilent_OverReceivesThatWereCancelled_IsCountedTogether()
    {
        for (var i = 0; i < 2; i++)
        {
            using var cancel = new CancellationTokenSource();
            var waiting = _line.ReceiveAsync(cancel.Token).AsTask();
            _time.Advance(TimeSpan.FromSeconds(14));
            await cancel.CancelAsync();
            Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
            // Nobody waits: this is not the peer's time.
            _time.Advance(TimeSpan.FromMinutes(10));
        }
        var receiving = Lines.FaultOfReceive(_line);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.That((await receiving).Fault, Is.EqualTo(LineFault.Silent));
    }

    [Test]
    public async Task FrameOfACancelledReceive_IsTheNextOnes()
    {
        using var cancel = new CancellationTokenSource();
        var waiting = _line.ReceiveAsync(cancel.Token).AsTask();
        await _streams.Far.WriteAsync(Lines.OnLine(1, 2, 3).AsMemory(0, 4));
        await cancel.CancelAsync();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        await _streams.Far.WriteAsync((byte[])[.. Lines.OnLine(1, 2, 3).AsSpan(4), .. Lines.OnLine(), .. Lines.OnLine(4)]);
        Assert.That(await _line.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(await _line.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 4 }));
    }

    [Test]
    public async Task BothEndsIdle_ForAnHour_TheLineHolds()
    {
        await using var far = new FramedLine(_streams.Far, Lines.Anyone, Options, _time);
        var here = _line.ReceiveAsync(Lines.Soon()).AsTask();
        var there = far.ReceiveAsync(Lines.Soon()).AsTask();
        for (var i = 0; i < 360; i++)
        {
            // A line that waits has taken all that came. One that reads may still take this keep-alive and the next at once.
            var (waits, farWaits) = (_streams.Near.Waits, _streams.Far.Waits);
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.That(SpinWait.SpinUntil(() => _streams.Near.Waits > waits && _streams.Far.Waits > farWaits, Lines.Patience), "both took a keep-alive");
        }
        Assert.That(here.IsCompleted || there.IsCompleted, Is.False);
        await _line.SendAsync(new byte[] { 1 }, Lines.Soon());
        await far.SendAsync(new byte[] { 2 }, Lines.Soon());
        using var got = await there;
        using var gotHere = await here;
        Assert.That(got!.Span.ToArray(), Is.EqualTo(new byte[] { 1 }));
        Assert.That(gotHere!.Span.ToArray(), Is.EqualTo(new byte[] { 2 }));
    }

    [Test]
    public async Task PeerTakesNothing_SendTimeout_BreaksTheLineForAllSenders()
    {
        Task blocked;
        while ((blocked = _line.SendAsync(new byte[ILine.MaxFrame], Lines.Soon()).AsTask()).IsCompletedSuccessfully) continue;
        var queued = Lines.FaultOf(() => _line.SendAsync(new byte[1], Lines.Soon()).AsTask());
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.That((await Lines.FaultOf(() => blocked)).Fault, Is.EqualTo(LineFault.Broken));
        Assert.That((await queued).Fault, Is.EqualTo(LineFault.Broken));
    }

    private async Task<byte[]> ReadRaw(int length)
    {
        var bytes = new byte[length];
        await _streams.Far.ReadExactlyAsync(bytes, Lines.Soon());
        return bytes;
    }
}
