using System.Text.Json;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost product check</c>, <c>preview</c> and <c>test</c>.</summary>
[TestFixture, Parallelizable]
public sealed class ProductCommandsTest
{
    private HostFolder _folder = null!;

    [OneTimeSetUp]
    public async Task Make() => _folder = await HostFolder.MakeAsync();

    [OneTimeTearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task GoodProduct_CheckedWithoutACenter_IsInOrderAndSaysWhatWasNotChecked()
    {
        var run = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "check", _folder["product.json"], _folder["module.product.json"], "--orders", _folder["orders.json"]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        Assert.That(run.Output, Does.Contain("visa-like-e2e/1 is in order: 3 records")
            .And.Contain("Not checked without a center (--data DIR): whether the vault has key issuer-test of version 30"));
    }

    [Test]
    public async Task OrdersThatLackAField_Checked_AreToldWithTheirPlaces()
    {
        await File.WriteAllTextAsync(_folder["lacking.json"], Samples.Change(Samples.Orders, "\"serviceCode\": \"201\",", ""));
        var run = await _folder.RunAsync(HostRun.Center, "product", "check", _folder["product.json"], _folder["module.product.json"], "--orders", _folder["lacking.json"]);
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Does.Contain("The field \"serviceCode\" is missing (record \"account\")."));
    }

    /// <summary>Missing in the vault, and there already with other content: what import and issuing would say, before.</summary>
    [Test]
    public async Task ProductThatACenterCannotIssue_CheckedWithIt_IsRefusedWithEveryReason()
    {
        using var folder = _folder.Copy();
        string[] center = ["--data", folder["center"]];
        var lacking = await folder.RunAsync(HostRun.Center, ["product", "check", folder["product.json"], .. center]);
        Assert.That(lacking.Code, Is.EqualTo(4), lacking.ToString());
        Assert.That(lacking.Error, Does.Contain("no key issuer-test of version 30"));
        await EnterKeyAsync(folder);
        Assert.That((await folder.RunAsync(HostRun.Center, ["product", "check", folder["product.json"], .. center])).Code, Is.Zero);
        Assert.That((await ImportAsync(folder)).Code, Is.Zero);
        Assert.That((await folder.RunAsync(HostRun.Center, ["product", "check", folder["product.json"], .. center])).Code, Is.Zero, "the same again");
        await File.WriteAllTextAsync(folder["product.json"], Samples.Change(Samples.EndToEnd, "\"VISA CREDIT\"", "\"VISA CREDITS\""));
        var other = await folder.RunAsync(HostRun.Center, ["product", "check", folder["product.json"], .. center]);
        Assert.That((other.Code, other.Error.Contains("visa-like-e2e/1 already with other content")), Is.EqualTo((4, true)), other.ToString());
        var nobody = await HostRun.OfAsync(HostRun.Center, folder.Folder, ["product", "check", folder["product.json"], .. center]);
        Assert.That(nobody.Code, Is.EqualTo(2), "a center asks who it is");
    }

    [Test]
    public async Task OrderOfTheCenter_Previewed_IsShownAsItsFilesAre_AndIsInTheLog()
    {
        using var folder = _folder.Copy();
        Assert.That((await ImportAsync(folder)).Code, Is.Zero);
        var run = await folder.RunAsync(HostRun.Center, "product", "preview", "--order", "E2E-0001");
        Assert.That(run.Code, Is.Zero, run.ToString());
        Assert.That(run.Error, Does.Contain("no key issuer-test"));
        var files = await folder.RunAsync(HostRun.Center, "product", "preview", folder["product.json"], "--orders", await OrdersOfAsync(folder), "--order", "E2E-0001");
        Assert.That(run.Output, Is.EqualTo(files.Output));
        var record = Script(run, 3);
        Assert.That((record.GetProperty("name").GetString(), record.GetProperty("proof").GetString(), record.GetProperty("repeat").GetString()),
            Is.EqualTo(("account", "cardMac", "repeatable")));
        Assert.That(record.GetProperty("commands")[1].GetProperty("data").GetString(), Does.StartWith("010127" + "7025" + "5711" + "476173******0119***"));
        Assert.That(run.Output, Does.Not.Contain("4761739001010119").And.Not.Contain("CARDHOLDER"));
        var log = await folder.RunAsync(HostRun.Center, "log", "show", "--order", "E2E-0001");
        Assert.That(log.Output, Does.Contain("""
            "kind":"OrderPreviewed","detail":{"person":"ann"}
            """));
        Assert.That((await folder.RunAsync(HostRun.Center, "product", "preview", "--order", "E2E-9")).Code, Is.EqualTo(2));
        Assert.That((await folder.RunAsync(HostRun.Center, "product", "preview")).Code, Is.EqualTo(2));
    }

