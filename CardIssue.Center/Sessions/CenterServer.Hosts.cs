using CardIssue.Center.Storage;

namespace CardIssue.Center.Sessions;

/// <summary>Where several hosts serve from one store: each says that it lives, and sees who does no more.</summary>
public sealed partial class CenterServer
{
    /// <summary>Until the last session has ended: what it has is not to be taken over.</summary>
    private async Task BeatAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(_services.Options.HostBeat, _services.Time);
        string? trouble = null;
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                foreach (var lost in await _services.Orders.Hosts.BeatAsync(cancellation).ConfigureAwait(false))
                    OperationLog.HostLost(_logger, lost, _services.Options.HostLost);
                trouble = null;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                if (e is not StoreException) OperationLog.ServerFault(_logger, e, nameof(BeatAsync));
                // Said once: a database that is away for an hour would fill the host's log.
                if (e.Message != trouble) OperationLog.NoBeat(_logger, e.Message);
                trouble = e.Message;
            }
        }
    }

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
