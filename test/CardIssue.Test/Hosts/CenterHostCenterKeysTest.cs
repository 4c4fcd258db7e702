using System.Diagnostics;
using System.Net;
using System.Text.Json;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Modules;
using CardIssue.Test.Parts;
using Npgsql;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost center-keys</c> beside hosts that serve, and terminals that are programs of their own.</summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase), Parallelizable]
public sealed class CenterHostCenterKeysTest : IDisposable
{
    private const string Passphrase = "correct horse battery";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly CenterHostProcess _host = new();
    private readonly TerminalHostProcess _terminal = new();

    public void Dispose()
    {
        _terminal.Dispose();
        _host.Dispose();
    }

    [Test]
    public async Task MadeToldAndEnded_WhileItServes_TheTerminalGoesOn_TheOneThatWasAwayIsNamed_AndAuditorsVerifyWhatWasBefore()
    {
        await DoAsync("init", "--id", "main");
        await AddAsync();
        using (var absent = TlsModule.Create(_host.File("T-2"), _host.File("T-2.json"), "T-2", Identity, Passphrase)) { }
        await DoAsync("terminal", "add", "--file", _host.File("T-2.json"), "--line", "3", "--address", "127.0.0.1");
        var old = ReadIdentity();
        using var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0");
        string given;
        try
        {
            var port = await PortAsync(center);
            foreach (var too in new[] { "change", "end" }) Assert.That((await _host.RunAsync("center-keys", too)).Code, Is.EqualTo(2), $"{too}: none are made");
            var made = (await DoAsync("center-keys", "make", "--json")).Json[0].GetProperty("sha256").GetString();
            Assert.That((await DoAsync("center-keys", "make", "--json")).Json[0].GetProperty("sha256").GetString(), Is.EqualTo(made), "made once");
            Assert.That((await _host.RunAsync("center-keys", "end")).Code, Is.EqualTo(2), "nobody is told");
            await DoAsync("center-keys", "change");
            // It is told the first time, and comes with them the second time.
            await ComesInAsync(port, async () => Number() == 1 && Names(await ShowAsync(), "came") == "T-1");
            var refused = await _host.RunAsync("center-keys", "end");
            Assert.That((refused.Code, refused.Error.Contains("T-2", StringComparison.Ordinal), refused.Error.Contains("T-1", StringComparison.Ordinal)), Is.EqualTo((4, true, false)), refused.ToString());
            var ended = await DoAsync("center-keys", "end", "--even-so", "--json");
            var last = ended.Json[0].GetProperty("lastCheckpoint").GetInt64();
            await Part.UntilAsync(() => Task.FromResult(ReadIdentity().SigningKey != old.SigningKey));
            Assert.That(CenterKeys.Sha256Of(ReadIdentity()).ToString(), Is.EqualTo(made));
            await Part.UntilAsync(async () => (await DoAsync("log", "verify", "--vault", "--json")).Json[0].GetProperty("checkpoints").GetInt32() > last);
            await ComesInAsync(port, () => Task.FromResult(true));
            Assert.That((await DoAsync("log", "show", "--json", "--kind", "CenterKeysEnded")).Json.Single().GetProperty("detail").ToString(), Does.Contain("ann"));
            given = Path.Combine(_host.Data, "center-keys-0.json");
            Assert.That((await ShowAsync()).GetProperty("former")[0].GetProperty("lastCheckpoint").GetInt64(), Is.EqualTo(last));
            await DoAsync("log", "verify");
            await DoAsync("log", "verify", "--center", Identity, "--former", given);
            Assert.That((await _host.RunAsync("log", "verify", "--center", Identity)).Error, Does.Contain("its signature is not the center's"), "without the keys of before");
            await File.WriteAllBytesAsync(_host.File("old.json"), old.Write());
            Assert.That((await _host.RunAsync("log", "verify", "--center", _host.File("old.json"))).Error, Does.Contain("its signature is not the center's"), "with those alone");
        }
        finally
        {
            center.Kill(entireProcessTree: true);
        }
        await center.WaitForExitAsync();
        // As if it had been killed before it wrote this: the vault says who the center is.
        await File.WriteAllBytesAsync(Identity, old.Write());
        Assert.That((await _host.RunAsync("center-keys", "end")).Code, Is.EqualTo(2), "they have ended");
        Assert.That(ReadIdentity().SigningKey, Is.Not.EqualTo(old.SigningKey));
    }

