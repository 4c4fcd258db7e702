using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol;

/// <summary>What sending a record a second time means, when it is not known whether the card took it.</summary>
public enum RepeatRule
{
    /// <summary>Writing it again leaves the card as writing it once.</summary>
    Repeatable = 1,
    /// <summary>The card must be looked at first; it is sent again only when the look shows that it was not done.</summary>
    LookFirst = 2,
    /// <summary>Go back to an earlier record, which undoes all that came after it, and on from there.</summary>
    StartOver = 3,
}

/// <summary>How it was proved that a record was written. Kept in the log and on the receipt.</summary>
public enum ProofKind
{
    /// <summary>The card's MAC on its success (R-MAC).</summary>
    CardMac = 1,
    /// <summary>A protected read-back in the same channel.</summary>
    ReadBack = 2,
    /// <summary>A read-back after the card was closed.</summary>
    ReadBackAfterClose = 3,
    /// <summary>The card's state as GET STATUS tells it, under its MAC.</summary>
    CardState = 4,
    /// <summary>The terminal's word alone.</summary>
    TerminalWord = 5,
    /// <summary>A cryptogram of the card, in an opening after the record, under the keys that the record put on it.</summary>
    Cryptogram = 6,
}

/// <summary>The shape of one record: what the machine needs to know of it, and nothing of its data.</summary>
/// <param name="Commands">How many card commands it has, 1 to <see cref="ProtocolLimits.MaxScriptCommands"/>.</param>
/// <param name="Repeat">What a repeat means.</param>
/// <param name="RestartAt">For <see cref="RepeatRule.StartOver"/>: the record to go back to, from 1 to its own number; else 0.</param>
/// <param name="LookCommands">For <see cref="RepeatRule.LookFirst"/>: how many commands its look has; else 0.</param>
/// <param name="EvidenceCommands">How many commands show, any time after it is confirmed and before the closing, that it is on the card; 0
/// when nothing does.</param>
internal readonly record struct RecordShape(int Commands, RepeatRule Repeat, int RestartAt = 0, int LookCommands = 0, int EvidenceCommands = 0);

/// <summary>The shape of what is to be done to a card: counts, never data.</summary>
/// <param name="OpenCommands">Commands of the opening, up to INITIALIZE UPDATE.</param>
/// <param name="AuthenticateCommands">Commands from EXTERNAL AUTHENTICATE on, those that show what was written before not counted.</param>
/// <param name="CloseCommands">Commands that close the card.</param>
/// <param name="CloseLookCommands">Commands that tell whether it is closed.</param>
/// <param name="Sealed">Module mode (true) or end-to-end mode (false).</param>
/// <param name="Records">The records, in order; at least one.</param>
/// <param name="AssignCommands">Commands that give a card a number of its own and read it back; 0 where the center gives none.</param>
/// <param name="BeforeCommands">Of a rewrite: commands that show what is on the card before anything leaves; else 0.</param>
/// <param name="ClosesWithLast">Whether the closing may follow the last record in the same script: nothing is to be judged between them.</param>
/// <param name="FirstWithAuthentication">Whether the first record may follow the authentication of a new card in the same script: the card's
/// cryptogram alone proves its identity, and nothing is read in the channel before the record.</param>
internal sealed record PlanShape(
    int OpenCommands,
    int AuthenticateCommands,
    int CloseCommands,
    int CloseLookCommands,
    bool Sealed,
    ValueList<RecordShape> Records,
    int AssignCommands = 0,
    int BeforeCommands = 0,
    bool ClosesWithLast = false,
    bool FirstWithAuthentication = false);

/// <summary>What the store knew of an order when a session claimed it.</summary>
/// <param name="Order">The order.</param>
/// <param name="Fence">The claim's fencing number: a save with a lower one than the store has is refused.</param>
/// <param name="Bound">The card that the order is bound to, if any; a rewrite is bound from the start.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="Plan">What there is to do.</param>
/// <param name="Token">The resume token for this claim, <see cref="ProtocolLimits.TokenLength"/> bytes.</param>
/// <param name="Display">What the operator may see of it.</param>
internal sealed record Claim(OrderId Order, long Fence, CardId? Bound, OrderProgress Progress, PlanShape Plan, ByteString Token, string Display)
{
    /// <summary>Without the token.</summary>
    public override string ToString() => $"Claim {{ {Order}, Fence = {Fence}, Bound = {Bound}, {Progress} }}";
}

