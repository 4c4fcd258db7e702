using CardIssue.Core.Lines;
using CardIssue.Transport.Reconnect;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;

namespace CardIssue.Test.Transport;

public class ReconnectingConnectorTest
{
    private static readonly ReconnectOptions Options = new()
    {
        FirstDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(20), StableAfter = TimeSpan.FromSeconds(10),
    };

    private readonly List<FailedTry> _failed = [];
    private WatchedTime _time = null!;
    private Dialer _dialer = null!;

    [SetUp]
    public void Start()
    {
        _failed.Clear();
        _time = new WatchedTime();
        _dialer = new Dialer();
    }

    [TestCase(0.0, new[] { 1.0, 1, 1, 1 })]
    [TestCase(0.5, new[] { 2.0, 3.5, 5.75, 9.125, 14.1875, 20, 20 })]
    [TestCase(1.0, new[] { 3.0, 9, 20, 20 })]
    public async Task Failures_InARow_DelaysGrowToTheCap(double drawn, double[] seconds)
    {
        _dialer.Faults(seconds.Length, LineFault.Unreachable);
        var connecting = Connector(Options, drawn).ConnectAsync(Lines.Soon()).AsTask();
        foreach (var delay in seconds)
        {
            var (tries, timers) = (_dialer.Tries, _time.Timers);
            _time.Advance(TimeSpan.FromSeconds(delay) - TimeSpan.FromMilliseconds(1));
            Assert.That(_dialer.Tries, Is.EqualTo(tries), "not before its time");
            _time.Advance(TimeSpan.FromMilliseconds(1));
            // The next delay must be armed before time goes on, or it begins too late.
            Assert.That(SpinWait.SpinUntil(() => _dialer.Tries > tries && (_time.Timers > timers || connecting.IsCompleted), Lines.Patience));
        }
        Assert.That(await connecting.WaitAsync(Lines.Patience), Is.SameAs(_dialer.Line));
        Assert.That(_failed.Select(f => f.NextTryIn!.Value.TotalSeconds), Is.EqualTo(seconds));
        Assert.That(_failed.Select(f => f.Try), Is.EqualTo(Enumerable.Range(1, seconds.Length)));
    }

    [Test]
    public async Task NotTrusted_IsReportedAndTriedAtTheLongestDelayOnly()
    {
        _dialer.Faults(1, LineFault.NotTrusted);
        var connecting = Connector(Options, 0).ConnectAsync(Lines.Soon()).AsTask();
        Assert.That(_failed, Is.EqualTo(new[] { new FailedTry(1, LineFault.NotTrusted, "no line", TimeSpan.FromSeconds(20)) }));
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.That(await connecting.WaitAsync(Lines.Patience), Is.SameAs(_dialer.Line));
    }

    [Test]
    public async Task TriesCapped_LastFailed_ThrowsItsFault()
    {
        _dialer.Faults(5, LineFault.Unreachable);
        var connecting = Lines.FaultOf(() =>
            Connector(new ReconnectOptions { FirstDelay = TimeSpan.FromSeconds(1), MaxTries = 2 }, 0).ConnectAsync(Lines.Soon()).AsTask());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await connecting).Fault, Is.EqualTo(LineFault.Unreachable));
        Assert.That(_dialer.Tries, Is.EqualTo(2));
        Assert.That(_failed.Select(f => f.NextTryIn), Is.EqualTo(new TimeSpan?[] { TimeSpan.FromSeconds(1), null }));
    }

    [Test]
    public async Task LineCutAtOnce_ConnectingAgain_WaitsFirst()
    {
        var connector = Connector(Options, 0.5);
        await connector.ConnectAsync(Lines.Soon());
        var again = connector.ConnectAsync(Lines.Soon()).AsTask();
        Assert.That(_dialer.Tries, Is.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(2));
        await again.WaitAsync(Lines.Patience);
        var third = connector.ConnectAsync(Lines.Soon()).AsTask();
        _time.Advance(TimeSpan.FromSeconds(3.4));
        Assert.That(_dialer.Tries, Is.EqualTo(2), "and longer each time");
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await third.WaitAsync(Lines.Patience);
    }

    [Test]
    public async Task LineHeld_ConnectingAgain_DoesNotWait()
    {
        var connector = Connector(Options, 0.5);
        await connector.ConnectAsync(Lines.Soon());
        _time.Advance(TimeSpan.FromSeconds(10));
        await connector.ConnectAsync(Lines.Soon()).AsTask().WaitAsync(Lines.Patience);
        Assert.That(_dialer.Tries, Is.EqualTo(2));
    }

    [Test]
    public async Task Cancelled_BetweenTries_SaysSo()
    {
        _dialer.Faults(5, LineFault.Unreachable);
        using var cancel = new CancellationTokenSource();
        var connecting = Connector(Options, 0).ConnectAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.That(async () => await connecting.WaitAsync(Lines.Patience), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_dialer.Tries, Is.EqualTo(1));
    }

    [Test]
    public void OptionsOutOfRange_Validate_NamesTheOption()
    {
        Assert.That(new ReconnectOptions { FirstDelay = TimeSpan.Zero }.Validate, Throws.ArgumentException.With.Message.Contain("FirstDelay"));
        Assert.That(new ReconnectOptions { MaxDelay = TimeSpan.FromMilliseconds(1) }.Validate, Throws.ArgumentException.With.Message.Contain("MaxDelay"));
        Assert.That(new ReconnectOptions { MaxTries = 0 }.Validate, Throws.ArgumentException.With.Message.Contain("MaxTries"));
    }

    private ReconnectingConnector Connector(ReconnectOptions options, double drawn) => new(_dialer, options, _failed.Add, _time, random: () => drawn);

    /// <summary>A fake time that counts the timers that were armed.</summary>
    private sealed class WatchedTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }

    private sealed class Dialer : ILineConnector
    {
        private int _faults;
        private LineFault _fault;
        private int _tries;

        public ILine Line { get; } = Substitute.For<ILine>();
        public int Tries => Volatile.Read(ref _tries);

        public void Faults(int count, LineFault fault) => (_faults, _fault) = (count, fault);

        public ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
        {
            Interlocked.Increment(ref _tries);
            return _faults-- > 0 ? throw new LineException(_fault, "no line") : ValueTask.FromResult(Line);
        }
    }
}
