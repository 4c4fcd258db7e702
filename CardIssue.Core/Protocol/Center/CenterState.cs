using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Protocol.Center;

/// <summary>Where a session at the center stands.</summary>
public enum CenterPhase
{
    /// <summary>The line is up; nothing was said yet.</summary>
    Connected,
    /// <summary>The challenge is out; waits for the proof (S220).</summary>
    Challenged,
    /// <summary>The proof is being verified (S220).</summary>
    Verifying,
    /// <summary>The data half of a split line is admitted; waits for its results half to be joined (S220).</summary>
    AwaitingResults,
    /// <summary>The results half of a split line is admitted; waits for the token that joins it (S220).</summary>
    AwaitingJoin,
    /// <summary>The token is being judged (S220).</summary>
    Joining,
    /// <summary>The results half is joined: what comes on it belongs to the session of the data half.</summary>
    Attached,
    /// <summary>Access is granted; no order is under way (S230).</summary>
    Idle,
    /// <summary>The store looks for the order and claims it.</summary>
    Claiming,
    /// <summary>The terminal was told to have a card inserted (S240, S250).</summary>
    AwaitingCard,
    /// <summary>A script is out; its commands are streamed; waits for the result (S260 to S290).</summary>
    Running,
    /// <summary>The result of a script is being judged (S290).</summary>
    Judging,
    /// <summary>The order ended; waits for the card to be taken out (S320).</summary>
    AwaitingRemoval,
    /// <summary>The session is over.</summary>
    Ended,
}

/// <summary>The caps that a center machine keeps to.</summary>
/// <param name="MaxAttempts">Attempts per record, and at the closing; then the other measure.</param>
/// <param name="MaxCards">Cards per claim that may be refused.</param>
/// <param name="MaxOpenings">Openings of cards per claim.</param>
/// <param name="OldestVersion">The oldest protocol version served.</param>
/// <param name="CurrentVersion">The newest protocol version served.</param>
internal sealed record CenterPolicy(
    int MaxAttempts = 3, int MaxCards = 5, int MaxOpenings = 12,
    int OldestVersion = ProtocolVersions.Oldest, int CurrentVersion = ProtocolVersions.Current);

/// <summary>The state of one session at the center. Compares by content; holds no key and none of the write data.</summary>
internal sealed record CenterState
{
    /// <summary>A session whose line is not up yet.</summary>
    /// <param name="policy">The caps that it keeps to.</param>
    /// <param name="half">Which half of a split line it is on, by the center's configuration.</param>
    public static CenterState Start(CenterPolicy policy, LineHalf half = LineHalf.Whole) => new() { Policy = policy, Half = half };

    /// <summary>Where the session stands.</summary>
    public CenterPhase Phase { get; init; } = CenterPhase.Connected;

    /// <summary>The caps that it keeps to.</summary>
    public required CenterPolicy Policy { get; init; }

    /// <summary>Which half of a split line it is on.</summary>
    public LineHalf Half { get; init; }

    /// <summary>The line's number and the center's nonce, once the line is up.</summary>
    public Challenge? Challenge { get; init; }

    /// <summary>What the terminal asked for access with.</summary>
    public Hello? Hello { get; init; }

    /// <summary>The highest request number seen.</summary>
    public int Request { get; init; }

    /// <summary>The highest card number (insertion) seen.</summary>
    public int Insertion { get; init; }

    /// <summary>The next sequence number to give to a command.</summary>
    public int NextSequence { get; init; }

    /// <summary>The order under way.</summary>
    public Work? Work { get; init; }
}

/// <summary>What a session holds of the order that it has claimed.</summary>
internal sealed record Work
{
    /// <summary>What the store gave.</summary>
    public required Claim Claim { get; init; }

    /// <summary>How far the order is.</summary>
    public required OrderProgress Progress { get; init; }

    /// <summary>The card that the order is bound to.</summary>
    public CardId? Bound { get; init; }

    /// <summary>The card in the terminal whose cryptogram was verified in this opening; null until then.</summary>
    public CardId? Verified { get; init; }

    /// <summary>What the identity of <see cref="Verified"/> is worth.</summary>
    public IdentityKind Identity { get; init; }

    /// <summary>
    /// Whether the card in this channel is the very one that the order was begun with: shown; asked for and not shown; or null, when there
    /// was nothing to show it by.
    /// </summary>
    public bool? Proved { get; init; }

    /// <summary>
    /// Whether an authentication is a script of its own from now on: one with which something left did not come to its end, and it is not
    /// known why.
    /// </summary>
    public bool Apart { get; init; }

    /// <summary>Openings of cards so far.</summary>
    public int Opening { get; init; }

    /// <summary>Cards refused so far.</summary>
    public int CardsRefused { get; init; }

    /// <summary>The script that is out or being judged.</summary>
    public ScriptRun? Script { get; init; }

    /// <summary>The number that stands for the closing: one past the last record.</summary>
    public int ClosingNumber => Claim.Plan.Records.Count + 1;

    /// <summary>Whether a closing left, and it is not known what became of it: by itself, or with the last record.</summary>
    public bool MayBeClosed => Progress.InDoubt == ClosingNumber
        || (Progress.InDoubt == Claim.Plan.Records.Count && Progress.Furthest == ClosingNumber);
}

/// <summary>What follows in a script behind what it is for: a round trip less.</summary>
internal enum ScriptTail
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>Behind the last record: the closing.</summary>
    Closing,
    /// <summary>Behind the authentication of a card without a number: it is given one, and tells it back.</summary>
    Number,
    /// <summary>Behind the authentication of a card that is to be rewritten: a look at what is on it before anything leaves.</summary>
    Before,
    /// <summary>Behind the authentication of a card that its cryptogram alone proves: the first record.</summary>
    First,
}

/// <summary>A script that is out.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Opening">The opening that it belongs to.</param>
/// <param name="Record">The record's number; the closing is one past the last; 0 for a look at what is on the card before a rewrite; of an
/// authentication the record that the card is to show, or the first one where that follows; else 0.</param>
/// <param name="Attempt">The attempt at it.</param>
/// <param name="First">The sequence number of its first command.</param>
/// <param name="Count">How many commands it has.</param>
/// <param name="Sent">How many were sent.</param>
/// <param name="Tail">What follows in it behind what it is for.</param>
internal sealed record ScriptRun(
    ScriptKind Kind, int Opening, int Record, int Attempt, int First, int Count, int Sent, ScriptTail Tail = ScriptTail.None);
