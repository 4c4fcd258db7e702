using CardIssue.Center.Orders;

namespace CardIssue.Center.Sessions;

/// <summary>What a terminal fails in: it is counted for the terminal, by name, and for no card and no customer.</summary>
internal sealed partial class CenterSession
{
    private void Fault(string name, string detail)
    {
        var terminal = _terminal!.Identity.Id;
        OperationLog.TerminalFault(_logger, Name, terminal, name, detail);
        _unwritten.Add(new SessionRecord.Faulted(terminal, $"{name}: {detail}"));
    }
}
