using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;

namespace CardIssue.Center.Sessions;

/// <summary>A session of a terminal that was let in.</summary>
/// <param name="Name">Its name, unique over all hosts and starts.</param>
/// <param name="Terminal">The terminal.</param>
/// <param name="Line">The line that it came in on.</param>
/// <param name="Address">Where it is, or null on a line without addresses.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Order">The order under way, or null.</param>
public sealed record LiveSession(string Name, TerminalId Terminal, LineNumber Line, string? Address, CenterPhase Phase, OrderId? Order);

/// <summary>What runs now, and what is asked to end.</summary>
public sealed partial class CenterServer
{
    /// <summary>The sessions of this server's terminals, by name. Those who are not let in yet are none.</summary>
    public IReadOnlyList<LiveSession> LiveSessions() =>
        [.. _sessions.Values.Select(static session => session.View()).OfType<LiveSession>()
            .OrderBy(static view => view.Name, StringComparer.Ordinal)];

    /// <summary>Ends the sessions of this host that somebody wants to end, by this program or by another one.</summary>
    private async Task EndAskedForAsync(CancellationToken cancellation)
    {
        if (_sessions.IsEmpty) return;
        foreach (var end in await _services.Terminals.SessionEndsAsync(cancellation).ConfigureAwait(false))
        {
            if (!_sessions.TryGetValue(end.Session, out var session)) continue;
            await session.CutAsync($"ended by {end.AskedBy}").ConfigureAwait(false);
        }
    }
}
