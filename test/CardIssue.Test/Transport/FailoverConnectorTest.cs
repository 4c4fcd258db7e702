using CardIssue.Core.Lines;
using CardIssue.Transport.Reconnect;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;

namespace CardIssue.Test.Transport;

[Parallelizable, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FailoverConnectorTest
{
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider _time = new();
    private readonly Place[] _places = [new(), new(), new()];

    [Test]
    public async Task FirstIsAway_Connect_TheNextIsTakenAndTheFirstOnceItIsLost()
    {
        var connector = Connector();
        _places[0].Away = true;
        Assert.That(await connector.ConnectAsync(default), Is.SameAs(_places[1].Line));
        _time.Advance(Stable);
        _places[0].Away = false;
        Assert.That(await connector.ConnectAsync(default), Is.SameAs(_places[1].Line), "where it came through the last time");
        _time.Advance(Stable);
        (_places[1].Away, _places[2].Away) = (true, true);
        Assert.That(await connector.ConnectAsync(default), Is.SameAs(_places[0].Line), "round the list");
    }

    [Test]
    public async Task LineDidNotHold_ConnectAgain_AnotherPlaceIsFirst()
    {
        var connector = Connector();
        Assert.That(await connector.ConnectAsync(default), Is.SameAs(_places[0].Line));
        _time.Advance(Stable - TimeSpan.FromMilliseconds(1));
        Assert.That(await connector.ConnectAsync(default), Is.SameAs(_places[1].Line));
    }

    [Test]
    public async Task NoneAnswers_Connect_EachIsTriedOnceAndAllIsTold()
    {
        foreach (var place in _places) place.Away = true;
        var fault = await Lines.FaultOf(() => Connector().ConnectAsync(default).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.Unreachable));
        Assert.That(_places.Select(place => place.Tries), Is.EqualTo(new[] { 1, 1, 1 }));
        foreach (var place in _places) Assert.That(fault.Message, Does.Contain(place.Why));
    }

    [Test]
    public void NoPlace_IsRefused() => Assert.That(() => new FailoverConnector([], Stable), Throws.ArgumentException);

    [Test]
    public async Task Cancelled_Connect_TriesNoFurther()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        Assert.That(async () => await Connector().ConnectAsync(cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_places.Sum(place => place.Tries), Is.Zero);
    }

    private FailoverConnector Connector() => new(_places, Stable, _time);

    private sealed class Place : ILineConnector
    {
        private static int _count;

        public string Why { get; } = $"place {Interlocked.Increment(ref _count)} is away.";
        public ILine Line { get; } = Substitute.For<ILine>();
        public bool Away { get; set; }
        public int Tries { get; private set; }

        public ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
        {
            Tries++;
            return Away ? throw new LineException(LineFault.Unreachable, Why) : ValueTask.FromResult(Line);
        }
    }
}
