using CardIssue.Center.People;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;

namespace CardIssue.Center.Terminals;

/// <summary>A session of a terminal that was let in.</summary>
/// <param name="Name">Its name, unique over all hosts and starts.</param>
/// <param name="Host">The host that has it, and that it dies with.</param>
/// <param name="Terminal">The terminal.</param>
/// <param name="Line">The line that it came in on.</param>
/// <param name="Address">Where it is, or null on a line without addresses.</param>
/// <param name="Since">When it was let in, UTC.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Order">The order under way, or null.</param>
public sealed record LiveSession(
    string Name, string Host, TerminalId Terminal, LineNumber Line, string? Address, DateTimeOffset Since, CenterPhase Phase, OrderId? Order);

/// <summary>That somebody wants a session to end.</summary>
/// <param name="Session">Its name.</param>
/// <param name="AskedBy">Who wants it.</param>
public sealed record SessionEnd(string Session, string AskedBy);

/// <summary>
/// Sessions live in the host that serves them. Each host tells in the store what it has, as often as it looks for changed terminals; any
/// program of the center can see it there, and have one ended by what it leaves there.
/// </summary>
/// <remarks>Every call throws <see cref="Storage.StoreException"/> when the store cannot be read or written.</remarks>
public interface ILiveSessions
{
    /// <summary>The longest name of a session.</summary>
    public const int MaxName = 128;

    /// <summary>The sessions of all hosts that serve, by host and name, as told last. What a host that is gone has told is none of them.</summary>
    Task<IReadOnlyList<LiveSession>> SessionsAsync(CancellationToken cancellation = default);

    /// <summary>A host tells all that it has.</summary>
    /// <param name="host">Its name.</param>
    /// <param name="sessions">Its sessions; none where it begins.</param>
    /// <param name="cancellation">Gives up.</param>
    Task TellSessionsAsync(string host, IReadOnlyList<LiveSession> sessions, CancellationToken cancellation = default);

    /// <summary>Has a session ended, as by a lost line: its order stays with its card, and is recovered.</summary>
    /// <param name="session">Its name, at whatever host.</param>
    /// <param name="person">Who wants it.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<TerminalChange> EndSessionAsync(string session, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>All that were asked for lately.</summary>
    Task<IReadOnlyList<SessionEnd>> SessionEndsAsync(CancellationToken cancellation = default);
}
