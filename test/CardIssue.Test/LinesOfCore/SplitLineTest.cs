using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Testing.Lines;

namespace CardIssue.Test.LinesOfCore;

/// <summary>Two halves as one line; the far ends are the test's.</summary>
[TestFixture]
public sealed class SplitLineTest
{
    private static readonly LinePeer Anyone = new(new LineNumber(1), null, default, default);
    private LoopbackLine _farSending = null!, _farReceiving = null!;
    private SplitLine _line = null!;

    [SetUp]
    public void Connect()
    {
        (var sending, _farSending) = LoopbackLine.CreatePair(Anyone, Anyone);
        (var receiving, _farReceiving) = LoopbackLine.CreatePair(Anyone, Anyone);
        _line = new SplitLine(sending, receiving, Anyone);
    }

    [TearDown]
    public async Task Close()
    {
        await _line.DisposeAsync();
        await _farSending.DisposeAsync();
        await _farReceiving.DisposeAsync();
    }

    [Test]
    public async Task Frames_GoOutOnOneHalf_ComeInOnTheOther()
    {
        await _line.SendAsync(new byte[] { 1 }, default);
        await _farReceiving.SendAsync(new byte[] { 2 }, default);
        using var sent = await _farSending.ReceiveAsync(Transport.Lines.Soon());
        using var received = await _line.ReceiveAsync(Transport.Lines.Soon());
        Assert.That((sent!.Span[0], received!.Span[0]), Is.EqualTo(((byte)1, (byte)2)));
    }

    [Test]
    public async Task Frame_OnTheHalfThatCarriesNoneThisWay_EndsTheLine()
    {
        var receiving = _line.ReceiveAsync(Transport.Lines.Soon()).AsTask();
        await _farSending.SendAsync(new byte[] { 1 }, default);
        Assert.That((await Transport.Lines.FaultOf(async () => await receiving)).Fault, Is.EqualTo(LineFault.Tampered));
        Assert.That(_line.Fault?.Fault, Is.EqualTo(LineFault.Tampered));
        Assert.That(_line.Refusal, Is.Null);
        Assert.That(await _farSending.ReceiveAsync(Transport.Lines.Soon()), Is.Null, "both halves are closed");
        Assert.That(await _farReceiving.ReceiveAsync(Transport.Lines.Soon()), Is.Null);
    }

    [Test]
    public async Task Refusal_OnTheHalfThatIsSentOn_EndsTheLine_AndIsKept()
    {
        var receiving = _line.ReceiveAsync(Transport.Lines.Soon()).AsTask();
        await _farSending.SendAsync(MessageCodec.Encode(new Refused(RefusalCode.NotNow)), default);
        Assert.That((await Transport.Lines.FaultOf(async () => await receiving)).Fault, Is.EqualTo(LineFault.Broken));
        Assert.That(_line.Refusal, Is.EqualTo(new Refused(RefusalCode.NotNow)));
        Assert.That(await _farReceiving.ReceiveAsync(Transport.Lines.Soon()), Is.Null, "both halves are closed");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Half_Lost_TheLineIsLost(bool sending)
    {
        var receiving = _line.ReceiveAsync(Transport.Lines.Soon()).AsTask();
        (sending ? _farSending : _farReceiving).Cut();
        Assert.That((await Transport.Lines.FaultOf(async () => await receiving)).Fault, Is.EqualTo(LineFault.Broken));
    }

    [Test]
    public async Task Line_Disposed_BothHalvesAreClosed()
    {
        await _line.DisposeAsync();
        await _line.DisposeAsync();
        Assert.That(await _farSending.ReceiveAsync(Transport.Lines.Soon()), Is.Null);
        Assert.That(await _farReceiving.ReceiveAsync(Transport.Lines.Soon()), Is.Null);
        Assert.That(_line.Fault, Is.Null);
    }
}
