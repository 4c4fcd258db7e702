namespace CardIssue.Reader;

/// <summary>
/// The times of a <see cref="Serial.SerialCardReader"/>. A slow card and a dead reader have times of their own. Every time is more than
/// zero and at most an hour; the reader checks them when it is made.
/// </summary>
public sealed class SerialReaderOptions
{
    /// <summary>The speed in bits per second, 1 or more; 115,200 unless set, as a GemPC Twin has it.</summary>
    public int BaudRate { get; set; } = 115_200;

    /// <summary>
    /// How long the reader may be silent beyond what the card's own parameters let a card be; after that, and after asking it again, it is taken for dead:
    /// <see cref="Core.Cards.CardFault.ReaderGone"/>. 3 s unless set.
    /// </summary>
    public TimeSpan ReaderTime { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a card may work on one command while it asks for more time: <see cref="Core.Cards.CardFault.SlowCard"/> after that. 60 s
    /// unless set.
    /// </summary>
    public TimeSpan CardTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long the line must be silent inside a frame for the frame to be given up and asked for again. More than the time that a USB
    /// adapter holds bytes back. 100 ms unless set.
    /// </summary>
    public TimeSpan FrameGap { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often a reader that refused to tell of cards by itself is asked whether one is in. 1 s unless set.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often a reader is asked for a sign of life while a card is waited for: a port does not tell that the reader was pulled off it.
    /// Not how cards are seen. 5 s unless set.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Says what is wrong with these.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time or the speed is zero or less, or a time is longer than an hour.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BaudRate, 1);
        Check(ReaderTime, nameof(ReaderTime));
        Check(CardTime, nameof(CardTime));
        Check(FrameGap, nameof(FrameGap));
        Check(PollInterval, nameof(PollInterval));
        Check(KeepAlive, nameof(KeepAlive));
    }

    private static void Check(TimeSpan time, string name)
    {
        if (time <= TimeSpan.Zero || time > TimeSpan.FromHours(1)) throw new ArgumentOutOfRangeException(name, time, "More than zero and at most an hour.");
    }
}
