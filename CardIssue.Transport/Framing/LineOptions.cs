namespace CardIssue.Transport.Framing;

/// <summary>
/// The times and caps of lines, their listeners and connectors. Checked by whatever is made with it: a time is more than zero and at most
/// <see cref="LongestTime"/>, a count at least 1.
/// </summary>
public sealed class LineOptions
{
    /// <summary>The longest time that may be set: one day.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    /// <summary>After so long without sending, or a fifteenth of it less or more, an empty frame is sent; after half of it when the peer's has come. 20 s unless set.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>After waiting so long without a byte from the peer, the line breaks as silent. 45 s unless set; at least twice <see cref="KeepAliveInterval"/>.</summary>
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>A frame that has begun must be complete after so long a wait. 60 s unless set; a slow serial line needs more.</summary>
    public TimeSpan FrameTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The peer must have taken a frame after so long. 60 s unless set.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest time to bring a TCP connection up. 10 s unless set.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time that a TLS handshake may take. 10 s unless set.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long closing in order may hold up disposal. 2 s unless set.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The most lines that are brought up and wait for <c>AcceptAsync</c>; a further one is cut. 128 unless set.</summary>
    public int Backlog { get; set; } = 128;

    /// <summary>The most handshakes at a time; for a further one the longest of the address with the most is given up. 256 unless set.</summary>
    public int MaxPendingHandshakes { get; set; } = 256;

    /// <summary>The most handshakes at a time from one address (IPv6: one network of 64 bits); for a further one its longest is given up. 64 unless set.</summary>
    public int MaxPendingPerAddress { get; set; } = 64;

    /// <summary>The most lines, pending and open, of one listener; further connections are cut. 10,000 unless set.</summary>
    public int MaxLines { get; set; } = 10_000;

    /// <summary>The most lines, pending and open, of one listener from one address; no cap of its own when null, as unless set.</summary>
    public int? MaxLinesPerAddress { get; set; }

    /// <summary>Lets TLS 1.2 in besides 1.3, with ECDHE and AEAD suites only: for Windows before Windows 11 and Server 2022. Off unless set.</summary>
    public bool AllowTls12Aead { get; set; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and says what it may be.</exception>
    internal void Validate()
    {
        CheckTime(KeepAliveInterval, nameof(KeepAliveInterval));
        CheckTime(SilenceLimit, nameof(SilenceLimit));
        CheckTime(FrameTimeout, nameof(FrameTimeout));
        CheckTime(SendTimeout, nameof(SendTimeout));
        CheckTime(ConnectTimeout, nameof(ConnectTimeout));
        CheckTime(HandshakeTimeout, nameof(HandshakeTimeout));
        CheckTime(CloseTimeout, nameof(CloseTimeout));
        CheckCount(Backlog, nameof(Backlog));
        CheckCount(MaxPendingHandshakes, nameof(MaxPendingHandshakes));
        CheckCount(MaxPendingPerAddress, nameof(MaxPendingPerAddress));
        CheckCount(MaxLines, nameof(MaxLines));
        if (MaxLinesPerAddress is { } perAddress) CheckCount(perAddress, nameof(MaxLinesPerAddress));
        if (SilenceLimit < KeepAliveInterval * 2)
            throw new ArgumentException(
                $"{nameof(SilenceLimit)} ({SilenceLimit}) must be at least twice {nameof(KeepAliveInterval)} ({KeepAliveInterval}), or one late keep-alive breaks the line.",
                nameof(SilenceLimit));
    }

    internal static LineOptions Checked(LineOptions? options)
    {
        options ??= new LineOptions();
        options.Validate();
        return options;
    }

    internal static void CheckTime(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > LongestTime)
            throw new ArgumentException($"{name} is {value}; it must be more than zero and at most {LongestTime}.", name);
    }

    internal static void CheckCount(int value, string name)
    {
        if (value < 1) throw new ArgumentException($"{name} is {value}; it must be 1 or more.", name);
    }
}
