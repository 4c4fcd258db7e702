using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.Transport;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// A <see cref="Shop"/> whose center has a second host, on one PostgreSQL database. The terminal's data half comes in at the first host, its results half
/// at the second. Both have a link over TLS, as the program makes it.
/// </summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    private const string SecondName = "host-2";

    private readonly CancellationTokenSource _stop = new();
    private readonly ShopLine[] _lines;
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-host-").FullName;
    private TestLink _first = null!;
    private CenterDatabase _database = null!;
    private Task _serving = Task.CompletedTask;

    private TwoHosts(ShopLine[] lines) => _lines = lines;

    /// <summary>The first host, the terminal and its reader.</summary>
    public Shop Shop { get; private set; } = null!;

    /// <summary>The first host's link.</summary>
    public TestLink FirstLink => _first;

    /// <summary>The second host's link; null where it has none.</summary>
    public TestLink? SecondLink { get; private set; }

    /// <summary>The second host.</summary>
    public CenterServer Second { get; private set; } = null!;

    /// <summary>The second host's view of the registry.</summary>
    public DatabaseTerminalRegistry Registry => new(_database);

    /// <summary>The second host's data half.</summary>
    public ILineConnector SecondData => _lines[0].Connector;

    /// <summary>The second host's results half.</summary>
    public ILineConnector SecondResults => _lines[1].Connector;

    /// <summary>Opens both, with the terminal under way.</summary>
    /// <param name="options">Of both hosts' sessions.</param>
    /// <param name="withTls">Whether the halves stand for lines with TLS.</param>
    /// <param name="firstLinked">Whether others reach the first host.</param>
    /// <param name="secondLinked">Whether the second has a link.</param>
    public static async Task<TwoHosts> OpenAsync(
        Action<CenterSessionOptions>? options = null, bool withTls = false, bool firstLinked = true, bool secondLinked = true)
    {
        var hosts = new TwoHosts([ShopLine.Loopback(7, withTls), ShopLine.Loopback(8, withTls)]);
        hosts.Shop = await Shop.OpenAsync(
            options, line: ShopLine.Loopback(7, withTls), results: ShopLine.Loopback(8, withTls) with { Connector = hosts.SecondResults },
            postgres: EngineUnderTest.PlaceOf(EngineKind.Postgres), link: vault => (hosts._first = new TestLink(vault)).LinkWhen(firstLinked)!);
        if (secondLinked) hosts.SecondLink = new TestLink(hosts.Shop.Vault, hosts._first.Certificate);
        await hosts.ServeSecondAsync();
        return hosts;
    }

    /// <summary>The second host stops.</summary>
    public async Task StopSecondAsync()
    {
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await Shop.StopTerminalAsync();
        await StopSecondAsync();
        await Shop.DisposeAsync();
        await _database.DisposeAsync();
        foreach (var line in _lines) await line.Listener.DisposeAsync();
        if (SecondLink is { } second) await second.DisposeAsync();
        await _first.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ServeSecondAsync()
    {
        var place = new StoreOptions { Directory = _folder, Postgres = Shop.Postgres };
        using (var mirror = new GenerationMirror(place.GenerationPath))
        {
            var (id, generation) = await Shop.Database.ReadAsync(store => (CenterDatabase.IdIn(store), CenterDatabase.GenerationIn(store)), default);
            mirror.Write(id, generation, flush: false);
        }
        var log = new LogOptions { Directory = Path.Combine(_folder, "log"), Instance = SecondName };
        _database = await CenterDatabase.OpenAsync(place, log, Shop.Vault, TimeProvider.System);
        _database.Serve();
        var first = Shop.Services;
        Second = new CenterServer(new CenterServices
        {
            Vault = Shop.Vault,
            Orders = new DatabaseOrderStore(_database, new OrderOptions()),
            Desk = new DatabaseOrderDesk(_database, new OrderOptions()),
            Terminals = Registry,
            Admissions = new AdmissionCounts(new AdmissionOptions { Attempts = 100 }, TimeProvider.System),
            Products = new DatabaseProductStore(_database),
            Log = new StoredLog(_database, log, Shop.Vault, TimeProvider.System),
            Options = first.Options,
            Host = SecondName,
            Link = SecondLink?.Link,
            Loggers = first.Loggers,
        });
        _serving = Second.RunAsync([_lines[0].Served with { Results = _lines[1].Listener.Line }, _lines[1].Served], _stop.Token);
    }
}

/// <summary>A host's link in this process: TLS over TCP on loopback, with the center's certificate at both ends.</summary>
internal sealed class TestLink : IAsyncDisposable
{
    private readonly bool _isOwner;

    /// <summary>Makes the center's certificate, and a link with it.</summary>
    public TestLink(FileKeyVault vault) : this(vault, Lines.Certificate("center"))
    {
        _isOwner = true;
        vault.UseTlsServer([1], TlsCertificates.Sha256(Certificate));
    }

    /// <summary>A further host's, with its center's certificate.</summary>
    public TestLink(FileKeyVault vault, X509Certificate2 certificate)
    {
        Certificate = certificate;
        Listener = new TlsLineListener(new LineNumber(99), new IPEndPoint(IPAddress.Loopback, 0), certificate,
            (peer, _) => ValueTask.FromResult(peer.PeerCertificate == vault.Identity.TlsCertificate));
        Link = new HostLink(Address, Listener, address =>
        {
            var place = IPEndPoint.Parse(Instead ?? address);
            var trust = TlsTrust.Pinned(() => [vault.Identity.TlsCertificate]);
            return new Wrapping(this, new TlsLineConnector(place.Address.ToString(), place.Port, certificate, trust));
        });
    }

    public X509Certificate2 Certificate { get; }

    public TlsLineListener Listener { get; }

    public HostLink Link { get; }

    public string Address => Listener.LocalEndPoint.ToString();

    /// <summary>Where its connections go whatever address was told.</summary>
    public string? Instead { get; set; }

    /// <summary>The connection to another host that was made last.</summary>
    public ILine? Current { get; private set; }

    public HostLink? LinkWhen(bool isLinked) => isLinked ? Link : null;

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        if (_isOwner) Certificate.Dispose();
    }

    private sealed class Wrapping(TestLink link, ILineConnector inner) : ILineConnector
    {
        public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation) => link.Current = await inner.ConnectAsync(cancellation);
    }
}