    [TestCase("visa-like-module.product.json")]
    [TestCase("debit-scp02.product.json")]
    public async Task SampleProduct_Tested_IsIssuedInBothModesAndHoldsWhatWasSent(string file)
    {
        var run = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "test", Path.Combine(Samples.Folder, file), "--json");
        Assert.That(run.Code, Is.Zero, run.ToString());
        var lines = run.Output.TrimEnd().Split('\n').Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.That(lines.SkipLast(1).Select(line => (line.GetProperty("mode").GetString(), line.GetProperty("ending").GetString())).Order(),
            Is.EqualTo(new[] { ("endToEnd", "issued"), ("module", "issued") }));
        Assert.That(lines[0].GetProperty("card").GetProperty("lifeCycle").GetString(), Is.EqualTo("0F"));
        Assert.That(lines[0].GetProperty("card").GetProperty("items").EnumerateArray().Select(item => item.GetProperty("what").GetString()),
            Is.EqualTo(new[] { "DGI 0101", "DGI 0102", "DGI 8000", "DGI 9000", "DGI 9102", "DGI 9104", "DGI 3001", "DGI 7FFF" }));
        Assert.That(lines[0].GetProperty("steps").EnumerateArray().Select(step => step.GetString()), Has.Some.Contains("S280 WritingRecord"));
    }

    /// <summary>With the power cut at each command: a record that a card takes only once is found out by trying.</summary>
    [TestCase(false, 0, "hold what was sent")]
    [TestCase(true, 1, "are not issued, or do not hold what was sent")]
    public async Task SmallProduct_TestedWithCuts_IsIssuedWholeUnlessARecordCannotBeRepeated(bool setsState, int code, string words)
    {
        await File.WriteAllTextAsync(_folder["small.json"], Small(setsState));
        var run = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "test", _folder["small.json"], "--cuts");
        Assert.That(run.Code, Is.EqualTo(code), run.ToString());
        Assert.That(run.Output + run.Error, Does.Contain(words).And.Contain("power cut at command 1, BeforeExecution"));
        var check = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "check", _folder["small.json"]);
        Assert.That(check.Output.Contains("a state that a card does not take twice"), Is.EqualTo(setsState), "the check says so beforehand");
    }

    [Test]
    public async Task ProductOfReadyMadeData_TestedWithoutOrders_AsksForThem()
    {
        await File.WriteAllTextAsync(_folder["ready.json"], Samples.Change(Samples.EndToEnd, "\"items\": [", "\"items\": [{\"hexDgi\": \"ready\"},"));
        var run = await _folder.RunAsync(HostRun.Center, "product", "test", _folder["ready.json"]);
        Assert.That((run.Code, run.Error.Contains("--orders")), Is.EqualTo((2, true)), run.ToString());
    }

    private static string Small(bool setsState) => $$"""
        {
          "name": "small", "version": 1, "profile": "globalplatform", "mode": "endToEnd", "keySet": "k", "keyVersion": "30", "diversification": "kdf3",
          "identity": ["assigned"], "securityLevel": "33", "securityDomain": "A000000151000000", "application": "A0000000031010",
          "acceptedStates": { "scope": "issuerSecurityDomain", "aid": "A000000151000000", "states": ["01"] },
          "records": [ { "name": "one", {{(setsState ? Initialized : "")}} "proof": "cardMac", "repeat": "repeatable", "items": [ { "dgi": "A001", "hex": "01" } ] } ],
          "close": { "items": [ { "dgi": "7FFF", "hex": "" } ] },
          "closeLook": [ { "lifeCycle": { "scope": "applications", "aid": "A0000000031010" }, "done": { "state": "0F" }, "notDone": { "state": "07" } } ]
        }
        """;

    /// <summary>OP_READY to INITIALIZED: there is no way from there to the same (GPCS 5.1.1).</summary>
    private const string Initialized = "\"status\": {\"scope\": \"card\", \"aid\": \"A000000151000000\", \"state\": \"07\"},";

    private static JsonElement Script(HostRun run, int index) =>
        JsonSerializer.Deserialize<JsonElement>(run.Output.TrimEnd().Split('\n')[^1]).GetProperty("scripts")[index];

    /// <summary>The orders of one product alone.</summary>
    private static async Task<string> OrdersOfAsync(HostFolder folder)
    {
        var orders = System.Text.Json.Nodes.JsonNode.Parse(Samples.Orders)!;
        var list = orders["orders"]!.AsArray();
        foreach (var other in list.Where(order => (string?)order!["product"] != "visa-like-e2e").ToList()) list.Remove(other);
        await File.WriteAllTextAsync(folder["e2e.orders.json"], orders.ToJsonString());
        return folder["e2e.orders.json"];
    }

    private static Task<HostRun> ImportAsync(HostFolder folder) => folder.RunAsync(
        HostRun.Center, "order", "import", "--orders", folder["orders.json"], "--product", folder["product.json"], "--product", folder["module.product.json"]);

    private static async Task EnterKeyAsync(HostFolder folder)
    {
        var asked = await folder.RunAsync(HostRun.Center, "key", "ceremony", "--file", folder["ceremony.json"]);
        Assert.That(asked.Code, Is.Zero, asked.ToString());
        Assert.That((await folder.RunAsync(HostRun.Center, "approval", "approve", "1", "--as", "bob", "--password-file", folder["bob.password"])).Code, Is.Zero);
        Assert.That((await folder.RunAsync(HostRun.Center, "key", "ceremony", "--file", folder["ceremony.json"], "--approval", "1")).Code, Is.Zero);
    }
}
