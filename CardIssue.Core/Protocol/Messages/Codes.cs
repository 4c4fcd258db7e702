namespace CardIssue.Core.Protocol.Messages;

/// <summary>What part of a dedicated line a terminal asks for access on.</summary>
public enum LineHalf
{
    /// <summary>The whole line, both ways.</summary>
    Whole = 0,
    /// <summary>Of a split line the half that data goes out on, from center to terminal.</summary>
    Data = 1,
    /// <summary>Of a split line the half that results come back on, from terminal to center.</summary>
    Results = 2,
}

/// <summary>Why the center refuses access (S310). Coarse for the operator; the detail stays in the center's log.</summary>
internal enum RefusalCode
{
    /// <summary>Address, line number and credential do not all belong to a known terminal.</summary>
    NotKnown = 1,
    /// <summary>No protocol version that both sides speak.</summary>
    Version = 2,
    /// <summary>As <see cref="NotKnown"/>, after so many attempts that they are counted at the center and no longer logged one by one.</summary>
    TooMany = 3,
    /// <summary>The center takes no sessions at the moment.</summary>
    NotNow = 4,
}

/// <summary>Why an order is not begun. Coarse on purpose: an unknown order and a wrong code look the same.</summary>
internal enum DeclineCode
{
    /// <summary>No such order, or the issue code is wrong, expired or spent.</summary>
    OrderOrCode = 1,
    /// <summary>Another terminal is working on it.</summary>
    Busy = 2,
    /// <summary>The order waits for a decision at the center.</summary>
    Waiting = 3,
    /// <summary>A card was already issued for it.</summary>
    AlreadyIssued = 4,
    /// <summary>Too many wrong codes for this customer or from this terminal.</summary>
    TooMany = 5,
    /// <summary>The center cannot work on it at the moment (store).</summary>
    NotNow = 6,
    /// <summary>
    /// The center lacks something of its own that the order needs, such as a key or the product: no card and no other day mends that,
    /// only people there.
    /// </summary>
    CenterLacks = 7,
    /// <summary>This terminal is held: it failed too often, and gets no order until people at the center have released it.</summary>
    TerminalHeld = 8,
    /// <summary>The sealed issue code did not open at the center: the terminal's fault, and no try of the customer's.</summary>
    CodeUnreadable = 9,
    /// <summary>The order is to be issued at another branch. A terminal whose <see cref="Hello"/> does not name this code hears <see cref="Waiting"/>.</summary>
    OtherBranch = 10,
}

/// <summary>Why a card was refused (S260) and another may be tried (S255).</summary>
internal enum CardRejection
{
    /// <summary>Its cryptogram is not that of the access key: no card of ours, or another key.</summary>
    NotGenuine = 1,
    /// <summary>It does not have the key version that the product names.</summary>
    UnknownKey = 2,
    /// <summary>It answers no or broken responses, or none of the secure channels that the product allows.</summary>
    Unreadable = 3,
    /// <summary>It is not in a state that the product accepts at the start.</summary>
    WrongState = 4,
    /// <summary>The order is bound to another card.</summary>
    OtherCard = 5,
    /// <summary>It belongs to another order or was already issued.</summary>
    InUse = 6,
    /// <summary>Its authentication tries here are used up.</summary>
    Barred = 7,
    /// <summary>It refused the center's cryptogram though its own was right.</summary>
    RefusedUs = 8,
    /// <summary>It has no identity of its own: it tells none, another one inside the channel than before it, or takes no number.</summary>
    NoIdentity = 9,
    /// <summary>Its secure channel can't protect what it answers as the product asks.</summary>
    ChannelTooWeak = 10,
    /// <summary>What the product selects is not on it.</summary>
    NoApplication = 11,
    /// <summary>It is locked (GPCS §11.1.1: CARD_LOCKED).</summary>
    Locked = 12,
}

/// <summary>Why work on an order stops before success.</summary>
public enum AbortCode
{
    /// <summary>The operator at the terminal cancelled.</summary>
    OperatorCancelled = 1,
    /// <summary>The center's operator, or its shut-down, stopped it.</summary>
    CenterStopped = 2,
    /// <summary>No card came in time.</summary>
    TimedOut = 3,
    /// <summary>A record could not be written within its attempts; the order waits for a decision at the center.</summary>
    WriteFailed = 4,
    /// <summary>The center could not save (disk full, store away); nothing is lost, try again later.</summary>
    StoreFailed = 5,
    /// <summary>Another session took the order over.</summary>
    ClaimLost = 6,
    /// <summary>The terminal's reader is not known.</summary>
    ReaderRefused = 7,
    /// <summary>Too many cards were refused.</summary>
    TooManyCards = 8,
    /// <summary>Something failed at the center that must not fail; its log says what. The order is given back.</summary>
    CenterFailed = 9,
    /// <summary>
    /// Something failed at the terminal that must not fail: the relay, its reader's driver or its module; its log says what.
    /// </summary>
    TerminalFailed = 10,
    /// <summary>
    /// The terminal's module refused what the center sealed for it: its keys are not those that the center knows, or it is broken. The
    /// order is given back; no card helps.
    /// </summary>
    ModuleRefused = 11,
}

