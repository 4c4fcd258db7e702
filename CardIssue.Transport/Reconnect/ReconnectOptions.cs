using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Reconnect;

/// <summary>
/// How often and how soon a line is tried again. Every time is more than zero and at most <see cref="LineOptions.LongestTime"/>.
/// </summary>
public sealed class ReconnectOptions
{
    /// <summary>The shortest delay. 0.5 s unless set.</summary>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The longest delay, and the one after <see cref="LineFault.NotTrusted"/>. 60 s unless set; not less than <see cref="FirstDelay"/>.
    /// </summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>A line that was up for less counts as one more failure, or a center that cuts every line at once would be tried without a pause. 10 s unless set.</summary>
    public TimeSpan StableAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The most tries of one <c>ConnectAsync</c>, at least 1; no end to them when null, as unless set.</summary>
    public int? MaxTries { get; set; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and says what it may be.</exception>
    internal void Validate()
    {
        LineOptions.CheckTime(FirstDelay, nameof(FirstDelay));
        LineOptions.CheckTime(MaxDelay, nameof(MaxDelay));
        LineOptions.CheckTime(StableAfter, nameof(StableAfter));
        if (MaxTries is { } tries) LineOptions.CheckCount(tries, nameof(MaxTries));
        if (MaxDelay < FirstDelay)
            throw new ArgumentException($"{nameof(MaxDelay)} ({MaxDelay}) must not be less than {nameof(FirstDelay)} ({FirstDelay}).", nameof(MaxDelay));
    }
}

/// <summary>One failed try.</summary>
/// <param name="Try">Its number, from 1, in this <c>ConnectAsync</c>.</param>
/// <param name="Fault">Why it failed.</param>
/// <param name="Message">The same, for the operator.</param>
/// <param name="NextTryIn">When it is tried again; null when it was the last.</param>
public sealed record FailedTry(int Try, LineFault Fault, string Message, TimeSpan? NextTryIn);
