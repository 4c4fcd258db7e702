using System.Text.Json;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Answers;
using CardIssue.TerminalHost.Printing;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display;

/// <summary>A line per step: text for people, or JSON for programs.</summary>
internal sealed class LineDisplay(TextWriter output, TextWriter error, bool json, Language language, ReceiptDesk receipts) : IStepDisplay
{
    private static readonly Text NotPrinted = new("The receipt was not printed; the center prints it again. ", "控えを印刷できませんでした。センターで再印刷できます。");
    private readonly Lock _gate = new();

    public void Show(IssueProgress step) => Write(output, json
        ? JsonSerializer.Serialize(StepAnswer.Of(step, Language.English), AnswerJson.Readable.StepAnswer)
        : $"{step.At.ToLocalTime():HH:mm:ss.fff} {step.Step,-4} {Wording.Of(step).In(language)}");

    public void Failed(FailedTry failed) => Write(error, Wording.Of(failed).In(language));

    public void Tell(Text text) => Write(error, text.In(language));

    public void End(IssueOutcome outcome)
    {
        if (json) Write(output, JsonSerializer.Serialize(OutcomeAnswer.Of(outcome, Language.English), AnswerJson.Readable.OutcomeAnswer));
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
