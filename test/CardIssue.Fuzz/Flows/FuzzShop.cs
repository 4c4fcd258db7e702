using System.Net;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol;
using CardIssue.Fuzz.Running;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Transport;
using CardIssue.VirtualCard;
using CardIssue.VirtualCard.Reading;

namespace CardIssue.Fuzz.Flows;

/// <summary>A center, a terminal and cards in this process, all real; one of them, or the line between, may be mad for a time.</summary>
internal sealed class FuzzShop : IAsyncDisposable
{
    /// <summary>How long a card may take with everybody good.</summary>
    private static readonly TimeSpan Good = TimeSpan.FromSeconds(20);

    /// <summary>How long somebody mad may hold an order up before it is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TerminalId Terminal = new("fuzz");
    private static readonly LineNumber Line = new(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-fuzz-").FullName;
    private readonly byte[] _master = RandomNumberGenerator.GetBytes(16);
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _relayStop = new();
    private readonly ByteString _centerCertificate, _terminalCertificate;
    private readonly LoopbackListener _listener;
    private readonly VirtualCardReader _reader = new();
    private readonly MadReader _madReader;
    private readonly FileKeyVault _vault;
    private readonly SoftwareModuleFile _module;
    private CenterDatabase _database = null!;
    private SqliteOrderStore _orders = null!;
    private SqliteExchangeLog _log = null!;
    private TerminalRelay _relay = null!;
    private Task _serving = Task.CompletedTask, _relaying = Task.CompletedTask;
    private IReadOnlyList<Strike> _lineStrikes = [];
    private ILine? _line;
    private uint _cards;

    private FuzzShop(bool hasTls)
    {
        // Stand for certificates: with them a message goes as it is, without them it carries a counter and a MAC.
        (_centerCertificate, _terminalCertificate) = hasTls ? (ByteString.Own(RandomNumberGenerator.GetBytes(32)),
            ByteString.Own(RandomNumberGenerator.GetBytes(32))) : default;
        _listener = new LoopbackListener(Line, _centerCertificate);
        _madReader = new MadReader(_reader);
        using var passphrase = SecretBytes.Random(16);
        var cost = new Argon2Cost(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1);
        _vault = FileKeyVault.Create(Path.Combine(_folder, "vault"), passphrase, new CenterId("fuzz"), cost);
        _module = SoftwareModuleFile.Create(Path.Combine(_folder, "module"), passphrase, Terminal, 1, cost);
        if (hasTls) _module.UseTlsClient([1], _terminalCertificate);
        _module.TrustCenter(_vault.Identity);
    }

    /// <summary>Opens one.</summary>
    /// <param name="hasTls">Whether the line is one as with TLS.</param>
    public static async Task<FuzzShop> OpenAsync(bool hasTls)
    {
        var shop = new FuzzShop(hasTls);
        shop.ImportMaster();
        await shop.ServeAsync().ConfigureAwait(false);
        await shop.IssueGoodAsync("to begin with").ConfigureAwait(false);
        return shop;
    }

    /// <summary>One order with somebody mad; whatever comes of it, the same hosts issue the next card to good peers.</summary>
    public async Task RunAsync(IReadOnlyList<Strike> onLine, IReadOnlyList<Strike> onCard)
    {
        (_lineStrikes, _madReader.Strikes) = (onLine, onCard);
        // A new line, so that the admission is struck too.
        if (_line is not null) await _line.DisposeAsync().ConfigureAwait(false);
        _reader.Insert(Card());
        using (var patience = new CancellationTokenSource(Patience))
        {
            await IssueAsync(await OrderAsync().ConfigureAwait(false), patience.Token).ConfigureAwait(false);
        }
        (_lineStrikes, _madReader.Strikes) = ([], []);
        _reader.Remove();
        if (_line is not null) await _line.DisposeAsync().ConfigureAwait(false);
        await IssueGoodAsync("after it").ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _relayStop.CancelAsync().ConfigureAwait(false);
        await _relaying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _relay.DisposeAsync().ConfigureAwait(false);
        await _reader.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _log.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
        _vault.Dispose();
        _module.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task IssueGoodAsync(string when)
    {
        // What was begun with somebody mad may need to be let go of: the terminal may still await a card's removal, or access.
        var outcome = "nothing";
        for (var tries = 0; tries < 3; tries++)
        {
            _reader.Insert(Card());
            using var limit = new CancellationTokenSource(Good);
            outcome = await IssueAsync(await OrderAsync().ConfigureAwait(false), limit.Token).ConfigureAwait(false);
            _reader.Remove();
            if (outcome == nameof(IssueEnding.Issued)) return;
        }
        throw new FindingException($"with everybody good, {when}, no card is issued: {outcome}");
    }

    /// <summary>How an order ended, in words; a host that ended is a finding.</summary>
    private async Task<string> IssueAsync(string order, CancellationToken cancellation)
    {
        using var code = SecretBytes.Copy("4711"u8);
        var issuing = _relay.IssueAsync(new IssueRequest(order, code, new OperatorId("fuzz")), cancellation: cancellation);
        var first = await Task.WhenAny(issuing, _relaying, _serving, Task.Delay(Good * 2, CancellationToken.None)).ConfigureAwait(false);
        if (first == _relaying) throw new FindingException($"the terminal ended: {_relaying.Exception}");
        if (first == _serving) throw new FindingException($"the center ended: {_serving.Exception}");
        if (first != issuing) throw new FindingException("an order that was given up does not end");
        try
        {
            var outcome = await issuing.ConfigureAwait(false);
            return outcome.IsIssued ? nameof(IssueEnding.Issued) : $"{outcome.Ending} {outcome.Detail}";
        }
        catch (OperationCanceledException)
        {
            return "given up";
        }
    }

    private CardSimulator Card()
    {
        var serial = ++_cards;
        return CardSimulator.Create(CardProfile.BlankEmv(serial, [VirtualCard.State.CardKeySet.Derive(0x30,
            VirtualCard.Crypto.Diversification.Kdf3, _master, CardProfile.Kdd(serial).Span)]));
    }

    private async Task<string> OrderAsync()
    {
        var id = new OrderId($"order-{Guid.NewGuid():N}");
        var product = new ProductRef("fuzz", 1);
        var fields = new Dictionary<string, string> { ["pan"] = "4761739001010119" };
        var outcome = await _orders.ImportAsync(
            new ProductRecord(product, ProductMode.EndToEnd, ByteString.Own(Encoding.UTF8.GetBytes(Product))),
            [new NewOrder(id, id.Value, 0, product, _vault.SealOrderData(id, OrderData.Write(fields)), _vault.CreateIssueCodeVerifier(id,
                "4711"u8), DateTimeOffset.UtcNow.AddDays(1), "fuzz")])
            .ConfigureAwait(false);
        return outcome.Refusal is null ? id.Value : throw new InvalidOperationException(outcome.Refusal);
    }

    private void ImportMaster()
    {
        var first = RandomNumberGenerator.GetBytes(16);
        byte[] second = [.. _master.Zip(first, (a, b) => (byte)(a ^ b))];
        _vault.Begin("fuzz", 0x30, CardKeyAlgorithm.Aes128);
        Enter(1, "ann", first);
        Enter(2, "bob", second);
        using var whole = SecretBytes.Copy(_master);
        if (_vault.Complete("fuzz", 0x30,
            KeyCheckValue.OfAes(whole)) is not CeremonyRefusal.None) throw new InvalidOperationException("The shop's key was refused.");
    }

    private void Enter(int number, string custodian, byte[] value)
    {
        using var component = SecretBytes.Take(value);
        _vault.Enter("fuzz", 0x30, number, new CustodianId(custodian), component, KeyCheckValue.OfAes(component));
    }

    private async Task ServeAsync()
    {
        _database = await CenterDatabase.OpenAsync(
            new StoreOptions { Directory = Path.Combine(_folder, "data"), GenerationFile = Path.Combine(_folder, "generation") },
                TimeProvider.System).ConfigureAwait(false);
        _orders = new SqliteOrderStore(_database, new OrderOptions());
        _log = SqliteExchangeLog.Open(new LogOptions { Directory = Path.Combine(_folder, "log") }, _vault, TimeProvider.System);
        var terminals = new SqliteTerminalRegistry(_database);
        await terminals.PutAsync(new TerminalRecord(
            Terminal, [Line], [IPNetwork.Parse("127.0.0.0/8")], _module.Identity.CredentialKey.Encoded,
                _module.Identity.AgreementKey.Encoded, _terminalCertificate, 1, true)).ConfigureAwait(false);
        await terminals.SetReadersAsync(Terminal, [new ReaderRecord("virtual", null, null, "VC-0001", null, [],
            false)]).ConfigureAwait(false);
        var services = new CenterServices
        {
            Vault = _vault, Orders = _orders, Desk = new SqliteOrderDesk(_database, new OrderOptions()), Terminals = terminals,
            Admissions = new AdmissionCounts(new AdmissionOptions { Attempts = 10_000 }, TimeProvider.System),
            Products = new SqliteProductStore(_database), Log = _log, Host = "fuzz",
            Options = new CenterSessionOptions { Admission = TimeSpan.FromSeconds(5), Script = TimeSpan.FromSeconds(5) },
        };
        _serving = new CenterServer(services).RunAsync([new ServedLine(_listener, _centerCertificate.IsEmpty)], _stop.Token);
        var options = new TerminalRelayOptions { RefusedPause = TimeSpan.FromMilliseconds(20),
            ReaderPause = TimeSpan.FromMilliseconds(20), CenterSilence = TimeSpan.FromMilliseconds(700) };
        _relay = new TerminalRelay(options, new Connector(this), _madReader, _module.OpenModule());
        _relaying = _relay.RunAsync(_relayStop.Token);
    }

    private sealed class Connector(FuzzShop shop) : ILineConnector
    {
        private readonly LoopbackConnector _inner = shop._listener.CreateConnector(IPAddress.Loopback, shop._terminalCertificate);

        public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation) =>
            shop._line = new StruckLine(await _inner.ConnectAsync(cancellation).ConfigureAwait(false), shop._lineStrikes);
    }

    /// <summary>Every kind of script: opening, authentication, a record, a second one that is looked for first, the closing with its
    /// look.</summary>
    private const string Product = """
        {
          "name": "fuzz", "version": 1, "profile": "globalplatform", "mode": "endToEnd",
          "keySet": "fuzz", "keyVersion": "30", "diversification": "kdf3", "securityLevel": "33",
          "securityDomain": "A000000151000000", "application": "A0000000031010",
          "acceptedStates": { "scope": "applications", "aid": "A0000000031010", "states": ["07"] },
          "records": [
            { "name": "number", "proof": "cardMac", "repeat": "repeatable", "items": [ { "dgi": "0101", "tlv": [ { "tag": "70", "tlv": [ { "tag": "5A", "field": "pan", "as": "digits" } ] } ] } ] },
            { "name": "counters", "proof": "cardMac", "repeat": { "startOver": "number" }, "items": [ { "dgi": "3001", "hex": "0000" }, { "dgi": "9104", "hex": "82025C00940408010100" } ] }
          ],
          "close": { "items": [ { "dgi": "7FFF", "hex": "" } ] },
          "closeLook": [ { "lifeCycle": { "scope": "applications", "aid": "A0000000031010" }, "done": { "state": "0F" }, "notDone": { "state": "07" } } ]
        }
        """;
}
