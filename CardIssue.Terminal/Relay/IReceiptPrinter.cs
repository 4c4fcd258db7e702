namespace CardIssue.Terminal.Relay;

/// <summary>
/// Prints the result (numeral 214). A printer that fails, or takes longer than <see cref="TerminalRelayOptions.Printing"/>, does not
/// undo an issue: it is logged, and
/// <see cref="IssueOutcome.PrintFault"/> says so.
/// </summary>
public interface IReceiptPrinter
{
    /// <summary>Prints a receipt.</summary>
    /// <param name="receipt">Lines of text, masked, at most 1,024 characters.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="IOException">It could not be printed. Any other exception means the same.</exception>
    ValueTask PrintAsync(string receipt, CancellationToken cancellation);
}
