using System.Diagnostics;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>What is told of a request to whoever measures it. Nothing follows from it.</summary>
public sealed partial class TerminalRelay
{
    private TerminalTelemetry.RequestSpan? _request;

    /// <summary>Where the request on the line before was, if the next one goes on with it.</summary>
    private ActivityContext _before;

    private void MeasureRequest(RelayMessage message)
    {
        var number = message is RequestIssue ask ? ask.Number : message is Resume resume ? resume.Number : 0;
        if (number == 0 || _line?.Admission.Hash is not { } admission) return;
        _request?.End("superseded");
        _request = TerminalTelemetry.Request(_module.Identity.Id, admission, number, message is Resume ? _before : default);
        _before = default;
    }

    private void MeasureEnd(IssueNotice notice)
    {
        if (_request is not { } request || !EndsRequest(notice)) return;
        request.End(notice.ToString());
        (_request, _before) = (null, notice is IssueNotice.LineLost ? request.Context : default);
    }

    private static bool EndsRequest(IssueNotice notice) => notice is IssueNotice.Issued or IssueNotice.LineLost || EndingOf(notice) is not null;
}