    /// <summary>Two hosts, each with its own vault: neither goes on alone. The terminal comes to either.</summary>
    [Test]
    public async Task TwoHostsOnOneDatabase_TheOneThatLacksThem_IsNamed_ThenBothChange_AndAnOlderVaultServesNobody()
    {
        await DoAsync("init", "--id", "main", "--store", $"postgres:{PostgresServer.MakeEmpty()}");
        await AddAsync();
        using var first = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0");
        Process? second = null;
        var other = _host.File("second");
        try
        {
            var one = await PortAsync(first);
            await Part.UntilAsync(async () => (await DoAsync("status", "--json")).Json[0] is var status
                && status.GetProperty("hosts").EnumerateArray().Any(host => host.GetProperty("serving").GetBoolean())
                && status.GetProperty("linesServed") is { ValueKind: System.Text.Json.JsonValueKind.Number } lines && lines.GetInt32() == 1);
            var joined = await HostRun.OfAsync(HostRun.Center, _host.Folder, "join", "--from", _host.Data, "--host", "second", "--data", other, "--as", "ann",
                "--password-file", _host.File("ann.password"), "--passphrase-file", _host.File("passphrase"));
            Assert.That(joined.Code, Is.Zero, joined.Error);
            second = _host.BeginIn(other, "serve", "--line", "3=tls:127.0.0.1:0");
            var two = await PortAsync(second);
            await DoAsync("center-keys", "make");
            await Part.UntilAsync(async () => Names(await ShowAsync(), "hostsLack") == "second");
            var refused = await _host.RunAsync("center-keys", "change");
            Assert.That((refused.Code, refused.Error.Contains("second", StringComparison.Ordinal), refused.Error.Contains("copy", StringComparison.Ordinal)), Is.EqualTo((4, true, true)), refused.ToString());
            File.Copy(Path.Combine(other, "vault.json"), _host.File("older"));
            File.Copy(Path.Combine(_host.Data, "vault.json"), Path.Combine(other, "new"));
            File.Move(Path.Combine(other, "new"), Path.Combine(other, "vault.json"), overwrite: true);
            await Part.UntilAsync(async () => Names(await ShowAsync(), "hostsLack").Length == 0);
            await DoAsync("center-keys", "change");
            await ComesInAsync(one, () => Task.FromResult(true));
            await ComesInAsync(two, async () => Names(await ShowAsync(), "came") == "T-1");
            await DoAsync("center-keys", "end");
            foreach (var folder in new[] { _host.Data, other })
                await Part.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(folder, "center-keys-0.json")) && ReadIdentity(folder) is { } identity && identity.SigningKey == ReadIdentity().SigningKey));
            foreach (var port in new[] { two, one }) await ComesInAsync(port, () => Task.FromResult(true));
            await DoAsync("log", "verify", "--vault");
        }
        finally
        {
            first.Kill(entireProcessTree: true);
            second?.Kill(entireProcessTree: true);
        }
        await second!.WaitForExitAsync();
        // As from a backup of before: it says what it is, and nobody is served by keys that have ended.
        File.Move(_host.File("older"), Path.Combine(other, "vault.json"), overwrite: true);
        File.Copy(_host.File("center-before"), Path.Combine(other, "center.json"), overwrite: true);
        using var again = _host.BeginIn(other, "serve", "--line", "3=tls:127.0.0.1:0");
        try
        {
            while (await again.StandardError.ReadLineAsync().WaitAsync(Longest) is var said && said?.Contains("Host second: Keys 1 of the center alone are in force", StringComparison.Ordinal) != true)
                Assert.That(said, Is.Not.Null, "it says what it is");
            Assert.That((await CheckAsync(await PortAsync(again))).Code, Is.Not.Zero);
        }
        finally
        {
            again.Kill(entireProcessTree: true);
        }
    }

    /// <summary>
    /// The command is killed between its commit and the vault: another session has the table from the commit on, so that it waits there. The store
    /// says then that the next keys count alone, and the vault has those of before.
    /// </summary>
    [Test]
    [Platform(Exclude = "Win", Reason = "A process is killed by a signal here.")]
    public async Task End_KilledBetweenStoreAndVault_TheCommandAgain_OrTheHost_EndsThem_AndTheTerminalGoesOn([Values] bool byHost)
    {
        var store = PostgresServer.MakeEmpty();
        await DoAsync("init", "--id", "main", "--store", $"postgres:{store}");
        await AddAsync();
        using (var absent = TlsModule.Create(_host.File("T-2"), _host.File("T-2.json"), "T-2", Identity, Passphrase)) { }
        await DoAsync("terminal", "add", "--file", _host.File("T-2.json"), "--line", "3", "--address", "127.0.0.1");
        var old = ReadIdentity();
        await DoAsync("center-keys", "make");
        await DoAsync("center-keys", "change");
        using (var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0"))
        {
            await ComesInAsync(await PortAsync(center), async () => Names(await ShowAsync(), "came") == "T-1");
            center.Kill(entireProcessTree: true);
            await center.WaitForExitAsync();
        }
        await KillBehindItsCommitAsync(store, "center-keys", "end", "--even-so");

        Assert.That((KeysOfTheVault(), ReadIdentity()), Is.EqualTo((0, old)), "the vault's part was not done");
        var show = await ShowAsync();
        Assert.That((show.GetProperty("alone").GetInt32(), show.GetProperty("number").GetInt32()), Is.EqualTo((1, 0)));
        Assert.That((await DoAsync("center-keys", "show")).Output, Does.Contain("center-keys end"));
        await DoAsync("log", "verify", "--vault");
        // It was said already that T-2 is left behind: what is done is finished, and not asked for again.
        if (!byHost) Assert.That((await DoAsync("center-keys", "end", "--json")).Json[0].GetProperty("lack")[0].GetString(), Is.EqualTo("T-2"));
        using (var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0"))
        {
            try
            {
                await ComesInAsync(await PortAsync(center), () => Task.FromResult(ReadIdentity().SigningKey != old.SigningKey));
            }
            finally
            {
                center.Kill(entireProcessTree: true);
            }
            await center.WaitForExitAsync();
        }
        Assert.That((KeysOfTheVault(), File.Exists(Path.Combine(_host.Data, "center-keys-0.json"))), Is.EqualTo((1, true)));
        Assert.That((await _host.RunAsync("center-keys", "end")).Code, Is.EqualTo(2), "they have ended");
        Assert.That((await DoAsync("log", "show", "--json", "--kind", "CenterKeysEnded")).Json, Has.Length.EqualTo(1));
        await DoAsync("log", "verify", "--vault");
        await DoAsync("log", "verify", "--center", Identity, "--former", Path.Combine(_host.Data, "center-keys-0.json"));
    }

    private async Task KillBehindItsCommitAsync(string store, params string[] args)
    {
        await using var before = PostgresServer.Connect(store);
        await using var behind = PostgresServer.Connect(store);
        await ExecuteAsync(before, "BEGIN; LOCK TABLE center_keys IN SHARE ROW EXCLUSIVE MODE");
        using var command = _host.Begin(args);
        await WaitsAsync(1);
        var locked = ExecuteAsync(behind, "BEGIN; LOCK TABLE center_keys IN ACCESS EXCLUSIVE MODE");
        await WaitsAsync(2);
        await ExecuteAsync(before, "COMMIT");
        await locked;
        await WaitsAsync(1);
        command.Kill();
        await command.WaitForExitAsync().WaitAsync(Longest);
        await ExecuteAsync(behind, "COMMIT");

        Task WaitsAsync(long count) => Part.UntilAsync(async () =>
        {
            Assert.That(command.HasExited, Is.False, "it ended before it was killed");
            await using var look = PostgresServer.Connect(store);
            await using var waiting = new NpgsqlCommand("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'center_keys'::regclass", look);
            return (long)(await waiting.ExecuteScalarAsync())! == count;
        });
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Which set the vault's file holds as the present one.</summary>
    private int KeysOfTheVault()
    {
        using var passphrase = SecretBytes.Copy(System.Text.Encoding.UTF8.GetBytes(Passphrase));
        using var vault = FileKeyVault.Open(Path.Combine(_host.Data, "vault.json"), passphrase);
        return vault.KeysNumber;
    }

    private string Identity => Path.Combine(_host.Data, "center.json");

    private async Task AddAsync()
    {
        File.Copy(Identity, _host.File("center-before"));
        _terminal.Write("pass", Passphrase);
        var file = _terminal.MakeModule("T-1", Identity, Passphrase);
        await DoAsync("terminal", "add", "--file", file, "--line", "3", "--address", "127.0.0.1");
    }

    /// <summary>Which keys the terminal knows its center by, as its files say.</summary>
    private int Number()
    {
        using var passphrase = SecretBytes.Copy(System.Text.Encoding.UTF8.GetBytes(Passphrase));
        using var file = SoftwareModuleFile.Open(_terminal.File("terminal/module.json"), passphrase);
        return file.CenterKeysNumber;
    }

    /// <summary>terminalhost comes in again and again, until something is so: a host needs a second to see what was done beside it.</summary>
    private async Task ComesInAsync(int port, Func<Task<bool>> until)
    {
        var waited = Stopwatch.StartNew();
        do
        {
            var run = await CheckAsync(port);
            Assert.That((run.Code, waited.Elapsed < Longest), Is.EqualTo((0, true)), run.All);
        }
        while (!await until());
    }

    private Task<TerminalHostRun> CheckAsync(int port) => _terminal.RunAsync("check", "--connect", $"127.0.0.1:{port}", "--passphrase-file", "pass", "--data", "terminal");

    private static async Task<int> PortAsync(Process center) =>
        IPEndPoint.Parse((await center.StandardOutput.ReadLineAsync().WaitAsync(Longest))!.Split(' ')[^1]).Port;

    private CenterIdentity ReadIdentity(string? folder = null) => CenterIdentity.Read(File.ReadAllBytes(Path.Combine(folder ?? _host.Data, "center.json")));

    private async Task<JsonElement> ShowAsync() => (await DoAsync("center-keys", "show", "--json")).Json[0];

    private static string Names(JsonElement show, string what) => string.Join(' ', show.GetProperty(what).EnumerateArray().Select(name => name.GetString()));

    private async Task<CenterHostRun> DoAsync(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.Zero, $"{string.Join(' ', args)}: {run}");
        return run;
    }
}
