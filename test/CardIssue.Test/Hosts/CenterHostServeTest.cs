using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Modules;
using CardIssue.Test.Products.Json;
using CardIssue.Testing.Cards;
using CardIssue.Transport.Tls;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost serve</c>: a terminal issues a card over TLS; the center is stopped by a signal, or killed again and again while it issues.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), Parallelizable]
[Platform(Exclude = "Win", Reason = "A process is stopped by a signal here.")]
public sealed class CenterHostServeTest(EngineKind engine)
{
    private const int SigTerm = 15;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Where the center is killed, by what the card has just done and nobody has heard of yet: it was authenticated; the first record is on it; it is
    /// closed. The card's answer is held meanwhile, so each time the center is dead before it could go on.
    /// </summary>
    private static readonly (string Name, Func<byte[], bool> Is)[] Moments =
    [
        ("EXTERNAL AUTHENTICATE", command => command[1] == 0x82),
        ("STORE DATA", command => command[1] == 0xE2),
        ("the last STORE DATA", command => command[1] == 0xE2 && (command[2] & 0x80) != 0),
    ];

    private readonly CenterHostProcess _host = new();
    private SoftwareModuleFile _module = null!;

    [OneTimeSetUp]
    public async Task MakeAsync() => _module = await EnrolAsync();

    [OneTimeTearDown]
    public void Delete()
    {
        _module.Dispose();
        _host.Dispose();
    }

    [Test]
    public async Task ServedCenter_TerminalIssuesCard_ThenSigTermEndsItInOrder()
    {
        using var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0", "--monitor", "0");
        try
        {
            var ready = await center.StandardOutput.ReadLineAsync().WaitAsync(Longest);
            Assert.That(ready, Does.StartWith("ready line 3 127.0.0.1:"));
            var monitoring = await center.StandardOutput.ReadLineAsync().WaitAsync(Longest);
            Assert.That(monitoring, Does.StartWith("monitoring http://127.0.0.1:"));
            var (steps, errors) = (center.StandardOutput.ReadToEndAsync(), center.StandardError.ReadToEndAsync());
            var second = await _host.RunAsync("serve", "--line", "3=tls:127.0.0.1:0");
            Assert.That((second.Code, second.Error.Contains("is served already")), Is.EqualTo((3, true)));

            var (outcome, asked) = await IssueAsync(Port(ready!), "E2E-0001", "KESTREL-4821", Shop.Card(1));
            if (!outcome.IsIssued)
            {
                center.Kill(entireProcessTree: true);
                Assert.Fail($"{outcome}\n{await steps}\n{await errors}");
            }
            await ThatIsToldAsync(new Uri(monitoring!.Split(' ')[1]));
            Assert.That(Kill(center.Id, SigTerm), Is.Zero);
            await center.WaitForExitAsync().WaitAsync(Longest);
            Assert.That(center.ExitCode, Is.Zero, await errors);
            // Seen once in many runs, and not explained yet: what the center said then.
            if (asked > 1) TestContext.Progress.WriteLine($"the line was lost before the order was begun:\n{await steps}\n{await errors}");
            Assert.That(await steps, Does.Contain(" S220 ").And.Contain(" S300 ").And.Not.Contain("KESTREL").And.Not.Contain("4761739001010119"));
        }
        finally
        {
            if (!center.HasExited) center.Kill(entireProcessTree: true);
        }
        Assert.That((await _host.RunAsync("health")).Code, Is.EqualTo(1), "nobody serves any more");
        await ThatIsIssuedAsync("E2E-0001");
        Assert.That((await _host.RunAsync("status", "--json")).Json[0].GetProperty("lastCheckpoint").GetProperty("number").GetInt32(), Is.GreaterThan(0));
    }

    [Test]
    public async Task ServedCenter_KilledWhileTheCardAnswers_TheSameCardIsIssued()
    {
        var (port, card) = (0, Shop.Card(2));
        using var held = new HeldAnswer();
        Task<(IssueOutcome Outcome, int Asked)>? issuing = null;
        foreach (var (name, moment) in Moments)
        {
            using var center = _host.Begin("serve", "--line", $"3=tls:127.0.0.1:{port}");
            try
            {
                var ready = await center.StandardOutput.ReadLineAsync().WaitAsync(Longest);
                Assert.That(ready, Does.StartWith("ready line 3 "), ready is null ? await center.StandardError.ReadToEndAsync() : ready);
                port = Port(ready!);
                var answered = held.At(moment);
                issuing ??= IssueAsync(port, "MODULE-0001", "MERLIN-2265", card, held);
                await answered.WaitAsync(Longest);
            }
            finally
            {
                // SIGKILL, here.
                center.Kill(entireProcessTree: true);
                await center.WaitForExitAsync();
            }
            Assert.That(issuing.IsCompleted, Is.False, name);
        }
        using (var center = _host.Begin("serve", "--line", $"3=tls:127.0.0.1:{port}"))
        {
            try
            {
                var steps = center.StandardOutput.ReadToEndAsync();
                held.GoOn();
                var (outcome, asked) = await issuing!;
                Assert.That((outcome.Ending, asked), Is.EqualTo((IssueEnding.Issued, 1)), outcome.Detail);
            }
            finally
            {
                center.Kill(entireProcessTree: true);
                await center.WaitForExitAsync();
            }
        }
        Assert.That(card.Inspect().Application(EndToEnd.Products.Application).IsPersonalized, Is.True);
        await ThatIsIssuedAsync("MODULE-0001");
    }

