using System.Net;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Approvals;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Testing;

/// <summary>A card master key that is for trying things out alone.</summary>
public sealed record TestKey(string KeySet, byte Version, CardKeyAlgorithm Algorithm, byte[] Master);

/// <summary>An order of a demo.</summary>
/// <param name="Order">Its number.</param>
/// <param name="Customer">The customer.</param>
/// <param name="IssueCode">Its code.</param>
/// <param name="Fields">The customer's fields.</param>
/// <param name="Account">The account that its card is of.</param>
/// <param name="Rewrite">Which rewrite of the customer's card it is; null for an issue.</param>
public sealed record TestOrder(OrderId Order, string Customer, string IssueCode, IReadOnlyDictionary<string, string> Fields,
    CardAccount? Account, string? Rewrite = null);

/// <summary>A center put together by hand, to show its parts. Its keys are test keys, and its passphrase nobody knows.</summary>
public sealed class TestCenter : IAsyncDisposable
{
    /// <summary>The least that guessing may cost: what it guards is gone with the process.</summary>
    public static readonly Argon2Cost Cheapest = new(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1);

    private readonly FileKeyVault _vault;
    private readonly CenterDatabase _database;
    private readonly CenterServices _services;
    private readonly IPeople _people;
    private readonly IApprovals _approvals;
    private CenterPerson _ann = null!, _bob = null!;

    private TestCenter(FileKeyVault vault, CenterDatabase database, IExchangeLog log)
    {
        (_vault, _database) = (vault, database);
        var (orders, time) = (new OrderOptions(), TimeProvider.System);
        var people = new PeopleOptions { Cost = Cheapest };
        _people = new DatabasePeople(database, vault, people);
        _approvals = new DatabaseApprovals(database, vault, people, orders);
        _services = new CenterServices
        {
            Vault = vault, Log = log, Host = "demo", Time = time,
            Orders = new DatabaseOrderStore(database, orders), Desk = new DatabaseOrderDesk(database, orders),
            Terminals = new DatabaseTerminalRegistry(database), Products = new DatabaseProductStore(database),
            Programs = new DatabaseProgramStore(database),
            Admissions = new AdmissionCounts(new AdmissionOptions(), time),
        };
        Server = new CenterServer(_services);
    }

    /// <summary>Serves the lines.</summary>
    public CenterServer Server { get; }

    /// <summary>What terminals know this center by.</summary>
    public CenterIdentity Identity => _vault.Identity;

    /// <summary>Makes vault, store and log in a folder.</summary>
    public static async Task<TestCenter> OpenAsync(string folder, IReadOnlyList<TestKey> keys, CancellationToken cancellation)
    {
        using var passphrase = SecretBytes.Random(32);
        var vault = FileKeyVault.Create(Path.Combine(folder, "vault.json"), passphrase, new CenterId("demo"), Cheapest);
        var log = new LogOptions { Directory = Path.Combine(folder, "log") };
        var database = await CenterDatabase.OpenAsync(new StoreOptions { Directory = Path.Combine(folder, "store") }, log, vault,
            TimeProvider.System, cancellation);
        var center = new TestCenter(vault, database, new StoredLog(database, log, vault, TimeProvider.System));
        await center.BeginAsync(cancellation);
        foreach (var key in keys) await center.HoldCeremonyAsync(key, cancellation);
        return center;
    }

    /// <summary>Takes an application program, a CAP file.</summary>
    public async Task AddProgramAsync(ByteString file, CancellationToken cancellation)
    {
        var name = Convert.ToHexString(SHA256.HashData(file.Span))[..16];
        var added = await _services.Programs!.AddAsync(name, file, _ann, cancellation);
        if (added is not ProgramChange.Done) throw new InvalidOperationException($"The program was not taken: {added}");
    }

