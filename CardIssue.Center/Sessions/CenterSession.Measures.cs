using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>What is told of a session to whoever measures it. Nothing follows from it.</summary>
internal sealed partial class CenterSession
{
    private CenterTelemetry.IssueSpan? _issue;

    private void BeginIssue(RelayMessage request)
    {
        _issue?.End("superseded");
        var number = request is Resume resume ? resume.Number : ((RequestIssue)request).Number;
        _issue = CenterTelemetry.Issue(Name, _terminal!.Identity.Id, _terminal.Admission, number);
    }

    /// <summary>Also a session's wait outside of any issue.</summary>
    private CenterTelemetry.Wait WaitForStore() => _issue?.WaitForStore() ?? new CenterTelemetry.Wait(null);

    private void Measure(OrderChange saved)
    {
        if (saved is OrderChange.Confirmed) CenterTelemetry.RecordConfirmed();
        if (saved is OrderChange.Issued) _issue?.End("issued");
        if (saved is OrderChange.Waiting) _issue?.End("waiting");
    }

    /// <summary>Nothing is under way any more: what has not ended by its own word was let go.</summary>
    private void EndIssue()
    {
        _issue?.End("released");
        _issue = null;
    }
}
