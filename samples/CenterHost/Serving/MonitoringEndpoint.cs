using System.Net;
using CardIssue.Center;
using CardIssue.Center.Hosting;
using CardIssue.CenterHost.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace CardIssue.CenterHost.Serving;

/// <summary>Where the program is to tell how it stands by HTTP; null for nowhere.</summary>
internal sealed record MonitoringPlace(IPEndPoint? EndPoint);

/// <summary>
/// Tells how the host stands, to whoever can reach the address: <c>/health/live</c>, <c>/health/ready</c>, and <c>/metrics</c> for
/// Prometheus. It says nothing of an order, a terminal or a place, and takes nothing in. Measures and traces go to a collector from here, too,
/// where the environment names one.
/// </summary>
internal sealed class MonitoringEndpoint(MonitoringPlace place, CenterHealth health, StepDisplay display, ILoggerFactory loggers) : IHostedService, IDisposable
{
    private const int MaxConnections = 32, MaxHeaders = 8 * 1024;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    private Exports? _exports;
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _exports = Exports.Begin("centerhost", [CenterTelemetry.Name], place.EndPoint is null ? null : meters => meters.AddPrometheusExporter());
        if (place.EndPoint is not { } endPoint) return;
        _app = Make(endPoint, _exports.Meters!);
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new CommandException(ExitCode.Failed, $"Nothing can listen on {endPoint} for monitoring: {e.Message}", e);
        }
        display.Monitored(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is null) return;
        await _app.StopAsync(cancellationToken);
        await _app.DisposeAsync();
        _app = null;
    }

    public void Dispose() => _exports?.Dispose();

    private WebApplication Make(IPEndPoint endPoint, MeterProvider meters)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(endPoint);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaders;
            (kestrel.Limits.RequestHeadersTimeout, kestrel.Limits.KeepAliveTimeout) = (MaxWait, MaxWait);
        });
        builder.Services.AddSingleton(loggers);
        var app = builder.Build();
        app.UseOpenTelemetryPrometheusScrapingEndpoint(meters, predicate: null, "/metrics", configureBranchedPipeline: null, optionsName: null);
        app.Run(AnswerAsync);
        return app;
    }

    private Task AnswerAsync(HttpContext context)
    {
        var report = health.Report();
        var (isGood, checks) = context.Request.Path.Value switch
        {
            "/health/live" => (report.IsLive, report.Live),
            "/health/ready" => (report.IsReady, report.Live.Concat(report.Ready)),
            _ => (false, []),
        };
        var told = checks.ToDictionary(check => check.Name, check => check.Text);
        context.Response.StatusCode = told.Count == 0 ? StatusCodes.Status404NotFound
            : isGood ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Answers.ToJson(new { ok = isGood, checks = told }));
    }
}
