namespace CardIssue.Reader;

/// <summary>
/// How long a <see cref="PcSc.PcscCardReader"/> waits for what; each wait ends with a fault of its own. Every time is more than zero and at
/// most an hour; the reader checks them when it is made.
/// </summary>
public sealed class PcscReaderOptions
{
    /// <summary>
    /// How long a card may take for one command, before <see cref="Core.Cards.CardFault.SlowCard"/>. Key generation is slow. 60 s unless
    /// set.
    /// </summary>
    public TimeSpan SlowCard { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long reader and service may take for what is no card's work (connect, reset, disconnect), before
    /// <see cref="Core.Cards.CardFault.ReaderGone"/>. 10 s unless set.
    /// </summary>
    public TimeSpan DeadReader { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long another program that holds the card is waited for, before <see cref="Core.Cards.CardFault.Busy"/>. 10 s unless set.
    /// </summary>
    public TimeSpan BusyLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a wait for a card waits for a reader that is not there yet, before <see cref="Core.Cards.CardFault.ReaderGone"/>. 10 s
    /// unless set.
    /// </summary>
    public TimeSpan ReaderLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a wait for a card waits for a service that does not run yet, before <see cref="Core.Cards.CardFault.ServiceGone"/>. 10 s
    /// unless set.
    /// </summary>
    public TimeSpan ServiceLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is not more than zero, or more than an hour; the message names it.</exception>
    internal void Validate()
    {
        Check(SlowCard, nameof(SlowCard));
        Check(DeadReader, nameof(DeadReader));
        Check(BusyLimit, nameof(BusyLimit));
        Check(ReaderLimit, nameof(ReaderLimit));
        Check(ServiceLimit, nameof(ServiceLimit));
    }

    private static void Check(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromHours(1)) throw new ArgumentException($"{name} is more than zero and at most an hour; it is {value}.");
    }
}
