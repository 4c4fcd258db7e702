using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Test.Modules;
using CardIssue.Test.Products.Json;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost</c>'s keys, products, orders and log, each with a center of its own.</summary>
[TestFixture, Parallelizable]
public sealed class CenterHostOrdersTest
{
    private CenterHostProcess _host = null!;

    private string Product => Path.Combine(Samples.Folder, "visa-like-e2e.product.json");

    [SetUp]
    public async Task Init()
    {
        _host = new CenterHostProcess();
        Assert.That((await _host.RunAsync("init", "--id", "main")).Code, Is.Zero);
    }

    [TearDown]
    public void Delete() => _host.Dispose();

    [Test]
    public async Task BrokenProductAndOrders_Import_TellsEveryMistakeWithItsPlaceAndTakesNothingIn()
    {
        var product = Samples.Change(Samples.EndToEnd, "\"kdf3\"", "\"kdf4\"");
        var orders = Samples.Change(Samples.Orders, "\"2030-12-31\"", "\"2030-13-31\"");
        var (productFile, ordersFile) = (_host.Write("broken.product.json", product), _host.Write("broken.orders.json", orders));
        var run = await _host.RunAsync("order", "import", "--product", productFile, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"), "--orders", ordersFile);
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        var (line, column) = Samples.PlaceOf(product, "\"kdf4\"");
        Assert.That(run.Error, Does.Contain($"{productFile}:{line}:{column}: $.diversification: "));
        Assert.That(run.Error, Does.Contain($"{ordersFile}:7:18: $.orders[0].product: ").And.Contain("nothing was taken in"));

        run = await _host.RunAsync("order", "import", "--product", Product, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"), "--orders", ordersFile, "--json");
        (line, _) = Samples.PlaceOf(orders, "\"2030-13-31\"");
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Json[0].GetProperty("mistakes")[0].GetProperty("line").GetInt32(), Is.EqualTo(line));
        Assert.That(run.Error, Does.Not.Contain("2030-13-31"), "A customer's data is not told.");
        Assert.That((await _host.RunAsync("product", "list", "--json")).Output, Is.Empty);
        Assert.That((await _host.RunAsync("order", "list", "--json")).Output, Is.Empty);
    }

    [Test]
    public async Task OrderThatNamesABranch_IsTakenInWithIt_AndShownWithIt()
    {
        var line = Samples.Text("orders.jsonl").Split('\n')[0];
        var orders = _host.Write("orders.jsonl", line.Replace("\"product\"", "\"branch\": \"north\", \"product\""));
        var taken = await _host.RunAsync("order", "import", "--product", Product, "--orders", orders);
        Assert.That(taken.Code, Is.Zero, taken.ToString());
        var listed = await _host.RunAsync("order", "list", "--branch", "north", "--json");
        Assert.That(listed.Json.Select(order => (order.GetProperty("order").GetString(), order.GetProperty("branch").GetString())), Is.EqualTo(new[] { ("LINE-0001", "north") }));
        Assert.That((await _host.RunAsync("order", "show", "LINE-0001")).Output, Does.Contain("  for branch north  "));
        Assert.That((await _host.RunAsync("order", "list", "--branch", "south", "--json")).Json, Is.Empty);
        Assert.That((await _host.RunAsync("product", "preview", "--order", "LINE-0001")).Output, Does.StartWith("order LINE-0001 for branch north, "));
    }

    [Test]
    public async Task TestKey_Ceremony_NeedsTwoCustodians()
    {
        var one = await _host.RunAsync("key", "ceremony", "--file", _host.Write("one.json", CenterHostCeremony.File(Counter.Master, "Ann")));
        Assert.That(one.Code, Is.EqualTo(4), one.ToString());
        Assert.That(one.Error, Does.Contain("nobody may know two"));
        var file = _host.Write("two.json", CenterHostCeremony.File(Counter.Master));
        Assert.That((await _host.RunAsync("key", "ceremony", "--file", file, "--approval", "1")).Code, Is.EqualTo(4), "nobody asked");
        Assert.That((await _host.RunAsync("key", "ceremony", "--file", file)).Output, Does.Contain("approval approve 1"));
        Assert.That((await _host.RunAsync("approval", "approve", "1")).Code, Is.EqualTo(4), "whoever asked");
        Assert.That((await _host.RunAsync("key", "ceremony", "--file", file, "--approval", "1")).Code, Is.EqualTo(4), "nobody approved");
        Assert.That((await _host.RunAsBobAsync("approval", "approve", "1")).Code, Is.Zero);
        var two = await _host.RunAsync("key", "ceremony", "--file", file, "--approval", "1");
        Assert.That((await _host.RunAsync("key", "ceremony", "--file", file, "--approval", "1")).Code, Is.EqualTo(4), "once");
        Assert.That(two.Code, Is.Zero, two.ToString());
        Assert.That(two.Error, Does.Contain("TEST KEYS ONLY"));
        var keys = await _host.RunAsync("key", "list", "--json");
        Assert.That(keys.Json.Select(key => key.GetProperty("state").GetString()), Is.EqualTo(new[] { "complete" }));
        Assert.That(keys.Output, Does.Not.Contain(Counter.Master.ToString()));
    }

    [Test]
    public async Task GoodFiles_Import_OrdersAreShownMaskedAndCodesAreInTheirFileAlone()
    {
        var orders = _host.Write("orders.json", Samples.Change(Samples.Orders, "      \"issueCode\": \"KESTREL-4821\",\n", ""));
        string[] import = ["order", "import", "--product", Product, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"), "--orders", orders];
        var none = await _host.RunAsync(import);
        Assert.That(none.Code, Is.EqualTo(2), none.ToString());
        Assert.That(none.Error, Does.Contain("--codes"));

        var run = await _host.RunAsync([.. import, "--codes", _host.File("codes")]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        var code = (await File.ReadAllTextAsync(_host.File("codes"))).Trim().Split(' ');
        Assert.That(code[0], Is.EqualTo("E2E-0001"));
        Assert.That(code[1], Does.Match("^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$"));
        Assert.That(run.Output + run.Error, Does.Not.Contain(code[1]));
        if (!OperatingSystem.IsWindows()) Assert.That(File.GetUnixFileMode(_host.File("codes")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));

        ImportedOrders.AreEachOfItsOwn(_host, new Dictionary<string, string>
        {
            ["E2E-0001"] = code[1], ["E2E-0002"] = "LINNET-7093", ["MODULE-0001"] = "MERLIN-2265", ["MODULE-0002"] = "NUTHATCH-5317",
        });

        var list = await _host.RunAsync("order", "list", "--json");
        Assert.That(list.Json.Select(order => order.GetProperty("order").GetString()), Is.EqualTo(new[] { "E2E-0001", "E2E-0002", "MODULE-0001", "MODULE-0002" }));
        Assert.That(list.Json[0].GetProperty("display").GetString(), Is.EqualTo("visa-like-e2e 476173******0119"));
        Assert.That(list.Output, Does.Not.Contain("4761739001010119"));
        var shown = await _host.RunAsync("order", "show", "E2E-0001", "--json");
        Assert.That(shown.Json[0].GetProperty("order").GetProperty("state").GetString(), Is.EqualTo("ready"));
        Assert.That(shown.Json[0].GetProperty("history")[0].GetProperty("change").GetString(), Is.EqualTo("Imported"));
        Assert.That(shown.Json[0].GetProperty("keys").GetArrayLength(), Is.Zero, "nothing is issued");

        var same = await _host.RunAsync([.. import, "--codes", _host.File("more-codes")]);
        Assert.That(same.Code, Is.EqualTo(4), same.ToString());
        Assert.That(same.Error, Does.Match("orders.json was taken in already: 4 orders, as orders.json, by ann at .*Nothing was taken in again."));
        Assert.That(File.Exists(_host.File("more-codes")), Is.False);
        await File.AppendAllTextAsync(orders, "\n");
        var again = await _host.RunAsync([.. import, "--codes", _host.File("more-codes")]);
        Assert.That(again.Code, Is.EqualTo(4), again.ToString());
        Assert.That(again.Error, Does.Contain("its order id is known already"));
        Assert.That(File.Exists(_host.File("more-codes")), Is.False);
        // Each of them, with the line that it begins at.
        var text = await File.ReadAllTextAsync(orders);
        foreach (var id in new[] { "E2E-0001", "E2E-0002", "MODULE-0001", "MODULE-0002" })
            Assert.That(again.Error, Does.Contain($"{orders}:{Samples.PlaceOf(text, id).Line - 1}:5: order {id}: its order id is known already."));
        again = await _host.RunAsync([.. import, "--codes", _host.File("more-codes"), "--json"]);
        Assert.That(again.Json[0].GetProperty("mistakes").GetArrayLength(), Is.EqualTo(4));
    }

    [Test]
    public async Task CardNumberOfAnOrderOfTheStore_Import_IsToldWithItsLineAndNotTakenIn()
    {
        string[] products = ["--product", Product, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json")];
        Assert.That((await _host.RunAsync(["order", "import", .. products, "--orders", Path.Combine(Samples.Folder, "orders.json")])).Code, Is.Zero);
        var more = _host.Write("more.json", Samples.Orders.Replace("E2E-", "NEW-").Replace("MODULE-0", "LATER-0").Replace("C-100", "C-200")
            .Replace("4761739001010234", "4761739001010333").Replace("4761739001010259", "4761739001010366"));
        var run = await _host.RunAsync(["order", "import", .. products, "--orders", more]);
        Assert.That(run.Code, Is.EqualTo(4), run.ToString());
        var line = Samples.PlaceOf(await File.ReadAllTextAsync(more), "NEW-0001").Line - 1;
        Assert.That(run.Error, Does.Contain($"{more}:{line}:5: order NEW-0001: its card number and sequence number are those of order E2E-0001, which is Ready."));
        Assert.That(run.Error, Does.Contain("order LATER-0001: its card number").And.Contain("2 mistakes; nothing was taken in"));
        Assert.That(run.Error, Does.Not.Contain("4761739001010119"));
        Assert.That((await _host.RunAsync("order", "list", "--json")).Json, Has.Length.EqualTo(4));
    }

    [Test]
    public async Task LinesAndCsv_Import_AreTakenInAsJsonIs_AndWhatIsWrongIsToldWithItsLine()
    {
        string[] products = ["--product", Product, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json")];
        var lines = await _host.RunAsync(["order", "import", .. products, "--orders", Path.Combine(Samples.Folder, "orders.jsonl")]);
        Assert.That(lines.Code, Is.Zero, lines.ToString());
        var csv = Path.Combine(Samples.Folder, "orders.csv");
        var noCode = await _host.RunAsync("order", "import", "--orders", csv);
        Assert.That((noCode.Code, noCode.Error.Contains("Order CSV-0002 has no issue code")), Is.EqualTo((2, true)), noCode.ToString());
        var twice = _host.Write("twice.txt", Samples.Text("orders.csv") + Samples.Text("orders.csv").Split('\n')[1].Replace("C-3001", "C-3009"));
        string[] take = ["order", "import", "--form", "csv", "--for", "visa-like-module", "--codes", _host.File("codes"), "--orders"];
        var refused = await _host.RunAsync([.. take, twice, "--json"]);
        Assert.That(refused.Code, Is.EqualTo(4), refused.ToString());
        Assert.That(refused.Error, Does.Contain($"{twice}:4:1: order CSV-0001: an earlier order of the file has its order id."));
        Assert.That(refused.Json[0].GetProperty("mistakes")[0].GetProperty("line").GetInt32(), Is.EqualTo(4));
        Assert.That(File.Exists(_host.File("codes")), Is.False, "codes of orders that are nowhere");
        var run = await _host.RunAsync([.. take, csv, "--json"]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        Assert.That((run.Json[0].GetProperty("orders").GetInt32(), run.Json[0].GetProperty("codes").GetInt32()), Is.EqualTo((2, 1)));
        var code = (await File.ReadAllTextAsync(_host.File("codes"))).Trim().Split(' ');
        ImportedOrders.AreEachOfItsOwn(_host, new Dictionary<string, string>
        {
            ["LINE-0001"] = "WAGTAIL-6027", ["LINE-0002"] = "SISKIN-8840", ["CSV-0001"] = "PLOVER-3914", [code[0]] = code[1],
        }, [.. Entries("orders.jsonl", OrdersForm.JsonLines), .. Entries("orders.csv", OrdersForm.Csv)]);
        Assert.That((await _host.RunAsync("order", "list", "--json")).Json, Has.Length.EqualTo(4));
        Assert.That(Directory.GetFiles(_host.Data, "*.spool"), Is.Empty);

        static IEnumerable<OrderEntry> Entries(string file, OrdersForm form) => new OrdersStream(
            File.OpenRead(Path.Combine(Samples.Folder, file)), form, new OrdersContext(Samples.Find) { Csv = Samples.Find("visa-like-module") }).Read();
    }

    [Test]
    public async Task FileOfTwoCommits_Import_CutBehindTheFirst_GoesOnByTheSameCommandAlone_WithTheSameCodes()
    {
        const int Count = 270;
        var orders = _host.Write("many.jsonl", string.Join('\n', Enumerable.Range(1, Count).Select(number =>
            JsonSerializer.Serialize(ManyOrders.Of(number, "visa-like-e2e", withCode: false), WithoutNulls))));
        string[] import = ["order", "import", "--product", Product, "--orders", orders, "--codes"];
        Change($"CREATE TRIGGER cut BEFORE INSERT ON orders WHEN NEW.order_id = '{ManyOrders.NameOf(Count)}' BEGIN SELECT RAISE(ABORT, 'cut here'); END");
        var cut = await _host.RunAsync([.. import, _host.File("codes")]);
        Assert.That(cut.Code, Is.Not.Zero, cut.ToString());
        Change("DROP TRIGGER cut");
        Assert.That((await _host.RunAsync("status", "--json")).Json[0].GetProperty("orders").GetProperty("Ready").GetInt32(), Is.EqualTo(250));
        var codes = await File.ReadAllTextAsync(_host.File("codes"));

        var other = await _host.RunAsync([.. import, _host.File("other")]);
        Assert.That(other.Code, Is.EqualTo(4), other.ToString());
        Assert.That(other.Error, Does.Contain("Nothing more was taken in: 250 of its 270 orders are in, and the others go on only with the same products and the same codes."));
        Assert.That(File.Exists(_host.File("other")), Is.False);
        var run = await _host.RunAsync([.. import, _host.File("codes"), "--json"]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        Assert.That((run.Json[0].GetProperty("orders").GetInt32(), run.Json[0].GetProperty("codes").GetInt32()), Is.EqualTo((Count, Count)));
        Assert.That(await File.ReadAllTextAsync(_host.File("codes")), Is.EqualTo(codes));
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var vault = FileKeyVault.Open(Path.Combine(_host.Data, "vault.json"), passphrase);
        foreach (var line in codes.TrimEnd().Split('\n').Where((_, at) => at is 0 or 249 or 250 or Count - 1))
        {
            var (order, code) = (new OrderId(line.Split(' ')[0]), line.Split(' ')[1]);
            using var connection = Connect();
            var verifier = new StoreView(connection).Query("SELECT code_verifier FROM orders WHERE order_id = $order",
                row => row.Bytes("code_verifier")!.Value, ("$order", order)).Single();
            Assert.That(vault.CheckIssueCode(order, verifier, Encoding.ASCII.GetBytes(code)), Is.True, line);
        }

        void Change(string sql)
        {
            using var connection = Connect();
            Sql.Execute(connection, sql);
        }

        SqliteConnection Connect()
        {
            var connection = new SqliteConnection($"Data Source={Path.Combine(_host.Data, "center.db")};Pooling=False");
            connection.Open();
            return connection;
        }
    }

    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    [Test]
    public async Task EncryptedOrders_Import_AreTakenInWhereTheyOpen_AndWhatIsWrongIsToldOnlyWhereNobodyChangedThem()
    {
        CardIssue.Test.Parts.Part.Require("openssl", "openssl");
        string[] products = ["--product", Product, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json")];
        Assert.That((await _host.RunAsync("order", "key", "export", "--out", _host.File("key.pem"))).Code, Is.EqualTo(4));
        Assert.That((await _host.RunAsync("order", "key", "make")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("order", "key", "export", "--out", _host.File("key.pem"))).Code, Is.Zero);
        Assert.That((await _host.RunAsync("order", "key", "list", "--json")).Json.Single().GetProperty("version").GetInt32(), Is.EqualTo(1));
        var wrong = await EncryptAsync(_host.Write("wrong.jsonl", Samples.Text("orders.jsonl").Replace("2030-12-31", "2030-13-31")), "-aes-256-gcm");
        string[] import = ["order", "import", .. products, "--orders"];
        var run = await _host.RunAsync([.. import, wrong]);
        Assert.That((run.Code, run.Error.Contains($"{wrong}:1:")), Is.EqualTo((2, true)), run.ToString());
        var bytes = await File.ReadAllBytesAsync(wrong);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(wrong, bytes);
        run = await _host.RunAsync([.. import, wrong]);
        Assert.That((run.Code, run.Error.Contains("does not open"), run.Error.Contains(":1:")), Is.EqualTo((4, true, false)), run.ToString());
        var cbc = await EncryptAsync(_host.Write("cbc.jsonl", Samples.Text("orders.jsonl").Replace("2030-12-31", "2030-13-31")), "-aes-256-cbc");
        Assert.That((await _host.RunAsync([.. import, cbc])).Code, Is.EqualTo(4));
        run = await _host.RunAsync([.. import, cbc, "--allow-cbc"]);
        Assert.That((run.Code, run.Error.Contains("it is not told which"), run.Error.Contains(":1:")), Is.EqualTo((2, true, false)), run.ToString());
        // One field by itself, in a file that is not encrypted.
        const string Keys = "10404142434445464748494A4B4C4D4E11505152535455565758595A5B5C5D5E12606162636465666768696A6B6C6D6E";
        var field = Convert.ToBase64String(await File.ReadAllBytesAsync(await EncryptAsync(_host.Write("field", Keys), "-aes-256-gcm")));
        var lines = Samples.Text("orders.jsonl").Split('\n');
        var first = _host.Write("first.jsonl", lines[0].Replace(Keys, $"cms:{field}"));
        run = await _host.RunAsync([.. import, first]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        var second = await EncryptAsync(_host.Write("second.jsonl", lines[1]), "-aes-256-gcm");
        run = await _host.RunAsync([.. import, second]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        ImportedOrders.AreEachOfItsOwn(_host, new Dictionary<string, string> { ["LINE-0001"] = "WAGTAIL-6027", ["LINE-0002"] = "SISKIN-8840" },
            [.. new OrdersStream(File.OpenRead(Path.Combine(Samples.Folder, "orders.jsonl")), OrdersForm.JsonLines, new OrdersContext(Samples.Find)).Read()]);
        Assert.That((await _host.RunAsync("order", "key", "destroy", "1")).Code, Is.EqualTo(4), "the newest");

        async Task<string> EncryptAsync(string file, string cipher)
        {
            var (code, said) = await CardIssue.Test.Parts.Part.RunAsync(new Dictionary<string, string>(), "openssl",
                "cms", "-encrypt", "-binary", cipher, "-outform", "DER", "-in", file, "-out", $"{file}.cms", _host.File("key.pem"));
            Assert.That(code, Is.Zero, said);
            return $"{file}.cms";
        }
    }

    [Test]
    public async Task KeyOfOrders_Destroyed_WhenTwoPeopleSaySo()
    {
        foreach (var _ in "12") Assert.That((await _host.RunAsync("order", "key", "make")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("order", "key", "destroy", "1")).Code, Is.EqualTo(2), "without a reason");
        var asked = await _host.RunAsync("order", "key", "destroy", "1", "--reason", "the issuer has the next", "--json");
        Assert.That((asked.Code, await Versions()), Is.EqualTo((0, "1 2")), asked.ToString());
        var approval = asked.Json.Single().GetProperty("approval").GetRawText();
        string[] destroy = ["order", "key", "destroy", "1", "--approval", approval];
        Assert.That((await _host.RunAsync(destroy)).Code, Is.EqualTo(4), "nobody approved");
        Assert.That((await _host.RunAsync("approval", "approve", approval)).Code, Is.EqualTo(4), "whoever asked");
        Assert.That((await _host.RunAsBobAsync("approval", "approve", approval)).Code, Is.Zero);
        Assert.That((await _host.RunAsync("order", "key", "make")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("order", "key", "destroy", "2", "--approval", approval)).Code, Is.EqualTo(4), "another key");
        Assert.That(((await _host.RunAsync(destroy)).Code, await Versions()), Is.EqualTo((0, "2 3")));
        Assert.That((await _host.RunAsync(destroy)).Code, Is.EqualTo(4), "twice");

        async Task<string> Versions() =>
            string.Join(' ', (await _host.RunAsync("order", "key", "list", "--json")).Json.Select(key => key.GetProperty("version").GetInt32()));
    }

    [Test]
    public async Task LengthOfIssueCodesSet_Import_HoldsGivenAndMadeOnesToIt()
    {
        _host.Write(Path.Combine("center", "centerhost.json"), """{"Center": {"Orders": {"IssueCodeLength": 20}}}""");
        string[] import = ["order", "import", "--product", Product, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"), "--orders"];
        var run = await _host.RunAsync([.. import, Path.Combine(Samples.Folder, "orders.json")]);
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Does.Contain(":8:20: $.orders[0].issueCode: An issue code has 20 characters at the least").And.Contain("4 mistakes"));
        var orders = _host.Write("orders.json", string.Join('\n', Samples.Orders.Split('\n').Where(line => !line.Contains("issueCode"))));
        run = await _host.RunAsync([.. import, orders, "--codes", _host.File("codes")]);
        Assert.That(run.Code, Is.Zero, run.ToString());
        var made = (await File.ReadAllLinesAsync(_host.File("codes"))).Select(line => line.Split(' ')).ToDictionary(line => line[0],
            line => line[1]);
        Assert.That(made.Values.Select(code => code.Replace("-", "").Length), Is.All.EqualTo(20));
        ImportedOrders.AreEachOfItsOwn(_host, made);
    }

    /// <summary>Transport keys may still come; a card that was begun must get its own.</summary>
    [Test]
    public async Task OwnKeysThatTheVaultHasNot_Import_IsRefusedAndTakesNothingIn()
    {
        var product = Path.Combine(Samples.Folder, "debit-own-keys.product.json");
        var orders = _host.Write("orders.json", Samples.Orders.Replace("visa-like-e2e", "debit-own-keys", StringComparison.Ordinal));
        var module = Path.Combine(Samples.Folder, "visa-like-module.product.json");
        string[] import = ["order", "import", "--product", product, "--product", module, "--orders", orders];
        var run = await _host.RunAsync(import);
        Assert.That(run.Code, Is.EqualTo(4), run.ToString());
        Assert.That(run.Error, Does.Contain("Product debit-own-keys, ownKeys: The vault has no key issuer-own of version 31; enter it"));
        Assert.That(run.Error, Does.Contain("Nothing was taken in"));
        Assert.That((await _host.RunAsync("product", "list", "--json")).Output, Is.Empty);
        var key = await _host.EnterTestKeyAsync(Path.Combine(Samples.Folder, "own-test-key.ceremony.json"));
        Assert.That(key.Code, Is.Zero, key.ToString());
        run = await _host.RunAsync(import);
        Assert.That(run.Code, Is.Zero, run.ToString());
        Assert.That(run.Error, Does.Contain("Product debit-own-keys can't be issued yet: The vault has no key issuer-test of version 30"));
        var renew = Samples.Text("rewrite-orders.json").Replace("visa-like-e2e", "debit-own-keys", StringComparison.Ordinal)
            .Replace("\"points\"", "\"renew-keys\"", StringComparison.Ordinal).Replace("\"enrol\"", "\"renew-keys\"", StringComparison.Ordinal);
        renew = System.Text.RegularExpressions.Regex.Replace(renew, "\"fields\": \\{[^}]*\\}", "\"fields\": {}");
        run = await _host.RunAsync("order", "import", "--orders", _host.Write("renew.json", renew));
        Assert.That((run.Code, run.Error), Is.EqualTo((4, "Product debit-own-keys, rewrite renew-keys, ownKeys: "
            + "The vault has no key issuer-own of version 32; enter it, or mend the product that names it. Nothing was taken in.\n")), run.ToString());
    }

    [Test]
    public async Task Order_VoidByOnePersonAlone_IsRefused()
    {
        var import = await _host.RunAsync("order", "import", "--product", Product, "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"), "--orders", Path.Combine(Samples.Folder, "orders.json"));
        Assert.That(import.Code, Is.Zero, import.ToString());
        var asked = await _host.RunAsync("order", "void", "E2E-0002", "--reason", "пропала", "--json");
        Assert.That(asked.Code, Is.Zero, asked.ToString());
        var number = asked.Json[0].GetProperty("approval").ToString();
        var alone = await _host.RunAsync("approval", "approve", number, "--as", "ANN");
        Assert.That((alone.Code, alone.Error.Trim()), Is.EqualTo((4, "Whoever asked can't approve; it takes another person.")));
        var waiting = (await _host.RunAsync("approval", "list", "--json")).Json.Single();
        Assert.That((waiting.GetProperty("askedBy").GetString(), waiting.GetProperty("act").GetProperty("act").GetString()), Is.EqualTo(("ann", "voidOrder")));
        Assert.That((await _host.RunAsBobAsync("approval", "approve", number)).Code, Is.Zero);
        Assert.That((await _host.RunAsBobAsync("approval", "approve", number)).Code, Is.EqualTo(4), "twice");
        Assert.That((await _host.RunAsync("order", "show", "E2E-0002")).Output, Does.Contain("ann and bob: пропала"));
        var status = (await _host.RunAsync("status", "--json")).Json[0];
        Assert.That(status.GetProperty("orders").GetProperty("Voided").GetInt32(), Is.EqualTo(1));
        var log = (await _host.RunAsync("log", "show", "--order", "E2E-0002", "--json")).Json;
        Assert.That(log.Select(row => row.GetProperty("kind").GetString()), Is.SupersetOf(new[] { "ActAsked", "ActApproved" }));
        var approved = log.Single(row => row.GetProperty("kind").GetString() == "ActApproved").GetProperty("detail");
        Assert.That((approved.GetProperty("person").GetString(), approved.GetProperty("askedBy").GetString()), Is.EqualTo(("bob", "ann")));
    }

    [TestCase("tcp:127.0.0.1:7002")]
    [TestCase("serial:/dev/ttyS1?baud=9600")]
    public async Task LineAdd_WithoutTls_NeedsItInSoManyWords(string where)
    {
        var refused = await _host.RunAsync("line", "add", "7", "--listen", where);
        Assert.That((refused.Code, refused.Error.Contains("ask for it with --without-tls")), Is.EqualTo((2, true)), refused.ToString());
        Assert.That((await _host.RunAsync("line", "add", "7", "--listen", where, "--without-tls")).Code, Is.Zero);
        var listed = (await _host.RunAsync("line", "list", "--json")).Json.Single(line => line.GetProperty("line").GetInt32() == 7);
        Assert.That((listed.GetProperty("listen").GetString(), listed.GetProperty("withoutTls").GetBoolean()), Is.EqualTo((where, true)));
    }

    /// <summary>.NET reads an address alone as one with port 0, and a port behind a bare IPv6 address as a part of it: nobody named such a place.</summary>
    [TestCase("127.0.0.1")]
    [TestCase("127.0.0.1:")]
    [TestCase("[::1]")]
    [TestCase("::1")]
    [TestCase("::1:7001")]
    public async Task PlaceToListen_WithoutAPort_IsRefusedWhereverItIsGiven(string place)
    {
        var line = await _host.RunAsync("line", "add", "7", "--listen", $"tls:{place}");
        var monitor = await _host.RunAsync("serve", "--line", "1=tls:127.0.0.1:0", "--monitor", place);
        var link = await _host.RunAsync("serve", "--line", "1=tls:127.0.0.1:0", "--link", place);
        Assert.That((line.Code, monitor.Code, link.Code), Is.EqualTo((2, 2, 2)));
        Assert.That(line.Error, Does.Contain("an IP address and a port belong there"));
        Assert.That(monitor.Error, Does.Contain("nowhere to listen for monitoring"));
        Assert.That(link.Error, Does.Contain("is no IP address and port"));
    }

    [TestCase("127.0.0.1:7001")]
    [TestCase("[::1]:7001")]
    [TestCase("0.0.0.0:0")]
    public async Task PlaceToListen_WithAPort_IsTaken(string place) =>
        Assert.That((await _host.RunAsync("line", "add", "7", "--listen", $"tls:{place}")).Code, Is.Zero);

    [Test]
    public async Task LineAdd_SerialAndSplit_AreListedAsTheyWereGiven()
    {
        const string Where = "serial-tls:/dev/ttyUSB0?baud=19200&flow=rtscts";
        Assert.That((await _host.RunAsync("line", "add", "8", "--listen", Where)).Code, Is.Zero);
        Assert.That((await _host.RunAsync("line", "add", "9", "--listen", "tls:127.0.0.1:7009", "--results", "8")).Code, Is.Zero);
        var listed = (await _host.RunAsync("line", "list")).Output;
        Assert.That(listed, Does.Contain($"line 8  {Where}").And.Contain("line 9  tls:127.0.0.1:7009;results=8"));
    }

    [Test]
    public async Task Log_Verify_IsWholeUntilAnEntryIsChanged()
    {
        Assert.That((await _host.RunAsync("line", "add", "1", "--listen", "tls:127.0.0.1:7001")).Code, Is.Zero);
        Assert.That((await _host.RunAsync("log", "checkpoint")).Code, Is.Zero);
        var whole = await _host.RunAsync("log", "verify", "--json");
        Assert.That(whole.Code, Is.Zero, whole.ToString());
        Assert.That(whole.Json[0].GetProperty("ok").GetBoolean(), Is.True);

        var text = new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder { DataSource = Path.Combine(_host.Data, "center.db"), Pooling = false };
        await using (var connection = new Microsoft.Data.Sqlite.SqliteConnection(text.ToString()))
        {
            await connection.OpenAsync();
            await using var change = connection.CreateCommand();
            change.CommandText = "DROP TRIGGER log_entries_fixed; UPDATE log_entries SET detail = '{}' WHERE sequence = 2";
            await change.ExecuteNonQueryAsync();
        }
        var damaged = await _host.RunAsync("log", "verify");
        Assert.That(damaged.Code, Is.EqualTo(6), damaged.ToString());
        Assert.That(damaged.Error, Does.Contain("entry 2 of center was changed"));
    }
}
