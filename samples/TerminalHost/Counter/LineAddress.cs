using CardIssue.Core;

namespace CardIssue.TerminalHost.Counter;

/// <summary>Where the center is.</summary>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">1 to 65,535.</param>
/// <param name="Line">The line's number as it was agreed, or null.</param>
/// <param name="ConnectTimeout">How long to try for access.</param>
/// <param name="ResumeTimeout">How long to try for a lost line while an order is under way.</param>
internal sealed record LineAddress(string Host, int Port, LineNumber? Line, TimeSpan ConnectTimeout, TimeSpan ResumeTimeout)
{
    public override string ToString() => $"{Host}:{Port}";
}