/// <summary>
/// Why an admitted end closes its line. For people: nothing is decided by it, and a number that is not known is shown as a number.
/// </summary>
internal enum DisconnectCode
{
    /// <summary>Nothing came in time: credit, a result, an answer, a request.</summary>
    TimedOut = 1,
    /// <summary>This end is shut down.</summary>
    Stopped = 2,
    /// <summary>What came is no message that this end takes.</summary>
    NotAMessage = 3,
    /// <summary>A result that fits no script.</summary>
    UnfitResult = 4,
    /// <summary>A message on the half of a split line that carries none this way.</summary>
    WrongHalf = 5,
    /// <summary>A command beyond the credit, or more than the window holds.</summary>
    NoCredit = 6,
    /// <summary>A message, or a version, that has no place where this end stands.</summary>
    OutOfPlace = 7,
    /// <summary>Something failed at this end that must not fail; its log says what.</summary>
    Failed = 8,
}

/// <summary>
/// Why a secure module did not do what it was asked to. On the line it is for people alone: a number that is not known is shown as a number.
/// </summary>
public enum ModuleRefusal
{
    /// <summary>It did it.</summary>
    None = 0,
    /// <summary>There is no admission under way, or the transcript is not of it.</summary>
    NoAdmission = 1,
    /// <summary>No card is open, or the command belongs to another opening.</summary>
    NoOpening = 2,
    /// <summary>The ticket is none, or not sealed for this module, session, opening and script.</summary>
    BadTicket = 3,
    /// <summary>The command was not sealed for this module and this place, or was changed.</summary>
    BadSeal = 4,
    /// <summary>The command is not the next one: one was left out, or a script was left unfinished.</summary>
    OutOfOrder = 5,
    /// <summary>The sequence number was already used in this session.</summary>
    Replayed = 6,
    /// <summary>The script is not one for a module, or brings a ticket where none belongs, or lacks one.</summary>
    WrongMode = 7,
    /// <summary>What was sealed is no command that the secure channel can carry.</summary>
    NotWrappable = 8,
}

/// <summary>How a reader that asked to be known stands at the center.</summary>
public enum ReaderStanding
{
    /// <summary>It is on the list that comes with this.</summary>
    Known = 1,
    /// <summary>It waits for a decision at the center.</summary>
    Waiting = 2,
    /// <summary>The center declined it, or keeps no more requests of this terminal.</summary>
    Refused = 3,
}

/// <summary>What a script (a list of card commands that is sent and answered as one) is for.</summary>
public enum ScriptKind
{
    /// <summary>Reset the card, select, read what it says of itself, INITIALIZE UPDATE. In the clear, changes nothing (S260).</summary>
    Open = 1,
    /// <summary>
    /// EXTERNAL AUTHENTICATE: the secure channel is open after it (S260). Behind it what is read in the channel, and a number for a card
    /// that has none, or the first record for one that its cryptogram alone proves.
    /// </summary>
    Authenticate = 2,
    /// <summary>Read whether a record or the closing that is in doubt was done, or what is on a card before it is rewritten.</summary>
    Look = 3,
    /// <summary>A write-data record (S270–S290).</summary>
    Record = 4,
    /// <summary>Close the card with the access key (after the last record).</summary>
    Close = 5,
    /// <summary>
    /// Give a card that has no number of the center's one, and read it back: the first thing that is written (S260). Only where it did not
    /// leave with the authentication.
    /// </summary>
    Assign = 6,
}

/// <summary>How a script ended at the terminal.</summary>
internal enum ScriptStop
{
    /// <summary>Every command was answered with a status word that was expected.</summary>
    Completed = 1,
    /// <summary>The last answer has another status word; the commands after it were not sent.</summary>
    UnexpectedStatus = 2,
    /// <summary>No card, or it went away or fell silent: what became of the last command is not known.</summary>
    CardLost = 3,
    /// <summary>A command did not arrive in order.</summary>
    Gap = 4,
    /// <summary>The secure module refused the ticket or a sealed command.</summary>
    ModuleRefused = 5,
    /// <summary>
    /// The answer to the command after the last one reported does not fit into one report with the others; nothing after it was sent.
    /// </summary>
    TooLong = 6,
}
