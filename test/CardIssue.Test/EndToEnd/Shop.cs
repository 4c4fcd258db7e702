using System.Net;
using System.Text;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;
using CardIssue.Transport;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;
using Microsoft.Extensions.Logging;

namespace CardIssue.Test.EndToEnd;

/// <summary>A center, a line, a terminal and cards, all real but for the line, which is a loopback unless said otherwise: what the tests issue cards with.</summary>
internal sealed class Shop : IAsyncDisposable
{
    public static readonly TerminalId TerminalName = new("T-1");
    private const string HostName = "host-1";
    private CancellationTokenSource _centerStop = new();
    private Task _serving = Task.CompletedTask;
    private CancellationTokenSource _terminalStop = new();
    private Task _relaying = Task.CompletedTask;

    private Shop(string folder, FileKeyVault vault, SoftwareModuleFile module, ShopLine line, ShopLine? results, ShopReader hardware) =>
        (Folder, Vault, Module, Line, Results, Hardware) = (folder, vault, module, line, results, hardware);

    /// <summary>Where everything of center and terminal lies.</summary>
    public string Folder { get; }

    public FileKeyVault Vault { get; }

    /// <summary>The database that the store is in; empty for a file.</summary>
    public string Postgres { get; private init; } = "";

    public SoftwareModuleFile Module { get; }

    /// <summary>How other hosts on its database reach it.</summary>
    public HostLink? Link { get; private set; }

    public CenterDatabase Database { get; private set; } = null!;

    public DatabaseOrderStore Orders { get; private set; } = null!;

    public DatabaseOrderDesk Desk { get; private set; } = null!;

    public DatabaseTerminalRegistry Registry { get; private set; } = null!;

    public StoredLog Log { get; private set; } = null!;

    public DatabaseProgramStore Programs { get; private set; } = null!;

    public CenterServices Services { get; private set; } = null!;

    public CenterServer Server { get; private set; } = null!;

    /// <summary>The line, which is line 7.</summary>
    public ShopLine Line { get; }

    /// <summary>Of a split line the results half; the other is <see cref="Line"/>.</summary>
    public ShopLine? Results { get; }

    /// <summary>The line's listener, where it is a loopback.</summary>
    public LoopbackListener Listener => (LoopbackListener)Line.Listener;

    /// <summary>The reader and what it hangs on.</summary>
    public ShopReader Hardware { get; }

    /// <summary>Where cards are put in.</summary>
    public CardSlot Reader => Hardware.Slot;

    /// <summary>What the terminal has in place of <see cref="Reader"/>; counts from its next start.</summary>
    public ICardReader? ReaderInFront { get; set; }

    /// <summary>The key that the reader carries; counts from the terminal's next start.</summary>
    public IReaderKey? ReaderKey { get; set; }

    public TerminalRelay Relay { get; private set; } = null!;

    public List<string> Shown { get; } = [];

    /// <summary>The line that the terminal has; wraps each new one.</summary>
    public Func<ILine, ILine> Wrap { get; set; } = line => line;

    /// <summary>The results half that the terminal has; wraps each new one.</summary>
    public Func<ILine, ILine> WrapResults { get; set; } = line => line;

    /// <summary>The results half that the terminal has now, before wrapping.</summary>
    public ILine? CurrentResults { get; private set; }

    /// <summary>What the terminal's module is wrapped in; counts from its next start.</summary>
    public Func<ISecureModule, ISecureModule> WrapModule { get; set; } = module => module;

    /// <summary>What else is told of each step, before <see cref="Shown"/>; may throw.</summary>
    public IProgress<IssueProgress>? Display { get; set; }

    /// <summary>The terminal's printer; counts from its next start.</summary>
    public IReceiptPrinter? Printer { get; set; }

    /// <summary>What the terminal knows its center's certificate by; counts from its next start.</summary>
    public CardIssue.Core.Modules.CenterCertificates? Certificates { get; set; }

