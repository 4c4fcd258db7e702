using System.CommandLine;
using CardIssue.Center.Hosting;
using CardIssue.Center.People;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Serving;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>serve</c>: serves the lines until SIGINT or SIGTERM.</summary>
internal static class ServeCommand
{
    public static Command Make(Shell shell)
    {
        var lines = new Option<string[]>("--line") { Description = "A line to serve instead of those of line list, as 1=tls:127.0.0.1:7001; may be given several times.", HelpName = "N=WHERE", DefaultValueFactory = _ => [] };
        var withoutTls = LineCommands.WithoutTls();
        var monitor = new Option<string?>("--monitor")
        {
            Description = "Where health and metrics are told by HTTP: a port of this machine alone, or ADDRESS:PORT; else the setting "
                + "Monitoring:Listen says it.",
            HelpName = "PORT",
        };
        var link = new Option<string?>("--link")
        {
            Description = "Where the other hosts of the center reach this one, for the halves of split lines: an address and a port; else the "
                + "setting Link:Listen says it.",
            HelpName = "ADDRESS:PORT",
        };
        const string About = "Serves the center's lines until it is stopped (Ctrl-C, SIGTERM); shows each step as it happens.";
        return shell.Command("serve", About, [lines, withoutTls, monitor, link], async (call, cancellation) =>
        {
            var given = call.Get(lines)!.Select(line => LineText.Parse(line, call.Get(withoutTls))).ToList();
            if (given.GroupBy(line => line.Line).FirstOrDefault(group => group.Count() > 1) is { } twice) throw new CommandException(ExitCode.Usage, $"Line {twice.Key} is given twice.");
            NativeHeap.KeepTlsBuffersApart();
            var identity = OpenCenter.ReadIdentity(call.Files);
            var settings = CenterSettings.Load(call.Files);
            var place = MonitoringOptions.EndPoint(call.Get(monitor) ?? settings[$"{CenterSettings.Monitoring}:{nameof(MonitoringOptions.Listen)}"] ?? "");
            var host = MakeHost(call, settings, new ServedLineChoice(given), new MonitoringPlace(place), LinkOptions.Place(settings, call.Get(link)));
            await using var disposal = (IAsyncDisposable)host;
            // Told before the passphrase is asked for.
            host.Services.GetRequiredService<CenterDatabase>().Serve();
            BoardFile.Forget(call.Files);
            await OpenCenter.CheckIdentityAsync(call.Files, identity, host.Services.GetRequiredService<IKeyVault>(), cancellation);
            await OpenCenter.LogInAsync(call, () => { }, () => host.Services.GetRequiredService<IPeople>(), cancellation);
            var serving = host.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
            await host.RunAsync(cancellation);
            // The host does not tell what ended its services.
            foreach (var service in serving)
                if (service.ExecuteTask is { IsFaulted: true } failed) await failed;
            return ExitCode.Ok;
        });
    }

    private static IHost MakeHost(Call call, IConfiguration settings, ServedLineChoice lines, MonitoringPlace monitoring, LinkPlace? link)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        var logging = new LoggingSettings(settings);
        builder.Logging.AddConfiguration(new ConfigurationBuilder().Add(logging).Build());
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // What stops the host is told by the command's end, in a line.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // Standard output is for the steps alone.
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton(call.Answers);
        builder.Services.AddSingleton(lines);
        builder.Services.AddSingleton<StepDisplay>();
        builder.Services.AddSingleton<IProgress<CenterProgress>>(services => services.GetRequiredService<StepDisplay>());
        builder.Services.AddCardIssueCenter(options => OpenCenter.Configure(options, call));
        builder.Services.AddSingleton<CenterCertificateOfVault>();
        builder.Services.AddSingleton<ServedLines>();
        builder.Services.AddSingleton<ILineSource>(services => services.GetRequiredService<ServedLines>());
        if (link is not null)
        {
            builder.Services.AddSingleton(link);
            builder.Services.AddSingleton<LinkPort>();
            builder.Services.AddSingleton(services => services.GetRequiredService<LinkPort>().Link);
        }
        builder.Services.AddCardIssueCenterService();
        builder.Services.AddSingleton(call.Files);
        builder.Services.AddHostedService<HealthBoard>();
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<SettingsWatch>(services, call, settings, logging));
        builder.Services.AddSingleton(monitoring);
        builder.Services.AddHostedService<MonitoringEndpoint>();
        // Where Windows starts it as a service it says so to it, and stops when it is told; elsewhere this is nothing.
        builder.Services.AddWindowsService(service => service.ServiceName = "CardIssue");
        return builder.Build();
    }
}
