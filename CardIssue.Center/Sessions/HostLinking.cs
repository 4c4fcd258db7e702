using CardIssue.Center.Orders;
using CardIssue.Core.Lines;

namespace CardIssue.Center.Sessions;

/// <summary>The host of a results half asks that of its data half.</summary>
internal static class HostLinking
{
    /// <summary>Whether the peer is a host of this center: it has the certificate that only they have the key of, and showed this end's likewise.</summary>
    public static bool IsHost(CenterServices services, LinePeer peer) =>
        services.Vault.Identity.TlsCertificate is { IsEmpty: false } own && peer.HasTls && peer.PeerCertificate == own && peer.OwnCertificate == own;

    /// <summary>Connects to a host and has it judge the token.</summary>
    /// <returns>The connection when the half is joined, which is the caller's then; and what to log.</returns>
    public static async Task<(ILine? Link, string Said)> AskAsync(CenterServices services, OtherHost host, HalfAtHost half, CancellationToken cancellation)
    {
        if (services.Link is not { } own) return (null, "it has the data half, and this host has no link to the others");
        if (host.Link is not { } address) return (null, "it has the data half, and the others have no link to it");
        using var limit = new CancellationTokenSource(services.Options.Admission, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        ILine? link = null;
        try
        {
            link = await own.To(address).ConnectAsync(either.Token).ConfigureAwait(false);
            if (!IsHost(services, link.Peer)) return (null, $"what is at {address} has not the center's certificate");
            await link.SendAsync(half.Write(), either.Token).ConfigureAwait(false);
            using var frame = await link.ReceiveAsync(either.Token).ConfigureAwait(false);
            if (frame is null || HalfJudged.Read(frame.Memory) is not { } judged) return (null, $"{address} did not say what came of the token");
            if (!judged.Fits) return (null, judged.Detail);
            var joined = link;
            link = null;
            return (joined, judged.Detail);
        }
        catch (Exception e) when (
            e is LineException or FormatException or ArgumentException || e is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return (null, e is OperationCanceledException ? $"{address} did not answer in {services.Options.Admission}" : $"it can't be reached: {e.Message}");
        }
        finally
        {
            if (link is not null) await link.DisposeAsync().ConfigureAwait(false);
        }
    }
}
