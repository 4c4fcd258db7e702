using CardIssue.Terminal.Relay;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display;

/// <summary>The operator's display (numeral 214): each exchange as it happens, never a customer's data.</summary>
internal interface IStepDisplay
{
    /// <summary>A step.</summary>
    void Show(IssueProgress step);

    /// <summary>A try to bring the line up failed.</summary>
    void Failed(FailedTry failed);

    /// <summary>What happened at this terminal itself.</summary>
    void Tell(Text text);

    /// <summary>How a request ended, with the receipt.</summary>
    void End(IssueOutcome outcome);
}
