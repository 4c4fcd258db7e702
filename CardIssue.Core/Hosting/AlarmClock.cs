namespace CardIssue.Core.Hosting;

/// <summary>
/// Many alarms on one timer of the system. .NET's own queue walks all of its timers whenever one of them is due, and each is an object or three; here only what
/// is due is touched, and an alarm that is set to a later time, as most are by whatever happens on a line, is a number written.
/// </summary>
/// <remarks>
/// Alarms ring one after the other on a thread of the pool: whoever takes one does its work soon, and throws nothing. With the system's clock they ring up to a
/// millisecond early.
/// </remarks>
internal sealed class AlarmClock
{
    /// <summary>What the system's timers are counted in.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Alarm, long> _queue = new();
    private long _armedFor = long.MaxValue;

    /// <summary>Makes one without alarms.</summary>
    /// <param name="time">Where time comes from.</param>
    public AlarmClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        Time = time;
        // A timer that waits for nothing is held by nobody: there is none to dispose of once all alarms are.
        _timer = time.CreateTimer(static clock => ((AlarmClock)clock!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Time { get; }

    /// <summary>Makes an alarm that is not set.</summary>
    /// <param name="ring">Called each time that its time has come; also when it is set anew, stopped or disposed in that very moment.</param>
    public Alarm Add(Action ring) => new(this, ring);

    /// <summary>One alarm of the clock. It is safe on any thread.</summary>
    internal sealed class Alarm(AlarmClock clock, Action ring) : IDisposable
    {
        /// <summary>When it rings, as a timestamp; never while it is <see cref="long.MaxValue"/>.</summary>
        internal long Due { get; set; } = long.MaxValue;

        /// <summary>Where it stands in the queue, at its time or before it; <see cref="long.MaxValue"/> where it does not.</summary>
        internal long Queued { get; set; } = long.MaxValue;

        internal bool IsDisposed { get; set; }

        internal Action Ring => ring;

        /// <summary>Rings after so long, and no more at the time of before.</summary>
        public void Set(TimeSpan left) => clock.Set(this, left, earlierOnly: false);

        /// <summary>Rings after so long, unless it does so earlier; <see cref="TimeSpan.MaxValue"/> changes nothing.</summary>
        public void SetNoLater(TimeSpan left)
        {
            if (left < TimeSpan.MaxValue) clock.Set(this, left, earlierOnly: true);
        }

        /// <summary>Rings no more until it is set again.</summary>
        public void Stop()
        {
            lock (clock._lock) Due = long.MaxValue;
        }

        /// <summary>Rings no more, whatever sets it. Twice is harmless.</summary>
        public void Dispose() => clock.Remove(this);
    }

    private void Set(Alarm alarm, TimeSpan left, bool earlierOnly)
    {
        var due = Time.GetTimestamp() + (long)(Math.Max(left.TotalSeconds, 0) * Time.TimestampFrequency);
        lock (_lock)
        {
            if (alarm.IsDisposed || (earlierOnly && due >= alarm.Due)) return;
            alarm.Due = due;
            if (alarm.Queued <= due) return;
            if (alarm.Queued < long.MaxValue) _queue.Remove(alarm, out _, out _);
            Enqueue(alarm);
            Arm();
        }
    }

    private void Remove(Alarm alarm)
    {
        lock (_lock)
        {
            (alarm.IsDisposed, alarm.Due) = (true, long.MaxValue);
            if (alarm.Queued == long.MaxValue) return;
            _queue.Remove(alarm, out _, out _);
            alarm.Queued = long.MaxValue;
        }
    }

    private void Enqueue(Alarm alarm)
    {
        alarm.Queued = alarm.Due;
        _queue.Enqueue(alarm, alarm.Due);
    }

    private void Ring()
    {
        var now = Time.GetTimestamp() + (long)(Shortest.TotalSeconds * Time.TimestampFrequency);
        lock (_lock) _armedFor = long.MaxValue;
        while (TakeDue(now) is { } alarm) alarm.Ring();
    }

    /// <summary>The next one whose time has come; null once there is none, and then the timer is armed for the first.</summary>
    private Alarm? TakeDue(long now)
    {
        lock (_lock)
        {
            while (_queue.TryPeek(out var alarm, out var queued) && queued <= now)
            {
                _queue.Dequeue();
                alarm.Queued = long.MaxValue;
                if (alarm.Due <= now)
                {
                    alarm.Due = long.MaxValue;
                    return alarm;
                }
                // It was set to a later time meanwhile, or stopped.
                if (alarm.Due < long.MaxValue) Enqueue(alarm);
            }
            Arm();
            return null;
        }
    }

    private void Arm()
    {
        if (!_queue.TryPeek(out _, out var first) || first >= _armedFor) return;
        _armedFor = first;
        var left = TimeSpan.FromSeconds((first - Time.GetTimestamp()) / (double)Time.TimestampFrequency);
        _timer.Change(left > Shortest ? left : Shortest, Timeout.InfiniteTimeSpan);
    }
}
