using CardIssue.Terminal.Relay;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Display;

/// <summary>Shows nothing: for commands whose own answer says it all.</summary>
internal sealed class SilentDisplay : IStepDisplay
{
    public void Show(IssueProgress step) { }

    public void Failed(FailedTry failed) { }

    public void Tell(Text text) { }

    public void End(IssueOutcome outcome) { }
}
