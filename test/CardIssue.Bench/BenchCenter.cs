using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test;
using CardIssue.Test.Hosts;
using CardIssue.Transport.Tls;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using Microsoft.Data.Sqlite;
using SimulatedKeys = CardIssue.Testing.Cards.State.CardKeySet;

namespace CardIssue.Bench;

/// <summary>A center as <c>centerhost init</c> makes it, with terminals and orders, and its hosts: processes that serve, as in a company.</summary>
internal sealed class BenchCenter : IAsyncDisposable
{
    private const string Secret = "only for the bench", KeySet = "issuer-test";

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1), Longest = TimeSpan.FromMinutes(10);

    private static readonly Argon2Cost Cheapest = new(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1);

    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-bench-").FullName;
    private readonly string _postgres;
    private readonly bool _pinned;
    private readonly byte[] _master = RandomNumberGenerator.GetBytes(16);
    private readonly List<Process> _hosts = [];
    private readonly List<CoreShare> _shares = [];
    private readonly List<int> _ports = [];
    private readonly List<SoftwareModuleFile> _modules = [];

    private BenchCenter(string postgres, int orders, bool pinned)
    {
        (_postgres, Orders, _pinned) = (postgres, orders, pinned);
        // Also where the bench is broken off.
        AppDomain.CurrentDomain.ProcessExit += EndHosts;
    }

    /// <summary>How many orders there are, from 1.</summary>
    public int Orders { get; }

    /// <summary>How many terminals it knows.</summary>
    public int Terminals => _modules.Count;

    private string Data => Path.Combine(_folder, "center");

    /// <summary>Makes it, and serves.</summary>
    /// <param name="postgres">The database; empty for a file.</param>
    /// <param name="hosts">How many hosts.</param>
    /// <param name="terminals">How many terminals.</param>
    /// <param name="orders">How many orders.</param>
    /// <param name="pinned">Whether each host has one core and no other: the first of them the first, and so on.</param>
    public static async Task<BenchCenter> StartAsync(string postgres, int hosts, int terminals, int orders, bool pinned = false)
    {
        var center = new BenchCenter(postgres, orders, pinned);
        try
        {
            await center.InitAsync();
            await center.FillAsync(terminals);
            await center.ServeAsync(center.Data);
            for (var host = 2; host <= hosts; host++) await center.JoinAsync($"host-{host}");
            return center;
        }
        catch
        {
            await center.DisposeAsync();
            throw;
        }
    }

    /// <summary>A factory-fresh card of the bench's key.</summary>
    public CardSimulator Card(uint serial) => CardSimulator.Create(
        CardProfile.BlankEmv(serial, [SimulatedKeys.Derive(0x30, Diversification.Kdf3, _master, CardProfile.Kdd(serial).Span)]));

    /// <summary>A terminal of the center's, with a TLS line to one of the hosts.</summary>
    /// <param name="number">Which terminal, from 0; their lines go round the hosts.</param>
    /// <param name="reader">Its reader, which stays the caller's.</param>
    /// <param name="time">Its line's clock; the system's when null.</param>
    public TerminalRelay Relay(int number, ICardReader reader, TimeProvider? time = null)
    {
        var module = _modules[number].OpenModule();
        var certificate = TlsCertificates.FromPfx(_modules[number].TlsClient, []);
        var connector = new TlsLineConnector("127.0.0.1", _ports[number % _ports.Count], certificate, TlsTrust.Pinned(module.Center.TlsCertificate), time: time);
        return new TerminalRelay(new TerminalRelayOptions(), connector, reader, module);
    }

    /// <summary>Lets each host use so much of a core from now on, and no more.</summary>
    public void Limit(double share) => _shares.AddRange(_hosts.ConvertAll(host => new CoreShare(host, share)));

    /// <summary>What the hosts hold of the machine's memory, in bytes.</summary>
    public long Resident()
    {
        foreach (var host in _hosts) host.Refresh();
        return _hosts.Sum(host => host.WorkingSet64);
    }

    /// <summary>The part of a core that the hosts use meanwhile.</summary>
    public async Task<double> LoadAsync(TimeSpan during)
    {
        var (before, began) = (Cpu(), Stopwatch.GetTimestamp());
        await Task.Delay(during);
        return (Cpu() - before) / Stopwatch.GetElapsedTime(began);
    }

    /// <summary>What an act costs the hosts, and the store.</summary>
    public async Task<CenterRun> MeasureAsync(Func<Task<IssuedCards>> act)
    {
        var (before, cpu, began) = (Counts(), Cpu(), Stopwatch.GetTimestamp());
        var issued = await act().WaitAsync(Longest);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (after, used) = (Counts(), Cpu() - cpu);
        return new CenterRun(issued.Milliseconds.Count, seconds, used.TotalSeconds, after.Commits - before.Commits, after.Entries - before.Entries,
            issued.Apdus, issued.Bytes, issued.Milliseconds);
    }

    public ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndHosts;
        EndHosts(null, EventArgs.Empty);
        foreach (var host in _hosts) host.Dispose();
        foreach (var share in _shares) share.Dispose();
        foreach (var module in _modules) module.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void EndHosts(object? sender, EventArgs end)
    {
        foreach (var host in _hosts)
        {
            host.Kill(entireProcessTree: true);
            host.WaitForExit();
        }
    }

    private TimeSpan Cpu()
    {
        var all = TimeSpan.Zero;
        foreach (var host in _hosts)
        {
            host.Refresh();
            all += host.TotalProcessorTime;
        }
        return all;
    }

    private (long Commits, long Entries) Counts()
    {
        using DbConnection connection = _postgres.Length > 0
            ? PostgresProcess.Connect(_postgres) : new SqliteConnection($"Data Source={Path.Combine(Data, "center.db")};Pooling=False");
        if (connection.State is System.Data.ConnectionState.Closed) connection.Open();
        return (Number("SELECT generation FROM store_meta"), Number("SELECT count(*) FROM log_entries"));

        long Number(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        }
    }

    /// <summary>A center with two people, and the key of the cards.</summary>
    private async Task InitAsync()
    {
        foreach (var name in new[] { "passphrase", "ann", "bob" }) await File.WriteAllTextAsync(Path.Combine(_folder, name), $"{Secret}\n");
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Path.Combine(Data, "centerhost.json"), JsonSerializer.Serialize(new
        {
            Argon2 = new { MemoryKiB = Argon2Cost.MinMemoryKiB, Passes = Argon2Cost.MinPasses, Lanes = 1 },
            // So that the terminals, which all come from one place, and as many at once as the bench likes, are let in.
            Center = new { Admission = new { Attempts = 10_000 }, Sessions = new { MaxSessions = 20_000, MaxSessionsPerTerminal = 20_000 } },
        }));
        string[] store = _postgres.Length > 0 ? ["--store", $"postgres:{_postgres}"] : [];
        await DoAsync(["init", "--id", "bench", .. store, "--person", "ann", "--person-password-file", Path.Combine(_folder, "ann"),
            "--person", "bob", "--person-password-file", Path.Combine(_folder, "bob")]);
        var first = RandomNumberGenerator.GetBytes(16);
        var ceremony = Path.Combine(_folder, "ceremony.json");
        await File.WriteAllTextAsync(ceremony, JsonSerializer.Serialize(new
        {
            keySet = KeySet, keyVersion = "30", algorithm = "aes128", checkValue = CheckValue(_master),
            components = new[] { Component("ann", first), Component("bob", [.. _master.Zip(first, (a, b) => (byte)(a ^ b))]) },
        }));
        var answer = await DoAsync(["key", "ceremony", "--file", ceremony, "--json", .. As("ann")]);
        var asked = JsonSerializer.Deserialize<JsonElement>(answer.Trim().Split('\n')[^1]);
        var number = asked.GetProperty("approval").GetInt64().ToString(CultureInfo.InvariantCulture);
        await DoAsync(["approval", "approve", number, .. As("bob")]);
        await DoAsync(["key", "ceremony", "--file", ceremony, "--approval", number, .. As("ann")]);
    }

    /// <summary>Terminals with their readers, and orders.</summary>
    private async Task FillAsync(int terminals)
    {
        using var passphrase = SecretBytes.Copy(Encoding.ASCII.GetBytes(Secret));
        using var vault = FileKeyVault.Open(Path.Combine(Data, "vault.json"), passphrase);
        await using var database = await CenterDatabase.OpenAsync(
            new StoreOptions { Directory = Data, Postgres = _postgres }, new LogOptions { Directory = Path.Combine(Data, "log"), Instance = "center" },
            vault, TimeProvider.System);
        var ann = ((PersonAuthentication.Granted)await new DatabasePeople(database, vault, new PeopleOptions { Cost = Cheapest })
            .AuthenticateAsync(new PersonName("ann"), passphrase, "bench")).Person;
        var registry = new DatabaseTerminalRegistry(database);
        var now = DateTimeOffset.UtcNow;
        for (var number = 1; number <= terminals; number++)
        {
            var module = SoftwareModuleFile.Create(Path.Combine(_folder, $"module-{number}"), passphrase, new TerminalId($"T-{number}"), 1, Cheapest);
            _modules.Add(module);
            module.TrustCenter(vault.Identity);
            using var certificate = TlsCertificates.CreateSelfSigned($"CN=T-{number}", now.AddMinutes(-5), now.AddDays(1));
            using var pkcs12 = TlsCertificates.ToPfx(certificate, []);
            module.UseTlsClient(pkcs12.Span, TlsCertificates.Sha256(certificate));
            var identity = module.Identity;
            var put = await registry.PutAsync(new TerminalRecord(identity.Id, [new LineNumber(1)], [IPNetwork.Parse("127.0.0.1/32")],
                identity.CredentialKey.Encoded, identity.AgreementKey.Encoded, identity.TlsCertificate, identity.KeyVersion, true), ann);
            var set = await registry.SetReadersAsync(identity.Id, [new ReaderRecord("virtual", null, null, "VC-0001", null, [], false)], ann);
            if ((put, set) is not (TerminalChange.Done, TerminalChange.Done)) throw new InvalidOperationException($"The bench's terminal: {put}, {set}");
        }
        var body = ByteString.Own(await File.ReadAllBytesAsync(BenchProduct.Sample(BenchProduct.EndToEnd)));
        var product = CardProductFile.Read(body.Span, "product").Product!;
        var record = ProductRecord.Of(product, body);
        foreach (var some in Enumerable.Range(1, Orders).Chunk(1_000))
        {
            var outcome = await new DatabaseOrderStore(database, new OrderOptions()).ImportAsync(
                record, [.. some.Select(number => Order(vault, number, product, record))]);
            if (outcome.Refusal is { } refusal) throw new InvalidOperationException(refusal);
        }
    }

    private static NewOrder Order(FileKeyVault vault, int number, Core.Cards.Products.CardProduct product, ProductRecord record)
    {
        var terms = new OrderTerms(new OrderId(ManyOrders.NameOf(number)), $"C-{number}", 1, "bench", ProductTerms.Of(record, product));
        return new NewOrder(
            terms.Order, terms.Customer, terms.Sequence, record.Ref, vault.SealOrderData(terms, OrderData.Write(ManyOrders.FieldsOf(number))),
            vault.CreateIssueCodeVerifier(terms.Order, Encoding.ASCII.GetBytes(ManyOrders.CodeOf(number))), DateTimeOffset.UtcNow.AddDays(1), terms.Display);
    }

    private async Task JoinAsync(string name)
    {
        var data = Path.Combine(_folder, name);
        await DoAsync(["join", "--from", Data, "--host", name, .. As("ann")], data);
        await ServeAsync(data);
    }

    private async Task ServeAsync(string data)
    {
        string[] program = [
            .. _pinned ? ["taskset", "-c", _hosts.Count.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
            "dotnet", Path.Combine(AppContext.BaseDirectory, "centerhost.dll"), "serve", "--line", "1=tls:127.0.0.1:0", "--data", data,
            "--passphrase-file", Path.Combine(_folder, "passphrase"), .. As("ann"),
        ];
        var start = new ProcessStartInfo(program[0], program[1..])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder,
        };
        var host = Process.Start(start)!;
        _hosts.Add(host);
        var errors = host.StandardError.ReadToEndAsync();
        var ready = await host.StandardOutput.ReadLineAsync().WaitAsync(Soon)
            ?? throw new InvalidOperationException($"A host of the bench does not serve: {await errors}");
        _ports.Add(IPEndPoint.Parse(ready.Split(' ')[^1]).Port);
        _ = host.StandardOutput.ReadToEndAsync();
    }

    private string[] As(string person) => ["--as", person, "--password-file", Path.Combine(_folder, person)];

    private async Task<string> DoAsync(string[] args, string? data = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CenterHostCommand.RunAsync([.. args, "--data", data ?? Data, "--passphrase-file", Path.Combine(_folder, "passphrase")], output, error);
        return code == 0 ? output.ToString() : throw new InvalidOperationException($"centerhost {args[0]}: {error}");
    }

    private static object Component(string custodian, byte[] component) =>
        new { custodian, component = Convert.ToHexString(component), checkValue = CheckValue(component) };

    private static string CheckValue(byte[] key)
    {
        using var secret = SecretBytes.Copy(key);
        return KeyCheckValue.OfAes(secret).ToString();
    }
}
