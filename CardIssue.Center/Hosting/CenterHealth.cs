using System.Diagnostics.Metrics;
using CardIssue.Center.Feed;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Hosting;

/// <summary>
/// Whether a center that serves works, and what it has: looked at now and then, so that whoever asks, and however often, costs nothing. The
/// gauges of <see cref="CenterTelemetry"/> say the same.
/// </summary>
public sealed class CenterHealth : IDisposable
{
    /// <summary>How often the loop beats.</summary>
    internal static readonly TimeSpan BeatPause = TimeSpan.FromSeconds(1);

    /// <summary>How long it may be silent.</summary>
    internal static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    /// <summary>How often the store and the vault are tried.</summary>
    internal static readonly TimeSpan TryPause = TimeSpan.FromSeconds(5);

    /// <summary>How long ago the last try that went well may be.</summary>
    internal static readonly TimeSpan LongestDoubt = TimeSpan.FromSeconds(15);

    /// <summary>How often orders, events and hosts are counted.</summary>
    internal static readonly TimeSpan CountPause = TimeSpan.FromSeconds(15);

    private const string Ok = "ok";

    private readonly CenterDatabase _database;
    private readonly CenterServer _server;
    private readonly CenterServices _services;
    private readonly FeedPumps _feeds;
    private readonly ILogger _logger;
    private readonly Meter _meter = new(CenterTelemetry.Name);
    private readonly Lock _turn = new();
    private readonly Trial _store = new(), _log = new(), _vault = new(), _host = new();
    private DateTimeOffset? _beat;
    private volatile Counts? _counts;

    /// <summary>Looks at nothing before <see cref="RunAsync"/>.</summary>
    public CenterHealth(CenterDatabase database, CenterServer server, CenterServices services, FeedPumps feeds)
    {
        ArgumentNullException.ThrowIfNull(services);
        (_database, _server, _services, _feeds) = (database, server, services, feeds);
        _logger = services.Loggers.CreateLogger<CenterHealth>();
        AddGauges();
    }

    private sealed record Counts(IReadOnlyDictionary<OrderState, int> Orders, int Backlog, long FeedFailures, int Serving, int Lost);

