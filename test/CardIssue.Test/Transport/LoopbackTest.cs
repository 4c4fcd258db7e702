using System.Net;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Lines;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Transport;

public class LoopbackTest
{
    [Test]
    public async Task Frames_BothWays_ArriveAsCopies()
    {
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone);
        byte[] sent = [1, 2];
        await a.SendAsync(sent, Lines.Soon());
        await b.SendAsync(new byte[] { 3 }, Lines.Soon());
        sent[0] = 9;
        Assert.That(await b.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1, 2 }));
        Assert.That(await a.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 3 }));
    }

    [Test]
    public async Task Full_Sending_WaitsForTheReader()
    {
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone, capacity: 1);
        await a.SendAsync(new byte[] { 1 }, Lines.Soon());
        var second = a.SendAsync(new byte[] { 2 }, Lines.Soon()).AsTask();
        Assert.That(second.IsCompleted, Is.False);
        Assert.That(await b.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
        await second.WaitAsync(Lines.Patience);
        using var cancel = new CancellationTokenSource();
        var third = a.SendAsync(new byte[] { 3 }, cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.That(async () => await third, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Closed_Peer_GetsWhatWasSentThenNull()
    {
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone);
        await a.SendAsync(new byte[] { 1 }, Lines.Soon());
        await a.DisposeAsync();
        await a.DisposeAsync();
        Assert.That(await b.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
        Assert.That(await b.ReceiveBytesAsync(), Is.Null);
        Assert.That((await Lines.FaultOf(() => b.SendAsync(new byte[1], Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Broken));
        Assert.That((await Lines.FaultOfReceive(a)).Fault, Is.EqualTo(LineFault.Closed));
    }

    [Test]
    public async Task Cut_BothEnds_AreBroken()
    {
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone);
        await a.SendAsync(new byte[] { 1 }, Lines.Soon());
        a.Cut();
        Assert.That((await Lines.FaultOfReceive(a)).Fault, Is.EqualTo(LineFault.Broken));
        Assert.That((await Lines.FaultOfReceive(b)).Fault, Is.EqualTo(LineFault.Broken));
        Assert.That((await Lines.FaultOf(() => b.SendAsync(new byte[1], Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Broken));
    }

    [Test]
    public async Task Connected_Peers_AreWhatTheListenerWasGiven()
    {
        var (centers, terminals) = (ByteString.FromHex("01"), ByteString.FromHex("02"));
        await using var listener = new LoopbackListener(Lines.Seven, centers);
        await using var terminal = await listener.CreateConnector(IPAddress.Parse("192.0.2.1"), terminals).ConnectAsync(Lines.Soon());
        await using var center = await listener.AcceptAsync(Lines.Soon());
        Assert.That(center.Peer, Is.EqualTo(new LinePeer(Lines.Seven, IPAddress.Parse("192.0.2.1"), terminals, centers)));
        Assert.That(terminal.Peer, Is.EqualTo(new LinePeer(null, IPAddress.Loopback, centers, terminals)));
        await listener.DisposeAsync();
        Assert.That((await Lines.FaultOf(() => listener.AcceptAsync(Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Closed));
        Assert.That((await Lines.FaultOf(() => listener.CreateConnector().ConnectAsync(Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Unreachable));
    }

    [Test]
    public async Task Counted_FramesBytesAndRoundTrips_AreThoseOfTheLine()
    {
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone);
        await using var counting = new CountingLine(a);
        for (var trip = 0; trip < 2; trip++)
        {
            await counting.SendAsync(new byte[10], Lines.Soon());
            await counting.SendAsync(new byte[20], Lines.Soon());
            await b.SendAsync(new byte[5], Lines.Soon());
            await b.SendAsync(new byte[6], Lines.Soon());
            await counting.ReceiveBytesAsync();
            await counting.ReceiveBytesAsync();
        }
        Assert.That(counting.Count, Is.EqualTo(new LineCount(4, 72, 4, 34, 2)));
    }

    [Test]
    public async Task Delayed_ManyFrames_AllComeAfterOneDelay()
    {
        var time = new FakeTimeProvider();
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone);
        await using var far = new DelayedLine(a, TimeSpan.FromMilliseconds(150), time);
        for (byte i = 1; i <= 100; i++) await far.SendAsync(new[] { i }, Lines.Soon());
        var first = b.ReceiveAsync(Lines.Soon()).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(149));
        Assert.That(first.IsCompleted, Is.False);
        await AdvanceUntil(time, first);
        using var frame = await first;
        Assert.That(frame!.Span[0], Is.EqualTo(1));
        for (byte i = 2; i <= 100; i++) Assert.That(await b.ReceiveBytesAsync(), Is.EqualTo(new[] { i }));
    }

    [Test]
    public async Task Delayed_FrameFromThePeer_ComesAfterTheDelay()
    {
        var time = new FakeTimeProvider();
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone);
        await using var far = new DelayedLine(a, TimeSpan.FromMilliseconds(150), time);
        await b.SendAsync(new byte[] { 1 }, Lines.Soon());
        using var cancel = new CancellationTokenSource();
        var abandoned = far.ReceiveAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.That(async () => await abandoned, Throws.InstanceOf<OperationCanceledException>());
        var receiving = far.ReceiveBytesAsync();
        Assert.That(receiving.IsCompleted, Is.False);
        await AdvanceUntil(time, receiving);
        Assert.That(await receiving, Is.EqualTo(new byte[] { 1 }), "cancelling lost nothing");
        await b.DisposeAsync();
        var end = far.ReceiveBytesAsync();
        await AdvanceUntil(time, end);
        Assert.That(await end, Is.Null);
    }

    [Test]
    public async Task Delayed_Disposed_WhatWasSentStillArrives()
    {
        var (a, b) = LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone);
        var far = new DelayedLine(a, TimeSpan.FromMinutes(5));
        await far.SendAsync(new byte[] { 1 }, Lines.Soon());
        await far.DisposeAsync();
        await far.DisposeAsync();
        Assert.That(await b.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
        Assert.That(await b.ReceiveBytesAsync(), Is.Null);
    }

    /// <summary>The line's own tasks set their timers when they get to it.</summary>
    private static async Task AdvanceUntil(FakeTimeProvider time, Task done)
    {
        while (!done.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }
    }
}
