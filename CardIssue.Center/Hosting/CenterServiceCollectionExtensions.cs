using CardIssue.Center.Approvals;
using CardIssue.Center.Feed;
using CardIssue.Center.Issuers;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Hosting;

/// <summary>Puts a center into a container. Nothing is opened before it is asked for; the container must be disposed with <c>DisposeAsync</c>.</summary>
public static class CenterServiceCollectionExtensions
{
    /// <summary>
    /// Adds the stores, the log, the vault, the feed and the server. Registered before, the application's own <see cref="IKeyVault"/>, <see cref="ILogKeys"/>,
    /// <see cref="IIssuerFeed"/> and <see cref="TimeProvider"/> are used instead; an
    /// <see cref="IProgress{T}"/> of <see cref="CenterProgress"/> is told each step, and by a <see cref="HostLink"/> this host and the others reach each other.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Sets the options; they are checked when they are first used, and at a host's start.</param>
    public static IServiceCollection AddCardIssueCenter(this IServiceCollection services, Action<CenterOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<CenterOptions>().Configure(configure).PostConfigure(options => options.Log.Instance = options.Host).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CenterOptions>, CenterOptionsValidation>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IKeyVault>(OpenVault);
        services.TryAddSingleton<ILogKeys>(provider => provider.GetRequiredService<IKeyVault>());
        AddStores(services);
        services.TryAddSingleton<IIssuerFeed>(provider => new FeedAsSet(() => (Options(provider).Feed, Options(provider).FeedFile), Time(provider)));
        services.TryAddSingleton(provider => new FeedPumps(provider.GetRequiredService<IIssuers>(), issuer => MakePump(provider, issuer)));
        services.TryAddSingleton(provider => provider.GetRequiredService<FeedPumps>().Of(null));
        services.TryAddSingleton(provider => new AdmissionCounts(Options(provider).Admission, Time(provider)));
        services.TryAddSingleton<TerminalDoor>();
        services.TryAddSingleton(MakeServices);
        services.TryAddSingleton<CenterServer>();
        services.TryAddSingleton<CenterHealth>();
        services.TryAddSingleton<RunningSettings>();
        return services;
    }

