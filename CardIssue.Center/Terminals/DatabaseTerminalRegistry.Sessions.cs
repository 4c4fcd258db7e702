using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>Sessions that are to end, in the center's store. No seal: such a row takes a line away, and gives nothing.</summary>
public sealed partial class DatabaseTerminalRegistry
{
    /// <summary>How long such a wish is kept: a session's name comes once, and its host looks each second.</summary>
    private static readonly TimeSpan EndKept = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public Task<TerminalChange> EndSessionAsync(string session, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(session);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(session.Length, ISessionEnds.MaxName);
        return ChangeAsync(person, connection =>
        {
            connection.Execute("DELETE FROM session_ends WHERE at <= $old OR session = $session", ("$old", database.Now - EndKept),
                ("$session", session));
            connection.Execute("INSERT INTO session_ends (session, asked_by, at) VALUES ($session, $by, $now)",
                ("$session", session), ("$by", person.Name.Value), ("$now", database.Now));
            var shown = PlainText.Of(session, ISessionEnds.MaxName);
            connection.Log(ConsoleLog.Of("SessionEndAsked", new { person = person.Name.Value, session = shown }));
            return TerminalChange.Done;
        }, cancellation, PersonRoles.Clerk | PersonRoles.Supervisor);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SessionEnd>> SessionEndsAsync(CancellationToken cancellation = default) => await database.ReadAsync(
        connection => connection.Query("SELECT session, asked_by FROM session_ends", row =>
            new SessionEnd(row.Text("session")!, row.Text("asked_by")!)),
        cancellation).ConfigureAwait(false);
}
