using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Display;

namespace CardIssue.TerminalHost.Answers;

/// <summary>A step of an issue, as it happens.</summary>
internal sealed record StepAnswer(
    string Type,
    DateTimeOffset At,
    string Step,
    string Notice,
    string Detail,
    int Reason,
    string? Order,
    string? Card,
    string? MaskedNumber,
    int Record,
    int Records,
    int Attempt,
    string? CardStatus,
    string? ReaderFault,
    string Text)
{
    public static StepAnswer Of(IssueProgress step, Language language) => new(
        "step", step.At, step.Step, step.Notice.ToString(), step.Detail, (int)step.Reason,
        step.Order?.Value, step.Card?.ToString(), step.MaskedNumber, step.Record, step.Records, step.Attempt,
        step.CardStatus?.ToString("X4"), step.ReaderFault?.ToString(), Wording.Of(step).In(language));
}

/// <summary>How an issue ended.</summary>
internal sealed record OutcomeAnswer(
    string Type,
    bool Ok,
    DateTimeOffset At,
    string Ending,
    string Detail,
    int Reason,
    string? Order,
    string? Card,
    string? MaskedNumber,
    int Record,
    int Records,
    int Attempt,
    string? CardStatus,
    string? ReaderFault,
    string Receipt,
    string? PrintFault,
    string Text)
{
    public static OutcomeAnswer Of(IssueOutcome outcome, Language language) => new(
        "outcome", outcome.IsIssued, outcome.At, outcome.Ending.ToString(), outcome.Detail, (int)outcome.Reason,
        outcome.Order?.Value, outcome.Card?.ToString(), outcome.MaskedNumber, outcome.Record, outcome.Records, outcome.Attempt,
        outcome.CardStatus?.ToString("X4"), outcome.ReaderFault?.ToString(), outcome.Receipt, outcome.PrintFault, Wording.Of(outcome).In(language));
}
