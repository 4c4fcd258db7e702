using CardIssue.Center.Orders;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What a terminal fails in is counted for the terminal, and for no card and no customer; and each fault of a session after access is
/// granted has its name in the log, with what was expected and what came. Never data: a message is told by its kind and its numbers.
/// </summary>
internal sealed partial class CenterSession
{
    private const string RejectedName = "Rejected", IgnoredName = "Ignored", TimedOutName = "TimedOut";

    private void Fault(string name, string detail)
    {
        var terminal = _terminal!.Identity.Id;
        OperationLog.TerminalFault(_logger, Name, terminal, name, detail);
        _unwritten.Add(new SessionRecord.Faulted(terminal, $"{name}: {detail}"));
    }

    /// <summary>Names what ends a session, and what is passed over. Credit that comes late is no fault: it crosses the last command.</summary>
    private void NameFault(CenterEvent happened, Step<CenterState, CenterEffect> step)
    {
        if (!Volatile.Read(ref _isLetIn)) return;
        var code = CenterMachine.WhyClosed(_state, happened, step);
        var name = step.Outcome.Kind is OutcomeKind.Rejected ? RejectedName
            : step.Outcome.Kind is OutcomeKind.Ignored && happened is CenterEvent.Received { Message: not (Credit or Disconnect) } ? IgnoredName
            : happened is CenterEvent.TimerFired && step.State.Phase is CenterPhase.Ended ? TimedOutName
            : null;
        var (expected, came) = name is null ? ("", "") : (Expected(), Came(happened));
        if (code is { } closes) PrepareDisconnect(closes, expected, came);
        if (name is null) return;
        var why = name == TimedOutName ? "nothing came in time" : step.Outcome.Reason;
        _log.Decided(0, name, $"{why}; in {_state.Phase}, expected {expected}; came {came}");
    }

    private string Expected() => _state.Work?.Script is { } run
        ? $"credit or the result of {run.Kind} {run.Record}: commands {run.First} to {run.First + run.Count - 1}, {run.Sent} of them sent"
        : _state.Phase switch
        {
            CenterPhase.Idle => "a request",
            CenterPhase.AwaitingCard => $"a card after insertion {_state.Insertion}",
            CenterPhase.AwaitingRemoval => "that the card is taken out",
            _ => "nothing now",
        };

    private static string Came(CenterEvent happened) => happened switch
    {
        CenterEvent.Received { Message: Result result } => $"a result to {result.First}, {result.Stop}, of {result.Responses.Count} responses",
        CenterEvent.Received { Message: CardPresent present } => $"{present.Type} {present.Insertion}",
        CenterEvent.Received { Message: RequestIssue request } => $"{request.Type} {request.Number}",
        CenterEvent.Received { Message: Resume resume } => $"{resume.Type} {resume.Number}",
        CenterEvent.Received(var message) => message.Type.ToString(),
        CenterEvent.Garbage garbage => garbage.Error,
        _ => "nothing",
    };
}
