using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Test.Center;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost</c> takes rewrites in, shows what is on a card, and gives rewrites up.</summary>
[TestFixture, Parallelizable]
public sealed class CenterHostRewritesTest
{
    private static readonly string[] Products =
        ["--product", Path.Combine(Samples.Folder, "visa-like-e2e.product.json"), "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json")];

    private CenterHostProcess _host = null!;

    [SetUp]
    public async Task ImportAsync()
    {
        _host = new CenterHostProcess();
        Assert.That((await _host.RunAsync("init", "--id", "main")).Code, Is.Zero);
        Assert.That((await RunAsync("orders.json")).Code, Is.Zero);
    }

    [TearDown]
    public void Delete() => _host.Dispose();

    private Task<CenterHostRun> RunAsync(string orders) =>
        _host.RunAsync(["order", "import", .. Products, "--orders", Path.Combine(Samples.Folder, orders)]);

    [Test]
    public async Task CardThatIsNotIssued_Import_IsToldWithItsLineAndNotTakenIn()
    {
        var run = await RunAsync("rewrite-orders.json");
        var file = Path.Combine(Samples.Folder, "rewrite-orders.json");
        Assert.That((run.Code, run.Error), Is.EqualTo((4, $"""
            {file}:4:5: order REWRITE-0001: no card was issued by order E2E-0001.
            {file}:12:5: order REWRITE-0002: no card of the customer is issued.
            2 mistakes; nothing was taken in. Mend them and try again.

            """)), run.ToString());
        Assert.That((await _host.RunAsync("order", "cancel", "E2E-0001", "--reason", "no rewrite")).Code, Is.EqualTo(4));
        var card = await _host.RunAsync("card", "show", "--customer", "C-1001");
        Assert.That((card.Code, card.Error), Is.EqualTo((2, "No card is shown: no card of the customer is issued.\n")), card.ToString());
    }

    [Test]
    public async Task IssuedCard_Import_BindsItsRewrites_AndCardShowTellsWhatIsOnIt()
    {
        var card = StoreBench.Card(1);
        await IssueAsync("E2E-0001", card);
        var run = await RunAsync("rewrite-orders.json");
        Assert.That(run.Code, Is.Zero, run.ToString());

        var list = await _host.RunAsync("order", "list", "--json");
        var second = list.Json.Single(order => order.GetProperty("order").GetString() == "REWRITE-0002");
        Assert.That((second.GetProperty("rewrite").GetString(), second.GetProperty("card").GetString(), second.GetProperty("sequence").GetInt32()),
            Is.EqualTo(("points", card.ToString(), 1)));
        Assert.That((await _host.RunAsync("order", "void", "REWRITE-0002", "--reason", "r")).Error, Does.Contain("order cancel"));
        var cancelled = await _host.RunAsync("order", "cancel", "REWRITE-0002", "--reason", "not wanted");
        Assert.That((cancelled.Code, cancelled.Output), Is.EqualTo((0, "Order REWRITE-0002 is cancelled; nothing of it will be written.\n")), cancelled.ToString());
        var shown = await _host.RunAsync("card", "show", "--order", "E2E-0001", "--json");
        Assert.That(shown.Code, Is.Zero, shown.ToString());
        Assert.That(shown.Json[0].GetProperty("product").GetString(), Is.EqualTo("visa-like-e2e/1"));
        Assert.That(shown.Json[0].GetProperty("keys").EnumerateArray().Select(keys => keys.GetString()), Is.EqualTo(new[] { "issuer-test 30" }));
        Assert.That(shown.Json[0].GetProperty("contents").EnumerateArray().Select(it => $"{it.GetProperty("order")} {it.GetProperty("state")}"),
            Is.EqualTo(new[] { "E2E-0001 issued", "REWRITE-0001 ready", "REWRITE-0002 cancelled" }));
        Assert.That(shown.Json[0].GetProperty("contents")[1].GetProperty("rewrite").GetString(), Is.EqualTo("enrol"));
        Assert.That((await _host.RunAsync("card", "show", card.ToString())).Output, Does.Contain("enrol of visa-like-e2e/1, order REWRITE-0001"));
    }

    /// <summary>As sessions do it, with the center's own store.</summary>
    private async Task IssueAsync(string order, CardId card)
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var vault = FileKeyVault.Open(Path.Combine(_host.Data, "vault.json"), passphrase);
        var log = new LogOptions { Directory = Path.Combine(_host.Data, "log") };
        await using var database = await CenterDatabase.OpenAsync(new StoreOptions { Directory = _host.Data }, log, vault, TimeProvider.System);
        var store = new DatabaseOrderStore(database, new OrderOptions());
        var claim = (ClaimOutcome.Claimed)await store.ClaimAsync(order, (_, _) => true, StoreBench.At("t1"));
        foreach (var change in new OrderChange[]
        {
            new OrderChange.Authenticating(card), new OrderChange.Bound(card), new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1),
            new OrderChange.Closing(1), new OrderChange.Issued(card), new OrderChange.Released(),
        })
            Assert.That(await store.SaveAsync(claim.Order, claim.Fence, change), Is.InstanceOf<SaveOutcome.Saved>());
    }
}
