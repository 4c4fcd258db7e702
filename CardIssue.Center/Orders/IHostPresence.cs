using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// That a host serves, for the other hosts of the same store: what a dead one's sessions have claimed is taken over by whoever is asked for it. Where the
/// store takes one host alone, all of this does nothing.
/// </summary>
/// <remarks>Every call throws <see cref="StoreException"/> when the store cannot be read or written. Who puts a store of his own in front
/// of the center's hands this one on.</remarks>
public interface IHostPresence
{
    /// <summary>From now on this host serves.</summary>
    /// <param name="host">Its name, as in its claims.</param>
    /// <param name="lostAfter">How long another host may give no sign of life until it is dead.</param>
    /// <param name="link">Where the other hosts reach it, in the words of its <see cref="Sessions.HostLink"/>; null where they do not.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task EnterAsync(string host, TimeSpan lostAfter, string? link = null, CancellationToken cancellation = default);

    /// <summary>Gives a sign of life, and looks for those of the others.</summary>
    /// <param name="certificate">SHA-256 of the latest of the center's TLS certificates that this host has, 32 bytes: the next one where it is made,
    /// else the present one. Empty without TLS.</param>
    /// <param name="keys">What hosts know the latest set of the center's keys by that this host has (<see cref="Vault.IKeyVault.LatestKeys"/>).</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The hosts that are found to be dead with this look.</returns>
    Task<IReadOnlyList<string>> BeatAsync(ByteString certificate = default, ByteString keys = default, CancellationToken cancellation = default);

    /// <summary>All hosts that serve, or ended without a word and are not back; none where the store takes one alone.</summary>
    Task<IReadOnlyList<ServingHost>> ListAsync(CancellationToken cancellation = default);

    /// <summary>The data half of a terminal's split line came in at this host, and waits for its results half.</summary>
    /// <param name="terminal">The terminal, which was let in.</param>
    /// <param name="results">The line of its results.</param>
    /// <param name="session">The data half's session.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task TellDataHalfAsync(TerminalId terminal, LineNumber results, string session, CancellationToken cancellation = default);

    /// <summary>Its session is over; of one that came in after it nothing is forgotten.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="results">The line of its results.</param>
    /// <param name="session">The data half's session.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task ForgetDataHalfAsync(TerminalId terminal, LineNumber results, string session, CancellationToken cancellation = default);

    /// <summary>Which other host has the data half that came in last, of those that live.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="results">The line of its results.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null where none has, or this host.</returns>
    Task<OtherHost?> FindDataHalfAsync(TerminalId terminal, LineNumber results, CancellationToken cancellation = default);

    /// <summary>This host serves no more; its sessions have let go of all that they had.</summary>
    Task LeaveAsync(CancellationToken cancellation = default);
}

/// <summary>A host that serves from the store, or that was lost.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Since">When it began to serve, UTC.</param>
/// <param name="LostAt">When another host found it dead; null while it lives.</param>
/// <param name="TellsFeed">Whether it is the one that tells the issuer's feed.</param>
/// <param name="IsServing">Whether it holds at this moment what only a host that serves has: one that was killed does not, though no other host
/// may have been there to find it dead.</param>
/// <param name="Certificate">SHA-256 of the latest of the center's TLS certificates that it has, as it told last; empty before.</param>
/// <param name="Link">Where the other hosts reach it; null where they do not.</param>
public sealed record ServingHost(
    string Host, DateTimeOffset Since, DateTimeOffset? LostAt, bool TellsFeed, bool IsServing, ByteString Certificate, string? Link = null)
{
    /// <summary>What the latest set of the center's keys is known by that it has, SHA-256, as it told last; empty before.</summary>
    public ByteString Keys { get; init; }
}

/// <summary>Another host of the same store.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Link">Where this one reaches it; null where it does not.</param>
public sealed record OtherHost(string Host, string? Link);
