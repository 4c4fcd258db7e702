using System.Net;
using System.Runtime.InteropServices;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;
using CardIssue.Test.Products.Json;
using CardIssue.Transport.Tls;
using CardIssue.VirtualCard.Reading;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost serve</c>: a terminal issues a card over TLS; then the center is stopped by a signal.</summary>
[TestFixture]
[Platform(Exclude = "Win", Reason = "A process is stopped by a signal here.")]
public sealed class CenterHostServeTest
{
    private const int SigTerm = 15;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly CenterHostProcess _host = new();

    [OneTimeTearDown]
    public void Delete() => _host.Dispose();

    [Test]
    public async Task ServedCenter_TerminalIssuesCard_ThenSigTermEndsItInOrder()
    {
        using var module = await EnrolAsync();
        using var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0");
        try
        {
            var ready = await center.StandardOutput.ReadLineAsync().WaitAsync(Longest);
            Assert.That(ready, Does.StartWith("ready line 3 127.0.0.1:"));
            var (steps, errors) = (center.StandardOutput.ReadToEndAsync(), center.StandardError.ReadToEndAsync());
            var second = await _host.RunAsync("serve", "--line", "3=tls:127.0.0.1:0");
            Assert.That((second.Code, second.Error.Contains("is served already")), Is.EqualTo((3, true)));

            var (outcome, asked) = await IssueAsync(module, IPEndPoint.Parse(ready!.Split(' ')[^1]).Port);
            if (!outcome.IsIssued)
            {
                center.Kill(entireProcessTree: true);
                Assert.Fail($"{outcome}\n{await steps}\n{await errors}");
            }
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
        var order = (await _host.RunAsync("order", "show", "E2E-0001", "--json")).Json[0].GetProperty("order");
        Assert.That(order.GetProperty("state").GetString(), Is.EqualTo("issued"));
        Assert.That((await _host.RunAsync("log", "verify")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("status", "--json")).Json[0].GetProperty("lastCheckpoint").GetProperty("number").GetInt32(), Is.GreaterThan(0));
    }

    /// <summary>A center with a key, orders, a terminal and its reader.</summary>
    private async Task<SoftwareModuleFile> EnrolAsync()
    {
        await DoAsync("init", "--id", "main");
        var key = await _host.EnterTestKeyAsync(_host.Write("ceremony.json", CenterHostCeremony.File(Counter.Master)));
        Assert.That(key.Code, Is.Zero, key.ToString());
        await DoAsync("order", "import", "--orders", Path.Combine(Samples.Folder, "orders.json"),
            "--product", Path.Combine(Samples.Folder, "visa-like-e2e.product.json"), "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"));
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        var module = SoftwareModuleFile.Create(_host.File("module"), passphrase, new TerminalId("T-1"), 1, PassphraseFileTest.Cheapest);
        module.TrustCenter(CenterIdentity.Read(await File.ReadAllBytesAsync(Path.Combine(_host.Data, "center.json"))));
        using var certificate = TlsCertificates.CreateSelfSigned("CN=T-1", DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        using var pkcs12 = TlsCertificates.ToPfx(certificate, []);
        module.UseTlsClient(pkcs12.Span, TlsCertificates.Sha256(certificate));
        await File.WriteAllBytesAsync(_host.File("terminal.json"), module.Identity.Write());
        await DoAsync("terminal", "add", "--file", _host.File("terminal.json"), "--line", "3", "--address", "127.0.0.1");
        await DoAsync("reader", "add", "--terminal", "T-1", "--kind", "virtual", "--serial", "VC-0001");
        return module;
    }

    /// <summary>The outcome, and how often the order was asked for: again after a line that was lost before it was begun, as an operator does.</summary>
    private static async Task<(IssueOutcome Outcome, int Asked)> IssueAsync(SoftwareModuleFile file, int port)
    {
        using var module = file.OpenModule();
        using var certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        var connector = new TlsLineConnector("127.0.0.1", port, certificate, TlsTrust.Pinned(module.Center.TlsCertificate));
        var reader = new VirtualCardReader();
        reader.Insert(Shop.Card(1));
        using var stop = new CancellationTokenSource();
        await using var relay = new TerminalRelay(new TerminalRelayOptions(), connector, reader, module);
        var running = relay.RunAsync(stop.Token);
        using var code = SecretBytes.Copy("KESTREL-4821"u8);
        var (outcome, asked) = (default(IssueOutcome), 0);
        while (asked < 2 && (outcome is null || outcome.Ending is IssueEnding.LineLost))
        {
            outcome = await relay.IssueAsync(new IssueRequest("E2E-0001", code, new OperatorId("olga"))).WaitAsync(Longest);
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
}