    /// <summary>Serves the center's lines as long as a Generic Host runs; <see cref="AddCardIssueCenter"/> comes first.</summary>
    public static IServiceCollection AddCardIssueCenterService(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, CenterHostedService>());
        return services;
    }

    /// <summary>Adds one dedicated line to be served.</summary>
    /// <param name="services">The container.</param>
    /// <param name="make">Makes its listener at the host's start.</param>
    /// <param name="withoutTls">Whether it may do without TLS (<see cref="ServedLine.WithoutTls"/>).</param>
    /// <param name="results">For the data half of a split line: the line of its results half (<see cref="ServedLine.Results"/>).</param>
    public static IServiceCollection AddCardIssueLine(
        this IServiceCollection services, Func<IServiceProvider, ILineListener> make, bool withoutTls = false, LineNumber? results = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        return services.AddSingleton<ILineSource>(provider => new SingleLine(provider, from => new ServedLine(make(from), withoutTls, results)));
    }

    private static void AddStores(IServiceCollection services)
    {
        // A container has no asynchronous factories. Opening waits for the disk alone, once, and there is no synchronisation context in a host.
        services.TryAddSingleton(provider => CenterDatabase.OpenAsync(
            Options(provider).Store, Options(provider).Log, provider.GetRequiredService<ILogKeys>(), Time(provider)).GetAwaiter().GetResult());
        services.TryAddSingleton<IOrderStore>(provider => new DatabaseOrderStore(provider.GetRequiredService<CenterDatabase>(), Options(provider).Orders));
        services.TryAddSingleton<IOrderDesk>(provider => new DatabaseOrderDesk(provider.GetRequiredService<CenterDatabase>(), Options(provider).Orders));
        services.TryAddSingleton(provider => new OrderPreviews(provider.GetRequiredService<CenterDatabase>(), provider.GetRequiredService<IKeyVault>()));
        services.TryAddSingleton<ITerminalRegistry>(provider => new DatabaseTerminalRegistry(provider.GetRequiredService<CenterDatabase>()));
        services.TryAddSingleton<IProductStore>(provider => new DatabaseProductStore(provider.GetRequiredService<CenterDatabase>()));
        services.TryAddSingleton<IIssuers>(provider => new DatabaseIssuers(provider.GetRequiredService<CenterDatabase>()));
        services.TryAddSingleton<IProgramStore>(provider => new DatabaseProgramStore(provider.GetRequiredService<CenterDatabase>()));
        services.TryAddSingleton<IPeople>(provider => new DatabasePeople(
            provider.GetRequiredService<CenterDatabase>(), provider.GetRequiredService<IKeyVault>(), Options(provider).People));
        services.TryAddSingleton<IApprovals>(provider => new DatabaseApprovals(
            provider.GetRequiredService<CenterDatabase>(), provider.GetRequiredService<IKeyVault>(), Options(provider).People, Options(provider).Orders));
        services.TryAddSingleton<IExchangeLog>(provider => new StoredLog(
            provider.GetRequiredService<CenterDatabase>(), Options(provider).Log, provider.GetRequiredService<ILogKeys>(), Time(provider)));
    }

    private static FeedPump MakePump(IServiceProvider provider, IssuerId? issuer)
    {
        return new FeedPump(
            provider.GetRequiredService<CenterDatabase>(), FeedOf(provider, issuer), Time(provider), () => Options(provider).FeedPause,
            () => Of(Options(provider)).LongestPause, provider.GetService<ILogger<FeedPump>>(), issuer);

        FeedOptions Of(CenterOptions options) => issuer is { } named && options.IssuerFeeds.TryGetValue(named.Value, out var his) ? his : options.Feed;
    }

    /// <summary>An issuer without a feed of his own has a file of his own: never the center's feed, which may be another's.</summary>
    private static IIssuerFeed FeedOf(IServiceProvider provider, IssuerId? issuer)
    {
        if (issuer is not { } named) return provider.GetRequiredService<IIssuerFeed>();
        if (provider.GetKeyedService<IIssuerFeed>(named.Value) is { } registered) return registered;
        return new FeedAsSet(() => Set(Options(provider)), Time(provider));

        (FeedOptions, string) Set(CenterOptions options) => (
            options.IssuerFeeds.GetValueOrDefault(named.Value) ?? InFile,
            Path.ChangeExtension(options.FeedFile, $"{named}{Path.GetExtension(options.FeedFile)}"));
    }

    /// <summary>Of an issuer of whom nothing else is said.</summary>
    private static readonly FeedOptions InFile = new();

    private static FileKeyVault OpenVault(IServiceProvider provider)
    {
        var options = Options(provider);
        if (options.Passphrase is not { } ask) throw new KeyVaultException($"There is no passphrase for {options.VaultFile}: set {nameof(CenterOptions)}.{nameof(CenterOptions.Passphrase)}, or register an {nameof(IKeyVault)}.");
        using var passphrase = ask();
        return FileKeyVault.Open(options.VaultFile, passphrase);
    }

    private static CenterServices MakeServices(IServiceProvider provider) => new()
    {
        Vault = provider.GetRequiredService<IKeyVault>(),
        Orders = provider.GetRequiredService<IOrderStore>(),
        Desk = provider.GetRequiredService<IOrderDesk>(),
        Terminals = provider.GetRequiredService<ITerminalRegistry>(),
        Admissions = provider.GetRequiredService<AdmissionCounts>(),
        Products = provider.GetRequiredService<IProductStore>(),
        Programs = provider.GetRequiredService<IProgramStore>(),
        Log = provider.GetRequiredService<IExchangeLog>(),
        Options = Options(provider).Sessions,
        Host = Options(provider).Host,
        Link = provider.GetService<HostLink>(),
        Time = Time(provider),
        Loggers = provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance,
        Display = provider.GetService<IProgress<CenterProgress>>(),
    };

    private static CenterOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<CenterOptions>>().Value;

    private static TimeProvider Time(IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();
}
