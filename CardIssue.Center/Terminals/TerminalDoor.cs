using CardIssue.Core.Lines;

namespace CardIssue.Center.Terminals;

/// <summary>
/// The outer door: only a certificate that the registry has for a terminal that may come in gets through a TLS handshake, and, from a place that an enrolment code is out for, one that nobody knows yet. Give <see cref="KnowsAsync"/> to the listeners. It
/// looks the certificate up in each handshake, so a terminal that was added or disabled a moment ago is known as that.
/// </summary>
public sealed class TerminalDoor(ITerminalRegistry registry, AdmissionCounts counts)
{
    /// <summary>Whether an enabled terminal has this certificate, or one may enrol from there. Another that has not is counted, and told to nobody one by one.</summary>
    /// <exception cref="Storage.StoreException">The registry cannot be read; the handshake ends.</exception>
    public async ValueTask<bool> KnowsAsync(LinePeer peer, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (await registry.KnowsCertificateAsync(peer.PeerCertificate, cancellation).ConfigureAwait(false)) return true;
        // Who enrols shows a certificate that nobody knows yet. Where a code is out, from there and for that long, it may say one message.
        if (await registry.AwaitsAsync(peer, cancellation).ConfigureAwait(false)) return true;
        counts.Refused(peer, known: null, tell: false);
        return false;
    }
}
