using CardIssue.Terminal.Relay;

namespace CardIssue.Integrating;

// guide: receipts
/// <summary>Puts each receipt behind the last. One that fails undoes nothing: the card is issued.</summary>
public sealed class FilePrinter(string file) : IReceiptPrinter
{
    public async ValueTask PrintAsync(string receipt, CancellationToken cancellation) =>
        await File.AppendAllTextAsync(file, receipt + "\n", cancellation);

    /// <summary>Prints again what could not be printed.</summary>
    public async Task PrintAgainAsync(IssueOutcome outcome, CancellationToken cancellation)
    {
        if (outcome is { IsIssued: true, PrintFault: not null }) await PrintAsync(outcome.Receipt, cancellation);
    }
}
// end
