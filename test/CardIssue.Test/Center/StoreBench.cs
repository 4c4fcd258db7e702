using CardIssue.Center.Approvals;
using CardIssue.Center.Feed;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Center.Engines;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Center;

/// <summary>A store in a directory of its own, that can be closed and opened again as after a crash.</summary>
internal sealed class StoreBench : IAsyncDisposable
{
    public static readonly ByteString Verifier = ByteString.FromHex("C0DE");
    public static readonly ProductRecord Product = new(new ProductRef("gold", 1), ProductMode.EndToEnd, ByteString.Copy("{}"u8));

    private readonly string _postgres;

    private StoreBench(string directory, string postgres) => (Directory, _postgres) = (directory, postgres);

    public string Directory { get; }
    public StoreOptions Place => new() { Directory = Directory, Postgres = _postgres };
    public LogOptions Log => new() { Directory = Path.Combine(Directory, "log"), CheckpointDirectory = Path.Combine(Directory, "exported"), Instance = "h1" };
    public LogKeys Keys { get; } = new();
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2025, 3, 1, 12, 0, 0, TimeSpan.Zero));
    public OrderOptions Options { get; } = new();
    public CenterDatabase Database { get; private set; } = null!;
    public DatabaseOrderStore Orders { get; private set; } = null!;
    public DatabaseOrderDesk Desk { get; private set; } = null!;
    public PeopleOptions PeopleOptions { get; } = new() { Cost = PasswordCost };
    public TestRecordKeys RecordKeys { get; } = new();
    public DatabasePeople People { get; private set; } = null!;
    public DatabaseApprovals Approvals { get; private set; } = null!;

    /// <summary>Two people with every role.</summary>
    public CenterPerson Ann => TestPeople.Of(Database, "ann");
    public CenterPerson Bob => TestPeople.Of(Database, "bob");

    private static Argon2Cost PasswordCost => new(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1);

    public static async Task<StoreBench> OpenAsync(EngineKind engine = EngineKind.Sqlite)
    {
        var bench = new StoreBench(
            Path.Combine(Path.GetTempPath(), "cardissue-" + Guid.NewGuid().ToString("N")), EngineUnderTest.PlaceOf(engine));
        await bench.StartAsync();
        return bench;
    }

    public async Task StartAsync()
    {
        Database = await CenterDatabase.OpenAsync(Place, Log, Keys, Time);
        Orders = new DatabaseOrderStore(Database, Options);
        Desk = new DatabaseOrderDesk(Database, Options);
        People = new DatabasePeople(Database, RecordKeys, PeopleOptions);
        Approvals = new DatabaseApprovals(Database, RecordKeys, PeopleOptions, Options);
        await TestPeople.AddAsync(Database, RecordKeys, ("ann", PersonRoles.Any), ("bob", PersonRoles.Any));
    }

    public async Task RestartAsync()
    {
        await Database.DisposeAsync();
        await StartAsync();
    }

    public NewOrder New(string order, string customer = "c1", int sequence = 1) => new(
        new OrderId(order), customer, sequence, Product.Ref, ByteString.Copy("sealed"u8), Verifier, Time.GetUtcNow().AddDays(30), "Gold card");

    public Task<ImportOutcome> ImportAsync(params NewOrder[] orders) => Orders.ImportAsync(Product, orders);

    public static OrderClaimant At(string terminal, string session = "s1", string host = "h1") =>
        new(new TerminalId(terminal), new OperatorId("op"), session, host);

    public Task<ClaimOutcome> ClaimAsync(string reference, string terminal = "t1", string session = "s1", string host = "h1", bool right = true) =>
        Orders.ClaimAsync(reference, (_, verifier) => right && verifier == Verifier, At(terminal, session, host));

    public async Task<ClaimOutcome.Claimed> ClaimedAsync(string reference, string terminal = "t1", string session = "s1") =>
        (ClaimOutcome.Claimed)await ClaimAsync(reference, terminal, session);

    public async Task<DeclineCode?> DeclineAsync(string reference, string terminal = "t1", string session = "s1", bool right = true) =>
        (await ClaimAsync(reference, terminal, session, right: right) as ClaimOutcome.Declined)?.Code;

    public async Task SaveAsync(ClaimOutcome.Claimed claim, params OrderChange[] changes)
    {
        foreach (var change in changes)
            Assert.That(await Orders.SaveAsync(claim.Order, claim.Fence, change), Is.InstanceOf<SaveOutcome.Saved>(), change.ToString());
    }

    /// <summary>Issues an order of two records on a card.</summary>
    public async Task IssueAsync(string order, CardId card)
    {
        var claim = await ClaimedAsync(order);
        await SaveAsync(claim, new OrderChange.Authenticating(card), new OrderChange.Bound(card), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1),
            new OrderChange.Leaving(2, 1), new OrderChange.Confirmed(2), new OrderChange.Closing(1), new OrderChange.Issued(card), new OrderChange.Released());
    }

    public async Task<OrderView> ViewAsync(string order) => (await Desk.GetAsync(new OrderId(order)))!;

    public FeedPump Pump(IIssuerFeed feed) => new(Database, feed, Time, TimeSpan.FromSeconds(1));

    /// <summary>Ann asks for it and Bob approves.</summary>
    public async Task<DeskOutcome> DoAsync(CenterAct act, string reason = "test")
    {
        var asked = await Approvals.AskAsync(Ann, act, reason);
        if (asked.Outcome is not ApprovalOutcome.Done) return asked.Act ?? throw new InvalidOperationException(asked.Outcome.ToString());
        var approved = await Approvals.ApproveAsync(Bob, asked.Id);
        return approved.Act ?? throw new InvalidOperationException(approved.Outcome.ToString());
    }

    public Task<DeskOutcome> VoidAsync(OrderId order, string reason) => DoAsync(new CenterAct.VoidOrder(order), reason);

    public Task<DeskOutcome> ReconcileAsync(OrderId order, Reconciliation found, string reason) => DoAsync(new CenterAct.ReconcileOrder(order, found), reason);

    public static CardId Card(int number) => new(ByteString.FromHex(number.ToString("X20", System.Globalization.CultureInfo.InvariantCulture)));

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>Remembers what it was told; fails when asked to.</summary>
internal sealed class RememberingFeed : IIssuerFeed
{
    public List<FeedEvent> Told { get; } = [];
    public bool Fails { get; set; }

    public Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation)
    {
        if (Fails) throw new IOException("the issuer is away");
        Told.AddRange(events);
        return Task.CompletedTask;
    }
}
