using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Hosts;

/// <summary>Lists, the vault's passphrase and its keys, as they are worked with from day to day.</summary>
[TestFixture, Parallelizable]
public sealed class CenterHostDayTwoTest
{
    private CenterHostProcess _host = null!;

    [SetUp]
    public async Task Init()
    {
        _host = new CenterHostProcess();
        Assert.That((await _host.RunAsync("init", "--id", "main")).Code, Is.Zero);
    }

    [TearDown]
    public void Delete() => _host.Dispose();

    [Test]
    public async Task Lists_TakeTheSameOptions()
    {
        await ImportAsync();
        var first = await DoAsync(0, "order", "list", "--limit", "3", "--state", "ready", "--product", "visa-like-e2e/1", "--json");
        Assert.That(first.Json.Select(order => order.GetProperty("order").GetString()), Is.EqualTo(new[] { "E2E-0001", "E2E-0002" }));
        var rest = await DoAsync(0, "order", "list", "--after", "E2E-0001", "--limit", "2", "--json");
        Assert.That(rest.Json.Select(order => order.GetProperty("order").GetString()), Is.EqualTo(new[] { "E2E-0002", "MODULE-0001" }));
        Assert.That((await DoAsync(0, "order", "list", "--until", "2001-01-01")).Output, Is.EqualTo("No orders.\n").Or.EqualTo("No orders.\r\n"));
        Assert.That((await DoAsync(0, "person", "list", "--after", "ann", "--role", "custodian", "--json")).Json.Single().GetProperty("person").GetString(), Is.EqualTo("bob"));
        Assert.That((await DoAsync(2, "person", "list", "--after", "nobody")).Error, Does.Contain("--after"));
        Assert.That((await DoAsync(0, "product", "list", "--limit", "1", "--json")).Json, Has.Length.EqualTo(1));
        Assert.That((await DoAsync(0, "card", "list", "--state", "issued", "--json")).Output, Is.Empty);
        await DoAsync(2, "card", "list", "--state", "bound");
        await DoAsync(2, "order", "list", "--product", "a/b");

        var log = await DoAsync(0, "log", "show", "--person", "ann", "--kind", "LoggedIn", "--limit", "2", "--json");
        Assert.That(log.Json, Has.Length.EqualTo(2));
        var place = log.Json[0].GetProperty("place").GetString()!;
        Assert.That((await DoAsync(0, "log", "show", "--after", place, "--kind", "LoggedIn", "--limit", "1", "--json")).Json[0].GetProperty("place").GetString(),
            Is.EqualTo(log.Json[1].GetProperty("place").GetString()));
        await DoAsync(2, "log", "show", "--after", "nowhere");
        Assert.That((await DoAsync(4, "order", "receipt", "E2E-0001")).Error, Does.Contain("no receipt of it was kept"));
    }

    [Test]
    public async Task Keys_RotatedAndRewrapped_OrdersOpenAndTheLogNamesWhoDidIt()
    {
        await ImportAsync();
        Assert.That((await DoAsync(0, "vault", "rotate", "order-data", "--json")).Json[0].GetProperty("version").GetInt32(), Is.EqualTo(2));
        Assert.That(await CountsAsync("order-data"), Is.EqualTo(new[] { 4, 0 }));
        Assert.That((await DoAsync(0, "vault", "rewrap", "--json")).Json[^1].GetProperty("rewrapped").GetInt32(), Is.EqualTo(4));
        Assert.That(await CountsAsync("order-data"), Is.EqualTo(new[] { 0, 4 }));
        Assert.That((await DoAsync(0, "vault", "rewrap")).Output, Does.StartWith("0 orders are under version 2 now.").And.Contain("copy this one to them"));
        await DoAsync(0, "product", "preview", "--order", "E2E-0001");
        Assert.That((await DoAsync(0, "vault", "rotate", "issue-code")).Output, Does.Contain("has version 2").And.Contain("copy vault.json to the other hosts"));
        Assert.That(await CountsAsync("issue-code"), Is.EqualTo(new[] { 4, 0 }));
        await DoAsync(2, "vault", "rotate", "log");
        var log = await DoAsync(0, "log", "show", "--kind", "VaultKeyRotated", "--person", "ann", "--json");
        Assert.That(log.Json.Select(row => row.GetProperty("detail").GetProperty("key").GetString()), Is.EqualTo(new[] { "order-data", "issue-code" }));
        await DoAsync(0, "log", "verify", "--vault");
    }

    [Test]
    public async Task Passphrase_Changed_OldOneOpensNoLonger_AndABackupOfBeforeStillOpensWithIt()
    {
        await DoAsync(0, "backup", _host.File("monday"));
        _host.Write("short", "abc\n");
        var weak = await DoAsync(2, "vault", "passphrase", "--new-passphrase-file", _host.File("short"));
        Assert.That(weak.Error, Does.Not.Contain("abc"));
        await DoAsync(0, "status");
        _host.Write("next", "another horse, another battery\n");
        await DoAsync(0, "vault", "passphrase", "--new-passphrase-file", _host.File("next"));
        await DoAsync(4, "status");
        // The backup's own vault, in a folder of its own, and the passphrase of that time.
        File.Copy(Path.Combine(_host.Data, "centerhost.json"), Path.Combine(Directory.CreateDirectory(_host.File("try")).FullName, "centerhost.json"));
        string[] backup = ["--data", _host.File("try"), "--passphrase-file", _host.File("passphrase")];
        Assert.That((await HostRun.OfAsync(HostRun.Center, _host.Folder, ["restore", _host.File("monday"), .. backup])).Code, Is.Zero);
        File.Move(_host.File("next"), _host.File("passphrase"), overwrite: true);
        Assert.That((await DoAsync(0, "log", "show", "--kind", "VaultPassphraseChanged", "--json")).Json.Single().GetProperty("detail").GetProperty("person").GetString(), Is.EqualTo("ann"));
    }

    private async Task<int[]> CountsAsync(string kind) =>
        [.. (await DoAsync(0, "vault", "show", "--json")).Json.Where(it => it.GetProperty("kind").GetString() == kind).Select(it => it.GetProperty("count").GetInt32())];

    private Task ImportAsync() => DoAsync(0, "order", "import", "--product", Path.Combine(Samples.Folder, "visa-like-e2e.product.json"),
        "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"), "--orders", Path.Combine(Samples.Folder, "orders.json"));

    private async Task<CenterHostRun> DoAsync(int code, params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.EqualTo(code), run.ToString());
        return run;
    }
}
