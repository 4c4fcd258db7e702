using System.Text.Json;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Answers;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display;

/// <summary>A line per step: text for people, or JSON for programs.</summary>
internal sealed class LineDisplay(TextWriter output, TextWriter error, bool json) : IStepDisplay
{
    private readonly Lock _gate = new();

    public void Show(IssueProgress step) => Write(output, json
        ? JsonSerializer.Serialize(StepAnswer.Of(step), AnswerJson.Readable.StepAnswer)
        : $"{step.At.ToLocalTime():HH:mm:ss.fff} {step.Step,-4} {Wording.Of(step)}");

    public void Failed(FailedTry failed) => Write(error, failed.NextTryIn is { } pause ? $"{failed.Message} Tried again in {pause.TotalSeconds:0.0} s." : failed.Message);

    public void End(IssueOutcome outcome)
    {
        if (json) Write(output, JsonSerializer.Serialize(OutcomeAnswer.Of(outcome), AnswerJson.Readable.OutcomeAnswer));
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
