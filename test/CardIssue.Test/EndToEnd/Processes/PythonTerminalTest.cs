using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using CardIssue.Test.Products.Json;
using CardIssue.Transport.Tls;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd.Processes;

/// <summary>
/// A terminal in another language, written from PROTOCOL.md alone (samples/PythonTerminal), at the built centerhost, which is a process of its own
/// and serves every kind of line.
/// </summary>
[TestFixture, Parallelizable]
[Platform("Linux", Reason = "Debian's Python.")]
public sealed class PythonTerminalTest
{
    private const string Here = "127.0.0.1", Name = "T-PY", Scp02 = "DEBIT-MODULE";

    /// <summary>Orders of the sample products per mode; each is for one test.</summary>
    private const int Orders = 7;

    private readonly Dictionary<string, string> _places = [];
    private Branch _branch = null!;
    private PythonTerminal _terminal = null!;
    private int _cards;

    [OneTimeSetUp]
    public async Task OpenAsync()
    {
        if (!PythonTerminal.IsThere) Assert.Ignore($"{PythonTerminal.Python} is not there.");
        _branch = await Branch.OpenAsync(Here, Orders);
        _terminal = new PythonTerminal(_branch.File("python"));
        await _branch.EnterKeyAsync(Path.Combine(Samples.Folder, "des-test-key.ceremony.json"));
        await ImportScp02Async();
        await EnrolAsync();
        var places = await _branch.ServeAllAsync(
            [$"3=tls:{Here}:0", $"4=tcp:{Here}:0", $"5=tls:{Here}:0;results=6", $"6=tls:{Here}:0", $"7=tcp:{Here}:0;results=8", $"8=tcp:{Here}:0"], "--without-tls");
        for (var i = 0; i < places.Count; i++) _places[$"{i + 3}"] = places[i];
    }

    [OneTimeTearDown]
    public async Task CloseAsync()
    {
        if (_branch is not null) await _branch.DisposeAsync();
    }

    [Test]
    public async Task Vectors_AreChecked_AreRight()
    {
        var vectors = Directory.GetFiles(Path.Combine(Repository.Root, "CardIssue.Core", "protocol-vectors"), "*.json");
        var (status, output) = await PythonTerminal.RunAsync("", ["check", .. vectors]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output.Split('\n').Count(line => line.Contains("steps are right", StringComparison.Ordinal)), Is.EqualTo(vectors.Length));
    }

    [TestCase("E2E-1")]
    [TestCase("MODULE-1")]
    public Task Card_OverTls_IsIssued(string order) => IssueAsync(order, _places["3"]);

    [TestCase("E2E-2")]
    public Task Card_OverTcpWithoutTls_IsIssued(string order) => IssueAsync(order, $"tcp:{_places["4"]}");

    [TestCase("E2E-3")]
    [TestCase("MODULE-3")]
    public Task Card_OverASplitLine_IsIssued(string order) => IssueAsync(order, _places["5"], "--results", _places["6"]);

    /// <summary>After so many bytes of the center the line is cut: while the card is opened, in a record, before the end.</summary>
    [TestCase("E2E-4", 900)]
    [TestCase("E2E-5", 1_500)]
    [TestCase("MODULE-4", 2_200)]
    public async Task LineIsCut_TheTerminalComesBackAndResumes_TheSameCardIsIssued(string order, int bytes)
    {
        using var cutter = new LineCutter(_places["4"], bytes);
        await IssueAsync(order, $"tcp:{cutter.Place}");
        Assert.That(cutter.Connections, Is.EqualTo(2), "the line was cut once, and brought up again");
    }

    [TestCase("MODULE-5", 2_200)]
    public async Task HalfOfASplitLineIsCut_TheTerminalComesBackAndResumes_TheSameCardIsIssued(string order, int bytes)
    {
        using var cutter = new LineCutter(_places["7"], bytes);
        await IssueAsync(order, $"tcp:{cutter.Place}", "--results", $"tcp:{_places["8"]}");
        Assert.That(cutter.Connections, Is.EqualTo(2), "the half was cut once, and the line brought up again");
    }

    /// <summary>A card of T=0, whose every answer to a command with data has to be fetched, in a channel of SCP02 that the terminal's module speaks.</summary>
    [Test]
    public Task CardOfT0_OverScp02_IsIssued() => IssueAsync(Scp02, _places["3"]);