    /// <summary>Takes a product and an order for it.</summary>
    public async Task ImportAsync(CardProduct product, ByteString body, TestOrder order, CancellationToken cancellation)
    {
        var record = ProductRecord.Of(product, body);
        // A rewrite is bound to the customer's card from the start.
        RewriteOf? rewrite = null;
        if (order.Rewrite is { } name)
        {
            var (card, refused) = await _services.Desk!.FindCardAsync(new CardReference(order.Customer), cancellation);
            rewrite = new RewriteOf(name, card?.Card ?? throw new InvalidOperationException(refused));
        }
        // The write data opens for this order of this customer, and as this product writes it: for nothing else.
        var terms = new OrderTerms(order.Order, order.Customer, Sequence: 1, product.Name, ProductTerms.Of(record, product)) { Rewrite = rewrite };
        var entry = new NewOrder(
            order.Order, order.Customer, terms.Sequence, record.Ref, _vault.SealOrderData(terms, OrderData.Write(order.Fields)),
            _vault.CreateIssueCodeVerifier(order.Order, Encoding.ASCII.GetBytes(order.IssueCode)), DateTimeOffset.UtcNow.AddDays(30),
                terms.Display)
        {
            AccountDigest = order.Account is { } account ? _vault.DigestAccount(account) : default,
            Rewrite = rewrite,
        };
        var imported = await _services.Orders.ImportAsync(record, [entry], cancellation);
        if (imported.Refusal is { } refusal) throw new InvalidOperationException(refusal);
    }

    /// <summary>Makes a terminal and its reader known.</summary>
    public async Task EnrolAsync(TerminalIdentity terminal, LineNumber line, ReaderIdentity reader, CancellationToken cancellation)
    {
        await _services.Terminals.PutAsync(new TerminalRecord(
            terminal.Id, [line], [IPNetwork.Parse("127.0.0.1/32")], terminal.CredentialKey.Encoded, terminal.AgreementKey.Encoded,
            terminal.TlsCertificate, terminal.KeyVersion, Enabled: true), _ann, cancellation);
        await _services.Terminals.SetReadersAsync(
            terminal.Id, [new ReaderRecord(reader.Kind, reader.Vendor, reader.Model, reader.Serial, reader.Firmware, [], false)], _ann,
                cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _vault.Dispose();
    }

    /// <summary>A center begins with two people: what undoes safety is asked for by one and approved by the other.</summary>
    private async Task BeginAsync(CancellationToken cancellation)
    {
        var (ann, bob) = (new PersonName("ann"), new PersonName("bob"));
        using var password = SecretBytes.Copy("only for this process"u8);
        await _people.BeginAsync([new FirstPerson(ann, password), new FirstPerson(bob, password)], cancellation);
        (_ann, _bob) = (await LogInAsync(ann), await LogInAsync(bob));

        async Task<CenterPerson> LogInAsync(PersonName name) =>
            await _people.AuthenticateAsync(name, password, "demo", cancellation) is PersonAuthentication.Granted granted
            ? granted.Person
            : throw new InvalidOperationException($"{name} was not let in.");
    }

    /// <summary>
    /// A card master key comes in as components of two custodians, and two people agree on it: there is no short cut, not even here.
    /// </summary>
    private async Task HoldCeremonyAsync(TestKey demo, CancellationToken cancellation)
    {
        using var first = SecretBytes.Random(demo.Master.Length);
        using var second = SecretBytes.Copy([.. demo.Master.Zip(first.Span.ToArray(), (a, b) => (byte)(a ^ b))]);
        using var key = SecretBytes.Copy(demo.Master);
        var act = new CenterAct.MakeKey(demo.KeySet, demo.Version, demo.Algorithm, CheckValue(key));
        using var asked = await _approvals.AskAsync(_ann, act, "a test key", cancellation);
        using var approved = await _approvals.ApproveAsync(_bob, asked.Id, cancellation);
        var (outcome, agreed) = await _approvals.UseAsync(_ann, asked.Id, act, cancellation);
        if (agreed is null) throw new InvalidOperationException(
            $"The key was not approved: {asked.Outcome}, {approved.Outcome}, {outcome}");
        CeremonyRefusal[] steps =
        [
            _vault.Begin(act.KeySet, act.KeyVersion, act.Algorithm),
            _vault.Enter(act.KeySet, act.KeyVersion, 1, new CustodianId("ann"), first, CheckValue(first)),
            _vault.Enter(act.KeySet, act.KeyVersion, 2, new CustodianId("bob"), second, CheckValue(second)),
            _vault.Complete(act.KeySet, act.KeyVersion, act.CheckValue, agreed),
        ];
        if (steps.Any(refusal => refusal is not CeremonyRefusal.None)) throw new InvalidOperationException(
            $"The key ceremony was refused: {string.Join(", ", steps)}");

        ByteString CheckValue(SecretBytes of) =>
            demo.Algorithm is CardKeyAlgorithm.TripleDes ? KeyCheckValue.OfDes(of) : KeyCheckValue.OfAes(of);
    }
}
