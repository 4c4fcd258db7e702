using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;

namespace CardIssue.Center.Terminals;

/// <summary>
/// Sessions as their hosts tell of them, and those that are to end, in the center's store. No seals: nothing is decided by the ones, and one
/// of the others takes a line away, and gives nothing.
/// </summary>
public sealed partial class DatabaseTerminalRegistry
{
    /// <summary>How long a wish that one ends is kept: a session's name comes once, and its host looks each second.</summary>
    private static readonly TimeSpan EndKept = TimeSpan.FromHours(1);

    private IReadOnlyList<LiveSession>? _told;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LiveSession>> SessionsAsync(CancellationToken cancellation = default)
    {
        var told = await database.ReadAsync(SessionTable.All, cancellation).ConfigureAwait(false);
        // A host that was killed had no time to take its own away.
        var serving = await database.ServingAsync([.. told.Select(row => row.Host).Distinct()], cancellation).ConfigureAwait(false);
        return [.. told.Where(row => serving.Contains(row.Host)).Select(Live)];
    }

    /// <inheritdoc/>
    public async Task TellSessionsAsync(string host, IReadOnlyList<LiveSession> sessions, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        // Others take away all that they believe a dead host's, so what was told last is not enough; what is there need not be read whole for it.
        if (_told is { } told && (ReferenceEquals(told, sessions) || told.SequenceEqual(sessions))
            && await database.ReadAsync(store => SessionTable.HasAnyOf(store, host), cancellation).ConfigureAwait(false) == sessions.Count > 0) return;
        var now = sessions.Select(Row).ToList();
        var before = await database.ReadAsync(store => SessionTable.Of(store, host), cancellation).ConfigureAwait(false);
        if (!before.ToHashSet().SetEquals(now))
            await database.WriteInPassingAsync(connection => SessionTable.Tell(connection, before, now), cancellation).ConfigureAwait(false);
        _told = sessions;
    }

    /// <inheritdoc/>
    public Task<TerminalChange> EndSessionAsync(string session, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(session);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(session.Length, ILiveSessions.MaxName);
        return ChangeAsync(person, connection =>
        {
            connection.Execute("DELETE FROM session_ends WHERE at <= $old OR session = $session", ("$old", database.Now - EndKept),
                ("$session", session));
            connection.Execute("INSERT INTO session_ends (session, asked_by, at) VALUES ($session, $by, $now)",
                ("$session", session), ("$by", person.Name.Value), ("$now", database.Now));
            var shown = PlainText.Of(session, ILiveSessions.MaxName);
            connection.Log(ConsoleLog.Of("SessionEndAsked", new { person = person.Name.Value, session = shown }));
            return TerminalChange.Done;
        }, cancellation, PersonRoles.Clerk | PersonRoles.Supervisor);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SessionEnd>> SessionEndsAsync(CancellationToken cancellation = default) => await database.ReadAsync(
        connection => connection.Query("SELECT session, asked_by FROM session_ends", row =>
            new SessionEnd(row.Text("session")!, row.Text("asked_by")!)),
        cancellation).ConfigureAwait(false);

    private static SessionRow Row(LiveSession session) => new(
        session.Name, session.Host, session.Terminal.Value, session.Line.Value, session.Address, session.Since.Stored(), session.Phase.ToString(),
        session.Order?.Value);

    private static LiveSession Live(SessionRow row) => new(
        row.Session, row.Host, new TerminalId(row.Terminal), new LineNumber(row.Line), row.Address, row.Since, Enum.Parse<CenterPhase>(row.Phase),
        row.Order is { } order ? new OrderId(order) : null);
}
