using CardIssue.Center.Hosting;
using CardIssue.CenterHost.Cli;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CardIssue.CenterHost.Serving;

/// <summary>
/// Takes what is changed in the settings' file while the center serves. A file that is wrong, half-written or gone changes nothing: that is
/// told, and those of before stay in force.
/// </summary>
internal sealed class SettingsWatch(
    Call call, IConfiguration started, LoggingSettings logging, RunningSettings running, TimeProvider time, ILogger<SettingsWatch> logger) : BackgroundService
{
    /// <summary>A file counts when two looks find it the same.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private byte[]? _seen, _taken;
    private string? _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await LookSafelyAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It ends.
        }
    }

    private async Task LookSafelyAsync(CancellationToken cancellation)
    {
        try
        {
            await LookAsync(cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // Once, until it is something else: whatever it is, it ends nothing, and is tried again.
            if (e.Message != _told) ServingLog.SettingsNotTaken(logger, e.Message);
            _told = e.Message;
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        var now = CenterSettings.ReadFile(call.Files);
        var isWhole = IsSame(now, _seen);
        _seen = now;
        if (!isWhole) return;
        if (IsSame(now, _taken))
        {
            _told = null;
            return;
        }
        if (now is null) throw new CommandException(ExitCode.File, $"{call.Files.Settings} is gone: put it back, or start anew to go without it.");
        var settings = CenterSettings.Load(call.Files);
        var next = new CenterOptions();
        OpenCenter.Configure(next, call);
        await running.TakeAsync(next, cancellation);
        logging.Take(settings);
        foreach (var name in FromStart.Where(name => (settings[name] ?? "") != (started[name] ?? ""))) ServingLog.SettingLater(logger, name);
        (_taken, _told) = (now, null);
    }

    private static readonly string[] FromStart =
    [
        $"{CenterSettings.Monitoring}:{nameof(MonitoringOptions.Listen)}", $"{CenterSettings.Link}:{nameof(LinkOptions.Listen)}",
        $"{CenterSettings.Link}:{nameof(LinkOptions.Address)}",
    ];

    private static bool IsSame(byte[]? one, byte[]? other) => one is null ? other is null : other is not null && one.AsSpan().SequenceEqual(other);
}

/// <summary>The settings of what the program says on its console; they may become others.</summary>
internal sealed class LoggingSettings : ConfigurationProvider, IConfigurationSource
{
    public LoggingSettings(IConfiguration settings) => Take(settings);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public void Take(IConfiguration settings)
    {
        Data = settings.GetSection(CenterSettings.Logging).AsEnumerable(makePathsRelative: true).ToDictionary(StringComparer.OrdinalIgnoreCase);
        OnReload();
    }
}
