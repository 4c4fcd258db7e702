using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CardIssue.Center.Approvals;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Parts;
using CardIssue.Transport.Serial;
using CardIssue.Transport.Tls;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Timing;
using SimulatedDiversification = CardIssue.Testing.Cards.Crypto.Diversification;
using SimulatedKeys = CardIssue.Testing.Cards.State.CardKeySet;

namespace CardIssue.Bench;

/// <summary>A center and a terminal in this process; everything real but the line, which is a loopback with a delay.</summary>
internal sealed class BenchShop : IAsyncDisposable
{
    private static readonly TerminalId Terminal = new("bench");
    private static readonly LineNumber Line = new(1), SerialLine = new(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-bench-").FullName;
    private readonly byte[] _master = RandomNumberGenerator.GetBytes(16);
    private readonly CancellationTokenSource _stop = new();
    // The loopback says that it has TLS with them: bytes on the line are counted without counters and MACs.
    private readonly X509Certificate2 _centerTls = Certificate("center"), _terminalTls = Certificate("terminal");
    private readonly LoopbackListener _listener;
    private readonly SqliteDisk _disk;
    private readonly FileKeyVault _vault;
    private readonly SoftwareModuleFile _module;
    private CenterDatabase _database = null!;
    private DatabaseOrderStore _orders = null!;
    private StoredLog _log = null!;
    private CenterServer _server = null!;
    private Task _serving = Task.CompletedTask;
    private uint _cards;

    private BenchShop()
    {
        _disk = SqliteDisk.Of(_folder);
        _listener = new LoopbackListener(Line, TlsCertificates.Sha256(_centerTls));
        using var passphrase = SecretBytes.Random(16);
        var cost = new Argon2Cost(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1);
        _vault = FileKeyVault.Create(Path.Combine(_folder, "vault"), passphrase, new CenterId("bench"), cost);
        _module = SoftwareModuleFile.Create(Path.Combine(_folder, "module"), passphrase, Terminal, 1, cost);
        _module.TrustCenter(_vault.Identity);
    }

    public static async Task<BenchShop> OpenAsync()
    {
        var shop = new BenchShop();
        await shop.ServeAsync();
        return shop;
    }

    /// <summary>Bytes of seals that a mode puts on the line: a tag for each sealed command.</summary>
    public int TagBytes(string mode) => mode == BenchProduct.Module ? SealedCommand.Overhead * (BenchProduct.Apdus - 3) : 0;

    public async Task<BenchRun> IssueAsync(string mode, TimeSpan roundTrip, int window, bool timed = true, bool readsState = false)
    {
        var program = RandomNumberGenerator.GetBytes(BenchProduct.FieldBytes(readsState));
        var order = await OrderAsync(mode, BenchProduct.Json(mode, readsState), new() { ["program"] = Convert.ToHexString(program) });
        return await IssueAsync(order, roundTrip, window, timed ? new P71InstallReplay() : null);
    }

    /// <summary>One card of the sample's EMV product.</summary>
    public async Task<BenchRun> IssueEmvAsync(string mode, TimeSpan roundTrip, ICardTiming timing) => await IssueAsync(
        await OrderAsync(mode, BenchProduct.Emv(mode), BenchProduct.EmvFields()), roundTrip, new TerminalRelayOptions().Window, timing);

    /// <summary>The same over a serial line of such a speed, in both directions.</summary>
    public async Task<BenchRun> IssueOverSerialAsync(string mode, bool tls, int baud, ICardTiming timing)
    {
        var cable = new PacedCable(baud);
        var options = new SerialLineOptions { BaudRate = baud };
        await using var listener = new SerialLineListener(SerialLine, cable.OpenCenter, options, tls ? _centerTls : null);
        var connector = new SerialLineConnector(
            cable.OpenTerminal, options, tls ? _terminalTls : null, tls ? TlsTrust.Pinned(TlsCertificates.Sha256(_centerTls)) : null);
        await _server.ChangeLinesAsync([new ServedLine(_listener), new ServedLine(listener, WithoutTls: !tls)]);
        var order = await OrderAsync(mode, BenchProduct.Emv(mode), BenchProduct.EmvFields());
        var run = await IssueAsync(order, connector, () => cable.Count, new TerminalRelayOptions().Window, timing);
        await _server.ChangeLinesAsync([new ServedLine(_listener)]);
        return run;
    }

    private Task<BenchRun> IssueAsync(string order, TimeSpan roundTrip, int window, ICardTiming? timing)
    {
        CountingLine? line = null;
        var connector = new Connector(
            _listener.CreateConnector(IPAddress.Loopback, TlsCertificates.Sha256(_terminalTls)),
            inner => line = new CountingLine(roundTrip > TimeSpan.Zero ? new DelayedLine(inner, roundTrip / 2) : inner));
        return IssueAsync(order, connector, () => line!.Count, window, timing);
    }

    private async Task<BenchRun> IssueAsync(string order, ILineConnector connector, Func<LineCount> line, int window, ICardTiming? timing)
    {
        await using var reader = new VirtualCardReader(timing: timing);
        var counted = new CountingReader(reader);
        var watch = new Watch(line, counted);
        await using var relay = new TerminalRelay(new TerminalRelayOptions { Window = window }, connector, counted, _module.OpenModule(), watch);
        using var stop = new CancellationTokenSource();
        var running = relay.RunAsync(stop.Token);
        reader.Insert(Card());
        using var code = SecretBytes.Copy("4711"u8);
        var outcome = await relay.IssueAsync(new IssueRequest(order, code, new OperatorId("bench")));
        if (!outcome.IsIssued) throw new InvalidOperationException($"The bench's card was not issued: {outcome.Ending} {outcome.Detail}");
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return watch.Run;
    }

    /// <summary>A visit of three records: from a terminal that asks for access to a card that is taken out.</summary>
    /// <param name="mode">The mode.</param>
    /// <param name="delay">How much longer each sync of the center takes.</param>
    public async Task<SyncRun> VisitAsync(string mode, TimeSpan delay)
    {
        var order = new OrderId(await OrderAsync(mode, BenchProduct.ThreeRecords(mode), []));
        await using var reader = new VirtualCardReader();
        await using var relay = new TerminalRelay(
            new TerminalRelayOptions(), _listener.CreateConnector(IPAddress.Loopback, TlsCertificates.Sha256(_terminalTls)), reader, _module.OpenModule());
        reader.Insert(Card());
        using var code = SecretBytes.Copy("4711"u8);
        using var stop = new CancellationTokenSource();
        var start = DateTimeOffset.UtcNow;
        var (before, began) = (_disk.Syncs, Stopwatch.GetTimestamp());
        _disk.Delay = delay;
        var running = relay.RunAsync(stop.Token);
        var outcome = await relay.IssueAsync(new IssueRequest(order.Value, code, new OperatorId("bench")));
        var time = Stopwatch.GetElapsedTime(began);
        if (!outcome.IsIssued) throw new InvalidOperationException($"The bench's card was not issued: {outcome.Ending} {outcome.Detail}");
        reader.Remove();
        await UntilAsync(async () => (await _log.ReadAsync(new LogQuery(Since: start))).Any(row => row.Entry.Kind == "CardRemoved"));
        _disk.Delay = TimeSpan.Zero;
        var run = new SyncRun(_disk.Syncs - before, time);
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // What a session writes when its line is gone is not the next visit's.
        await UntilAsync(() => Task.FromResult(_server.Sessions == 0));
        return run;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _listener.DisposeAsync();
        await _database.DisposeAsync();
        _vault.Dispose();
        _module.Dispose();
        _disk.Dispose();
        _centerTls.Dispose();
        _terminalTls.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509Certificate2 Certificate(string name) =>
        TlsCertificates.CreateSelfSigned($"CN={name}", DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));

    private CardSimulator Card()
    {
        var serial = ++_cards;
        var keys = SimulatedKeys.Derive(0x30, SimulatedDiversification.Kdf3, _master, CardProfile.Kdd(serial).Span);
        return CardSimulator.Create(CardProfile.BlankEmv(serial, [keys]));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds()) await Task.Delay(1);
    }