    [Test]
    public async Task ServedCenter_LinesAndKeysAreChangedMeanwhile_AreTakenAtOnce()
    {
        await DoAsync("line", "add", "5", "--listen", "tls:127.0.0.1:0");
        using var center = _host.Begin("serve");
        var errors = center.StandardError.ReadToEndAsync();
        try
        {
            async Task SaysAsync(string begin) =>
                Assert.That(await center.StandardOutput.ReadLineAsync().WaitAsync(Longest), Does.StartWith(begin));
            await SaysAsync("ready line 5 127.0.0.1:");
            await DoAsync("line", "add", "6", "--listen", "tls:127.0.0.1:0");
            await SaysAsync("ready line 6 127.0.0.1:");
            await DoAsync("line", "add", "5", "--listen", "tcp:127.0.0.1:0", "--without-tls");
            await SaysAsync("gone line 5 tls:127.0.0.1:0");
            await SaysAsync("ready line 5 127.0.0.1:");
            await DoAsync("line", "add", "6", "--listen", "tls:192.0.2.1:7001");
            await SaysAsync("gone line 6 ");
            await DoAsync("key", "begin", "--key-set", "later", "--kvn", "31", "--algorithm", "aes128");
            // Looked at every second.
            await Task.Delay(TimeSpan.FromSeconds(2));
        }
        finally
        {
            Assert.That(Kill(center.Id, SigTerm), Is.Zero);
            await center.WaitForExitAsync().WaitAsync(Longest);
            foreach (var line in new[] { "5", "6" }) await DoAsync("line", "remove", line);
        }
        Assert.That(await errors, Does.Contain("The vault was changed by another program").And.Contain("Line 6 is not served: "));
    }

    /// <summary>One card was issued, a terminal is in, and the host is well: by HTTP, and by the commands beside it.</summary>
    private async Task ThatIsToldAsync(Uri monitoring)
    {
        using var http = new HttpClient { BaseAddress = monitoring, Timeout = Longest };
        // A machine that is slow makes one doubt for a moment.
        for (var tries = 0; ; tries++)
        {
            using var ready = await http.GetAsync("/health/ready");
            if (ready.IsSuccessStatusCode) break;
            var told = await ready.Content.ReadAsStringAsync();
            TestContext.Progress.WriteLine(told);
            Assert.That(tries, Is.LessThan(60), told);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
        var metrics = new PrometheusText(await http.GetStringAsync("/metrics"));
        Assert.That(metrics.Find("cardissue_center_issues_begun_total", ("cardissue_kind", "issue")), Is.EqualTo(1), string.Join('\n', metrics.Names));
        Assert.That(metrics.Find("cardissue_center_issue_duration_seconds_count", ("cardissue_outcome", "issued")), Is.EqualTo(1));
        Assert.That(metrics.Find("cardissue_center_records_confirmed_total"), Is.GreaterThan(0));
        Assert.That(metrics.Find("cardissue_center_store_commit_duration_seconds_count", ("cardissue_outcome", "saved")), Is.GreaterThan(0));
        Assert.That(metrics.Find("cardissue_center_ready"), Is.EqualTo(1));
        Assert.That(metrics.Find("cardissue_center_hosts", ("cardissue_state", "serving")), Is.EqualTo(1));
        Assert.That(metrics.Find("cardissue_center_orders"), Is.EqualTo(4), "all that were imported");
        Assert.That(metrics.Labels.Where(label => label.StartsWith("cardissue", StringComparison.Ordinal)),
            Is.SubsetOf(new[] { "line", "reason", "outcome", "kind", "mode", "state", "script", "version" }.Select(label => $"cardissue_{label}")));
        foreach (var path in new[] { "/health/live", "/health/ready" })
        {
            using var answer = await http.GetAsync(path);
            Assert.That((answer.StatusCode, (await answer.Content.ReadAsStringAsync())[..10]), Is.EqualTo((HttpStatusCode.OK, "{\"ok\":true")), path);
        }
        using var none = await http.GetAsync("/");
        Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        // What it says by HTTP now, other processes read within two seconds.
        var health = await _host.RunAsync("health", "--wait", "60", "--json");
        Assert.That((health.Code, health.Json[0].GetProperty("checks").GetProperty("log").GetString()), Is.EqualTo((0, "ok")), health.ToString());
        Assert.That((await _host.RunAsync("health", "--live")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("status", "--json")).Json[0].GetProperty("ready").GetBoolean(), Is.True);
    }

    private async Task ThatIsIssuedAsync(string id)
    {
        var shown = (await _host.RunAsync("order", "show", id, "--json")).Json[0];
        Assert.That(shown.GetProperty("order").GetProperty("state").GetString(), Is.EqualTo("issued"));
        Assert.That(shown.GetProperty("keys").EnumerateArray().Select(keys => keys.GetString()), Is.EqualTo(new[] { "issuer-test 30" }));
        var verified = await _host.RunAsync("log", "verify", "--vault");
        Assert.That(verified.Code, Is.Zero, verified.ToString());
    }

    private static int Port(string ready) => IPEndPoint.Parse(ready.Split(' ')[^1]).Port;

    /// <summary>A center with a key, orders, a terminal and its reader.</summary>
    private async Task<SoftwareModuleFile> EnrolAsync()
    {
        if (engine is EngineKind.Postgres) await DoAsync("init", "--id", "main", "--store", $"postgres:{PostgresServer.MakeEmpty()}");
        else await DoAsync("init", "--id", "main");
        var key = await _host.EnterTestKeyAsync(_host.Write("ceremony.json", CenterHostCeremony.File(Counter.Master)));
        Assert.That(key.Code, Is.Zero, key.ToString());
        await DoAsync("order", "import", "--orders", Path.Combine(Samples.Folder, "orders.json"),
            "--product", Path.Combine(Samples.Folder, "visa-like-e2e.product.json"), "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"));
        var module = TlsModule.Create(
            _host.File("module"), _host.File("terminal.json"), "T-1", Path.Combine(_host.Data, "center.json"), "correct horse battery");
        await DoAsync("terminal", "add", "--file", _host.File("terminal.json"), "--line", "3", "--address", "127.0.0.1");
        await DoAsync("reader", "add", "--terminal", "T-1", "--kind", "virtual", "--serial", "VC-0001");
        return module;
    }

