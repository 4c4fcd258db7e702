using CardIssue.Center.Feed;
using CardIssue.Center.Issuers;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Hosting;

/// <summary>
/// Serves the lines, as their sources have them meanwhile, and tells the issuers' feeds from the host's start to its stop. A listener that cannot be opened stops the start,
/// and so does another center that serves from the same store. At the stop orders
/// under way are let go, and the log gets a last checkpoint.
/// </summary>
internal sealed class CenterHostedService(
    CenterDatabase store, IKeyVault vault, IOrderDesk desk, CenterServer server, FeedPumps pumps, IIssuers issuers, IExchangeLog log, CenterHealth health,
    IEnumerable<ILineSource> lines, IOptions<CenterOptions> options, TimeProvider time, ILogger<CenterHostedService> logger) : BackgroundService
{
    private readonly List<ServedLine> _lines = [];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before a line is opened: where another center serves, this one is nothing to come in to.
        store.Serve();
        if (await desk.PutBackAsync(cancellationToken).ConfigureAwait(false) is { } found)
            OperationLog.Unsettled(logger, found.FoundBy, found.Quarantined);
        await RunningSettings.CheckFeedsAsync(options.Value, issuers, time, cancellationToken).ConfigureAwait(false);
        if (options.Value.Log.CheckpointDirectory.Length == 0) OperationLog.NotExported(logger);
        var (taken, left) = await OrderSeals.TakeOverAsync(store, vault, cancellationToken).ConfigureAwait(false);
        if (taken + left > 0) OperationLog.TakenOver(logger, left > 0 ? LogLevel.Warning : LogLevel.Information, taken, left);
        // A host that has not got it serves as it can: its terminals go to another one.
        await RepeatedLook.OnceAsync(server.ChangeCertificateAsync, e => OperationLog.VaultNotRead(logger, e.Message), cancellationToken).ConfigureAwait(false);
        await RepeatedLook.OnceAsync(server.FollowKeysAsync, e => OperationLog.VaultNotRead(logger, e.Message), cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var source in lines) _lines.AddRange(await source.OpenAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Also where the host stops before the serving has begun: listeners are closed and the checkpoint is made in any case.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
        try
        {
            await log.CheckpointAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            OperationLog.NoCheckpoint(logger, e.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task[] running =
        [
            server.RunAsync([.. _lines], stoppingToken), health.RunAsync(stoppingToken),
            pumps.RunAsync(options.Value.Sessions.RegistryLook, time, e => OperationLog.NotTold(logger, e), stoppingToken),
            RepeatedLook.RunAsync(options.Value.Sessions.RegistryLook, time, LookAtLinesAsync, e => OperationLog.LinesNotChanged(logger, e.Message), stoppingToken),
        ];
        // One that fails ends the host at once; the other ends with it.
        await (await Task.WhenAny(running).ConfigureAwait(false)).ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    /// <summary>First those that are gone: a line may come back in the place of another.</summary>
    private async Task LookAtLinesAsync(CancellationToken stopping)
    {
        var gone = new List<ServedLine>();
        foreach (var source in lines) gone.AddRange(await source.GoneAsync(stopping).ConfigureAwait(false));
        if (gone.Count > 0)
        {
            await server.ChangeLinesAsync([.. _lines.Except(gone)]).ConfigureAwait(false);
            foreach (var line in gone)
            {
                _lines.Remove(line);
                await line.Listener.DisposeAsync().ConfigureAwait(false);
            }
        }
        var before = _lines.Count;
        foreach (var source in lines) _lines.AddRange(await source.OpenNewAsync(stopping).ConfigureAwait(false));
        if (_lines.Count > before) await server.ChangeLinesAsync([.. _lines]).ConfigureAwait(false);
    }

    private async Task CloseAsync()
    {
        foreach (var line in _lines) await line.Listener.DisposeAsync().ConfigureAwait(false);
        _lines.Clear();
    }
}