    private async Task<string> OrderAsync(string mode, string json, Dictionary<string, string> fields)
    {
        var id = new OrderId($"{mode}-{_cards + 1}");
        var body = ByteString.Own(Encoding.UTF8.GetBytes(json));
        var product = CardProductFile.Read(body.Span, mode).Product!;
        var record = ProductRecord.Of(product, body);
        var terms = new OrderTerms(id, id.Value, 0, "bench", ProductTerms.Of(record, product));
        var outcome = await _orders.ImportAsync(record,
            [new NewOrder(id, terms.Customer, terms.Sequence, record.Ref, _vault.SealOrderData(terms, OrderData.Write(fields)),
                _vault.CreateIssueCodeVerifier(id, "4711"u8), DateTimeOffset.UtcNow.AddDays(1), terms.Display)]);
        return outcome.Refusal is null ? id.Value : throw new InvalidOperationException(outcome.Refusal);
    }

    /// <summary>The center's two people: what undoes safety takes both.</summary>
    private async Task<(CenterPerson Ann, CenterPerson Bob)> BeginAsync(IPeople people)
    {
        using var password = SecretBytes.Copy("only for the bench"u8);
        var (ann, bob) = (new PersonName("ann"), new PersonName("bob"));
        await people.BeginAsync([new FirstPerson(ann, password), new FirstPerson(bob, password)]);
        return (await LogInAsync(ann), await LogInAsync(bob));

        async Task<CenterPerson> LogInAsync(PersonName name) => ((PersonAuthentication.Granted)await people.AuthenticateAsync(name, password, "bench")).Person;
    }

