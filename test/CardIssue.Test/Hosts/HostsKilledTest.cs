using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Modules;
using CardIssue.Test.Products.Json;
using CardIssue.Transport.Tls;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Hosts;

/// <summary>
/// Two hosts, processes of their own, on one PostgreSQL; terminals that come to either, some of them over a split line whose halves come in at
/// either, too; the hosts are killed (SIGKILL) at random, and the database server once. Each order is issued exactly once, on the card that its
/// terminal had for it. How much of it is set by CARDISSUE_HOSTS_KILLED, such as "200 20 10 20": orders, terminals, kills of hosts, and how many
/// of the terminals have a split line; half of them, where that is left out.
/// </summary>
[Parallelizable]
[Platform(Exclude = "Win", Reason = "A server is killed by a signal here.")]
public sealed class HostsKilledTest
{
    private const string SizeVariable = "CARDISSUE_HOSTS_KILLED", Product = "visa-like-e2e", ModuleProduct = "visa-like-module";
    private const int Seed = 1107;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10), Soon = TimeSpan.FromSeconds(60);

    private readonly CenterHostProcess _center = new();
    private readonly OwnPostgres _postgres = new();
    private readonly List<SoftwareModuleFile> _modules = [];
    private readonly List<HostUnderTest> _hosts = [];

    [OneTimeTearDown]
    public async Task DeleteAsync()
    {
        foreach (var host in _hosts) await host.DisposeAsync();
        foreach (var module in _modules) module.Dispose();
        _postgres.Dispose();
        _center.Dispose();
    }

    [Test]
    public async Task HostsAndDatabaseKilled_AtRandom_EachOrderIsIssuedOnce_OnItsCard()
    {
        var size = (Environment.GetEnvironmentVariable(SizeVariable) ?? "16 4 3").Split(' ').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        var (orders, terminals, kills) = (size[0], size[1], size[2]);
        var split = size.Length > 3 ? size[3] : terminals / 2;
        var random = new Random(Seed);
        await MakeAsync(orders, terminals);
        var took = Stopwatch.StartNew();

        var waiting = new ConcurrentQueue<int>(Enumerable.Range(1, orders));
        var cards = new ConcurrentDictionary<int, CardSimulator>();
        using var stop = new CancellationTokenSource(Longest);
        var counters = _modules.Select((module, number) => CounterAsync(module, number, number < split, waiting, cards, stop.Token)).ToArray();
        var all = Task.WhenAll(counters);
        await ThatSessionsOfAllHostsAreSeenAsync();
        var isDatabaseKilled = false;
        for (var kill = 0; kill < kills && !all.IsCompleted; kill++)
        {
            // By what is done, so that they fall into the work and not behind it.
            var due = orders * (kill + 1) / (kills + 2);
            while (cards.Count < due && !all.IsCompleted) await Task.Delay(10);
            await Task.Delay(random.Next(100));
            if (kill == kills / 2 && !isDatabaseKilled) _postgres.Kill();
            isDatabaseKilled |= kill == kills / 2;
            // One that is up: with both down nothing is done until one is back.
            var up = _hosts.Where(host => host.Starting.IsCompleted).ToList();
            if (up.Count == 0) await Task.WhenAny(_hosts.Select(host => host.Starting));
            else await up[random.Next(up.Count)].KillAsync();
            if (up.Count == 0) kill--;
        }
        await Task.WhenAll(_hosts.Select(host => host.Starting));
        await all;
        var asked = counters.Sum(counter => counter.Result);
        TestContext.Progress.WriteLine($"{orders} orders from {terminals} terminals, {split} of them over split lines, in {took.Elapsed.TotalSeconds:F1} s: hosts killed "
            + $"{_hosts.Sum(host => host.Kills)} times, the database once; {asked} requests; seed {Seed}");
        await ThatAllIsToldAsync();
        foreach (var host in _hosts) await host.StopAsync();

        Assert.That(cards, Has.Count.EqualTo(orders));
        foreach (var (order, card) in cards)
            Assert.That(Holds(card, ManyOrders.PanOf(order)), Is.True, $"the card of order {order} has not its number");
        Assert.That(_hosts.Sum(host => host.Kills), Is.EqualTo(kills));
        await ThatTheStoreAgreesAsync(orders, split, cards);
    }

    /// <summary>A counter. One with a split line comes in anew for each order: after a kill both of its halves are at the host that is left.</summary>
    /// <returns>How often it asked.</returns>
    private async Task<int> CounterAsync(
        SoftwareModuleFile file, int number, bool isSplit, ConcurrentQueue<int> waiting, ConcurrentDictionary<int, CardSimulator> cards, CancellationToken cancellation)
    {
        var asked = 0;
        while (!waiting.IsEmpty) asked += await ServeAsync(file, number, isSplit, isSplit ? 1 : int.MaxValue, waiting, cards, cancellation);
        return asked;
    }

    /// <summary>Takes the next order and a card for it, and asks until it is issued; so many of them.</summary>
    private async Task<int> ServeAsync(
        SoftwareModuleFile file, int number, bool isSplit, int most, ConcurrentQueue<int> waiting, ConcurrentDictionary<int, CardSimulator> cards,
        CancellationToken cancellation)
    {
        using var module = file.OpenModule();
        using var certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        var reader = new VirtualCardReader();
        var options = new TerminalRelayOptions { RefusedPause = TimeSpan.FromMilliseconds(200) };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var relay = new TerminalRelay(
            options, isSplit ? new SplitConnector(Either(1, number), Either(2, number + 1)) : Either(0, number), reader, module);
        var running = relay.RunAsync(stop.Token);
        var asked = 0;
        for (var done = 0; done < most && waiting.TryDequeue(out var order); done++)
        {
            var card = Shop.Card((uint)order);
            reader.Insert(card);
            using var code = SecretBytes.Copy(Encoding.ASCII.GetBytes(ManyOrders.CodeOf(order)));
            while (true)
            {
                asked++;
                var outcome = await relay.IssueAsync(new IssueRequest(ManyOrders.NameOf(order), code, new OperatorId("olga")), cancellation: cancellation).WaitAsync(cancellation);
                if (outcome.IsIssued) break;
                // A claim of a host that is dead: until the other one says so. Anything else that waits is the store's being away.
                // Who asks for access meanwhile is told to come again.
                Assert.That(outcome.Ending is IssueEnding.LineLost or IssueEnding.Declined or IssueEnding.Aborted || outcome.Reason is IssueReason.AccessNotNow, outcome.ToString());
                // Before the next one the card is to be taken out, as the clerk is told.
                reader.Remove();
                await Task.Delay(300, cancellation);
                reader.Insert(card);
            }
            cards[order] = card;
            reader.Remove();
        }
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return asked;

        EitherConnector Either(int line, int first) => new(
            [.. _hosts.Select(host => new TlsLineConnector("127.0.0.1", host.Ports[line], certificate, TlsTrust.Pinned(module.Center.TlsCertificate)))], first);
    }

    /// <summary>At whichever host one asks.</summary>
    private async Task ThatSessionsOfAllHostsAreSeenAsync()
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(200))
        {
            var sessions = (await _center.RunAsync("session", "list", "--json")).Json;
            if (sessions.Select(session => session.GetProperty("host").GetString()).Distinct().Order().SequenceEqual(["center", "second"])) return;
            Assert.That(waited.Elapsed, Is.LessThan(Soon), string.Join('\n', sessions));
        }
    }

    /// <summary>The one that told may be dead: the other begins within seconds.</summary>
    private async Task ThatAllIsToldAsync()
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(500))
        {
            var status = (await _center.RunAsync("status", "--json")).Json[0];
            if (status.GetProperty("feedBacklog").GetInt32() == 0) return;
            Assert.That(waited.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)), status.ToString());
        }
    }

    private async Task ThatTheStoreAgreesAsync(int orders, int split, IReadOnlyDictionary<int, CardSimulator> cards)
    {
        var status = (await _center.RunAsync("status", "--json")).Json[0];
        Assert.That(status.GetProperty("orders").EnumerateObject().Select(state => (state.Name, state.Value.GetInt32())), Is.EqualTo(new[] { ("Issued", orders) }));
        // Which half comes to which host is left to chance after a kill; at first they come to two.
        var joined = (await _center.RunAsync("log", "show", "--kind", "Joining", "--limit", "100000", "--json")).Json
            .Select(entry => entry.GetProperty("detail").GetProperty("detail").GetString()!).ToList();
        var (apart, together) = (Count("at host "), Count("joined to "));
        TestContext.Progress.WriteLine($"halves joined: {apart} times at two hosts, {together} times at one");
        Assert.That(apart, split > 0 ? Is.Positive : Is.Zero, string.Join('\n', joined));
        var verified = await _center.RunAsync("log", "verify", "--vault");
        Assert.That(verified.Code, Is.Zero, verified.ToString());
        // Each event may be told twice by a host that was killed in between; none is left out, and no order is told of as two.
        var told = _hosts.SelectMany(host => host.Told()).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        var issued = told.DistinctBy(line => line.GetProperty("eventId").GetString()).Select(line => line.GetProperty("order").GetString()).ToList();
        Assert.That(issued, Is.EquivalentTo(cards.Keys.Select(ManyOrders.NameOf)));

        int Count(string beginning) => joined.Count(detail => detail.StartsWith(beginning, StringComparison.Ordinal));
    }

    private async Task MakeAsync(int orders, int terminals)
    {
        await DoAsync("init", "--id", "main", "--store", $"postgres:{_postgres.Database}");
        var key = await _center.EnterTestKeyAsync(_center.Write("ceremony.json", CenterHostCeremony.File(Counter.Master)));
        Assert.That(key.Code, Is.Zero, key.ToString());
        var file = JsonSerializer.Serialize(new { orders = Enumerable.Range(1, orders).Select(number => ManyOrders.Of(number, number % 2 == 0 ? Product : ModuleProduct)) });
        await DoAsync("order", "import", "--orders", _center.Write("orders.json", file),
            "--product", Path.Combine(Samples.Folder, $"{Product}.product.json"), "--product", Path.Combine(Samples.Folder, $"{ModuleProduct}.product.json"));
        await EnrolAsync(terminals);
        var first = new HostUnderTest(_center, _center.Data);
        await first.StartAsync();
        _hosts.Add(first);
        var second = Path.Combine(_center.Folder, "second");
        var joined = await HostRun.OfAsync(HostRun.Center, _center.Folder, "join", "--from", _center.Data, "--host", "second", "--data", second, "--as", "ann",
            "--password-file", _center.File("ann.password"), "--passphrase-file", _center.File("passphrase"), "--json");
        Assert.That(joined.Code, Is.Zero, joined.ToString());
        _hosts.Add(new HostUnderTest(_center, second));
        await _hosts[1].StartAsync();
    }

    private async Task EnrolAsync(int terminals)
    {
        using var passphrase = SecretBytes.Copy(Encoding.UTF8.GetBytes((await File.ReadAllTextAsync(_center.File("passphrase"))).TrimEnd()));
        using var vault = FileKeyVault.Open(Path.Combine(_center.Data, "vault.json"), passphrase);
        await using var database = await CenterDatabase.OpenAsync(
            new StoreOptions { Directory = _center.Data, Postgres = _postgres.Database }, new LogOptions { Directory = Path.Combine(_center.Data, "log"), Instance = "center" },
            vault, TimeProvider.System);
        var registry = new DatabaseTerminalRegistry(database);
        await using var reader = ShopReader.Virtual();
        for (var number = 1; number <= terminals; number++)
        {
            var module = TlsModule.Create(_center.File($"module-{number}"), _center.File("terminal.json"), $"T-{number}", Path.Combine(_center.Data, "center.json"), "correct horse battery");
            _modules.Add(module);
            var identity = module.Identity;
            await registry.PutAsync(new TerminalRecord(identity.Id, [new LineNumber(3), new LineNumber(4), new LineNumber(5)], [IPNetwork.Parse("127.0.0.0/8")],
                identity.CredentialKey.Encoded, identity.AgreementKey.Encoded, identity.TlsCertificate, identity.KeyVersion, true));
            await registry.SetReadersAsync(identity.Id, [reader.Known]);
        }
    }

    private async Task DoAsync(params string[] args)
    {
        var run = await _center.RunAsync(args);
        Assert.That(run.Code, Is.Zero, run.ToString());
    }

    private static bool Holds(CardSimulator card, string pan)
    {
        var application = card.Inspect().Application(EndToEnd.Products.Application);
        return application.IsPersonalized && application.Records.Values.Any(record => record.ToString().Contains($"5A08{pan}", StringComparison.Ordinal));
    }

    /// <summary>Goes to one host after the other.</summary>
    private sealed class EitherConnector(TlsLineConnector[] connectors, int first) : ILineConnector
    {
        private int _next = first;

        public ValueTask<ILine> ConnectAsync(CancellationToken cancellation) => connectors[_next++ % connectors.Length].ConnectAsync(cancellation);
    }

    /// <summary>A host that is killed and started again on the same port.</summary>
    private sealed class HostUnderTest(CenterHostProcess center, string directory) : IAsyncDisposable
    {
        private Process? _process;
        private Task<string> _errors = Task.FromResult("");

        /// <summary>Of a whole line, and of the halves of a split one.</summary>
        public int[] Ports { get; } = [0, 0, 0];

        public int Kills { get; private set; }

        public async Task StartAsync()
        {
            for (var tries = 1; ; tries++)
            {
                _process = center.BeginIn(directory, "serve", "--line", $"3=tls:127.0.0.1:{Ports[0]}", "--line", $"4=tls:127.0.0.1:{Ports[1]};results=5",
                    "--line", $"5=tls:127.0.0.1:{Ports[2]}", "--link", "127.0.0.1:0");
                var linked = await _process.StandardOutput.ReadLineAsync().WaitAsync(Soon);
                _errors = _process.StandardError.ReadToEndAsync();
                if (linked is not null && await ReadyAsync(_process.StandardOutput)) return;
                // It does not start while the database is away, as a service manager would find.
                Assert.That(tries, Is.LessThan(10), await _errors);
                await EndAsync();
                await Task.Delay(500);
            }
        }

        private async Task<bool> ReadyAsync(StreamReader output)
        {
            for (var i = 0; i < Ports.Length; i++)
            {
                if (await output.ReadLineAsync().WaitAsync(Soon) is not { } ready) return false;
                Ports[i] = IPEndPoint.Parse(ready.Split(' ')[^1]).Port;
            }
            _ = output.ReadToEndAsync();
            return true;
        }

        /// <summary>Done when it serves.</summary>
        public Task Starting { get; private set; } = Task.CompletedTask;

        /// <summary>SIGKILL; it is started again at once.</summary>
        public async Task KillAsync()
        {
            Kills++;
            await EndAsync();
            Starting = StartAsync();
        }

        public async Task StopAsync()
        {
            using var term = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
            await _process.WaitForExitAsync().WaitAsync(Soon);
            Assert.That(_process.ExitCode, Is.Zero, await _errors);
        }

        public IEnumerable<string> Told() => File.Exists(Path.Combine(directory, "feed.jsonl")) ? File.ReadAllLines(Path.Combine(directory, "feed.jsonl")) : [];

        public async ValueTask DisposeAsync()
        {
            if (_process is { HasExited: false }) await EndAsync();
            _process?.Dispose();
        }

        private async Task EndAsync()
        {
            _process!.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }
}
