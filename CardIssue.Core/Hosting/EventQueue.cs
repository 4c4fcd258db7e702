using System.Threading.Channels;

namespace CardIssue.Core.Hosting;

/// <summary>
/// What feeds a machine: events from lines, cards, stores and the one timer of a session come in from any thread and go out in order,
/// one at a time. A timer that was stopped or armed anew never fires late.
/// </summary>
/// <typeparam name="TEvent">The machine's events.</typeparam>
internal sealed class EventQueue<TEvent> : IDisposable where TEvent : class
{
    /// <summary>Events that may wait. A peer that sends faster than they are handled is slowed down by it.</summary>
    public const int Capacity = 256;

    private readonly Channel<Entry> _entries = Channel.CreateBounded<Entry>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Func<TEvent> _timerFired;
    private readonly AlarmClock.Alarm _timer;
    private int _generation;
    private bool _complete;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="clock">Where its timer is.</param>
    /// <param name="timerFired">Makes the event of a timer that ran out.</param>
    public EventQueue(AlarmClock clock, Func<TEvent> timerFired)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _timerFired = timerFired;
        _timer = clock.Add(OnTimer);
    }

    private readonly record struct Entry(TEvent? Event, int Generation);

    /// <summary>Puts an event in; waits while the queue is full. After <see cref="Complete"/> it is dropped.</summary>
    public async ValueTask PostAsync(TEvent happened, CancellationToken cancellation = default)
    {
        while (await _entries.Writer.WaitToWriteAsync(cancellation).ConfigureAwait(false))
            if (_entries.Writer.TryWrite(new Entry(happened, 0))) return;
    }

    /// <summary>The next event; null when the queue was completed and is empty.</summary>
    public async ValueTask<TEvent?> NextAsync(CancellationToken cancellation)
    {
        while (await _entries.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
            while (_entries.Reader.TryRead(out var entry))
            {
                if (entry.Event is not null) return entry.Event;
                if (entry.Generation == Volatile.Read(ref _generation)) return _timerFired();
            }
        return null;
    }

    /// <summary>Arms the timer; an earlier one is stopped.</summary>
    public void ArmTimer(TimeSpan due)
    {
        Interlocked.Increment(ref _generation);
        _timer.Set(due);
    }

    /// <summary>Stops the timer.</summary>
    public void StopTimer()
    {
        Interlocked.Increment(ref _generation);
        _timer.Stop();
    }

    /// <summary>Whether events are dropped: after <see cref="Complete"/>.</summary>
    public bool IsComplete => Volatile.Read(ref _complete);

    /// <summary>Lets no further event in.</summary>
    public void Complete()
    {
        Volatile.Write(ref _complete, true);
        _entries.Writer.TryComplete();
    }

    /// <summary>Stops the timer and lets no further event in.</summary>
    public void Dispose()
    {
        Complete();
        _timer.Dispose();
    }

    private void OnTimer()
    {
        // A full queue means that there is life; the machine arms its timer anew with the next event of it.
        _entries.Writer.TryWrite(new Entry(null, Volatile.Read(ref _generation)));
    }
}
