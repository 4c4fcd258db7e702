using System.Diagnostics;
using System.Net;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Modules;
using CardIssue.Test.Parts;
using CardIssue.Transport.Reconnect;
using CardIssue.Transport.Tls;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost certificate</c> beside a center that is served.</summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase), Parallelizable]
public sealed class CenterHostCertificateTest : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly CenterHostProcess _host = new();

    public void Dispose() => _host.Dispose();

    [Test]
    public async Task MadeAndChanged_WhileItServes_TerminalsThatLackItAreNamed_AndTheOthersGoOn()
    {
        await DoAsync("init", "--id", "main");
        using var module = await AddAsync("T-1");
        using var absent = await AddAsync("T-2");
        using var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0");
        try
        {
            var ready = await center.StandardOutput.ReadLineAsync().WaitAsync(Longest);
            var port = IPEndPoint.Parse(ready!.Split(' ')[^1]).Port;
            Assert.That((await _host.RunAsync("certificate", "change")).Code, Is.EqualTo(2), "none is made");
            var made = (await DoAsync("certificate", "make", "--json")).Json[0].GetProperty("sha256").GetString();
            var certificates = module.OpenCertificates();
            // It is told the first time, and says that it has it the second time.
            await ComeInAsync(module, certificates, port, () => certificates.Number == 1);
            Assert.That((await ShowAsync()).GetProperty("lack").EnumerateArray().Select(name => name.GetString()), Is.EqualTo(new[] { "T-1", "T-2" }));
            await ComeInAsync(module, certificates, port, () => ShowAsync().Result.GetProperty("have").GetArrayLength() == 1);
            var refused = await _host.RunAsync("certificate", "change");
            Assert.That((refused.Code, refused.Error.Contains("T-2", StringComparison.Ordinal), refused.Error.Contains("T-1", StringComparison.Ordinal)), Is.EqualTo((4, true, false)), refused.ToString());
            await DoAsync("certificate", "change", "--even-so");
            await ComeInAsync(module, certificates, port, () => certificates.Pins.Select(pin => pin.ToString()).SequenceEqual([made!]));
            for (var waited = Stopwatch.StartNew(); ReadIdentity().TlsCertificate.ToString() != made; await Task.Delay(50))
                Assert.That(waited.Elapsed, Is.LessThan(Longest), "for terminals that are made from now on");
            var old = absent.OpenCertificates();
            Assert.That(await FaultAsync(absent, old, port), Is.EqualTo(LineFault.NotTrusted));
            var show = await ShowAsync();
            Assert.That((show.GetProperty("number").GetInt32(), show.GetProperty("inForce").GetInt32(), show.GetProperty("sha256").GetString()), Is.EqualTo((1, 1, made)));
            await DoAsync("log", "verify", "--vault");
            Assert.That((await DoAsync("log", "show", "--json", "--kind", "CenterCertificateChanged")).Json.Single().GetProperty("detail").ToString(), Does.Contain("ann"));
        }
        finally
        {
            center.Kill(entireProcessTree: true);
        }
        await center.WaitForExitAsync();
        Assert.That((await DoAsync("status", "--json")).Json[0].GetProperty("served").GetBoolean(), Is.False, "it was killed");
    }

    /// <summary>Two directories of one host's, as after a copy: the one that serves has not got what the other one made.</summary>
    [Test]
    public async Task MadeAtAnotherDirectory_HostThatServesAndLacksIt_IsNamed_AndTheChangeRefused_UntilItHasTheVault_AndKilledItServesNoMore()
    {
        await DoAsync("init", "--id", "main", "--store", $"postgres:{PostgresServer.MakeEmpty()}");
        var served = _host.File("served");
        Directory.CreateDirectory(served);
        foreach (var file in Directory.GetFiles(_host.Data, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(served, Path.GetRelativePath(_host.Data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        string name;
        using var center = _host.BeginIn(served, "serve", "--line", "3=tls:127.0.0.1:0");
        try
        {
            await center.StandardOutput.ReadLineAsync().WaitAsync(Longest);
            await DoAsync("certificate", "make");
            await Part.UntilAsync(async () => (await HostAsync()).GetProperty("serving").GetBoolean());
            name = (await HostAsync()).GetProperty("host").GetString()!;
            Assert.That((await ShowAsync()).GetProperty("hostsLack").EnumerateArray().Select(host => host.GetString()), Is.EqualTo(new[] { name }));
            var refused = await _host.RunAsync("certificate", "change");
            Assert.That((refused.Code, refused.Error.Contains(name, StringComparison.Ordinal), refused.Error.Contains("copy", StringComparison.Ordinal)), Is.EqualTo((4, true, true)), refused.ToString());
            foreach (var file in new[] { "vault.json", "center.json" }) File.Copy(Path.Combine(served, file), _host.File($"before-{file}"));
            File.Copy(Path.Combine(_host.Data, "vault.json"), Path.Combine(served, "new"));
            File.Move(Path.Combine(served, "new"), Path.Combine(served, "vault.json"), overwrite: true);
            await Part.UntilAsync(async () => (await ShowAsync()).GetProperty("hostsLack").GetArrayLength() == 0);
            await DoAsync("certificate", "change");
        }
        finally
        {
            center.Kill(entireProcessTree: true);
        }
        await center.WaitForExitAsync();
        // Nobody else was there to find it dead.
        await Part.UntilAsync(async () => !(await HostAsync()).GetProperty("serving").GetBoolean());
        Assert.That((await DoAsync("status")).Output, Does.Contain("not served").And.Contain("ended without a word"));
        // As from a backup of before.
        foreach (var file in new[] { "vault.json", "center.json" }) File.Move(_host.File($"before-{file}"), Path.Combine(served, file), overwrite: true);
        using var again = _host.BeginIn(served, "serve", "--line", "3=tls:127.0.0.1:0");
        try
        {
            while (await again.StandardError.ReadLineAsync().WaitAsync(Longest) is var said && said?.Contains($"Host {name}: Certificate 1 is in force", StringComparison.Ordinal) != true)
                Assert.That(said, Is.Not.Null, "it says its name");
        }
        finally
        {
            again.Kill(entireProcessTree: true);
        }
    }

    private async Task<System.Text.Json.JsonElement> HostAsync() => (await DoAsync("status", "--json")).Json[0].GetProperty("hosts")[0];

    private async Task<SoftwareModuleFile> AddAsync(string id)
    {
        var module = TlsModule.Create(_host.File(id), _host.File($"{id}.json"), id, Path.Combine(_host.Data, "center.json"), "correct horse battery");
        await DoAsync("terminal", "add", "--file", _host.File($"{id}.json"), "--line", "3", "--address", "127.0.0.1");
        return module;
    }

    /// <summary>A terminal comes in again and again, until something is so: a host needs a second to see what was done beside it.</summary>
    private static async Task ComeInAsync(SoftwareModuleFile file, CenterCertificates certificates, int port, Func<bool> until)
    {
        for (var waited = Stopwatch.StartNew(); !until(); Assert.That(waited.Elapsed, Is.LessThan(Longest))) await ComeInAsync(file, certificates, port);
    }

    private static async Task ComeInAsync(SoftwareModuleFile file, CenterCertificates certificates, int port)
    {
        using var module = file.OpenModule();
        using var certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        using var stop = new CancellationTokenSource();
        await using var relay = new TerminalRelay(new TerminalRelayOptions(),
            new ReconnectingConnector(new TlsLineConnector("127.0.0.1", port, certificate, TlsTrust.Pinned(() => certificates.Pins))), new VirtualCardReader(), module, certificates: certificates);
        var running = relay.RunAsync(stop.Token);
        for (var waited = Stopwatch.StartNew(); relay.Status.State is not RelayState.Ready; await Task.Delay(20)) Assert.That(waited.Elapsed, Is.LessThan(Longest));
        // What the center tells behind its admission has come when it answers.
        await relay.AskStatusAsync(default);
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task<LineFault?> FaultAsync(SoftwareModuleFile file, CenterCertificates certificates, int port)
    {
        using var certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        try
        {
            await using var line = await new TlsLineConnector("127.0.0.1", port, certificate, TlsTrust.Pinned(() => certificates.Pins)).ConnectAsync(default);
            return null;
        }
        catch (LineException e)
        {
            return e.Fault;
        }
    }

    private CenterIdentity ReadIdentity() => CenterIdentity.Read(File.ReadAllBytes(Path.Combine(_host.Data, "center.json")));

    private async Task<System.Text.Json.JsonElement> ShowAsync() => (await DoAsync("certificate", "show", "--json")).Json[0];

    private async Task<CenterHostRun> DoAsync(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.Zero, $"{string.Join(' ', args)}: {run}");
        return run;
    }
}
