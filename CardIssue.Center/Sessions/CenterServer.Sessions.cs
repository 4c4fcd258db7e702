using CardIssue.Center.Terminals;

namespace CardIssue.Center.Sessions;

/// <summary>What runs now, and what is asked to end.</summary>
public sealed partial class CenterServer
{
    private readonly Action _sessionChanged;
    private int _changes;
    private (int Change, IReadOnlyList<LiveSession> All)? _views;

    /// <summary>The sessions of this server's terminals, by name. Those who are not let in yet are none.</summary>
    public IReadOnlyList<LiveSession> LiveSessions() =>
        [.. Views().OrderBy(static view => view.Name, StringComparer.Ordinal)];

    /// <summary>How many terminals they are of.</summary>
    internal int ConnectedTerminals() => Views().DistinctBy(static view => view.Terminal).Count();

    /// <summary>Tells the other hosts, and whoever looks, what there is here.</summary>
    /// <remarks>Each second, and most sessions are idle: the same list while none has become another.</remarks>
    private Task TellSessionsAsync(CancellationToken cancellation)
    {
        var change = Volatile.Read(ref _changes);
        if (_views?.Change != change) _views = (change, [.. Views()]);
        return _services.Terminals.TellSessionsAsync(_services.Host, _views.Value.All, cancellation);
    }

    private IEnumerable<LiveSession> Views() => _sessions.Select(static session => session.Value.View()).OfType<LiveSession>();

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