/// <summary>How far an order is. Closing counts as the record after the last.</summary>
/// <param name="Confirmed">The records 1 to this are confirmed.</param>
/// <param name="InDoubt">The record that left the center and is not confirmed; 0 for none.</param>
/// <param name="Attempt">Attempts begun, or failed and to be begun anew, at the furthest record since it was first sent; 1 for the first.</param>
/// <param name="Furthest">The highest record that ever left.</param>
/// <param name="Unproved">The records 1 to this may be on another card of the same identity too: they left before the last opening in which
/// the card could not show that it is the one that the order was begun with.</param>
public readonly record struct OrderProgress(int Confirmed, int InDoubt, int Attempt, int Furthest, int Unproved = 0)
{
    /// <summary>Nothing has left yet.</summary>
    internal static OrderProgress None => new(0, 0, 1, 0);
}

/// <summary>A change of an order that the store must have durably before the machine's next effect is carried out.</summary>
public abstract record OrderChange
{
    private OrderChange() { }

    /// <summary>An EXTERNAL AUTHENTICATE is about to be sent to this card, whose cryptogram was verified: counts a try.</summary>
    internal sealed record Authenticating(CardId Card) : OrderChange;

    /// <summary>The authentication that was counted last cost the card no try of its own: takes the count back.</summary>
    internal sealed record Spared(CardId Card) : OrderChange;

    /// <summary>
    /// A card without a number was authenticated and is about to be given one, or was, where that left with the authentication. Clears the
    /// tries, which were counted for what it tells of itself; binds nothing.
    /// </summary>
    internal sealed record Numbering(CardId Card) : OrderChange;

    /// <summary>The order is bound to this card, and the issue code is spent.</summary>
    /// <param name="Card">The card.</param>
    /// <param name="IsOpen">Whether it was authenticated: clears its tries. Else it is about to be, and the first record leaves with that.</param>
    internal sealed record Bound(CardId Card, bool IsOpen = true) : OrderChange;

    /// <summary>The bound card opened again: clears its tries.</summary>
    /// <param name="Card">The card.</param>
    /// <param name="Proved">Whether it showed that it is the very card that the order was begun with. If not, all that ever left may be on
    /// another of the same identity: <see cref="OrderProgress.Unproved"/>.</param>
    internal sealed record Opened(CardId Card, bool Proved) : OrderChange;

    /// <summary>A record is about to leave.</summary>
    /// <param name="Record">The record.</param>
    /// <param name="Attempt">The attempt at it.</param>
    /// <param name="Closes">Whether the closing leaves with it, as the last record's: then that is in doubt with it, and counts as the
    /// furthest that left.</param>
    internal sealed record Leaving(int Record, int Attempt, bool Closes = false) : OrderChange;

    /// <summary>A record is confirmed; one that is not in doubt by a look, which found what an earlier pass wrote.</summary>
    /// <param name="Record">The record.</param>
    /// <param name="Closes">Whether the closing left with it, and is what is in doubt now.</param>
    internal sealed record Confirmed(int Record, bool Closes = false) : OrderChange;

    /// <summary>
    /// Nothing of the record was done: the card itself showed it; or it left with an authentication at which the terminal stopped.
    /// </summary>
    internal sealed record NotDone(int Record, int Attempt) : OrderChange;

    /// <summary>Back to an earlier record: only the records up to <paramref name="LastKept"/> still count as confirmed.</summary>
    internal sealed record Rewound(int LastKept, int Attempt) : OrderChange;

    /// <summary>The closing is about to leave.</summary>
    internal sealed record Closing(int Attempt) : OrderChange;

    /// <summary>
    /// The card is closed: the order is issued, or the card rewritten, and the issuer's feed is told (a durable outbox, in the same
    /// transaction).
    /// </summary>
    internal sealed record Issued(CardId Card) : OrderChange;

    /// <summary>The other measure: the order waits for a decision at the center.</summary>
    /// <param name="Record">The record that it waits at; 0 for what was on the card before it.</param>
    /// <param name="Found">What was found on the card instead of what is believed, where that is why; for people.</param>
    internal sealed record Waiting(int Record, string Found = "") : OrderChange;

    /// <summary>The session lets go of the claim; what is bound stays bound.</summary>
    internal sealed record Released : OrderChange;
}
