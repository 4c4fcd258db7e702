using CardIssue.Center.People;

namespace CardIssue.Center.Terminals;

/// <summary>That somebody wants a session to end.</summary>
/// <param name="Session">Its name.</param>
/// <param name="AskedBy">Who wants it.</param>
public sealed record SessionEnd(string Session, string AskedBy);

/// <summary>
/// Sessions live in the host that serves them; any program of the center can have one ended, by what it leaves in the store. The host looks
/// for it as often as for changed terminals.
/// </summary>
/// <remarks>Every call throws <see cref="Storage.StoreException"/> when the store cannot be read or written.</remarks>
public interface ISessionEnds
{
    /// <summary>The longest name of a session.</summary>
    public const int MaxName = 128;

    /// <summary>Has a session ended, as by a lost line: its order stays with its card, and is recovered.</summary>
    /// <param name="session">Its name (<see cref="Sessions.CenterServer.LiveSessions"/>).</param>
    /// <param name="person">Who wants it.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<TerminalChange> EndSessionAsync(string session, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>All that were asked for lately.</summary>
    Task<IReadOnlyList<SessionEnd>> SessionEndsAsync(CancellationToken cancellation = default);
}
