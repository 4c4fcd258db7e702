using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Test.Transport;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Hosting;

public class AlarmClockTest
{
    private readonly List<string> _rung = [];
    private CountingTime _time = null!;
    private AlarmClock _clock = null!;

    [SetUp]
    public void Make()
    {
        _rung.Clear();
        _time = new CountingTime();
        _clock = new AlarmClock(_time);
    }

    [Test]
    public void SeveralAlarms_EachRingsAtItsTime_OnOneTimer()
    {
        foreach (var seconds in (int[])[30, 10, 20]) Alarm($"{seconds}").Set(Seconds(seconds));
        foreach (var (pass, rung) in ((int, string)[])[(9, ""), (1, "10"), (9, "10"), (1, "10 20"), (10, "10 20 30"), (100, "10 20 30")])
        {
            _time.Advance(Seconds(pass));
            Assert.That(Rung, Is.EqualTo(rung));
        }
        Assert.That(_time.Timers, Is.EqualTo(1));
    }

    [Test]
    public void SetAnew_LaterOrSooner_RingsAtTheLatestTimeAlone()
    {
        var (later, sooner) = (Alarm("later"), Alarm("sooner"));
        later.Set(Seconds(10));
        later.Set(Seconds(50));
        sooner.Set(Seconds(100));
        sooner.Set(Seconds(20));
        _time.Advance(Seconds(19));
        Assert.That(Rung, Is.Empty);
        _time.Advance(Seconds(1));
        Assert.That(Rung, Is.EqualTo("sooner"));
        _time.Advance(Seconds(30));
        Assert.That(Rung, Is.EqualTo("sooner later"));
        _time.Advance(Seconds(1_000));
        Assert.That(Rung, Is.EqualTo("sooner later"));
    }

    [Test]
    public void SetNoLater_OnlyBringsForward()
    {
        var alarm = Alarm("a");
        alarm.Set(Seconds(10));
        alarm.SetNoLater(Seconds(20));
        alarm.SetNoLater(TimeSpan.MaxValue);
        _time.Advance(Seconds(10));
        Assert.That(Rung, Is.EqualTo("a"));
        alarm.SetNoLater(Seconds(20));
        alarm.SetNoLater(Seconds(5));
        _time.Advance(Seconds(5));
        Assert.That(Rung, Is.EqualTo("a a"));
        _time.Advance(Seconds(100));
        Assert.That(Rung, Is.EqualTo("a a"));
    }

    [Test]
    public void StoppedOrDisposed_RingsNoMore()
    {
        var (stopped, disposed) = (Alarm("stopped"), Alarm("disposed"));
        stopped.Set(Seconds(10));
        disposed.Set(Seconds(10));
        stopped.Stop();
        disposed.Dispose();
        disposed.Dispose();
        disposed.Set(Seconds(1));
        _time.Advance(Seconds(20));
        Assert.That(Rung, Is.Empty);
        stopped.Set(Seconds(10));
        _time.Advance(Seconds(10));
        Assert.That(Rung, Is.EqualTo("stopped"));
    }

    [Test]
    public void SetWhileItRings_RingsAgain()
    {
        AlarmClock.Alarm alarm = null!;
        alarm = _clock.Add(() =>
        {
            _rung.Add("a");
            alarm.Set(Seconds(10));
        });
        alarm.Set(Seconds(10));
        for (var i = 1; i <= 5; i++)
        {
            _time.Advance(Seconds(10));
            Assert.That(_rung, Has.Count.EqualTo(i));
        }
    }

    [Test]
    public void RandomSettings_RingAsIfEachHadItsOwnTimer()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var alarms = Enumerable.Range(0, 50).Select(i => Alarm($"{i}")).ToArray();
        var due = new int?[alarms.Length];
        for (var now = 0; now < 2_000; now++)
        {
            var (i, left) = (random.Next(alarms.Length), random.Next(1, 100));
            switch (random.Next(4))
            {
                case 0:
                    alarms[i].Stop();
                    due[i] = null;
                    break;
                case 1:
                    alarms[i].SetNoLater(Seconds(left));
                    due[i] = Math.Min(due[i] ?? int.MaxValue, now + left);
                    break;
                default:
                    alarms[i].Set(Seconds(left));
                    due[i] = now + left;
                    break;
            }
            _rung.Clear();
            _time.Advance(Seconds(1));
            var expected = Enumerable.Range(0, due.Length).Where(i => due[i] == now + 1).Select(i => $"{i}").ToList();
            Assert.That(_rung, Is.EquivalentTo(expected), $"seed {seed}, second {now}");
            for (var k = 0; k < due.Length; k++) if (due[k] == now + 1) due[k] = null;
        }
    }

    /// <summary>What an idle line costs: no timer of its own, neither once nor for each keep-alive.</summary>
    [Test]
    public async Task ManyIdleLines_KeepAlivesBothWays_MakeOneTimer()
    {
        const int Count = 50, Rounds = 5;
        var options = new LineOptions { KeepAliveInterval = Seconds(15), SilenceLimit = Seconds(45) };
        var streams = Enumerable.Range(0, Count).Select(_ => new JoinedStreams()).ToList();
        var lines = streams.ConvertAll(pair => new FramedLine(pair.Near, new StreamEnd(pair.Near), Lines.Anyone, options, _clock, NullLogger.Instance, connected: false));
        var receiving = lines.ConvertAll(line => line.ReceiveAsync(CancellationToken.None).AsTask());
        var bytes = new byte[3];
        for (var round = 0; round < Rounds; round++)
        {
            _time.Advance(Seconds(15));
            foreach (var pair in streams)
            {
                var waits = pair.Near.Waits;
                await pair.Far.ReadExactlyAsync(bytes, Lines.Soon());
                Assert.That(bytes, Is.All.Zero);
                await pair.Far.WriteAsync(bytes);
                Assert.That(SpinWait.SpinUntil(() => pair.Near.Waits > waits, Lines.Patience), "it took the keep-alive");
            }
        }
        Assert.That((receiving.Count(task => task.IsCompleted), _time.Timers), Is.EqualTo((0, 1)));
        foreach (var line in lines) await line.DisposeAsync();
        foreach (var pair in streams) await pair.Far.DisposeAsync();
    }

    private string Rung => string.Join(' ', _rung);

    private AlarmClock.Alarm Alarm(string name) => _clock.Add(() => _rung.Add(name));

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private sealed class CountingTime : FakeTimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _timers);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
