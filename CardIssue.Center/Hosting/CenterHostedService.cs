using CardIssue.Center.Feed;
using CardIssue.Center.Log;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Hosting;

/// <summary>
/// Serves the lines and tells the issuer's feed from the host's start to its stop. A listener that cannot be opened stops the start. At the stop orders
/// under way are let go, and the log gets a last checkpoint.
/// </summary>
internal sealed class CenterHostedService(
    CenterServer server, FeedPump pump, IExchangeLog log, IEnumerable<ILineSource> lines, ILogger<CenterHostedService> logger) : BackgroundService
{
    private readonly List<ILineListener> _listeners = [];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var source in lines) _listeners.AddRange(await source.OpenAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pumping = PumpAsync(stoppingToken);
        try
        {
            await server.RunAsync(_listeners, stoppingToken).ConfigureAwait(false);
            await pumping.ConfigureAwait(false);
            await log.CheckpointAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e) when (stoppingToken.IsCancellationRequested)
        {
            OperationLog.NoCheckpoint(logger, e.Message);
        }
        finally
        {
            await CloseAsync().ConfigureAwait(false);
        }
    }

    private async Task PumpAsync(CancellationToken stopping)
    {
        try
        {
            await pump.RunAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops; what was not told waits in the outbox.
        }
    }

    private async Task CloseAsync()
    {
        foreach (var listener in _listeners) await listener.DisposeAsync().ConfigureAwait(false);
        _listeners.Clear();
    }
}
