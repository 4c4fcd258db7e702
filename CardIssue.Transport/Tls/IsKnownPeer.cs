using CardIssue.Core.Lines;

namespace CardIssue.Transport.Tls;

/// <summary>
/// Whether to let in a peer that has just proved the key of its certificate. One that is not let in is told no more than that the line is closed, and
/// no line comes up.
/// </summary>
/// <param name="peer">The listener's line number, the address, and SHA-256 of both certificates.</param>
/// <param name="cancellation">The handshake's time is up, or the listener stops.</param>
public delegate ValueTask<bool> IsKnownPeer(LinePeer peer, CancellationToken cancellation);
