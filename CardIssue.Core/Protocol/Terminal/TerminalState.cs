using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>Where a terminal stands.</summary>
public enum TerminalPhase
{
    /// <summary>No line.</summary>
    Offline,
    /// <summary>Asked for access (S210); waits for the challenge.</summary>
    Greeting,
    /// <summary>The module signs the challenge (S220).</summary>
    Proving,
    /// <summary>The proof is out; waits to be let in (S220).</summary>
    AwaitingAdmission,
    /// <summary>The center's own proof is being verified.</summary>
    VerifyingCenter,
    /// <summary>The data half of a split line is admitted; its results half is brought up and joined (S220).</summary>
    AwaitingResults,
    /// <summary>The results half of a split line is admitted and was to be joined: what is sent on it is the data half's business.</summary>
    Attached,
    /// <summary>Access is granted; no order is under way (S230).</summary>
    Idle,
    /// <summary>Asked for an order, or to resume one; waits for the center (S230).</summary>
    Requesting,
    /// <summary>The reader is being authenticated (S250).</summary>
    CheckingReader,
    /// <summary>Waits for the operator to insert a card (S240, S250).</summary>
    AwaitingCard,
    /// <summary>A refused card has to be taken out before another is tried (S255).</summary>
    Swapping,
    /// <summary>An order is under way; waits for the center's next word.</summary>
    Standby,
    /// <summary>A script is under way: commands come in, go to the card one by one (S280).</summary>
    Relaying,
    /// <summary>The order ended; waits for the card to be taken out (S320).</summary>
    Removing,
}

/// <summary>The caps that a terminal machine keeps to.</summary>
/// <param name="Window">Commands held at most, 1 to <see cref="ProtocolLimits.MaxWindow"/>.</param>
/// <param name="CreditStep">Credit is granted in steps of at least so many commands, 1 to the window, until line and card are measured.</param>
internal sealed record TerminalPolicy(int Window = 8, int CreditStep = 4);

/// <summary>The state of a terminal. Compares by content; holds none of the write data, not even wrapped: commands are numbers here.</summary>
internal sealed record TerminalState
{
    /// <summary>A terminal whose line is not up yet.</summary>
    /// <param name="terminal">Who this is.</param>
    /// <param name="policy">The caps that it keeps to.</param>
    /// <param name="half">Which half of a split line it is on. The admission of a results half is a machine of its own, beside that of the data half.</param>
    /// <param name="joinToken">For a results half: what it is joined to the data half by.</param>
    public static TerminalState Start(TerminalId terminal, TerminalPolicy policy, LineHalf half = LineHalf.Whole, ByteString joinToken = default) =>
        new() { Terminal = terminal, Policy = policy, Half = half, JoinToken = joinToken };

    /// <summary>Where the terminal stands.</summary>
    public TerminalPhase Phase { get; init; } = TerminalPhase.Offline;

    /// <summary>Who this is.</summary>
    public required TerminalId Terminal { get; init; }

    /// <summary>The caps that it keeps to.</summary>
    public required TerminalPolicy Policy { get; init; }

    /// <summary>Which half of a split line it is on.</summary>
    public LineHalf Half { get; init; }

    /// <summary>What the results half is joined by, on this line.</summary>
    public ByteString JoinToken { get; init; }

    /// <summary>Whether a card is in the reader.</summary>
    public bool CardIn { get; init; }

    /// <summary>The order under way, by the token that resumes it; survives a lost line, and nothing else.</summary>
    public ByteString Token { get; init; }

    /// <summary>What was asked for access with on this line.</summary>
    public Hello? Hello { get; init; }

    /// <summary>Requests made on this line.</summary>
    public int Requests { get; init; }

    /// <summary>The request whose receipt was printed last, so that a double prints no second one.</summary>
    public int Printed { get; init; }

    /// <summary>Cards offered on this line.</summary>
    public int Insertions { get; init; }

    /// <summary>No script or command below this sequence number is new.</summary>
    public int NextSequence { get; init; }

    /// <summary>The script under way, or the one of <see cref="Ahead"/>.</summary>
    public Relay? Relay { get; init; }

    /// <summary>The opening that came along with the word to insert a card: it begins when a card is in a reader that is known.</summary>
    public Script? Ahead { get; init; }
}

/// <summary>A script under way at the terminal, or that waits for a card.</summary>
/// <param name="First">The sequence number of its first command.</param>
/// <param name="Count">How many commands it has.</param>
/// <param name="Arrived">How many came in.</param>
/// <param name="Answered">How many the card answered.</param>
/// <param name="Granted">How many the center may have sent.</param>
/// <param name="InCard">Whether the card is at work on one.</param>
internal sealed record Relay(int First, int Count, int Arrived, int Answered, int Granted, bool InCard);
