using CardIssue.Center.Feed;
using CardIssue.Center.Issuers;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Recovery;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.Parts;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace CardIssue.Test.Center;

/// <summary>Two hosts on one PostgreSQL store: what each keeps of the other, what becomes of a dead one's orders, and of a store that is put back under them.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HostsTest
{
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(5), Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2025, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly LogKeys _keys = new();
    private string _postgres = null!;
    private Host _one = null!, _two = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _postgres = EngineUnderTest.PlaceOf(EngineKind.Postgres);
        _one = await Host.OpenAsync(this, "one");
        await _one.Orders.ImportAsync(StoreBench.Product, [New("o1", "c1"), New("o2", "c2")]);
        _two = await Host.OpenAsync(this, "two");
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Test]
    public async Task HostDies_AnotherTakesItsOrderOver_WithinSeconds_AndTheDeadOneSavesNoMore()
    {
        var claim = (ClaimOutcome.Claimed)await _one.ClaimAsync("o1", "t1");
        Assert.That(((ClaimOutcome.Declined)await _two.ClaimAsync("o1", "t2")).Code, Is.EqualTo(DeclineCode.Busy), "as long as it lives");
        var lost = await _two.WatchAsync(7);
        Assert.That(lost, Is.EqualTo(new[] { "one" }));
        var over = (ClaimOutcome.Claimed)await _two.ClaimAsync("o1", "t2");
        Assert.That(over.Fence, Is.GreaterThan(claim.Fence));
        var card = StoreBench.Card(1);
        Assert.That(await _one.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Authenticating(card)), Is.InstanceOf<SaveOutcome.ClaimLost>());
        Assert.That(await _one.Orders.RenewAsync(claim.Order, claim.Fence), Is.False);
        Assert.That(await _two.Orders.SaveAsync(over.Order, over.Fence, new OrderChange.Authenticating(card)), Is.InstanceOf<SaveOutcome.Saved>());
    }

    /// <summary>Taken for dead and alive: what nobody asked for meanwhile it still has.</summary>
    [Test]
    public async Task HostIsBack_BeforeAnybodyAsked_GoesOnWithItsOrder()
    {
        var claim = (ClaimOutcome.Claimed)await _one.ClaimAsync("o1", "t1");
        Assert.That(await _two.WatchAsync(7), Is.EqualTo(new[] { "one" }));
        await _one.Orders.Hosts.BeatAsync();
        Assert.That(await _one.Orders.SaveAsync(claim.Order, claim.Fence, new OrderChange.Authenticating(StoreBench.Card(1))), Is.InstanceOf<SaveOutcome.Saved>());
        Assert.That(((ClaimOutcome.Declined)await _two.ClaimAsync("o1", "t2")).Code, Is.EqualTo(DeclineCode.Busy));
        Assert.That(await _two.WatchAsync(3), Is.Empty);
    }

    /// <summary>A host that could not look for a minute could not see a sign of life either: the database was away from all of them.</summary>
    [Test]
    public async Task NobodyCouldLook_ForAMinute_NobodyIsTakenForDead()
    {
        Assert.That(await _two.WatchAsync(3), Is.Empty);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await _two.Orders.Hosts.BeatAsync(), Is.Empty);
        Assert.That(await _two.WatchAsync(4), Is.Empty);
        Assert.That(await _two.WatchAsync(2), Is.EqualTo(new[] { "one" }));
    }

    /// <summary>Found dead by a look, with a sign of life before that is said.</summary>
    [Test]
    public async Task SignOfLife_AfterTheLook_IsNotLost()
    {
        var seen = (await _two.Database.ReadAsync(HostTable.All, default)).Single(row => row.Host == "one");
        await _one.Orders.Hosts.BeatAsync();
        Assert.That(await _two.Database.WriteAsync(store => HostTable.Lose(store, "one", seen.Beat, "two"), default), Is.False);
    }

    [Test]
    public async Task Feed_OneHostTells_AndTheOther_WhenThatOneIsDead_EachEventOnce()
    {
        var (first, second) = (new RememberingFeed(), new RememberingFeed());
        var (pump, other) = (new FeedPump(_one.Database, first, _time, Second), new FeedPump(_two.Database, second, _time, Second));
        await IssueAsync(_two, "o1", 1);
        Assert.That((await pump.PumpAsync(), await other.PumpAsync()), Is.EqualTo((1, 0)));
        await IssueAsync(_two, "o2", 2);
        Assert.That(await other.PumpAsync(), Is.Zero, "the first does it, and lives");
        await _two.WatchAsync(7);
        Assert.That(await other.PumpAsync(), Is.EqualTo(1));
        await _one.Orders.Hosts.BeatAsync();
        Assert.That(await pump.PumpAsync(), Is.Zero, "back, and the other tells now");
        Assert.That(first.Told.Concat(second.Told).Select(told => told.Order.Value), Is.EqualTo(new[] { "o1", "o2" }));
        await _two.Orders.Hosts.LeaveAsync();
        await IssueAsync(_one, await ImportAsync("o3"), 3);
        Assert.That((await other.PumpAsync(), await pump.PumpAsync()), Is.EqualTo((0, 1)), "the other left in order");
    }

    /// <summary>The host that tells, tells all issuers; what one's feed is at is known to both, and goes on from there.</summary>
    [Test]
    public async Task IssuersFeeds_OneHostTellsAll_EachHisOwn_AndTheOtherGoesOn_WhenThatOneIsDead()
    {
        var (a, b) = (new IssuerId("bank-a"), new IssuerId("bank-b"));
        await _one.Database.WriteAsync(store =>
        {
            foreach (var (issuer, order) in new[] { (a, "a1"), (b, "b1"), ((IssuerId?)null, "own1") })
            {
                if (issuer is { } named) IssuerTable.Put(store, new IssuerRecord(named, [$"keys-{named}"]));
                Assert.That(OrderImport.Add(store, StoreBench.Product.Mode, New(order, order) with { Issuer = issuer }, null, _time.GetUtcNow()), Is.Null);
                FeedOutbox.Add(store, FeedEventKind.Voided, OrderRow.Find(store, new OrderId(order))!, "test", _time.GetUtcNow());
            }
            return true;
        }, default);
        var (first, second) = (new Feeds(), new Feeds());
        var (one, two) = (first.Pumps(_one.Database, _time), second.Pumps(_two.Database, _time));
        first.Of(b).Fails = true;
        Assert.That(await one.Of(a).PumpAsync(), Is.EqualTo(1));
        Assert.That((await two.Of(a).PumpAsync(), await two.Of(b).PumpAsync(), await two.Of(null).PumpAsync()), Is.EqualTo((0, 0, 0)), "the first does it, and lives");
        Assert.That(() => one.Of(b).PumpAsync(), Throws.InstanceOf<IOException>());
        Assert.That((await two.Of(a).BacklogAsync(), await two.Of(b).BacklogAsync(), await two.Of(null).BacklogAsync()), Is.EqualTo((0, 1, 1)));

        Assert.That(await _two.WatchAsync(7), Is.EqualTo(new[] { "one" }));
        Assert.That((await two.Of(a).PumpAsync(), await two.Of(b).PumpAsync(), await two.Of(null).PumpAsync()), Is.EqualTo((0, 1, 1)));
        await _one.Orders.Hosts.BeatAsync();
        first.Of(b).Fails = false;
        Assert.That(await one.Of(b).PumpAsync(), Is.Zero, "back, and the other tells now");
        foreach (var (issuer, order) in new[] { (a, "a1"), (b, "b1"), ((IssuerId?)null, "own1") })
            Assert.That(first.Of(issuer).Told.Concat(second.Of(issuer).Told).Select(told => (told.Order.Value, told.Issuer)), Is.EqualTo(new[] { (order, issuer) }));
    }

    /// <summary>Where one host tells each issuer.</summary>
    private sealed class Feeds
    {
        private readonly Dictionary<string, RememberingFeed> _feeds = [];

        public RememberingFeed Of(IssuerId? issuer)
        {
            var name = issuer?.Value ?? "";
            if (!_feeds.TryGetValue(name, out var feed)) _feeds.Add(name, feed = new RememberingFeed());
            return feed;
        }

        public FeedPumps Pumps(CenterDatabase database, TimeProvider time) =>
            new(new DatabaseIssuers(database), issuer => new FeedPump(database, Of(issuer), time, Second, issuer: issuer));
    }

    [Test]
    public async Task SessionsOfBothHosts_AreSeenAtEither_UntilTheirHostIsGone()
    {
        var (one, two) = (new DatabaseTerminalRegistry(_one.Database), new DatabaseTerminalRegistry(_two.Database));
        await one.TellSessionsAsync("one", [At("one-1", "one"), At("one-2", "one")]);
        await two.TellSessionsAsync("two", [At("two-1", "two")]);
        Assert.That(await NamesAsync(one), Is.EqualTo(new[] { "one-1", "one-2", "two-1" }).And.EqualTo(await NamesAsync(two)));
        // Taken for dead, it says again what it has when it is back; the other's stay.
        Assert.That(await _two.WatchAsync(7), Is.EqualTo(new[] { "one" }));
        Assert.That(await NamesAsync(two), Is.EqualTo(new[] { "two-1" }));
        await _one.Orders.Hosts.BeatAsync();
        await one.TellSessionsAsync("one", [At("one-2", "one")]);
        Assert.That(await NamesAsync(two), Is.EqualTo(new[] { "one-2", "two-1" }));
        Assert.That(await StandingsAsync(), Is.EqualTo(new[] { ("one", true, default(ByteString)), ("two", true, default(ByteString)) }));
        await _one.Orders.Hosts.BeatAsync(ByteString.FromHex("0102"));
        Assert.That(await StandingsAsync(), Is.EqualTo(new[] { ("one", true, ByteString.FromHex("0102")), ("two", true, default(ByteString)) }), "what it has");
        // Killed: nobody has looked for its sign of life yet. The server needs a moment to see that a session has ended.
        await _one.Database.DisposeAsync();
        await Part.UntilAsync(async () => (await NamesAsync(two)).Count() < 2);
        Assert.That(await NamesAsync(two), Is.EqualTo(new[] { "two-1" }));
        Assert.That((await StandingsAsync()).Select(host => (host.Name, host.IsServing)), Is.EqualTo(new[] { ("one", false), ("two", true) }));
        await _two.Orders.Hosts.LeaveAsync();
        Assert.That(await NamesAsync(two), Is.Empty);

        LiveSession At(string name, string host) =>
            new(name, host, new TerminalId("t1"), new LineNumber(1), null, _time.GetUtcNow(), CenterPhase.Idle, null);

        static async Task<IEnumerable<string>> NamesAsync(DatabaseTerminalRegistry registry) =>
            (await registry.SessionsAsync()).Select(session => session.Name);

        async Task<IEnumerable<(string Name, bool IsServing, ByteString Certificate)>> StandingsAsync() =>
            (await _two.Orders.Hosts.ListAsync()).Select(host => (host.Host, host.IsServing, host.Certificate));
    }

    /// <summary>The newest counts, wherever it is; a session that ends takes away its own place alone, and a host that is dead all of its.</summary>
    [Test]
    public async Task DataHalf_IsFoundFromTheOtherHost_UntilItsSessionOrHostIsGone()
    {
        var (one, two, terminal, line) = (_one.Orders.Hosts, _two.Orders.Hosts, new TerminalId("t1"), new LineNumber(8));
        await one.TellDataHalfAsync(terminal, line, "one-1");
        Assert.That(await two.FindDataHalfAsync(terminal, line), Is.EqualTo(new OtherHost("one", "one.example:7900")));
        Assert.That(await one.FindDataHalfAsync(terminal, line), Is.Null, "its own");
        Assert.That(await two.FindDataHalfAsync(terminal, new LineNumber(9)), Is.Null);
        Assert.That(await two.FindDataHalfAsync(new TerminalId("t2"), line), Is.Null);
        await two.TellDataHalfAsync(terminal, line, "two-1");
        await one.ForgetDataHalfAsync(terminal, line, "one-1");
        Assert.That(await one.FindDataHalfAsync(terminal, line), Is.EqualTo(new OtherHost("two", "two.example:7900")));
        await two.ForgetDataHalfAsync(terminal, line, "two-1");
        Assert.That(await one.FindDataHalfAsync(terminal, line), Is.Null);

        await one.TellDataHalfAsync(terminal, line, "one-2");
        Assert.That(await _two.WatchAsync(7), Is.EqualTo(new[] { "one" }));
        Assert.That(await two.FindDataHalfAsync(terminal, line), Is.Null);
        await one.BeatAsync();
        Assert.That((await two.ListAsync()).Select(host => host.Link), Is.EqualTo(new[] { "one.example:7900", "two.example:7900" }), "back with its address");
        Assert.That(await two.FindDataHalfAsync(terminal, line), Is.Null);
    }

    [Test]
    public async Task Log_HasAChainOfEach_AndOneCheckpointOverBoth()
    {
        await IssueAsync(_one, "o1", 1);
        await IssueAsync(_two, "o2", 2);
        var (log, otherLog) = (_one.Log(_keys), _two.Log(_keys));
        Assert.That((await log.CheckpointAsync()).Number, Is.EqualTo(1));
        var checkpoint = await otherLog.CheckpointAsync();
        Assert.That(checkpoint.Number, Is.EqualTo(2));
        Assert.That(checkpoint.Heads.Select(head => head.Instance), Is.SupersetOf(new[] { "one", "two" }));
        var report = await log.VerifyAsync(checkpoint);
        Assert.That((report.Findings.ToString(), report.WithVault), Is.EqualTo((default(ValueList<LogFinding>).ToString(), true)));
    }

    /// <summary>The log is read chain by chain, "one" before "two": which change is the latest does not follow from that, nor from the hosts' clocks.</summary>
    [Test]
    public async Task OrderBegunAtOneHost_IsFinishedAtTheOtherWhoseChainIsReadBefore_LogAgreesWithTheStore()
    {
        var begun = (ClaimOutcome.Claimed)await _two.ClaimAsync("o1", "t2");
        Assert.That(await _two.Orders.SaveAsync(begun.Order, begun.Fence, new OrderChange.Released()), Is.InstanceOf<SaveOutcome.Saved>());
        await IssueAsync(_one, "o1", 1);
        var report = await _one.Log(_keys).VerifyAsync();
        Assert.That((report.Findings.ToString(), report.WithVault), Is.EqualTo((default(ValueList<LogFinding>).ToString(), true)));
    }

    /// <summary>A machine on which both are started at once.</summary>
    [Test]
    public async Task Join_WhileAHostBeginsToServe_IsVouchedForByIt()
    {
        await _one.Database.ExecuteAsync("DELETE FROM hosts");
        var joining = HostJoin.RunAsync(Host.PlaceOf(this, Path.Combine(_one.Folder, "third")), _keys, TimeProvider.System);
        while (!joining.IsCompleted)
        {
            await _one.Orders.Hosts.BeatAsync();
            await Task.WhenAny(joining, Task.Delay(50));
        }
        Assert.That(await joining, Is.EqualTo(new[] { "one" }));
    }

    [Test]
    public async Task HostThatDidNotJoin_FindsAStoreThatItDoesNotKnow_AndOneThatJoined_Serves()
    {
        Assert.That(_two.Database.RestoredFrom, Is.Null, "it has joined");
        var place = Host.PlaceOf(this, Path.Combine(_one.Folder, "third"));
        var joining = HostJoin.RunAsync(place, _keys, TimeProvider.System);
        while (!joining.IsCompleted)
        {
            await _one.Orders.Hosts.BeatAsync();
            await Task.WhenAny(joining, Task.Delay(50));
        }
        Assert.That(await joining, Is.EqualTo(new[] { "one" }));
        var again = await Assert.ThrowsAsync<RecoveryException>(() => HostJoin.RunAsync(place, _keys, TimeProvider.System));
        Assert.That(again!.Message, Does.Contain("a host's already"));
        await using (var joined = await CenterDatabase.OpenAsync(place, new LogOptions { Directory = place.Directory, Instance = "three" }, _keys, _time))
            Assert.That(joined.RestoredFrom, Is.Null);
        var stranger = Host.PlaceOf(this, Path.Combine(_one.Folder, "fourth"));
        await using var unknown = await CenterDatabase.OpenAsync(stranger, new LogOptions { Directory = stranger.Directory, Instance = "four" }, _keys, _time);
        Assert.That(unknown.RestoredFrom, Is.Not.Null);
    }

    /// <summary>A standby that was behind takes the server's place: what it lost was committed, and cards with it.</summary>
    [Test]
    public async Task StorePutBack_WhileItIsServed_IsFoundWithTheNextCommit_AndWhatMayHaveChangedIsQuarantined()
    {
        var name = new NpgsqlConnectionStringBuilder(_postgres).Database!;
        Server($"CREATE DATABASE {name}_standby TEMPLATE {name}");
        await IssueAsync(_one, "o1", 1);
        Server($"DROP DATABASE {name}; ", $"ALTER DATABASE {name}_standby RENAME TO {name}");
        Assert.That(await _one.ClaimAsync("o2", "t1"), Is.InstanceOf<ClaimOutcome.Declined>());
        Assert.That(_one.Database.RestoredFrom, Is.Not.Null);
        foreach (var order in new[] { "o1", "o2" })
            Assert.That((await _two.Desk.GetAsync(new OrderId(order)))!.State, Is.EqualTo(CardIssue.Center.Orders.OrderState.Quarantined), order);
    }

    /// <summary>Statements of the server itself, when nobody is in the database.</summary>
    private void Server(params string[] statements)
    {
        var name = new NpgsqlConnectionStringBuilder(_postgres).Database!;
        NpgsqlConnection.ClearAllPools();
        var server = new NpgsqlConnectionStringBuilder(_postgres) { Database = "postgres" }.ConnectionString;
        foreach (var statement in statements)
        {
            PostgresServer.Execute(server, $"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname LIKE '{name}%'");
            PostgresServer.Execute(server, statement);
        }
    }

    private NewOrder New(string order, string customer) => new(
        new OrderId(order), customer, 1, StoreBench.Product.Ref, ByteString.Copy("sealed"u8), StoreBench.Verifier, _time.GetUtcNow().AddDays(30), "Gold card");

    private async Task<string> ImportAsync(string order)
    {
        await _one.Orders.ImportAsync(StoreBench.Product, [New(order, order)]);
        return order;
    }

    private static async Task IssueAsync(Host host, string order, int number)
    {
        var claim = (ClaimOutcome.Claimed)await host.ClaimAsync(order, "t1");
        var card = StoreBench.Card(number);
        foreach (var change in (OrderChange[])[
            new OrderChange.Authenticating(card), new OrderChange.Bound(card), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1),
            new OrderChange.Closing(1), new OrderChange.Issued(card), new OrderChange.Released()])
            Assert.That(await host.Orders.SaveAsync(claim.Order, claim.Fence, change), Is.InstanceOf<SaveOutcome.Saved>(), change.ToString());
    }

    private sealed class Host : IAsyncDisposable
    {
        private Host(HostsTest test, string name, CenterDatabase database, string folder)
        {
            (_test, Name, Database, Folder) = (test, name, database, folder);
            Orders = new DatabaseOrderStore(database, new OrderOptions());
            Desk = new DatabaseOrderDesk(database, new OrderOptions());
        }

        private readonly HostsTest _test;

        public string Name { get; }
        public string Folder { get; }
        public CenterDatabase Database { get; }
        public DatabaseOrderStore Orders { get; }
        public DatabaseOrderDesk Desk { get; }

        public static StoreOptions PlaceOf(HostsTest test, string folder) => new() { Directory = folder, Postgres = test._postgres };

        public static async Task<Host> OpenAsync(HostsTest test, string name)
        {
            var folder = Directory.CreateTempSubdirectory("cardissue-host-").FullName;
            var place = PlaceOf(test, folder);
            if (name != "one")
            {
                using var mirror = new GenerationMirror(place.GenerationPath);
                var (id, generation) = await test._one.Database.ReadAsync(store => (CenterDatabase.IdIn(store), CenterDatabase.GenerationIn(store)), default);
                mirror.Write(id, generation, flush: false);
            }
            var database = await CenterDatabase.OpenAsync(place, new LogOptions { Directory = Path.Combine(folder, "log"), Instance = name }, test._keys, test._time);
            database.Serve();
            var host = new Host(test, name, database, folder);
            await host.Orders.Hosts.EnterAsync(name, LostAfter, $"{name}.example:7900");
            return host;
        }

        public StoredLog Log(LogKeys keys) =>
            new(Database, new LogOptions { Instance = Name, CheckpointDirectory = Path.Combine(Folder, "exported") }, keys, _test._time);

        public Task<ClaimOutcome> ClaimAsync(string order, string terminal) => Orders.ClaimAsync(
            order, (_, verifier) => verifier == StoreBench.Verifier, StoreBench.At(terminal, $"{Name}-s", Name));

        /// <summary>Looks for the others' signs of life for so many seconds.</summary>
        public async Task<List<string>> WatchAsync(int seconds)
        {
            var lost = new List<string>();
            for (var i = 0; i < seconds; i++)
            {
                lost.AddRange(await Orders.Hosts.BeatAsync());
                _test._time.Advance(Second);
            }
            return lost;
        }

        public async ValueTask DisposeAsync()
        {
            await Database.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
