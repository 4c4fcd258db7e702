using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// What a <see cref="TerminalRelay"/> may be told; validated when the relay is made. Every time is more than zero and at most an hour.
/// </summary>
public sealed class TerminalRelayOptions
{
    /// <summary>
    /// Commands held at most, 1 to 32, and 32 unless set: what the card answers in one round trip, or it waits. Pinned are twice as many.
    /// </summary>
    public int Window { get; set; } = ProtocolLimits.MaxWindow;

    /// <summary>How long the center may be silent where its word is awaited, before the line is brought up anew. 60 s unless set.</summary>
    public TimeSpan CenterSilence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a card may take for one command; key generation is slow. 60 s unless set.</summary>
    public TimeSpan SlowCard { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The pause before the next try after the center refused access, or could not prove itself; also when the line is lost again before it
    /// was up for as long. 10 s unless set.
    /// </summary>
    public TimeSpan RefusedPause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause before a reader that broke, or is away, is asked again. 1 s unless set.</summary>
    public TimeSpan ReaderPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a reader may take to say what it is, and to prove it; it is away, and waited for, when it takes longer. 15 s unless set.</summary>
    public TimeSpan ReaderCheck { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// For how long a reader that is not known and comes back again and again for the same reason is not reported again. 1 minute unless
    /// set.
    /// </summary>
    public TimeSpan SameReaderPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a printer may take for one receipt; the outcome of a request that was issued waits for it. 30 s unless set.
    /// </summary>
    public TimeSpan Printing { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Window is < 1 or > ProtocolLimits.MaxWindow) throw new ArgumentException($"{nameof(Window)} is 1 to {ProtocolLimits.MaxWindow}; it is {Window}.");
        Positive(CenterSilence, nameof(CenterSilence));
        Positive(SlowCard, nameof(SlowCard));
        Positive(RefusedPause, nameof(RefusedPause));
        Positive(ReaderPause, nameof(ReaderPause));
        Positive(ReaderCheck, nameof(ReaderCheck));
        Positive(SameReaderPause, nameof(SameReaderPause));
        Positive(Printing, nameof(Printing));
    }

    internal TerminalPolicy Policy => new(Window, Math.Max(1, Window * 2 / 3));

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromHours(1)) throw new ArgumentException($"{name} is more than zero and at most an hour; it is {value}.");
    }
}
