using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// Why something is not as it was wanted. Numbers are never given to another reason, and reasons never get another number, so that programs
/// may keep them; a hundred for each kind. Text for people is made beside them, in whichever language.
/// </summary>
public enum IssueReason
{
    /// <summary>Nothing is wrong.</summary>
    None = 0,

    /// <summary>The center refused access, and did not say why.</summary>
    AccessRefused = 100,
    /// <summary>The center does not know this terminal at this address and line.</summary>
    AccessNotKnown = 101,
    /// <summary>No protocol version that both sides speak.</summary>
    AccessVersion = 102,
    /// <summary>Not known, and asked too often.</summary>
    AccessTooMany = 103,
    /// <summary>The center takes no sessions at the moment.</summary>
    AccessNotNow = 104,
    /// <summary>The other end could not prove that it is the known center.</summary>
    CenterNotKnown = 150,

    /// <summary>No such order, or its code is wrong, expired or spent.</summary>
    OrderOrCode = 201,
    /// <summary>Another terminal works on the order.</summary>
    OrderBusy = 202,
    /// <summary>The order waits for a decision at the center.</summary>
    OrderWaiting = 203,
    /// <summary>A card was issued for it already.</summary>
    OrderAlreadyIssued = 204,
    /// <summary>Too many wrong codes.</summary>
    OrderTooMany = 205,
    /// <summary>The center cannot work on it at the moment.</summary>
    OrderNotNow = 206,
    /// <summary>The center lacks something of its own for it.</summary>
    OrderCenterLacks = 207,
    /// <summary>This terminal gets no orders until people release it.</summary>
    OrderTerminalHeld = 208,
    /// <summary>The sealed issue code did not open at the center.</summary>
    OrderCodeUnreadable = 209,
    /// <summary>The order is to be issued at another branch.</summary>
    OrderOtherBranch = 210,

    /// <summary>The card does not hold the access key: its cryptogram is not that key's, so that it is no card of the issuer, or has another key.</summary>
    CardNotGenuine = 301,
    /// <summary>It has not the key version that the product names.</summary>
    CardUnknownKey = 302,
    /// <summary>It answers nothing or what can't be read, or speaks none of the secure channels that the product allows.</summary>
    CardUnreadable = 303,
    /// <summary>It is not in a state that the product accepts at the start.</summary>
    CardWrongState = 304,
    /// <summary>The order was begun with another card.</summary>
    CardOther = 305,
    /// <summary>It belongs to another order, or was already issued.</summary>
    CardInUse = 306,
    /// <summary>It was tried too often.</summary>
    CardBarred = 307,
    /// <summary>It refused the center's cryptogram, though its own was right.</summary>
    CardRefusedUs = 308,
    /// <summary>It can't be told from other cards: it tells no identity, another one inside the channel than before it, or takes no number.</summary>
    CardNoIdentity = 309,
    /// <summary>Its secure channel can't protect its answers as the product asks.</summary>
    CardChannelTooWeak = 310,
    /// <summary>What the product writes to is not on it.</summary>
    CardNoApplication = 311,
    /// <summary>It is locked (GPCS §11.1.1: CARD_LOCKED).</summary>
    CardLocked = 312,

    /// <summary>Cancelled at this terminal (<see cref="AbortCode.OperatorCancelled"/>).</summary>
    StoppedByOperator = 401,
    /// <summary>Stopped at the center (<see cref="AbortCode.CenterStopped"/>).</summary>
    StoppedByCenter = 402,
    /// <summary>No card came in time (<see cref="AbortCode.TimedOut"/>).</summary>
    StoppedTimedOut = 403,
    /// <summary>The card could not be written within its attempts (<see cref="AbortCode.WriteFailed"/>).</summary>
    StoppedWriteFailed = 404,
    /// <summary>The center could not save (<see cref="AbortCode.StoreFailed"/>).</summary>
    StoppedStoreFailed = 405,
    /// <summary>Another session took the order over (<see cref="AbortCode.ClaimLost"/>).</summary>
    StoppedClaimLost = 406,
    /// <summary>The reader is not known (<see cref="AbortCode.ReaderRefused"/>).</summary>
    StoppedReaderRefused = 407,
    /// <summary>Too many cards were refused (<see cref="AbortCode.TooManyCards"/>).</summary>
    StoppedTooManyCards = 408,
    /// <summary>Something failed at the center (<see cref="AbortCode.CenterFailed"/>).</summary>
    StoppedCenterFailed = 409,
    /// <summary>Something failed at this terminal (<see cref="AbortCode.TerminalFailed"/>).</summary>
    StoppedTerminalFailed = 410,
    /// <summary>The terminal's module refused what the center sealed (<see cref="AbortCode.ModuleRefused"/>).</summary>
    StoppedModuleRefused = 411,

    /// <summary>The reader is not on the center's list, or did not prove itself.</summary>
    ReaderNotKnown = 500,
    /// <summary>The reader does not answer; it is waited for.</summary>
    ReaderAway = 501,

    /// <summary>The line is lost, or could not be brought up, and no end said why.</summary>
    LineLost = 600,
    /// <summary>An end closed the line: nothing came in time.</summary>
    LineTimedOut = 601,
    /// <summary>An end is shut down.</summary>
    LineStopped = 602,
    /// <summary>What came to an end was no message.</summary>
    LineNotAMessage = 603,
    /// <summary>A result fitted no script.</summary>
    LineUnfitResult = 604,
    /// <summary>A message came on the wrong half of a split line.</summary>
    LineWrongHalf = 605,
    /// <summary>A command came beyond the credit.</summary>
    LineNoCredit = 606,
    /// <summary>A message came where it has no place.</summary>
    LineOutOfPlace = 607,
    /// <summary>Something failed at an end, whose log says what.</summary>
    LineFailed = 608,

    /// <summary>The card answered with a status word that was not expected.</summary>
    WritingUnexpectedStatus = 702,
    /// <summary>The card went away or fell silent.</summary>
    WritingCardLost = 703,
    /// <summary>A command did not arrive in order.</summary>
    WritingGap = 704,
    /// <summary>The module refused a ticket or a command.</summary>
    WritingModuleRefused = 705,
    /// <summary>The card's answers do not fit into one report.</summary>
    WritingTooLong = 706,
}

/// <summary>The reasons that the line's codes are. A code has its own number above its kind's hundred; a test holds all of them.</summary>
internal static class IssueReasons
{
    public static IssueReason Of(RefusalCode code) => IssueReason.AccessRefused + (int)code;

    public static IssueReason Of(DeclineCode code) => (IssueReason)200 + (int)code;

    public static IssueReason Of(CardRejection code) => (IssueReason)300 + (int)code;

    public static IssueReason Of(AbortCode code) => (IssueReason)400 + (int)code;

    /// <summary>The code of an end that closes its line; of a later version it may be one that is not known here.</summary>
    public static IssueReason Of(DisconnectCode code) => Enum.IsDefined(code) ? IssueReason.LineLost + (int)code : IssueReason.LineLost;

    public static IssueReason Of(ScriptStop stop) => stop is ScriptStop.Completed ? IssueReason.None : (IssueReason)700 + (int)stop;
}
