using System.Text.Encodings.Web;
using System.Text.Json;
using CardIssue.Terminal.Relay;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display;

/// <summary>A line per step: text for people, or JSON for programs.</summary>
internal sealed class LineDisplay(TextWriter output, TextWriter error, bool json) : IStepDisplay
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Lock _gate = new();

    public void Show(IssueProgress step) => Write(output, json
        ? JsonSerializer.Serialize(new
        {
            type = "step", at = step.At, step = step.Step, notice = step.Notice.ToString(), detail = step.Detail, reason = (int)step.Reason,
            order = step.Order?.Value, card = step.Card?.ToString(), maskedNumber = step.MaskedNumber, record = step.Record, records = step.Records,
            attempt = step.Attempt, cardStatus = step.CardStatus?.ToString("X4"), readerFault = step.ReaderFault?.ToString(), text = Wording.Of(step),
        }, Json)
        : $"{step.At.ToLocalTime():HH:mm:ss.fff} {step.Step,-4} {Wording.Of(step)}");

    public void Failed(FailedTry failed) => Write(error, failed.NextTryIn is { } pause ? $"{failed.Message} Tried again in {pause.TotalSeconds:0.0} s." : failed.Message);

    public void End(IssueOutcome outcome)
    {
        if (json) Write(output, JsonSerializer.Serialize(new
        {
            type = "outcome", ok = outcome.IsIssued, at = outcome.At, ending = outcome.Ending.ToString(), detail = outcome.Detail,
            reason = (int)outcome.Reason, order = outcome.Order?.Value, card = outcome.Card?.ToString(), maskedNumber = outcome.MaskedNumber,
            record = outcome.Record, records = outcome.Records, attempt = outcome.Attempt, cardStatus = outcome.CardStatus?.ToString("X4"),
            readerFault = outcome.ReaderFault?.ToString(), receipt = outcome.Receipt, text = Wording.Of(outcome),
        }, Json));
        else if (outcome.IsIssued) Write(output, outcome.Receipt);
        if (!outcome.IsIssued) Write(error, Wording.Of(outcome));
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