    /// <summary>Looks until cancelled. What goes wrong is what it looks for, and ends nothing.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await Task.WhenAll(
            LookAsync(BeatPause, Beat),
            LookAsync(TryPause, TryAsync),
            CountsAsync()).ConfigureAwait(false);

        // Before it serves this host is not among the hosts.
        async Task CountsAsync()
        {
            await _server.Begun.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LookAsync(CountPause, async ends => _counts = await CountAsync(ends).ConfigureAwait(false)).ConfigureAwait(false);
        }

        async Task LookAsync(TimeSpan pause, Func<CancellationToken, Task> look)
        {
            // Also before the first pause.
            await RepeatedLook.OnceAsync(look, Tell, cancellation).ConfigureAwait(false);
            await RepeatedLook.RunAsync(pause, _services.Time, look, Tell, cancellation).ConfigureAwait(false);
        }

        void Tell(Exception fault) => OperationLog.NotReady(_logger, fault.Message);
    }

    /// <summary>How it stands, by the last looks.</summary>
    public CenterReport Report()
    {
        var now = _services.Time.GetUtcNow();
        lock (_turn)
        {
            var isBeating = _beat is { } beat && now - beat <= LongestSilence;
            return new CenterReport(
                now, [new CenterCheck("loop", isBeating, isBeating ? Ok : "does not beat")],
                [
                    new CenterCheck("serving", _server.IsServing, _server.IsServing ? Ok : "no line is served"),
                    _store.Check("store", now), _log.Check("log", now), _vault.Check("vault", now), _host.Check("host", now),
                ]);
        }
    }

    /// <summary>Takes the gauges away.</summary>
    public void Dispose() => _meter.Dispose();

    private Task Beat(CancellationToken cancellation)
    {
        lock (_turn) _beat = _services.Time.GetUtcNow();
        return Task.CompletedTask;
    }

    /// <summary>Each is tried even where one before it failed; the first fault is told.</summary>
    private async Task TryAsync(CancellationToken cancellation)
    {
        var faults = new List<Exception>();
        // One without the keys that are in force lets nobody in.
        await OneAsync(_vault, () => Task.FromResult(
            _services.Vault.HasSecrets && _services.Vault.MacOf([]).Length > 0 && _services.Vault.SessionKeys.Count > 0)).ConfigureAwait(false);
        await OneAsync(_host, () => IsKnownAsync(cancellation)).ConfigureAwait(false);
        await OneAsync(_store, () => _database.ReadAsync(store => CenterDatabase.GenerationIn(store) >= 0, cancellation)).ConfigureAwait(false);
        await OneAsync(_log, async () =>
        {
            await _database.ProbeAsync(cancellation).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        if (faults is [var first, ..]) throw first;

        async Task OneAsync(Trial trial, Func<Task<bool>> look)
        {
            var isGood = false;
            try
            {
                isGood = await look().ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                faults.Add(e);
            }
            lock (_turn) trial.Ended(isGood, _services.Time.GetUtcNow());
        }
    }

    /// <summary>This host holds what keeps a second one away, and where several may serve the others have not taken it for dead.</summary>
    private async Task<bool> IsKnownAsync(CancellationToken cancellation)
    {
        if (!_database.IsServed || !_database.TakesHosts) return _database.IsServed;
        var hosts = await _services.Orders.Hosts.ListAsync(cancellation).ConfigureAwait(false);
        return hosts.Any(host => host.Host == _services.Host && host.LostAt is null);
    }

    private async Task<Counts> CountAsync(CancellationToken cancellation)
    {
        var hosts = await _services.Orders.Hosts.ListAsync(cancellation).ConfigureAwait(false);
        var (backlog, failures) = (0, 0L);
        foreach (var feed in await _feeds.AllAsync(cancellation).ConfigureAwait(false))
        {
            backlog += await feed.BacklogAsync(cancellation).ConfigureAwait(false);
            failures = Math.Max(failures, (await feed.StandingAsync(cancellation).ConfigureAwait(false))?.Failures ?? 0);
        }
        return new Counts(
            await _services.Desk.CountAsync(cancellation).ConfigureAwait(false), backlog, failures,
            _database.TakesHosts ? hosts.Count(IsThere) : 1, hosts.Count(host => !IsThere(host)));
    }

    private static bool IsThere(ServingHost host) => host is { IsServing: true, LostAt: null };

    private void AddGauges()
    {
        Gauge("terminals.connected", "{terminal}", "Terminals that are let in", () => [new(_server.ConnectedTerminals())]);
        Gauge("ready", "1", "1 where this host is ready to serve, else 0", () => [new(Report().IsReady ? 1 : 0)]);
        Gauge("orders", "{order}", "Orders of the center, by state", () => _counts is not { } counts ? []
            : Enum.GetValues<OrderState>().Select(state => Of(counts.Orders.GetValueOrDefault(state), state.ToString())));
        Gauge("feed.backlog", "{event}", "Events that wait to be told to the issuers", () => _counts is { } counts ? [new(counts.Backlog)] : []);
        Gauge("feed.failures", "{try}", "Tries to tell an issuer that failed one after the other; of the worst",
            () => _counts is { } counts ? [new(counts.FeedFailures)] : []);
        Gauge("hosts", "{host}", "Hosts of the center", () => _counts is { } counts ? [Of(counts.Serving, "serving"), Of(counts.Lost, "lost")] : []);

        static Measurement<long> Of(long count, string state) => new(count, CenterTelemetry.Tag(CenterTelemetry.StateTag, state));

        void Gauge(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> look) =>
            _meter.CreateObservableGauge(CenterTelemetry.Prefix + name, look, unit, description);
    }

    /// <summary>What is tried again and again.</summary>
    private sealed class Trial
    {
        private DateTimeOffset? _good;
        private bool _isGood;

        public void Ended(bool isGood, DateTimeOffset at)
        {
            _isGood = isGood;
            if (isGood) _good = at;
        }

        /// <summary>One that does not end is no better than one that fails.</summary>
        public CenterCheck Check(string name, DateTimeOffset now)
        {
            var isGood = _isGood && now - _good <= LongestDoubt;
            return new CenterCheck(name, isGood, isGood ? Ok : _good is { } last ? $"not since {last:u}" : "not yet");
        }
    }
}
