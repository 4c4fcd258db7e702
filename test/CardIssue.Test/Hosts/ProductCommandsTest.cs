using System.Text.Json;
using System.Text.Json.Nodes;
using CardIssue.Test.EndToEnd;
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

    /// <summary>The card that it ends with has its own keys, byte for byte, and the transport keys are gone.</summary>
    [Test]
    public async Task ProductWithOwnKeys_TestedWithCuts_EndsWithItsOwnKeys()
    {
        var file = Path.Combine(Samples.Folder, "debit-own-keys.product.json");
        var run = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "test", file, "--cuts", "--json");
        Assert.That(run.Code, Is.Zero, run.ToString());
        var lines = run.Output.TrimEnd().Split('\n').Select(line => JsonSerializer.Deserialize<JsonElement>(line)).SkipLast(1).ToList();
        Assert.That(lines, Has.Count.GreaterThan(40));
        foreach (var card in lines.Select(line => line.GetProperty("card")))
        {
            var last = card.GetProperty("items").EnumerateArray().Last();
            Assert.That(last.GetRawText(), Is.EqualTo("""{"what":"own keys 31","length":48,"asSent":true}"""));
        }
        var check = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "check", file);
        Assert.That(check.Output, Does.Contain("is in order: 4 records").And.Contain("own key issuer-own of version 31"));
        var preview = await HostRun.OfAsync(
            HostRun.Center, _folder.Folder, "product", "preview", file, "--orders", await OrdersForAsync("debit-own-keys"));
        Assert.That(preview.Output, Does.Contain("\"own-keys\": proof cardMac, looked at before a repeat").And.Contain("PUT KEY"));
    }

    /// <summary>The card comes without the program; whoever has no center gives the file, and without it is told so.</summary>
    [Test]
    public async Task ProductWithAProgram_ItsFileGiven_IsTestedCheckedAndPreviewed()
    {
        string[] product =
            [Path.Combine(Samples.Folder, "loyalty.product.json"), "--orders", Path.Combine(Samples.Folder, "loyalty.orders.json")];
        string[] program = ["--program", Path.Combine(Samples.Folder, "loyalty.cap")];
        var test = await RunAsync(["test", .. product, .. program]);
        Assert.That(test.Code, Is.Zero, test.ToString());
        Assert.That(test.Output, Does.Contain("load file F0434953530101 1.0: ").And.Contain("all 2 virtual cards hold what was sent")
            .And.Not.Contain("NOT AS SENT"));
        Assert.That((await RunAsync(["test", product[0], .. program])).Code, Is.Zero, "a customer made up");
        var check = await RunAsync(["check", .. product, .. program]);
        Assert.That(check.Code, Is.Zero, check.ToString());
        Assert.That(check.Output, Does.Contain("is in order").And.Not.Contain("D4816AA6"));
        var alone = await RunAsync(["check", product[0]]);
        Assert.That((alone.Code, alone.Output.Contains("whether the center has program loyalty")), Is.EqualTo((0, true)), alone.ToString());
        var preview = await RunAsync(["preview", .. product, .. program]);
        Assert.That((preview.Code, preview.Output.Contains("LOAD ")), Is.EqualTo((0, true)), preview.ToString());
        foreach (var command in new[] { "test", "check", "preview" })
        {
            var without = await RunAsync([command, .. product]);
            Assert.That(without.Code, Is.EqualTo(2), without.ToString());
            Assert.That(without.Error, Does.Contain("give its CAP file with --program FILE"));
        }
        var other = await RunAsync(["test", product[0], "--program", product[0]]);
        Assert.That(other.Code, Is.EqualTo(2), "no CAP file");

        Task<HostRun> RunAsync(string[] arguments) => HostRun.OfAsync(HostRun.Center, _folder.Folder, ["product", .. arguments]);
    }

    /// <summary>With a center its own programs count.</summary>
    [Test]
    public async Task ProductWithAProgram_OfACenter_IsCheckedAndPreviewedWithWhatItHas()
    {
        using var folder = _folder.Copy();
        var (file, cap) = (Path.Combine(Samples.Folder, "loyalty.product.json"), Path.Combine(Samples.Folder, "loyalty.cap"));
        string[] check = ["product", "check", file, "--data", folder["center"]];
        var lacking = await folder.RunAsync(HostRun.Center, check);
        Assert.That((lacking.Code, lacking.Error.Contains("program loyalty, SHA-256")), Is.EqualTo((4, true)), lacking.ToString());
        Assert.That((await folder.RunAsync(HostRun.Center, [.. check, "--program", cap])).Code, Is.EqualTo(2), "a center has its own");
        await EnterKeyAsync(folder);
        Assert.That((await folder.RunAsync(HostRun.Center, "program", "add", cap)).Code, Is.Zero);
        var good = await folder.RunAsync(HostRun.Center, check);
        Assert.That(good.Code, Is.Zero, good.ToString());
        var orders = Path.Combine(Samples.Folder, "loyalty.orders.json");
        Assert.That((await folder.RunAsync(HostRun.Center, "order", "import", "--product", file, "--orders", orders)).Code, Is.Zero);
        var preview = await folder.RunAsync(HostRun.Center, "product", "preview", "--order", "LOYALTY-0001");
        var files = await folder.RunAsync(HostRun.Center, "product", "preview", file, "--orders", orders, "--program", cap);
        Assert.That((preview.Code, preview.Output), Is.EqualTo((0, files.Output)), preview.ToString());
    }

    [Test]
    public async Task RewriteOrders_PreviewedFromFiles_LookFirst_AndTestSaysThatItTriesNoneUnlessAsked()
    {
        var product = Path.Combine(Samples.Folder, "visa-like-e2e.product.json");
        var run = await HostRun.OfAsync(
            HostRun.Center, _folder.Folder, "product", "preview", product, "--orders", Path.Combine(Samples.Folder, "rewrite-orders.json"));
        Assert.That(run.Code, Is.Zero, run.ToString());
        Assert.That(run.Output, Does.Contain("order REWRITE-0002, visa-like-e2e/1 rewrite points")
            .And.Contain("what the card must hold, before anything is written").And.Not.Contain("the card's number"));
        var test = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "test", product, "--rewrite", "enrol");
        Assert.That((test.Code, test.Error.Contains("rewrites are not tried here: points")), Is.EqualTo((0, true)), test.ToString());
        Assert.That(test.Output, Does.Contain("made-up, rewrite enrol, EndToEnd: issued").And.Contain("made-up, rewrite enrol, Module: issued"));
    }

    /// <summary>The sample whose keys are renewed, blocked and unblocked: each rewrite on the card that the one before left.</summary>
    [Test]
    public async Task Rewrites_OfAnOrdersFile_AreDoneOneAfterTheOther_AndReadBack()
    {
        var orders = await OrdersAsync();
        string[] test = ["product", "test", Path.Combine(Samples.Folder, "debit-own-keys.product.json"), "--orders", orders];
        var all = await HostRun.OfAsync(HostRun.Center, _folder.Folder, [.. test, "--all"]);
        Assert.That(all.Code, Is.Zero, all.ToString());
        foreach (var (order, rewrite) in new[] { ("OWN-E2E-RENEW", "renew-keys"), ("OWN-E2E-BLOCK", "block"), ("OWN-E2E-UNBLOCK", "unblock") })
            Assert.That(all.Output, Does.Contain($"{order}, rewrite {rewrite}, Module: issued"));
        Assert.That(all.Output, Does.Contain("own keys 32: 48 bytes, as sent").And.Not.Contain("NOT AS SENT"));
        Assert.That(all.Error, Does.Not.Contain("not tried"));

        var wrong = await HostRun.OfAsync(HostRun.Center, _folder.Folder, [.. test, "--rewrite", "unblock"]);
        Assert.That((wrong.Code, wrong.Output.Contains("OWN-E2E-UNBLOCK, rewrite unblock, EndToEnd: issued")), Is.EqualTo((1, false)), wrong.ToString());
        var unknown = await HostRun.OfAsync(HostRun.Center, _folder.Folder, [.. test, "--rewrite", "nothing"]);
        Assert.That((unknown.Code, unknown.Error.Contains("has no rewrite nothing")), Is.EqualTo((2, true)), unknown.ToString());

        // The issue's orders and the rewrites', in one file.
        async Task<string> OrdersAsync()
        {
            var (issues, rewrites) = (JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Samples.Folder, "cards.orders.json")))!,
                JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Samples.Folder, "cards.rewrites.json")))!);
            var both = issues["orders"]!.AsArray().Concat(rewrites["orders"]!.AsArray())
                .Where(order => (string?)order!["product"] == "debit-own-keys").Select(order => order!.DeepClone()).ToArray();
            var path = _folder["own-keys.orders.json"];
            await File.WriteAllTextAsync(path, new JsonObject { ["orders"] = new JsonArray(both) }.ToJsonString());
            return path;
        }
    }

    /// <summary>A security domain's keys are read back from the domain.</summary>
    [Test]
    public async Task ProductWithASecurityDomain_Tested_HasItsKeysAsSent()
    {
        await File.WriteAllTextAsync(_folder["partner.json"], DomainIssuingTest.Product("endToEnd", is02: true));
        var run = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "test", _folder["partner.json"]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        Assert.That(run.Output, Does.Contain("keys 41 of partner: 48 bytes, as sent").And.Not.Contain("NOT AS SENT"));
    }

    /// <summary>What no order of a rewrite could pass is told of the product, at its rewrite.</summary>
    [Test]
    public async Task RewriteThatNoCardCouldTake_Checked_IsTold()
    {
        var tooLong = new string('0', 2 * 70_000);
        await File.WriteAllTextAsync(_folder["long.json"], Samples.Change(
            Samples.EndToEnd, "{\"tag\": \"DF21\", \"field\": \"points\", \"as\": \"digits\"}]",
            $"{{\"tag\": \"DF21\", \"hex\": \"{tooLong}\"}}]"));
        var run = await HostRun.OfAsync(HostRun.Center, _folder.Folder, "product", "check", _folder["long.json"]);
        Assert.That((run.Code, run.Error.Contains("$.rewrites[0].records[0].items")), Is.EqualTo((2, true)), run.ToString());
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

    /// <summary>The samples' first order, for another product with the same fields.</summary>
    private async Task<string> OrdersForAsync(string product)
    {
        var orders = System.Text.Json.Nodes.JsonNode.Parse(Samples.Orders)!;
        var first = orders["orders"]![0]!.DeepClone();
        first["product"] = product;
        orders["orders"] = new System.Text.Json.Nodes.JsonArray(first);
        await File.WriteAllTextAsync(_folder[$"{product}.orders.json"], orders.ToJsonString());
        return _folder[$"{product}.orders.json"];
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
