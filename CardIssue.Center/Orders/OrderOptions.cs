using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Orders;

/// <summary>Limits and times of orders.</summary>
public sealed class OrderOptions
{
    /// <summary>How long a claim lasts without a renewal or a save: 10 seconds to 1 hour.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Wrong issue codes for one customer within <see cref="CodeWindow"/>: 1 to 100.</summary>
    public int CodeAttemptsPerCustomer { get; set; } = 5;

    /// <summary>Wrong issue codes from one terminal within <see cref="CodeWindow"/>: 1 to 1,000.</summary>
    public int CodeAttemptsPerTerminal { get; set; } = 20;

    /// <summary>
    /// Faults of a terminal's module (refusals, issue codes that do not open) within <see cref="CodeWindow"/>, with no card opened through
    /// it in between, until the terminal is held: 1 to 100. Each may cost a record an attempt, and there are three.
    /// </summary>
    public int TerminalFaults { get; set; } = 2;

    /// <summary>How long a wrong issue code and a terminal's fault count: 1 minute to 30 days.</summary>
    public TimeSpan CodeWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The fewest characters of an issue code, hyphens not counted: 4 to 32. Fewer than 8 only where few wrong tries are allowed.</summary>
    public int IssueCodeLength { get; set; } = IssueCodeRule.DefaultLength;

    /// <summary>What issue codes must be, of <see cref="IssueCodeLength"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is out of its range.</exception>
    public IssueCodeRule GetIssueCodeRule() => new(IssueCodeLength);

    /// <summary>Authentications begun on one verified card without success before it is barred: 1 to 10. Cards block themselves after a few.</summary>
    public int CardTries { get; set; } = 3;

    /// <summary>How long write data is kept after an order is issued or voided: none to 30 days.</summary>
    public TimeSpan KeepWriteData { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How long a terminal that was cut off before it heard that its order is done is told again when it returns: none to 7 days. Not
    /// longer than until the next order begins there.
    /// </summary>
    public TimeSpan ReceiptKept { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its range; the message names it.</exception>
    internal void Validate() => new OptionCheck<OrderOptions>()
        .Within(Lease, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1), nameof(Lease))
        .Within(CodeAttemptsPerCustomer, 1, 100, nameof(CodeAttemptsPerCustomer))
        .Within(CodeAttemptsPerTerminal, 1, 1_000, nameof(CodeAttemptsPerTerminal))
        .Within(TerminalFaults, 1, 100, nameof(TerminalFaults))
        .Within(CodeWindow, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30), nameof(CodeWindow))
        .Within(IssueCodeLength, IssueCodeRule.ShortestLength, IssueCodeRule.LongestLength, nameof(IssueCodeLength))
        .Within(CardTries, 1, 10, nameof(CardTries))
        .Within(KeepWriteData, TimeSpan.Zero, TimeSpan.FromDays(30), nameof(KeepWriteData))
        .Within(ReceiptKept, TimeSpan.Zero, TimeSpan.FromDays(7), nameof(ReceiptKept))
        .Done();
}