    /// <summary>The outcome, and how often the order was asked for: again after a line that was lost before it was begun, as an operator does.</summary>
    private async Task<(IssueOutcome Outcome, int Asked)> IssueAsync(
        int port, string order, string issueCode, CardSimulator card, HeldAnswer? held = null)
    {
        using var module = _module.OpenModule();
        using var certificate = TlsCertificates.FromPfx(_module.TlsClient, []);
        var connector = new TlsLineConnector("127.0.0.1", port, certificate, TlsTrust.Pinned(module.Center.TlsCertificate));
        var reader = new VirtualCardReader();
        reader.Insert(card);
        using var stop = new CancellationTokenSource();
        await using var relay = new TerminalRelay(
            new TerminalRelayOptions(), connector, held is null ? reader : new AlteringReader(reader) { Alter = held.Answer }, module);
        var running = relay.RunAsync(stop.Token);
        using var code = SecretBytes.Copy(Encoding.ASCII.GetBytes(issueCode));
        var (outcome, asked) = (default(IssueOutcome), 0);
        while (asked < 2 && (outcome is null || outcome.Ending is IssueEnding.LineLost))
        {
            outcome = await relay.IssueAsync(new IssueRequest(order, code, new OperatorId("olga"))).WaitAsync(3 * Longest);
            asked++;
        }
        await stop.CancelAsync();
        await running.ContinueWith(_ => { }, TaskScheduler.Default);
        return (outcome!, asked);
    }

    private async Task DoAsync(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.Zero, run.ToString());
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    /// <summary>Holds the card's answer to the next command of a kind until the next kind is named.</summary>
    private sealed class HeldAnswer : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly SemaphoreSlim _goOn = new(0);
        private Func<byte[], bool>? _moment;
        private TaskCompletionSource _answered = new();
        private bool _holds;

        /// <summary>Lets go what is held; the next answer to such a command is held then.</summary>
        /// <returns>Ends when it is.</returns>
        public Task At(Func<byte[], bool> moment)
        {
            lock (_lock)
            {
                (_moment, _answered) = (moment, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                GoOn();
                return _answered.Task;
            }
        }

        public void GoOn()
        {
            lock (_lock)
            {
                if (_holds) _goOn.Release();
                _holds = false;
            }
        }

        public byte[] Answer(byte[] command, byte[] answer)
        {
            lock (_lock)
            {
                if (_moment is not { } moment || !moment(command)) return answer;
                (_moment, _holds) = (null, true);
                _answered.SetResult();
            }
            if (!_goOn.Wait(Longest)) throw new TimeoutException("Nobody let the card's answer go on.");
            return answer;
        }

        public void Dispose() => _goOn.Dispose();
    }
}
