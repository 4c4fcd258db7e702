namespace CardIssue.Terminal.Relay;

/// <summary>Prints the result (numeral 214). A printer that fails does not undo an issue: the failure is logged and shown.</summary>
public interface IReceiptPrinter
{
    /// <summary>Prints a receipt.</summary>
    /// <param name="receipt">Lines of text, masked, at most 1,024 characters.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="IOException">It could not be printed.</exception>
    ValueTask PrintAsync(string receipt, CancellationToken cancellation);
}
