using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Counter;

/// <summary>Where the center is.</summary>
/// <param name="Way">The way that data comes in, and results go out unless there is another one for them.</param>
/// <param name="Results">The way that results go out on a split line, or null.</param>
/// <param name="Line">The line's number as it was agreed, or null.</param>
/// <param name="ConnectTimeout">How long to try for access.</param>
/// <param name="ResumeTimeout">How long to try for a lost line while an order is under way.</param>
internal sealed record LineAddress(WayAddress Way, WayAddress? Results, LineNumber? Line, TimeSpan ConnectTimeout, TimeSpan ResumeTimeout)
{
    /// <summary>Whether a certificate is needed on any of it.</summary>
    public bool NeedsTls => Way.HasTls || Results is { HasTls: true };

    /// <summary>What guards it, in words.</summary>
    public string Guard => (Way.HasTls, Results?.HasTls ?? Way.HasTls) switch
    {
        (true, true) => "TLS with the pinned certificate",
        (false, false) => "without TLS: a counter and a MAC on each message",
        _ => "one half TLS with the pinned certificate, the other a counter and a MAC on each message",
    };

    /// <inheritdoc/>
    public override string ToString() => Results is null ? Way.Text : $"{Way}, results on {Results}";
}
