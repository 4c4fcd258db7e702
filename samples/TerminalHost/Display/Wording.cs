using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;

namespace CardIssue.TerminalHost.Display;

/// <summary>What the operator reads: what happened, and what to do next.</summary>
internal static class Wording
{
    public static string Of(IssueProgress step) => step.Notice switch
    {
        Notice.AskingAccess => "asking the center for access",
        Notice.AccessGranted => "access granted",
        Notice.AccessRefused => $"access refused: {Why(step.Reason, step.Detail)}",
        Notice.CenterNotKnown => "this is not the known center, nothing was sent to it; call the center, then `module import` if its keys were renewed",
        Notice.AskingOrder => "asking for the order",
        Notice.OrderDeclined => $"declined: {Why(step.Reason, step.Detail)}",
        Notice.InsertCard => $"insert a card: {step.Detail}",
        Notice.InsertSameCard => $"insert the order's own card: {step.Detail}",
        Notice.ReaderRefused => $"this reader is not known to the center ({step.Detail}); see `terminalhost reader enroll`",
        Notice.CardIn => "a card is in",
        Notice.AccessingCard => "accessing the card",
        Notice.NumberingCard => "giving the card a number of its own",
        Notice.CardRejected => $"card refused: {Why(step.Reason, step.Detail)}; take it out and insert another",
        Notice.LookingAtCard when step.Record == 0 => "looking at what is on the card",
        Notice.LookingAtCard => $"looking whether record {step.Record} is on the card",
        Notice.WritingRecord => $"writing record {step.Record}",
        Notice.Reporting => step.Reason is IssueReason.None ? "reported to the center" : $"reported to the center: {step.Detail}",
        Notice.ClosingCard => "closing the card",
        Notice.Issued => "the card is issued",
        Notice.TakeCardOut => "take the card out",
        Notice.Ready => "ready for the next customer",
        Notice.Aborted => $"stopped: {Why(step.Reason, step.Detail)}",
        Notice.LineLost => "the line is lost and is being brought up again; leave the card in",
        Notice.Resuming => "resuming the order",
        Notice.AskAgain => "the line was lost before the center answered; ask again",
    };

    /// <summary>How a request ended, in one line.</summary>
    public static string Of(IssueOutcome outcome) => outcome.Ending switch
    {
        IssueEnding.Issued => "issued",
        IssueEnding.Declined => $"declined: {Why(outcome.Reason, outcome.Detail)}",
        IssueEnding.Aborted => $"stopped: {Why(outcome.Reason, outcome.Detail)}",
        IssueEnding.ReaderRefused => $"the reader is not known to the center ({outcome.Detail}); have it added there, see `terminalhost reader enroll`",
        IssueEnding.AccessRefused => $"access refused: {Why(outcome.Reason, outcome.Detail)}",
        IssueEnding.CenterNotKnown => "the other end could not prove that it is the known center; call the center, then `module import` if its keys were renewed",
        IssueEnding.LineLost => "the line was lost before the center answered; ask again",
    };

    /// <summary>Why; <paramref name="otherwise"/> for what no sentence is made for.</summary>
    private static string Why(IssueReason reason, string otherwise) => reason switch
    {
        IssueReason.AccessNotKnown => "the center does not know this terminal at this address and line; have the center's operator see its log",
        IssueReason.AccessVersion => "the center speaks other versions of the protocol; update this program or the center's",
        IssueReason.AccessTooMany => "the center does not know this terminal, and it has asked too often; have the center's operator see its log and mend that first",
        IssueReason.AccessNotNow => "the center takes no sessions at the moment; try again later",

        IssueReason.OrderOrCode => "no such order, or the issue code is wrong, expired or spent; check both with the customer",
        IssueReason.OrderBusy => "another terminal is working on this order; try again later",
        IssueReason.OrderWaiting => "the order waits for a decision at the center, or for an earlier one of its card; call the center",
        IssueReason.OrderAlreadyIssued => "a card was already issued for this order",
        IssueReason.OrderTooMany => "too many wrong codes for this customer or from this terminal; call the center",
        IssueReason.OrderNotNow => "the center cannot work on it at the moment; try again later",
        IssueReason.OrderTerminalHeld => "this terminal needs attention: its module failed too often, and the center gives it no orders; call the center",
        IssueReason.OrderCodeUnreadable => "the center could not open the issue code that this terminal sealed; the customer's code was not tried, call the center",
        IssueReason.OrderCenterLacks => "the center lacks a key, or something else of its own, for this order; no card helps, call the center",

        IssueReason.CardNotGenuine => "it does not hold the access key",
        IssueReason.CardUnknownKey => "it does not have the key version that the product names",
        IssueReason.CardUnreadable => "its answers can't be read",
        IssueReason.CardWrongState => "it is not in a state that the product accepts",
        IssueReason.CardOther => "the order was begun with another card",
        IssueReason.CardInUse => "it belongs to another order or was already issued",
        IssueReason.CardBarred => "it was tried too often",
        IssueReason.CardRefusedUs => "it refused the center",
        IssueReason.CardNoIdentity => "it can't be told from other cards",
        IssueReason.CardChannelTooWeak => "it can't protect its answers as the product asks",
        IssueReason.CardNoApplication => "the application that the product writes to is not on it",
        IssueReason.CardLocked => "it is locked",

        IssueReason.StoppedByOperator => "cancelled here; what was begun stays with its card",
        IssueReason.StoppedByCenter => "stopped at the center; ask again later",
        IssueReason.StoppedTimedOut => "no card came in time; ask again",
        IssueReason.StoppedWriteFailed => "the card could not be written, or does not hold what the center believes; "
            + "keep it, the order waits for a decision at the center",
        IssueReason.StoppedStoreFailed => "the center could not save; nothing is lost, try again later",
        IssueReason.StoppedClaimLost => "another session took the order over",
        IssueReason.StoppedReaderRefused => "the reader is not known to the center",
        IssueReason.StoppedTooManyCards => "too many cards were refused; ask again with cards of this product",
        IssueReason.StoppedCenterFailed => "the center failed in this order; the order was given back, its log says what it was",
        IssueReason.StoppedModuleRefused => "this terminal's module refused what the center sealed for it; no card helps, call the center",
        IssueReason.StoppedTerminalFailed => "this terminal failed in this order; the order was given back, the log says what it was",

        _ => otherwise,
    };
}
