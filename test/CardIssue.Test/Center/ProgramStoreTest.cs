using CardIssue.Test.Center.Engines;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.Center.Log;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Programs;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Center;

/// <summary>Programs are kept once, by hash, and as long as a product names them.</summary>
[TestFixture(EngineKind.Sqlite), TestFixture(EngineKind.Postgres), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ProgramStoreTest(EngineKind engine)
{
    private static readonly ByteString File = ByteString.Own(System.IO.File.ReadAllBytes(Path.Combine(Samples.Folder, "loyalty.cap")));

    private static readonly ByteString Other = ByteString.Own(CapBuilder.OfBlock(2_000).Build());

    private StoreBench _bench = null!;

    [SetUp]
    public async Task OpenAsync() => _bench = await StoreBench.OpenAsync(engine);

    [TearDown]
    public async Task CloseAsync() => await _bench.DisposeAsync();

    private DatabaseProgramStore Store => new(_bench.Database);

    private static ProductRecord Product()
    {
        var body = ByteString.Own(Encoding.UTF8.GetBytes(Samples.Text("loyalty.product.json")));
        return ProductRecord.Of(CardProductFile.Read(body.Span, "p").Product!, body);
    }

    private static ByteString Hash(ByteString file) => CapFile.TryRead(file, out var cap, out var error) ? cap.Sha256 : throw new AssertionException(error);

    [Test]
    public async Task Program_IsKeptOnce_UnderOneName_AndTheLogSaysWho()
    {
        Assert.That(await Store.AddAsync("loyalty", File, _bench.Ann), Is.EqualTo(ProgramChange.Done));
        Assert.That(await Store.AddAsync("loyalty", File, _bench.Ann), Is.EqualTo(ProgramChange.Done), "the same again is harmless");
        Assert.That(await Store.AddAsync("loyalty", Other, _bench.Ann), Is.EqualTo(ProgramChange.Known));
        Assert.That(await Store.AddAsync("other", File, _bench.Ann), Is.EqualTo(ProgramChange.Known));
        await _bench.RestartAsync();
        var entry = (await Store.ListAsync()).Single();
        Assert.That((entry.Name, entry.Sha256, entry.Version, entry.Length, entry.AddedBy), Is.EqualTo(("loyalty", Hash(File), "1.0", File.Length, "ann")));
        Assert.That((await Store.GetAsync(Hash(File)))!.Package.ToString(), Is.EqualTo("F0434953530101"));
        Assert.That(await Store.GetAsync(Hash(Other)), Is.Null);
        var log = await new StoredLog(_bench.Database, _bench.Log, _bench.Keys, _bench.Time).ReadAsync(new CardIssue.Center.Storage.LogQuery());
        Assert.That(log.Count(row => row.Entry.Kind == "ProgramAdded"), Is.EqualTo(1));
        Assert.That(log.Single(row => row.Entry.Kind == "ProgramAdded").Entry.Detail, Does.Contain("\"person\":\"ann\"").And.Contain(Hash(File).ToString()));
    }

    [Test]
    public async Task Product_NamesAProgramThatIsThere_WhichThenStays()
    {
        var products = new DatabaseProductStore(_bench.Database);
        Assert.That(await products.AddAsync(Product()), Does.Contain("is not in the center: program add"));
        var import = await _bench.Orders.ImportAsync(Product(), []);
        Assert.That(import.Refusal, Does.Contain("is not in the center: program add"));
        await Store.AddAsync("loyalty", File, _bench.Ann);
        await Store.AddAsync("other", Other, _bench.Ann);
        Assert.That(await products.AddAsync(Product()), Is.Null);
        Assert.That(await Store.UsersOfAsync(Hash(File)), Is.EqualTo(new[] { new ProductRef("loyalty", 1) }));
        Assert.That(await Store.RemoveAsync(Hash(File), _bench.Ann), Is.EqualTo(ProgramChange.InUse));
        Assert.That(await Store.RemoveAsync(Hash(Other), _bench.Ann), Is.EqualTo(ProgramChange.Done));
        Assert.That(await Store.RemoveAsync(Hash(Other), _bench.Ann), Is.EqualTo(ProgramChange.NotFound));
    }

    [Test]
    public async Task WhoIsNoSupervisor_OrBringsNoProgram_ChangesNothing()
    {
        var clerk = TestPeople.Of(_bench.Database, "ann", PersonRoles.Clerk);
        Assert.That(await Store.AddAsync("loyalty", File, clerk), Is.EqualTo(ProgramChange.NotAllowed));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AddAsync("no name", File, _bench.Ann));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AddAsync("loyalty", ByteString.FromHex("00"), _bench.Ann));
        Assert.That(await Store.ListAsync(), Is.Empty);
    }
}