    private async Task ImportMasterAsync(CenterPerson asking, CenterPerson approving, IApprovals approvals)
    {
        var first = RandomNumberGenerator.GetBytes(16);
        var second = _master.Zip(first, (a, b) => (byte)(a ^ b)).ToArray();
        _vault.Begin("bench", 0x30, CardKeyAlgorithm.Aes128);
        Enter(1, "ann", first);
        Enter(2, "bob", second);
        using var whole = SecretBytes.Copy(_master);
        var act = new CenterAct.MakeKey("bench", 0x30, CardKeyAlgorithm.Aes128, KeyCheckValue.OfAes(whole));
        using var asked = await approvals.AskAsync(asking, act, "bench");
        using var approved = await approvals.ApproveAsync(approving, asked.Id);
        var (_, agreed) = await approvals.UseAsync(asking, asked.Id, act);
        if (_vault.Complete("bench", 0x30, act.CheckValue, agreed!) is not CeremonyRefusal.None) throw new InvalidOperationException("The bench's key was refused.");
    }

    private void Enter(int number, string custodian, byte[] value)
    {
        using var component = SecretBytes.Take(value);
        _vault.Enter("bench", 0x30, number, new CustodianId(custodian), component, KeyCheckValue.OfAes(component));
    }

    private async Task ServeAsync()
    {
        var log = new LogOptions { Directory = Path.Combine(_folder, "log") };
        _database = await CenterDatabase.OpenAsync(
            new StoreOptions { Directory = Path.Combine(_folder, "data"), GenerationFile = Path.Combine(_folder, "generation") }, log, _vault, TimeProvider.System);
        _orders = new DatabaseOrderStore(_database, new OrderOptions());
        _log = new StoredLog(_database, log, _vault, TimeProvider.System);
        var options = new PeopleOptions { Cost = new Argon2Cost(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1) };
        var (ann, bob) = await BeginAsync(new DatabasePeople(_database, _vault, options));
        await ImportMasterAsync(ann, bob, new DatabaseApprovals(_database, _vault, options, new OrderOptions()));
        var terminals = new DatabaseTerminalRegistry(_database);
        await terminals.PutAsync(new TerminalRecord(
            Terminal, [Line, SerialLine], [IPNetwork.Parse("127.0.0.1/32")], _module.Identity.CredentialKey.Encoded, _module.Identity.AgreementKey.Encoded, TlsCertificates.Sha256(_terminalTls), 1, true), ann);
        await terminals.SetReadersAsync(Terminal, [new ReaderRecord("virtual", null, null, "VC-0001", null, [], false)], ann);
        var services = new CenterServices
        {
            Vault = _vault, Orders = _orders, Desk = new DatabaseOrderDesk(_database, new OrderOptions()), Terminals = terminals,
            Admissions = new AdmissionCounts(new AdmissionOptions { Attempts = 1_000 }, TimeProvider.System),
            Products = new DatabaseProductStore(_database), Log = _log, Host = "bench",
        };
        _server = new CenterServer(services);
        _serving = _server.RunAsync([new ServedLine(_listener)], _stop.Token);
    }

    private sealed class Connector(ILineConnector inner, Func<ILine, ILine> wrap) : ILineConnector
    {
        public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation) => wrap(await inner.ConnectAsync(cancellation));
    }

    /// <summary>Takes the time and the counts from the card being in (S250) to the card being issued (S300).</summary>
    private sealed class Watch(Func<LineCount> line, CountingReader card) : IProgress<IssueProgress>
    {
        private long _began;
        private double _closed;
        private LineCount _before, _present, _reported;

        public BenchRun Run { get; private set; } = null!;

        public void Report(IssueProgress value)
        {
            // The opening comes behind it, before the card is in: its bytes count.
            if (value.Notice is IssueNotice.InsertCard) _before = line();
            if (value.Notice is IssueNotice.CardIn)
            {
                (_began, _present) = (Stopwatch.GetTimestamp(), line());
                card.Reset();
            }
            // The result of a script is on the line when it is shown; the last one is the closing's.
            if (value.Notice is IssueNotice.Reporting) (_reported, _closed) = (line(), Stopwatch.GetElapsedTime(_began).TotalMilliseconds);
            if (value.Notice is not IssueNotice.Issued) return;
            var (now, all) = (_reported, line());
            var bytes = now.BytesSent + now.BytesReceived - _before.BytesSent - _before.BytesReceived;
            Run = new BenchRun(
                Stopwatch.GetElapsedTime(_began).TotalMilliseconds, bytes, card.Bytes, card.Apdus, _closed, now.RoundTrips - _present.RoundTrips,
                all.BytesSent - _present.BytesSent, all.BytesReceived - _present.BytesReceived);
        }
    }
}
