using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Display;

namespace CardIssue.TerminalHost.Printing;

/// <summary>
/// Where receipts go: to the printer and into the file, where there are any. What the center wrote is printed word for word; the heading, and
/// that one is printed again, are this terminal's words.
/// </summary>
/// <param name="language">Of this terminal's words.</param>
/// <param name="printer">The printer, or null.</param>
/// <param name="file">The file that receipts are added to, or null.</param>
internal sealed class ReceiptDesk(Language language, EscPosPrinter? printer, ReceiptFile? file) : IReceiptPrinter
{
    private static readonly Text Heading = new("RECEIPT", "カード発行控え"), PrintedAgain = new("PRINTED AGAIN", "再印刷");
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile PrinterException? _fault;

    /// <summary>Whether there is anything to print on.</summary>
    public bool Prints => printer is not null;

    /// <summary>Why the last receipt is not printed; null when it is.</summary>
    public PrinterFault? Fault => _fault?.Fault;

    /// <inheritdoc/>
    public async ValueTask PrintAsync(string receipt, CancellationToken cancellation)
    {
        var saved = file is null ? null : Try(() => file.Add(Heading.In(language), receipt));
        await InTurnAsync(receipt, "", cancellation);
        if (saved is null) return;
        _fault = saved;
        throw saved;
    }

    /// <summary>Prints one again. It says so on it, so that there are not two of one.</summary>
    /// <exception cref="PrinterException">It could not be printed.</exception>
    public Task PrintAgainAsync(string receipt, CancellationToken cancellation) => InTurnAsync(receipt, PrintedAgain.In(language), cancellation);

    private async Task InTurnAsync(string receipt, string foot, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            _fault = null;
            if (printer is not null) await printer.PrintAsync(Heading.In(language), receipt, foot, cancellation);
        }
        catch (PrinterException e)
        {
            _fault = e;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private static PrinterException? Try(Action write)
    {
        try
        {
            write();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PrinterException(PrinterFault.File, e.Message, e);
        }
    }
}

/// <summary>A file that receipts are added to, for who keeps or prints them otherwise. Its owner alone can read it.</summary>
/// <param name="path">Where.</param>
internal sealed class ReceiptFile(string path)
{
    private const string Between = "----------------------------------------";

    /// <summary>Adds one, and waits for the disk.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Add(string heading, string receipt)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(path, options);
        stream.Write(System.Text.Encoding.UTF8.GetBytes($"{heading}\n{receipt.TrimEnd('\n')}\n{Between}\n"));
        stream.Flush(flushToDisk: true);
    }
}
