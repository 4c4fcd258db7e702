using System.Net;
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
using CardIssue.Core.Primitives;

namespace CardIssue.Quickstart;

/// <summary>A center put together by hand, to show its parts. Its keys are test keys.</summary>
internal sealed class DemoCenter : IAsyncDisposable
{
    private readonly FileKeyVault _vault;
    private readonly CenterDatabase _database;
    private readonly CenterServices _services;
    private readonly IPeople _people;
    private readonly IApprovals _approvals;
    private CenterPerson _ann = null!, _bob = null!;

    private DemoCenter(FileKeyVault vault, CenterDatabase database, IExchangeLog log)
    {
        (_vault, _database) = (vault, database);
        var (orders, time) = (new OrderOptions(), TimeProvider.System);
        // The least that guessing a password may cost: it is a demo.
        var people = new PeopleOptions { Cost = new Argon2Cost(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1) };
        _people = new SqlitePeople(database, vault, people);
        _approvals = new SqliteApprovals(database, vault, people, orders);
        _services = new CenterServices
        {
            Vault = vault, Log = log, Host = "quickstart", Time = time,
            Orders = new SqliteOrderStore(database, orders), Desk = new SqliteOrderDesk(database, orders),
            Terminals = new SqliteTerminalRegistry(database), Products = new SqliteProductStore(database),
            Admissions = new AdmissionCounts(new AdmissionOptions(), time),
        };
        Server = new CenterServer(_services);
    }

    /// <summary>Serves the lines.</summary>
    public CenterServer Server { get; }

    /// <summary>What terminals know this center by.</summary>
    public CenterIdentity Identity => _vault.Identity;

    /// <summary>Makes vault, store and log in a folder.</summary>
    public static async Task<DemoCenter> OpenAsync(string folder, byte[] masterKey, CancellationToken cancellation)
    {
        using var passphrase = SecretBytes.Copy("only for the quickstart"u8);
        var vault = FileKeyVault.Create(Path.Combine(folder, "vault.json"), passphrase, new CenterId("quickstart"));
        var log = new LogOptions { Directory = Path.Combine(folder, "log") };
        var database = await CenterDatabase.OpenAsync(new StoreOptions { Directory = Path.Combine(folder, "store") }, log, vault, TimeProvider.System, cancellation);
        var center = new DemoCenter(vault, database, new StoredLog(database, log, vault, TimeProvider.System));
        await center.BeginAsync(cancellation);
        await center.HoldCeremonyAsync(masterKey, cancellation);
        return center;
    }

    /// <summary>Takes a product and the first order for it.</summary>
    public async Task<OrderEntry> ImportAsync(string productFile, string ordersFile, CancellationToken cancellation)
    {
        var body = await File.ReadAllBytesAsync(Sample(productFile), cancellation);
        var product = CardProductFile.Read(body, productFile).Product!;
        // The file has orders for another product, too: that one is only looked up here.
        var other = CardProductFile.Read(await File.ReadAllBytesAsync(Sample("visa-like-e2e.product.json"), cancellation), "visa-like-e2e").Product!;
        var reading = OrdersFile.Read(await File.ReadAllBytesAsync(Sample(ordersFile), cancellation), ordersFile, name => name == product.Name ? product : other);
        var entry = reading.Orders!.First(order => order.Product == product.Name);

        var record = ProductRecord.Of(product, ByteString.Copy(body));
        // The write data opens for this order of this customer, and as this product writes it: for nothing else.
        var terms = new OrderTerms(entry.Order, entry.Customer, Sequence: 1, product.Name, ProductTerms.Of(record, product));
        var order = new NewOrder(
            entry.Order, entry.Customer, terms.Sequence, record.Ref, _vault.SealOrderData(terms, OrderData.Write(entry.Fields)),
            _vault.CreateIssueCodeVerifier(entry.Order, Encoding.ASCII.GetBytes(entry.IssueCode!)), DateTimeOffset.UtcNow.AddDays(30),
                terms.Display)
        {
            AccountDigest = entry.Account is { } account ? _vault.DigestAccount(account) : default,
        };
        var imported = await _services.Orders.ImportAsync(record, [order], cancellation);
        return imported.Refusal is null ? entry : throw new InvalidOperationException(imported.Refusal);
    }

    /// <summary>Makes a terminal and its reader known.</summary>
    public async Task EnrolAsync(TerminalIdentity terminal, LineNumber line, ReaderIdentity reader, CancellationToken cancellation)
    {
        await _services.Terminals.PutAsync(new TerminalRecord(
            terminal.Id, [line], [IPNetwork.Parse("127.0.0.1/32")], terminal.CredentialKey.Encoded, terminal.AgreementKey.Encoded,
            terminal.TlsCertificate, terminal.KeyVersion, Enabled: true), _ann, cancellation);
        await _services.Terminals.SetReadersAsync(
            terminal.Id, [new ReaderRecord(reader.Kind, reader.Vendor, reader.Model, reader.Serial, reader.Firmware, [], false)], _ann, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _vault.Dispose();
    }

    /// <summary>A center begins with two people: what undoes safety is asked for by one and approved by the other.</summary>
    private async Task BeginAsync(CancellationToken cancellation)
    {
        var (ann, bob) = (new PersonName("ann"), new PersonName("bob"));
        using var password = SecretBytes.Copy("only for the quickstart"u8);
        await _people.BeginAsync([new FirstPerson(ann, password), new FirstPerson(bob, password)], cancellation);
        (_ann, _bob) = (await LogInAsync(ann), await LogInAsync(bob));

        async Task<CenterPerson> LogInAsync(PersonName name) => await _people.AuthenticateAsync(name, password, "quickstart", cancellation) is Authentication.Granted granted
            ? granted.Person
            : throw new InvalidOperationException($"{name} was not let in.");
    }

    /// <summary>A card master key comes in as components of two custodians, and two people agree on it: there is no short cut, not even here.</summary>
    private async Task HoldCeremonyAsync(byte[] masterKey, CancellationToken cancellation)
    {
        using var first = SecretBytes.Random(masterKey.Length);
        using var second = SecretBytes.Copy([.. masterKey.Zip(first.Span.ToArray(), (a, b) => (byte)(a ^ b))]);
        using var key = SecretBytes.Copy(masterKey);
        var act = new CenterAct.MakeKey("issuer-test", 0x30, CardKeyAlgorithm.Aes128, KeyCheckValue.OfAes(key));
        using var asked = await _approvals.AskAsync(_ann, act, "the quickstart's test key", cancellation);
        using var approved = await _approvals.ApproveAsync(_bob, asked.Id, cancellation);
        var (outcome, agreed) = await _approvals.UseAsync(_ann, asked.Id, act, cancellation);
        if (agreed is null) throw new InvalidOperationException($"The key was not approved: {asked.Outcome}, {approved.Outcome}, {outcome}");
        CeremonyRefusal[] steps =
        [
            _vault.Begin(act.KeySet, act.KeyVersion, act.Algorithm),
            _vault.Enter(act.KeySet, act.KeyVersion, 1, new CustodianId("ann"), first, KeyCheckValue.OfAes(first)),
            _vault.Enter(act.KeySet, act.KeyVersion, 2, new CustodianId("bob"), second, KeyCheckValue.OfAes(second)),
            _vault.Complete(act.KeySet, act.KeyVersion, act.CheckValue, agreed),
        ];
        if (steps.Any(refusal => refusal is not CeremonyRefusal.None)) throw new InvalidOperationException($"The key ceremony was refused: {string.Join(", ", steps)}");
    }

    private static string Sample(string file) => Path.Combine(AppContext.BaseDirectory, file);
}
