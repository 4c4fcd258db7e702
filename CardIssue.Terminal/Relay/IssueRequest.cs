using CardIssue.Core;
using CardIssue.Core.Protocol;

namespace CardIssue.Terminal.Relay;

/// <summary>What the operator asks for (S230).</summary>
/// <param name="Reference">An order number or a customer id, 1 to <see cref="Limits.MaxReference"/> characters.</param>
/// <param name="Code">The one-time issue code; the relay does not dispose it.</param>
/// <param name="Operator">Who works here.</param>
public sealed record IssueRequest(string Reference, SecretBytes Code, OperatorId Operator)
{
    /// <summary>Without reference and code.</summary>
    public override string ToString() => $"IssueRequest {{ Operator = {Operator} }}";
}

/// <summary>How a request ended.</summary>
public enum IssueEnding
{
    /// <summary>The card is issued, and the center has saved it.</summary>
    Issued,
    /// <summary>The center did not begin the order; the detail is a <see cref="DeclineCode"/>.</summary>
    Declined,
    /// <summary>Work stopped before success; the detail is an <see cref="AbortCode"/>. What was begun stays with its card.</summary>
    Aborted,
    /// <summary>The reader is not on the center's list; no card was touched.</summary>
    ReaderRefused,
    /// <summary>The center refused access (S310); the detail is a <see cref="RefusalCode"/>.</summary>
    AccessRefused,
    /// <summary>The other end could not prove that it is the known center.</summary>
    CenterNotKnown,
    /// <summary>The line was lost before the center answered the request: ask again.</summary>
    LineLost,
}

/// <summary>The outcome of a request.</summary>
/// <param name="Ending">How it ended.</param>
/// <param name="Detail">The code that belongs to it, by name; empty when issued.</param>
/// <param name="Receipt">What may be printed when issued; else empty.</param>
public sealed record IssueOutcome(IssueEnding Ending, string Detail, string Receipt)
{
    /// <summary>Whether the card is issued.</summary>
    public bool IsIssued => Ending is IssueEnding.Issued;
}

/// <summary>One thing to show the operator, as it happens; never a customer's data.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Step">The step: S210 to S320; empty where the line rather than a step is meant.</param>
/// <param name="Notice">What.</param>
/// <param name="Detail">A code, a product's name or a masked reference that belongs to it.</param>
/// <param name="Record">The record's number, or 0.</param>
public sealed record IssueProgress(DateTimeOffset At, string Step, Notice Notice, string Detail, int Record)
{
    /// <summary>The step that a notice belongs to.</summary>
    public static string StepOf(Notice notice) => notice switch
    {
        Notice.AskingAccess => "S210",
        Notice.AccessGranted or Notice.CenterNotKnown => "S220",
        Notice.AccessRefused => "S310",
        Notice.AskingOrder or Notice.OrderDeclined or Notice.AskAgain => "S230",
        Notice.InsertCard or Notice.InsertSameCard => "S240",
        Notice.ReaderRefused or Notice.CardIn => "S250",
        Notice.CardRejected => "S255",
        Notice.AccessingCard or Notice.NumberingCard => "S260",
        Notice.LookingAtCard or Notice.WritingRecord => "S280",
        Notice.Reporting => "S290",
        Notice.ClosingCard or Notice.Issued => "S300",
        Notice.TakeCardOut or Notice.Ready => "S320",
        Notice.Aborted or Notice.LineLost or Notice.Resuming => "",
    };
}