    /// <summary>How long it may take; counts from the terminal's next start.</summary>
    public TimeSpan Printing { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the center may be silent where its word is awaited; counts from the terminal's next start.</summary>
    public TimeSpan CenterSilence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The line that the terminal has now, before wrapping.</summary>
    public ILine? CurrentLine { get; private set; }

    /// <summary>What the store's engine is wrapped in; counts from the center's next start.</summary>
    public Func<IStoreEngine, IStoreEngine> WrapEngine { get; set; } = engine => engine;

    private readonly Dictionary<string, Action> _whenShown = [];

    /// <summary>Does something once, at the moment that something is shown.</summary>
    public void WhenShown(string text, Action action)
    {
        lock (_whenShown) _whenShown[text] = action;
    }

    public static async Task<Shop> OpenAsync(
        Action<CenterSessionOptions>? options = null, bool enrolReader = true, ShopLine? line = null, ShopLine? results = null, ShopReader? reader = null,
        int attempts = 100, string postgres = "", Func<FileKeyVault, HostLink>? link = null)
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-shop-").FullName;
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        var vault = FileKeyVault.Create(Path.Combine(folder, "vault"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
        Counter.ImportMaster(vault, "visa", 0x30, Counter.Master);
        var module = SoftwareModuleFile.Create(Path.Combine(folder, "module"), passphrase, TerminalName, 1, PassphraseFileTest.Cheapest);
        module.TrustCenter(vault.Identity);
        var shop = new Shop(folder, vault, module, line ?? ShopLine.Loopback(7), results, reader ?? ShopReader.Virtual()) { Postgres = postgres };
        shop.Link = link?.Invoke(vault);
        await shop.OpenCenterAsync(options ?? (_ => { }), enrolReader, attempts);
        shop.StartTerminal();
        return shop;
    }

    /// <summary>Takes an order in; its code is always 4711.</summary>
    /// <param name="fields">The customer's; those of <see cref="Products"/> when null.</param>
    public async Task OrderAsync(string order, string product, IReadOnlyDictionary<string, string>? fields = null, BranchId? branch = null)
    {
        var id = new OrderId(order);
        var body = ByteString.Own(Encoding.UTF8.GetBytes(product));
        var read = CardProductFile.Read(body.Span, "product");
        Assert.That(read.Mistakes, Is.Empty);
        var record = ProductRecord.Of(read.Product!, body);
        var terms = new OrderTerms(id, $"customer-{order}", 0, $"{record.Ref}, 476173******0119", ProductTerms.Of(record, read.Product!));
        var entry = new NewOrder(
            id, terms.Customer, terms.Sequence, record.Ref, Vault.SealOrderData(terms, OrderData.Write(fields ?? Products.Fields)),
            Vault.CreateIssueCodeVerifier(id, "4711"u8), DateTimeOffset.UtcNow.AddDays(1), terms.Display)
        {
            Branch = branch,
        };
        var outcome = await Orders.ImportAsync(record, [entry]);
        Assert.That(outcome.Refusal, Is.Null);
    }

    /// <summary>A factory-fresh card whose keys come from the master that the vault has, or from another one.</summary>
    public static CardSimulator Card(uint serial, bool genuine = true, CardProtocol protocol = CardProtocol.T1)
    {
        var master = genuine ? Counter.Master : ByteString.FromHex("77777777777777777777777777777777");
        var keys = CardIssue.Testing.Cards.State.CardKeySet.Derive(0x30, CardIssue.Testing.Cards.Crypto.Diversification.Kdf3, master.Span, CardProfile.Kdd(serial).Span);
        return CardSimulator.Create(CardProfile.BlankEmv(serial, [keys]) with { Protocol = protocol });
    }

    public async Task<IssueOutcome> IssueAsync(string order, string code = "4711", CancellationToken cancellation = default)
    {
        using var secret = SecretBytes.Copy(Encoding.UTF8.GetBytes(code));
        return await Relay.IssueAsync(new IssueRequest(order, secret, new OperatorId("olga")), cancellation: cancellation).WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async Task<OrderView> ViewAsync(string order) => (await Desk.GetAsync(new OrderId(order)))!;

    /// <summary>A terminal that dies and comes back: nothing of its memory is left.</summary>
    public async Task RestartTerminalAsync()
    {
        await StopTerminalAsync();
        StartTerminal();
    }

    public async Task StopTerminalAsync()
    {
        await _terminalStop.CancelAsync();
        await _relaying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Relay.DisposeAsync();
    }

    public void StartTerminal()
    {
        _terminalStop = new CancellationTokenSource();
        var options = new TerminalRelayOptions
        {
            RefusedPause = TimeSpan.FromMilliseconds(100), ReaderPause = TimeSpan.FromMilliseconds(20), CenterSilence = CenterSilence, Printing = Printing,
        };
        Relay = new TerminalRelay(
            options, Connector(), ReaderInFront ?? Hardware.Reader, WrapModule(Module.OpenModule()), new Recorder(this), Printer, readerKey: ReaderKey,
            certificates: Certificates);
        _relaying = Relay.RunAsync(_terminalStop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await StopTerminalAsync();
        await Hardware.DisposeAsync();
        await _centerStop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var served in Served()) await served.Listener.DisposeAsync();
        await Database.DisposeAsync();
        Vault.Dispose();
        Module.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The center's server stops and starts again, on the same stores or with other parts.</summary>
    public async Task RestartCenterAsync(CenterServices? services = null)
    {
        await _centerStop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _centerStop = new CancellationTokenSource();
        Server = new CenterServer(services ?? Services);
        _serving = Server.RunAsync(Served(), _centerStop.Token);
    }

    /// <summary>Where the terminal's module keeps the center's note.</summary>
    public string NoteFile => Path.Combine(Folder, "module.witness");

    /// <summary>Copies all that the center has on disk, its vault aside: store, log and the generation's copy.</summary>
    public Task CopyCenterAsync() => WhileClosedAsync(() => CopyCenter(Folder, Path.Combine(Folder, "copy")));

    /// <summary>Puts the copy in the center's place, and serves it.</summary>
    public Task PutBackAsync() => WhileClosedAsync(() =>
    {
        Directory.Delete(Path.Combine(Folder, "data"), recursive: true);
        CopyCenter(Path.Combine(Folder, "copy"), Folder);
    });

    /// <summary>Another process of the center starts, on what is on its disk.</summary>
    /// <param name="between">Done when the one before it is gone.</param>
    public Task ReopenCenterAsync(Action? between = null) => WhileClosedAsync(between ?? (() => { }));

    private static void CopyCenter(string from, string to)
    {
        Directory.CreateDirectory(Path.Combine(to, "data"));
        foreach (var file in Directory.GetFiles(Path.Combine(from, "data"))) File.Copy(file, Path.Combine(to, "data", Path.GetFileName(file)), overwrite: true);
        File.Copy(Path.Combine(from, "generation"), Path.Combine(to, "generation"), overwrite: true);
    }

    private async Task WhileClosedAsync(Action act)
    {
        await _centerStop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Database.DisposeAsync();
        act();
        _centerStop = new CancellationTokenSource();
        await OpenStoreAsync();
        Serve(Services.Options, Services.Admissions);
    }

    private async Task OpenCenterAsync(Action<CenterSessionOptions> change, bool enrolReader, int attempts)
    {
        var options = new CenterSessionOptions();
        change(options);
        await OpenStoreAsync();
        await Registry.PutAsync(new TerminalRecord(
            TerminalName, [.. Served().Select(served => served.Listener.Line)], [IPNetwork.Parse("127.0.0.0/8")], Module.Identity.CredentialKey.Encoded, Module.Identity.AgreementKey.Encoded,
            Line.Certificate, Module.Identity.KeyVersion, true));
        if (enrolReader) await Registry.SetReadersAsync(TerminalName, [Hardware.Known]);
        Serve(options, new AdmissionCounts(new AdmissionOptions { Attempts = attempts }, TimeProvider.System));
    }

    private async Task OpenStoreAsync()
    {
        var log = new LogOptions { Directory = Path.Combine(Folder, "log") };
        // Where several may serve, a host's chain and the host have one name.
        if (Postgres.Length > 0) log.Instance = HostName;
        Database = await CenterDatabase.OpenAsync(
            new StoreOptions { Directory = Path.Combine(Folder, "data"), GenerationFile = Path.Combine(Folder, "generation"), Postgres = Postgres }, log, Vault, TimeProvider.System,
            store => WrapEngine(StoreEngine.Open(store)), CancellationToken.None);
        await TestPeople.AddAsync(Database, Vault, ("ann", PersonRoles.Any), ("bob", PersonRoles.Any));
        Orders = new DatabaseOrderStore(Database, new OrderOptions());
        Desk = new DatabaseOrderDesk(Database, new OrderOptions());
        Registry = new DatabaseTerminalRegistry(Database);
        Programs = new DatabaseProgramStore(Database);
        Log = new StoredLog(Database, log, Vault, TimeProvider.System);
    }

    private void Serve(CenterSessionOptions options, AdmissionCounts admissions)
    {
        Services = new CenterServices
        {
            Vault = Vault,
            Orders = Orders,
            Desk = Desk,
            Terminals = Registry,
            Admissions = admissions,
            Products = new DatabaseProductStore(Database),
            Programs = Programs,
            Log = Log,
            Options = options,
            Host = HostName,
            Link = Link,
            Loggers = new FailureLog(),
            Display = Environment.GetEnvironmentVariable("SHOP_TRACE") is null ? null : new Tracer(),
        };
        Server = new CenterServer(Services);
        _serving = Server.RunAsync(Served(), _centerStop.Token);
    }

    /// <summary>A session that fails by a bug shows in the test's output.</summary>
    private sealed class FailureLog : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            TestContext.Progress.WriteLine($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }

    private sealed class Tracer : IProgress<CenterProgress>
    {
        public void Report(CenterProgress value) => TestContext.Progress.WriteLine($"        {value.At:ss.fff} {value.Step} {value.Text}");
    }

    public IReadOnlyList<ServedLine> Served() => Results is null ? [Line.Served] : [Line.Served with { Results = Results.Listener.Line }, Results.Served];

    private ILineConnector Connector()
    {
        var line = new WrappingConnector(Line.Connector, up => Wrap(CurrentLine = up));
        return Results is null ? line : new SplitConnector(line, new WrappingConnector(Results.Connector, up => WrapResults(CurrentResults = up)));
    }

    private sealed class WrappingConnector(ILineConnector inner, Func<ILine, ILine> wrap) : ILineConnector
    {
        public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation) => wrap(await inner.ConnectAsync(cancellation));
    }

    private sealed class Recorder(Shop shop) : IProgress<IssueProgress>
    {
        public void Report(IssueProgress value)
        {
            shop.Display?.Report(value);
            if (Environment.GetEnvironmentVariable("SHOP_TRACE") is not null) TestContext.Progress.WriteLine($"{value.At:ss.fff} {value.Step} {value.Notice} {value.Detail} {value.Record}");
            var text = $"{value.Step} {value.Notice} {value.Detail} {value.Record}".TrimEnd();
            lock (shop.Shown) shop.Shown.Add(text);
            Action? action;
            lock (shop._whenShown)
            {
                var key = shop._whenShown.Keys.FirstOrDefault(k => text.Contains(k, StringComparison.Ordinal));
                if (key is null) return;
                shop._whenShown.Remove(key, out action);
            }
            action!();
        }
    }
}
