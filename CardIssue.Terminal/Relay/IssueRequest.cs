using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>What the operator asks for (S230).</summary>
/// <param name="Reference">
/// An order number or a customer id, 1 to <see cref="ProtocolLimits.MaxReference"/> characters of <see cref="PlainText"/>.
/// </param>
/// <param name="Code">The one-time issue code, 1 to <see cref="IssueCodeEnvelope.MaxCode"/> bytes; the relay does not dispose it.</param>
/// <param name="Operator">Who works here.</param>
/// <exception cref="ArgumentException">One of them cannot be asked for; <see cref="Fault"/> tells before.</exception>
public sealed record IssueRequest(string Reference, SecretBytes Code, OperatorId Operator)
{
    /// <inheritdoc cref="IssueRequest(string, SecretBytes, OperatorId)" path="/param[@name='Reference']"/>
    public string Reference { get; } = Fault(Reference, Code) is { } fault ? throw new ArgumentException(fault) : Reference;

    /// <inheritdoc cref="IssueRequest(string, SecretBytes, OperatorId)" path="/param[@name='Code']"/>
    public SecretBytes Code { get; } = Code;

    /// <inheritdoc cref="IssueRequest(string, SecretBytes, OperatorId)" path="/param[@name='Operator']"/>
    public OperatorId Operator { get; } = Operator.Value is null ? throw new ArgumentException("There is no operator.") : Operator;

    /// <summary>
    /// Why no request can be made with these, in words for the operator; null when one can. The words never quote the code.
    /// </summary>
    /// <param name="reference">An order number or a customer id, 1 to <see cref="ProtocolLimits.MaxReference"/> characters.</param>
    /// <param name="code">The issue code, 1 to <see cref="IssueCodeEnvelope.MaxCode"/> bytes; stays the caller's.</param>
    public static string? Fault(string reference, SecretBytes code) => ReferenceFault(reference) ?? CodeFault(code);

    /// <summary>Why this can be no order or customer id, in words for the operator; null when it can.</summary>
    /// <param name="reference">
    /// What was typed: 1 to <see cref="ProtocolLimits.MaxReference"/> characters of <see cref="PlainText"/> can be one.
    /// </param>
    public static string? ReferenceFault(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return reference.Length == 0 || !PlainText.Accepts(reference, ProtocolLimits.MaxReference)
            ? $"An order or customer id has 1 to {ProtocolLimits.MaxReference} characters, and no line breaks or other control characters."
            : null;
    }

    /// <summary>Why this can be no issue code, in words for the operator, which never quote it; null when it can.</summary>
    /// <param name="code">What was typed: 1 to <see cref="IssueCodeEnvelope.MaxCode"/> bytes can be one. Stays the caller's.</param>
    public static string? CodeFault(SecretBytes code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return code.Length is 0 or > IssueCodeEnvelope.MaxCode ? $"An issue code has 1 to {IssueCodeEnvelope.MaxCode} bytes." : null;
    }

    /// <summary>Without reference and code.</summary>
    public override string ToString() => $"IssueRequest {{ Operator = {Operator} }}";
}

/// <summary>How a request ended.</summary>
public enum IssueEnding
{
    /// <summary>The card is issued, and the center has saved it.</summary>
    Issued,
    /// <summary>The center did not begin the order; the reason is one of 200 to 299, the detail one word for it, for logs.</summary>
    Declined,
    /// <summary>Work stopped before success; the detail is an <see cref="AbortCode"/>. What was begun stays with its card.</summary>
    Aborted,
    /// <summary>The reader is not on the center's list; no card was touched.</summary>
    ReaderRefused,
    /// <summary>The center refused access (S310); the reason is one of 100 to 149, the detail one word for it, for logs.</summary>
    AccessRefused,
    /// <summary>The other end could not prove that it is the known center.</summary>
    CenterNotKnown,
    /// <summary>
    /// The line was lost before the center answered the request: ask again. The detail is why an end closed it, where one said so; for people.
    /// </summary>
    LineLost,
}

/// <summary>The outcome of a request.</summary>
/// <param name="Ending">How it ended.</param>
/// <param name="Detail">
/// The code that belongs to it, by name, or what the reader says of itself; for logs. Programs go by <see cref="IssueReport.Reason"/>. Empty
/// when issued.
/// </param>
/// <param name="Receipt">What may be printed when issued; else empty.</param>
public sealed record IssueOutcome(IssueEnding Ending, string Detail, string Receipt) : IssueReport
{
    /// <summary>When it ended, UTC.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Why <see cref="Receipt"/> was not printed, and is to be printed again; null when it was, or there is no printer.</summary>
    public string? PrintFault { get; init; }

    /// <summary>Whether the card is issued.</summary>
    public bool IsIssued => Ending is IssueEnding.Issued;
}

/// <summary>One thing to show the operator, as it happens; never a customer's data.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Step">The step: S210 to S320; empty where the line rather than a step is meant.</param>
/// <param name="Notice">What.</param>
/// <param name="Detail">A code, a product's name or a masked reference that belongs to it, as text.</param>
public sealed record IssueProgress(DateTimeOffset At, string Step, IssueNotice Notice, string Detail) : IssueReport
{
    /// <summary>The step that a notice belongs to.</summary>
    internal static string StepOf(IssueNotice notice) => notice switch
    {
        IssueNotice.AskingAccess => "S210",
        IssueNotice.AccessGranted or IssueNotice.CenterNotKnown => "S220",
        IssueNotice.AccessRefused => "S310",
        IssueNotice.AskingOrder or IssueNotice.OrderDeclined or IssueNotice.AskAgain => "S230",
        IssueNotice.InsertCard or IssueNotice.InsertSameCard => "S240",
        IssueNotice.ReaderRefused or IssueNotice.ReaderAway or IssueNotice.CardIn => "S250",
        IssueNotice.CardRejected => "S255",
        IssueNotice.AccessingCard or IssueNotice.NumberingCard => "S260",
        IssueNotice.LookingAtCard or IssueNotice.WritingRecord => "S280",
        IssueNotice.Reporting => "S290",
        IssueNotice.ClosingCard or IssueNotice.Issued => "S300",
        IssueNotice.TakeCardOut or IssueNotice.Ready => "S320",
        IssueNotice.Aborted or IssueNotice.LineLost or IssueNotice.Resuming => "",
    };
}
