using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Terminal.Relay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CardIssue.Terminal.Hosting;

/// <summary>A terminal in a container. Without one, <see cref="TerminalRelay"/>'s constructor does.</summary>
public static class TerminalServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="TerminalRelay"/>, which a host also runs for as long as it lives; without a host, call <see cref="TerminalRelay.RunAsync"/>.
    /// The container must have, or be given besides: <see cref="ILineConnector"/> (the line; should retry by itself), <see cref="ICardReader"/> and
    /// <see cref="ISecureModule"/>. It is asked for, and need not have: <see cref="IProgress{T}"/> of <see cref="IssueProgress"/> (the operator's display),
    /// <see cref="IReceiptPrinter"/>, <see cref="TimeProvider"/>, a logger, <see cref="IReaderKey"/> (of a reader that carries a key) and
    /// <see cref="CenterCertificates"/> (what the connector trusts as well, so that the center can change its certificate). The relay is disposed asynchronously: so must the container be.
    /// </summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets options; they are checked when the host starts, or else when the relay is first asked for.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddCardIssueTerminal(this IServiceCollection services, Action<TerminalRelayOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<TerminalRelayOptions>();
        if (configure is not null) options.Configure(configure);
        options.ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TerminalRelayOptions>, OptionsCheck>());
        services.TryAddSingleton(MakeRelay);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RelayService>());
        return services;
    }

    private static TerminalRelay MakeRelay(IServiceProvider provider) => new(
        provider.GetRequiredService<IOptions<TerminalRelayOptions>>().Value,
        provider.GetRequiredService<ILineConnector>(),
        provider.GetRequiredService<ICardReader>(),
        provider.GetRequiredService<ISecureModule>(),
        provider.GetService<IProgress<IssueProgress>>(),
        provider.GetService<IReceiptPrinter>(),
        provider.GetService<TimeProvider>(),
        provider.GetService<ILogger<TerminalRelay>>(),
        provider.GetService<IReaderKey>(),
        provider.GetService<CenterCertificates>());

    /// <summary>A wrong option is told with all others at the start, not when the first customer comes.</summary>
    private sealed class OptionsCheck : IValidateOptions<TerminalRelayOptions>
    {
        public ValidateOptionsResult Validate(string? name, TerminalRelayOptions options)
        {
            try
            {
                options.Validate();
                return ValidateOptionsResult.Success;
            }
            catch (ArgumentException e)
            {
                return ValidateOptionsResult.Fail(e.Message);
            }
        }
    }

    /// <summary>Keeps the relay at work while the host lives.</summary>
    private sealed class RelayService(TerminalRelay relay) : BackgroundService
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _running = Task.CompletedTask;

        /// <summary>The relay runs when the host has started, so that it can be asked from then on.</summary>
        public override Task StartAsync(CancellationToken cancellationToken)
        {
            _running = relay.RunAsync(_stop.Token);
            return base.StartAsync(cancellationToken);
        }

        public override void Dispose()
        {
            base.Dispose();
            _stop.Dispose();
        }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await using var _ = stoppingToken.Register(_stop.Cancel).ConfigureAwait(false);
            try
            {
                await _running.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The host stops: that is how a relay ends.
            }
        }
    }
}
