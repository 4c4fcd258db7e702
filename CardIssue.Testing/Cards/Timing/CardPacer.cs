namespace CardIssue.Testing.Cards.Timing;

/// <summary>Makes a card as slow as its timing says. What a wait took too long is taken off the next ones, so that a long work keeps its schedule.</summary>
public sealed class CardPacer(TimeProvider time, ICardTiming timing)
{
    /// <summary>The most that one wait makes up for another.</summary>
    private static readonly TimeSpan MaximumDebt = TimeSpan.FromMilliseconds(20);

    private TimeSpan _debt;

    /// <summary>Waits until <paramref name="started"/> plus the command's time.</summary>
    /// <param name="started">A timestamp of <see cref="Now"/>, taken when the command came in.</param>
    internal async Task WaitAsync(long started, ReadOnlyMemory<byte> command, int responseLength, CancellationToken cancellation)
    {
        var wanted = timing.Of(command.Span, responseLength);
        var rest = wanted - _debt - time.GetElapsedTime(started);
        if (rest > TimeSpan.Zero) await Task.Delay(rest, time, cancellation).ConfigureAwait(false);
        var debt = _debt + time.GetElapsedTime(started) - wanted;
        _debt = debt < TimeSpan.Zero ? TimeSpan.Zero : debt > MaximumDebt ? MaximumDebt : debt;
    }

    internal long Now() => time.GetTimestamp();

    internal void Restart()
    {
        _debt = TimeSpan.Zero;
        timing.Restart();
    }
}
