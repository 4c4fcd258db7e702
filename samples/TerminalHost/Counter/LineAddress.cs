using CardIssue.Core.Primitives;

namespace CardIssue.TerminalHost.Counter;

/// <summary>Where the center is.</summary>
/// <param name="Ways">The ways that data comes in, and results go out unless there are others for them: a way for each of the center's hosts, one at the least.</param>
/// <param name="Results">The ways that results go out on a split line; empty where it is whole.</param>
/// <param name="Line">The line's number as it was agreed, or null.</param>
/// <param name="ConnectTimeout">How long to try for access.</param>
/// <param name="ResumeTimeout">How long to try for a lost line while an order is under way.</param>
internal sealed record LineAddress(
    IReadOnlyList<WayAddress> Ways, IReadOnlyList<WayAddress> Results, LineNumber? Line, TimeSpan ConnectTimeout, TimeSpan ResumeTimeout)
{
    /// <summary>Whether a certificate is needed on any of it.</summary>
    public bool NeedsTls => Ways.Concat(Results).Any(way => way.HasTls);

    /// <summary>What guards it, in words.</summary>
    public string Guard => (Ways[0].HasTls, Results is [var results, ..] ? results.HasTls : Ways[0].HasTls) switch
    {
        (true, true) => "TLS with the pinned certificate",
        (false, false) => "without TLS: a counter and a MAC on each message",
        _ => "one half TLS with the pinned certificate, the other a counter and a MAC on each message",
    };

    /// <inheritdoc/>
    public override string ToString() => Results.Count == 0 ? Text(Ways) : $"{Text(Ways)}, results on {Text(Results)}";

    private static string Text(IReadOnlyList<WayAddress> ways) => string.Join(" or ", ways);
}
