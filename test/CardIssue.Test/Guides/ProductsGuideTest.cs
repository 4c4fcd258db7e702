using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Test.Hosts;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Guides;

/// <summary>PRODUCTS.md: every file of it is read, and its cards are issued to virtual cards in both key modes, from its own text.</summary>
[TestFixture, Parallelizable]
public sealed partial class ProductsGuideTest
{
    private const string Smallest = "member", Csv = "member-csv";

    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "PRODUCTS.md")).ReplaceLineEndings("\n");

    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-products-").FullName;

    private static Dictionary<string, JsonNode> Products { get; } = Blocks("product").ToDictionary(block => block.Name, block => JsonNode.Parse(block.Text)!);

    private static IEnumerable<string> Names => Products.Keys;

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [TestCaseSource(nameof(Names))]
    public async Task Recipe_OverTheSmallestFile_IsInOrderAndItsCardsHoldWhatWasSent(string name)
    {
        var file = await WriteAsync(name);
        await DoAsync("is in order", "product", "check", file);
        await DoAsync("virtual cards hold what was sent", "product", "test", file, "--all", "--program", Path.Combine(Samples.Folder, "loyalty.cap"));
    }

    [Test]
    public async Task Orders_OfTheGuide_FitTheirProducts()
    {
        var orders = Blocks("orders").ToDictionary(block => block.Name, block => block.Text);
        var file = Path.Combine(_folder, "member.orders.json");
        await File.WriteAllTextAsync(file, orders[Smallest]);
        await DoAsync("is in order", "product", "check", await WriteAsync(Smallest), "--orders", file);
        var product = Samples.Product(await File.ReadAllTextAsync(await WriteAsync(Csv))).Product!;
        var rows = new OrdersStream(
            new MemoryStream(Encoding.UTF8.GetBytes(orders[Csv])), OrdersForm.Csv, new OrdersContext(name => name == Csv ? product : null) { Csv = product });
        Assert.That(rows.Read().Count(), Is.EqualTo(2));
        Assert.That(rows.Mistakes, Is.Empty);
    }

    /// <summary>Nothing that is to be copied stands outside of what is tried.</summary>
    [Test]
    public void Files_OfTheGuide_AreAllTried() =>
        Assert.That(Fence().Count(Page), Is.EqualTo(Blocks("product").Count() + Blocks("orders").Count()));

    private static IEnumerable<(string Name, string Text)> Blocks(string kind) =>
        Block().Matches(Page).Where(block => block.Groups["kind"].Value == kind).Select(block => (block.Groups["name"].Value, block.Groups["text"].Value));

    /// <summary>The file of a recipe: what it changes in the smallest one.</summary>
    private async Task<string> WriteAsync(string name)
    {
        var file = Path.Combine(_folder, $"{name}.product.json");
        await File.WriteAllTextAsync(file, Merge(Products[Smallest], Products[name])!.ToJsonString());
        return file;
    }

    /// <summary>JSON Merge Patch, RFC 7396 §2.</summary>
    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes) return patch?.DeepClone();
        var merged = target is JsonObject before ? (JsonObject)before.DeepClone() : [];
        foreach (var (name, value) in changes)
        {
            if (value is null) merged.Remove(name);
            else merged[name] = Merge(merged[name], value);
        }
        return merged;
    }

    private async Task DoAsync(string says, params string[] args)
    {
        var run = await HostRun.OfAsync(HostRun.Center, _folder, args);
        Assert.That((run.Code, run.Output.Contains(says, StringComparison.Ordinal)), Is.EqualTo((0, true)), run.ToString());
    }

    [GeneratedRegex(@"^<!-- (?<kind>product|orders): (?<name>\S+) -->\n```\w+\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^```(json|csv)$", RegexOptions.Multiline)]
    private static partial Regex Fence();
}
