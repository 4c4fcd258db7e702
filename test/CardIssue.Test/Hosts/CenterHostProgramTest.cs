using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost program</c>, and an import whose product loads one.</summary>
[Parallelizable]
public sealed class CenterHostProgramTest
{
    private readonly CenterHostProcess _host = new();

    [OneTimeTearDown]
    public void Delete() => _host.Dispose();

    [Test]
    public async Task Program_AddedShownUsedAndRemoved()
    {
        await _host.RunAsync("init", "--id", "main");
        var cap = Path.Combine(Samples.Folder, "loyalty.cap");
        string[] import = ["order", "import", "--product", Path.Combine(Samples.Folder, "loyalty.product.json"), "--orders", Path.Combine(Samples.Folder, "loyalty.orders.json")];

        var tooEarly = await _host.RunAsync(import);
        Assert.That(tooEarly.Code, Is.EqualTo(2), tooEarly.ToString());
        Assert.That(tooEarly.Error, Does.Contain("is not in the center: program add"));

        var added = await _host.RunAsync("program", "add", cap, "--json");
        Assert.That(added.Code, Is.Zero, added.ToString());
        var sha256 = added.Json.Single().GetProperty("sha256").GetString()!;
        Assert.That(Samples.Text("loyalty.product.json"), Does.Contain(sha256));
        Assert.That((await _host.RunAsync("program", "list")).Output, Does.Contain("loyalty  F0434953530101 1.0").And.Contain("ann"));
        var bad = await _host.RunAsync("program", "add", _host.Write("no.cap", "no program"));
        Assert.That((bad.Code, bad.Error), Is.EqualTo((2, bad.Error)));
        Assert.That(bad.Error, Does.Contain("it is no ZIP archive"));

        var imported = await _host.RunAsync(import);
        Assert.That(imported.Code, Is.Zero, imported.ToString());
        var shown = await _host.RunAsync("program", "show", sha256);
        Assert.That(shown.Output, Does.Contain("applets  F043495353010101").And.Contain("A0000000620101 1.3").And.Contain("used by  loyalty/1"));
        var removed = await _host.RunAsync("program", "remove", "loyalty");
        Assert.That(removed.Code, Is.EqualTo(4), removed.ToString());
        Assert.That((await _host.RunAsync("program", "remove", "nobody")).Code, Is.EqualTo(2));
    }
}
