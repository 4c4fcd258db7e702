namespace CardIssue.Center.Sessions;

/// <summary>Where several hosts serve from one store: each says that it lives, and sees who does no more.</summary>
public sealed partial class CenterServer
{
    /// <summary>Until the last session has ended: what it has is not to be taken over.</summary>
    private Task BeatAsync(CancellationToken cancellation) => LookAsync(_services.Options.HostBeat, async ends =>
    {
        foreach (var lost in await _services.Orders.Hosts.BeatAsync(_services.Vault.LatestCertificate, _services.Vault.LatestKeys, ends).ConfigureAwait(false))
            OperationLog.HostLost(_logger, lost, _services.Options.HostLost);
    }, OperationLog.NoBeat, nameof(BeatAsync), cancellation);

    /// <summary>Where the store is away, the others find it by themselves.</summary>
    private async Task LeaveAsync()
    {
        try
        {
            await _services.Orders.Hosts.LeaveAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            OperationLog.NoBeat(_logger, e.Message);
        }
    }
}
