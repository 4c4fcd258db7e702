using CardIssue.Core.Protocol.Messages;
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
        Notice.AccessRefused => $"access refused: {Refusal(step.Detail)}",
        Notice.CenterNotKnown => "this is not the known center, nothing was sent to it; call the center, then `module import` if its keys were renewed",
        Notice.AskingOrder => "asking for the order",
        Notice.OrderDeclined => $"declined: {Decline(step.Detail)}",
        Notice.InsertCard => $"insert a card: {step.Detail}",
        Notice.InsertSameCard => $"insert the order's own card: {step.Detail}",
        Notice.ReaderRefused => $"this reader is not known to the center ({step.Detail}); see `terminalhost reader enroll`",
        Notice.CardIn => "a card is in",
        Notice.AccessingCard => "accessing the card",
        Notice.NumberingCard => "giving the card a number of its own",
        Notice.CardRejected => $"card refused: {Rejection(step.Detail)}; take it out and insert another",
        Notice.LookingAtCard when step.Record == 0 => "looking at what is on the card",
        Notice.LookingAtCard => $"looking whether record {step.Record} is on the card",
        Notice.WritingRecord => $"writing record {step.Record}",
        Notice.Reporting => step.Detail == nameof(ScriptStop.Completed) ? "reported to the center" : $"reported to the center: {step.Detail}",
        Notice.ClosingCard => "closing the card",
        Notice.Issued => "the card is issued",
        Notice.TakeCardOut => "take the card out",
        Notice.Ready => "ready for the next customer",
        Notice.Aborted => $"stopped: {Abort(step.Detail)}",
        Notice.LineLost => "the line is lost and is being brought up again; leave the card in",
        Notice.Resuming => "resuming the order",
        Notice.AskAgain => "the line was lost before the center answered; ask again",
    };

    /// <summary>How a request ended, in one line.</summary>
    public static string Of(IssueOutcome outcome) => outcome.Ending switch
    {
        IssueEnding.Issued => "issued",
        IssueEnding.Declined => $"declined: {Decline(outcome.Detail)}",
        IssueEnding.Aborted => $"stopped: {Abort(outcome.Detail)}",
        IssueEnding.ReaderRefused => $"the reader is not known to the center ({outcome.Detail}); have it added there, see `terminalhost reader enroll`",
        IssueEnding.AccessRefused => $"access refused: {Refusal(outcome.Detail)}",
        IssueEnding.CenterNotKnown => "the other end could not prove that it is the known center; call the center, then `module import` if its keys were renewed",
        IssueEnding.LineLost => "the line was lost before the center answered; ask again",
    };

    private static string Refusal(string code) => Named<RefusalCode>(code) switch
    {
        RefusalCode.NotKnown => "the center does not know this terminal at this address and line; have the center's operator see its log",
        RefusalCode.Version => "the center speaks other versions of the protocol; update this program or the center's",
        RefusalCode.TooMany => "the center does not know this terminal, and it has asked too often; have the center's operator see its log and mend that first",
        RefusalCode.NotNow => "the center takes no sessions at the moment; try again later",
        null => code,
    };

    private static string Decline(string code) => Named<DeclineCode>(code) switch
    {
        DeclineCode.OrderOrCode => "no such order, or the issue code is wrong, expired or spent; check both with the customer",
        DeclineCode.Busy => "another terminal is working on this order; try again later",
        DeclineCode.Waiting => "the order waits for a decision at the center, or for an earlier one of its card; call the center",
        DeclineCode.AlreadyIssued => "a card was already issued for this order",
        DeclineCode.TooMany => "too many wrong codes for this customer or from this terminal; call the center",
        DeclineCode.NotNow => "the center cannot work on it at the moment; try again later",
        DeclineCode.TerminalHeld => "this terminal needs attention: its module failed too often, and the center gives it no orders; call the center",
        DeclineCode.CodeUnreadable => "the center could not open the issue code that this terminal sealed; the customer's code was not tried, call the center",
        DeclineCode.CenterLacks => "the center lacks a key, or something else of its own, for this order; no card helps, call the center",
        null => code,
    };

    private static string Rejection(string code) => Named<CardRejection>(code) switch
    {
        CardRejection.NotGenuine => "it does not hold the access key",
        CardRejection.UnknownKey => "it does not have the key version that the product names",
        CardRejection.Unreadable => "its answers can't be read",
        CardRejection.WrongState => "it is not in a state that the product accepts",
        CardRejection.OtherCard => "the order was begun with another card",
        CardRejection.InUse => "it belongs to another order or was already issued",
        CardRejection.Barred => "it was tried too often",
        CardRejection.RefusedUs => "it refused the center",
        CardRejection.NoIdentity => "it can't be told from other cards",
        CardRejection.ChannelTooWeak => "it can't protect its answers as the product asks",
        CardRejection.NoApplication => "the application that the product writes to is not on it",
        CardRejection.Locked => "it is locked",
        null => code,
    };

    private static string Abort(string code) => Named<AbortCode>(code) switch
    {
        AbortCode.OperatorCancelled => "cancelled here; what was begun stays with its card",
        AbortCode.CenterStopped => "stopped at the center; ask again later",
        AbortCode.TimedOut => "no card came in time; ask again",
        AbortCode.WriteFailed => "the card could not be written, or does not hold what the center believes; "
            + "keep it, the order waits for a decision at the center",
        AbortCode.StoreFailed => "the center could not save; nothing is lost, try again later",
        AbortCode.ClaimLost => "another session took the order over",
        AbortCode.ReaderRefused => "the reader is not known to the center",
        AbortCode.TooManyCards => "too many cards were refused; ask again with cards of this product",
        AbortCode.CenterFailed => "the center failed in this order; the order was given back, its log says what it was",
        AbortCode.ModuleRefused => "this terminal's module refused what the center sealed for it; no card helps, call the center",
        AbortCode.TerminalFailed => "this terminal failed in this order; the order was given back, the log says what it was",
        null => code,
    };

    private static T? Named<T>(string code) where T : struct, Enum => Enum.TryParse<T>(code, out var known) && Enum.IsDefined(known) ? known : null;
}