    /// <summary>It is told of both in a session, comes with the next keys and takes the next certificate, and goes on when those of before have ended.</summary>
    [Test]
    public async Task CenterChangesItsKeysAndItsCertificate_TheTerminalFollows()
    {
        var told = Path.Combine(_terminal.Folder, "told");
        await _branch.CenterAsync("certificate", "make");
        await _branch.CenterAsync("center-keys", "make");
        await _branch.CenterAsync("center-keys", "change");
        // A host needs a second to see what was done beside it.
        await Part.UntilAsync(async () =>
        {
            var (status, output) = await _terminal.IssueAsync("NONE", "KESTREL-4821", new CardSlot(), _places["3"]);
            Assert.That(status, Is.EqualTo(3), output);
            var came = (await _branch.CenterAsync("center-keys", "show", "--json")).Json[0].GetProperty("came").EnumerateArray().Select(name => name.GetString());
            return came.Contains(Name);
        });
        await IssueAsync("MODULE-6", $"tcp:{_places["4"]}");
        await _branch.CenterAsync("certificate", "change", "--even-so");
        await _branch.CenterAsync("center-keys", "end", "--even-so");
        await IssueAsync("E2E-6", _places["3"]);
        await IssueAsync("MODULE-7", _places["5"], "--results", _places["6"]);
        var kept = await File.ReadAllBytesAsync(told);
        await File.WriteAllBytesAsync(told, [.. kept.Select((value, at) => at == 100 ? (byte)(value ^ 1) : value)]);
        var damaged = await _terminal.IssueAsync("E2E-7", CodeOf("E2E-7"), new CardSlot(), _places["3"]);
        await File.WriteAllBytesAsync(told, kept);
        Assert.That(damaged.Status, Is.EqualTo(1));
        Assert.That(damaged.Output, Does.Contain("is not what the center told"));
    }

    private async Task IssueAsync(string order, params string[] center)
    {
        var card = Card(order);
        var slot = new CardSlot();
        slot.Insert(card);
        var (status, output) = await _terminal.IssueAsync(order, CodeOf(order), slot, center);
        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("CARD ISSUED"));
        Assert.That(card.Inspect().Application(Products.Application).IsPersonalized, Is.True);
        Assert.That(card.Inspect().FailedAuthentications, Is.Zero);
        var shown = (await _branch.CenterAsync("order", "show", order, "--json")).Json[0];
        Assert.That(shown.GetProperty("order").GetProperty("state").GetString(), Is.EqualTo("issued"));
    }

    private CardSimulator Card(string order)
    {
        var serial = (uint)Interlocked.Increment(ref _cards);
        if (order is not Scp02) return Shop.Card(serial);
        var keys = CardKeySet.Derive(0x20, CardIssue.Testing.Cards.Crypto.Diversification.Emv,
            Core.Primitives.ByteString.FromHex(CardProfile.TestKey).Span, CardProfile.Kdd(serial).Span, CardKeyType.Des);
        var state = CardProfile.BlankEmv(serial, [keys]) with { Scp = CardState.Scp02, ScpParameter = 0x75, Protocol = CardProtocol.T0 };
        return CardSimulator.Create(state);
    }

    private static string CodeOf(string order) => order is Scp02 ? "BITTERN-0932" : order.StartsWith("E2E", StringComparison.Ordinal) ? "KESTREL-4821" : "MERLIN-2265";

    /// <summary>The sample product of SCP02, in module mode, and its order.</summary>
    private async Task ImportScp02Async()
    {
        var product = JsonNode.Parse(Samples.Debit)!;
        (product["name"], product["mode"]) = ("debit-scp02-module", "module");
        var order = JsonNode.Parse(Samples.Text("cards.orders.json"))!["orders"]!.AsArray().Single(order => (string)order!["orderId"]! == Scp02)!;
        await File.WriteAllTextAsync(_branch.File("scp02.json"), product.ToJsonString());
        await File.WriteAllTextAsync(_branch.File("scp02-orders.json"), new JsonObject { ["orders"] = new JsonArray(order.DeepClone()) }.ToJsonString());
        await _branch.CenterAsync("order", "import", "--orders", _branch.File("scp02-orders.json"), "--product", _branch.File("scp02.json"));
    }

    private async Task EnrolAsync()
    {
        Directory.CreateDirectory(_terminal.Folder);
        var now = DateTimeOffset.UtcNow;
        using var certificate = TlsCertificates.CreateSelfSigned($"CN={Name}", now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(_terminal.Folder, "tls.pem"),
            $"{certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n");
        Assert.That((await PythonTerminal.RunAsync("", ["init", _terminal.Folder, Name])).Status, Is.Zero);
        File.Copy(_branch.CenterFile, Path.Combine(_terminal.Folder, "center.json"));
        await _branch.CenterAsync(["terminal", "add", "--file", Path.Combine(_terminal.Folder, "terminal.json"),
            .. Enumerable.Range(3, 6).SelectMany(line => new[] { "--line", $"{line}" }), "--address", Here]);
        await _branch.CenterAsync("reader", "add", "--terminal", Name, "--kind", "vpcd", "--serial", "python");
    }
}
