using System.Text.Encodings.Web;
using System.Text.Json;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Printing;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display;

/// <summary>A line per step: text for people, or JSON for programs.</summary>
internal sealed class LineDisplay(TextWriter output, TextWriter error, bool json, Language language, ReceiptDesk receipts) : IStepDisplay
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Text NotPrinted = new("The receipt was not printed; the center prints it again. ", "控えを印刷できませんでした。センターで再印刷できます。");
    private readonly Lock _gate = new();

    public void Show(IssueProgress step) => Write(output, json
        ? JsonSerializer.Serialize(new
        {
            type = "step", at = step.At, step = step.Step, notice = step.Notice.ToString(), detail = step.Detail, reason = (int)step.Reason,
            order = step.Order?.Value, card = step.Card?.ToString(), maskedNumber = step.MaskedNumber, record = step.Record, records = step.Records,
            attempt = step.Attempt, cardStatus = step.CardStatus?.ToString("X4"), readerFault = step.ReaderFault?.ToString(), text = Wording.Of(step).English,
        }, Json)
        : $"{step.At.ToLocalTime():HH:mm:ss.fff} {step.Step,-4} {Wording.Of(step).In(language)}");

    public void Failed(FailedTry failed) => Write(error, Wording.Of(failed).In(language));

    public void Tell(Text text) => Write(error, text.In(language));

    public void End(IssueOutcome outcome)
    {
        if (json) Write(output, JsonSerializer.Serialize(new
        {
            type = "outcome", ok = outcome.IsIssued, at = outcome.At, ending = outcome.Ending.ToString(), detail = outcome.Detail,
            reason = (int)outcome.Reason, order = outcome.Order?.Value, card = outcome.Card?.ToString(), maskedNumber = outcome.MaskedNumber,
            record = outcome.Record, records = outcome.Records, attempt = outcome.Attempt, cardStatus = outcome.CardStatus?.ToString("X4"),
            readerFault = outcome.ReaderFault?.ToString(), receipt = outcome.Receipt, text = Wording.Of(outcome).English,
        }, Json));
        else if (outcome.IsIssued) Write(output, outcome.Receipt);
        if (!outcome.IsIssued) Write(error, Wording.Of(outcome).In(language));
        if (outcome.PrintFault is not null) Write(error, NotPrinted.In(language) + (receipts.Fault is { } fault ? PrinterException.TextOf(fault).In(language) : outcome.PrintFault));
    }

    private void Write(TextWriter writer, string line)
    {
        lock (_gate)
        {
            writer.WriteLine(line);
            writer.Flush();
        }
    }
}
