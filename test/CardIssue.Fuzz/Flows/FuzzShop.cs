using System.Net;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Fuzz.Running;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Transport;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;
using SimulatedDiversification = CardIssue.Testing.Cards.Crypto.Diversification;
using SimulatedKeys = CardIssue.Testing.Cards.State.CardKeySet;

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
    private readonly string _mode;

    /// <summary>The orders of a case, each with the card that was put in for it.</summary>
    private readonly List<(OrderId Order, CardSimulator Card, bool IsNumbered)> _case = [];
    private CenterDatabase _database = null!;
    private DatabaseOrderStore _orders = null!;
    private DatabaseOrderDesk _desk = null!;
    private StoredLog _log = null!;
    private TerminalRelay _relay = null!;
    private Task _serving = Task.CompletedTask, _relaying = Task.CompletedTask;
    private IReadOnlyList<Strike> _lineStrikes = [];
    private ILine? _line;
    private uint _cards, _goodOrders;

    private FuzzShop(bool hasTls, string mode)
    {
        _mode = mode;
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
    /// <param name="mode">The products' mode, <c>endToEnd</c> or <c>module</c>.</param>
    public static async Task<FuzzShop> OpenAsync(bool hasTls, string mode)
    {
        var shop = new FuzzShop(hasTls, mode);
        shop.ImportMaster();
        await shop.ServeAsync().ConfigureAwait(false);
        await shop.IssueGoodAsync("to begin with").ConfigureAwait(false);
        return shop;
    }

    /// <summary>
    /// One order with somebody mad; whatever comes of it, the same hosts issue the next card to good peers, and orders and cards agree.
    /// </summary>
    public async Task RunAsync(FlowOrder order, IReadOnlyList<Strike> onLine, IReadOnlyList<Strike> onCard)
    {
        _case.Clear();
        (_lineStrikes, _madReader.Strikes) = (onLine, onCard);
        // A new line, so that the admission is struck too.
        if (_line is not null) await _line.DisposeAsync().ConfigureAwait(false);
        var mad = await BeginAsync(order).ConfigureAwait(false);
        using (var patience = new CancellationTokenSource(Patience)) await IssueAsync(mad, patience.Token).ConfigureAwait(false);
        (_lineStrikes, _madReader.Strikes) = ([], []);
        _reader.Remove();
        if (_line is not null) await _line.DisposeAsync().ConfigureAwait(false);
        await IssueGoodAsync("after it").ConfigureAwait(false);
        await JudgeAsync().ConfigureAwait(false);
    }

    /// <summary>The log of all cases is whole.</summary>
    public async Task VerifyLogAsync()
    {
        var report = await _log.VerifyAsync().ConfigureAwait(false);
        if (!report.IsOk) throw new FindingException($"the log is not whole: {string.Join("; ", report.Findings)}");
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
            var order = await BeginAsync(FlowOrder.Turn(_goodOrders++)).ConfigureAwait(false);
            using var limit = new CancellationTokenSource(Good);
            outcome = await IssueAsync(order, limit.Token).ConfigureAwait(false);
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

    /// <summary>An order, and a card for it in the reader.</summary>
    private async Task<string> BeginAsync(FlowOrder order)
    {
        var card = Card(order.IsNumbered);
        _reader.Insert(card);
        var id = await OrderAsync(order.ReadsBack).ConfigureAwait(false);
        _case.Add((id, card, order.IsNumbered));
        return id.Value;
    }

    private CardSimulator Card(bool tellsNothing)
    {
        var serial = ++_cards;
        var state = CardProfile.BlankEmv(serial, [SimulatedKeys.Derive(0x30,
            SimulatedDiversification.Kdf3, _master, CardProfile.Kdd(serial).Span)]);
        return CardSimulator.Create(tellsNothing
            ? state with { Cplc = ByteString.Own([.. Enumerable.Repeat((byte)0xFF, state.Cplc.Length)]) } : state);
    }

    private async Task<OrderId> OrderAsync(bool readsBack)
    {
        var id = new OrderId($"order-{Guid.NewGuid():N}");
        var (name, file) = FuzzProducts.Of(readsBack, _mode);
        var body = ByteString.Own(Encoding.UTF8.GetBytes(file));
        var product = CardProductFile.Read(body.Span, name).Product!;
        var record = ProductRecord.Of(product, body);
        var terms = new OrderTerms(id, id.Value, 0, "fuzz", ProductTerms.Of(record, product));
        var fields = new Dictionary<string, string> { ["pan"] = "4761739001010119" };
        var outcome = await _orders.ImportAsync(record,
            [new NewOrder(id, terms.Customer, terms.Sequence, record.Ref, _vault.SealOrderData(terms, OrderData.Write(fields)),
                _vault.CreateIssueCodeVerifier(id, "4711"u8), DateTimeOffset.UtcNow.AddDays(1), terms.Display)])
            .ConfigureAwait(false);
        return outcome.Refusal is null ? id : throw new InvalidOperationException(outcome.Refusal);
    }

    /// <summary>
    /// No order is issued whose card is not closed, and no card is closed whose order does not know of it: so none is closed for the order
    /// of another either.
    /// </summary>
    private async Task JudgeAsync()
    {
        foreach (var (id, card, isNumbered) in _case)
        {
            // A closing is saved before it leaves, and an issue after the card told of it: so the card is asked before and after.
            var wasClosed = IsClosed(card);
            var state = (await _desk.GetAsync(id).ConfigureAwait(false))!.State;
            if (state is OrderState.Issued && !IsClosed(card)) throw new FindingException("an order is issued and its card is not closed");
            if (state is OrderState.Issued && isNumbered && !card.State.Data.ContainsKey(GetData.CardImageNumber))
                throw new FindingException("a card that tells nothing of itself is issued without a number");
            if (wasClosed && state is not (OrderState.Closing or OrderState.Issued or OrderState.Waiting))
                throw new FindingException($"a card is closed and its order is {state}");
        }
    }

    private static bool IsClosed(CardSimulator card) => card.Inspect().Application(FuzzProducts.Application).IsPersonalized;

    private void ImportMaster()
    {
        var first = RandomNumberGenerator.GetBytes(16);
        byte[] second = [.. _master.Zip(first, (a, b) => (byte)(a ^ b))];
        _vault.Begin("fuzz", 0x30, CardKeyAlgorithm.Aes128);
        Enter(1, "ann", first);
        Enter(2, "bob", second);
        using var whole = SecretBytes.Copy(_master);
        // No people here: what two of them would have agreed on.
        if (_vault.Complete("fuzz", 0x30, KeyCheckValue.OfAes(whole), new KeyApproval(new KeyDeed.Make("fuzz", 0x30, KeyCheckValue.OfAes(whole),
            CardKeyAlgorithm.Aes128))) is not CeremonyRefusal.None) throw new InvalidOperationException("The shop's key was refused.");
    }

    private void Enter(int number, string custodian, byte[] value)
    {
        using var component = SecretBytes.Take(value);
        _vault.Enter("fuzz", 0x30, number, new CustodianId(custodian), component, KeyCheckValue.OfAes(component));
    }

    private async Task ServeAsync()
    {
        var log = new LogOptions { Directory = Path.Combine(_folder, "log") };
        _database = await CenterDatabase.OpenAsync(
            new StoreOptions { Directory = Path.Combine(_folder, "data"), GenerationFile = Path.Combine(_folder, "generation") }, log, _vault, TimeProvider.System).ConfigureAwait(false);
        _orders = new DatabaseOrderStore(_database, new OrderOptions());
        _desk = new DatabaseOrderDesk(_database, new OrderOptions());
        _log = new StoredLog(_database, log, _vault, TimeProvider.System);
        var terminals = new DatabaseTerminalRegistry(_database);
        var person = new CenterPerson(new PersonName("fuzz"), PersonRoles.Supervisor, _database.StoreId);
        await _database.WriteAsync(store =>
        {
            if (PersonRow.Find(store, _vault, person.Name) is null)
                new PersonRow(person.Name, person.Roles, ByteString.Copy([1]), false, false, DateTimeOffset.UnixEpoch).Add(store, _vault);
            return 0;
        }, default).ConfigureAwait(false);
        await terminals.PutAsync(new TerminalRecord(
            Terminal, [Line], [IPNetwork.Parse("127.0.0.1/32")], _module.Identity.CredentialKey.Encoded,
                _module.Identity.AgreementKey.Encoded, _terminalCertificate, 1, true), person).ConfigureAwait(false);
        await terminals.SetReadersAsync(Terminal, [new ReaderRecord("virtual", null, null, "VC-0001", null, [],
            false)], person).ConfigureAwait(false);
        var services = new CenterServices
        {
            Vault = _vault, Orders = _orders, Desk = _desk, Terminals = terminals,
            Admissions = new AdmissionCounts(new AdmissionOptions { Attempts = 10_000 }, TimeProvider.System),
            Products = new DatabaseProductStore(_database), Log = _log, Host = "fuzz",
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
}
