using System.Text;
using CardIssue.Core.Cards.Products.Json;
namespace CardIssue.Test.Products.Json;

public sealed class OrdersFileTest
{
    /// <summary>One change of the sample's first order, where the mistake is, its path in the order and its words.</summary>
    [TestCase("\"orderId\": \"E2E-0001\",", "", "{", "[", "", "The property \"orderId\" is missing.")]
    [TestCase("\"orderId\": \"E2E-0002\"", "\"orderId\": \"E2E-0001\"", "\"E2E-0001\"", "C-1001", "[1].orderId", "An earlier order has this id.")]
    [TestCase("\"C-1001\"", "\"Alma Reed\"", "\"Alma Reed\"", "", ".customerId", "A name has 1 to 64 of A-Z a-z 0-9 . _ -")]
    [TestCase("\"product\": \"visa-like-e2e\"", "\"product\": \"visa\"", "\"visa\"", "", ".product", "There is no product of this name.")]
    [TestCase("\"KESTREL-4821\"", "\"KESTREL 4821\"", "\"KESTREL 4821\"", "", ".issueCode", "An issue code has printable ASCII characters without spaces, 64 at the most.")]
    [TestCase("\"KESTREL-4821\"", "\"7\"", "\"7\"", "", ".issueCode", "An issue code has 8 characters at the least, hyphens not counted; this one has 1.")]
    [TestCase("\"KESTREL-4821\"", "\"12345678\"", "\"12345678\"", "", ".issueCode", "An issue code is not one character all the way, nor a run such as 12345678 or abcdefgh.")]
    [TestCase("\"LINNET-7093\"", "\"55555555\"", "\"55555555\"", "", "[1].issueCode", "An issue code is not one character all the way, nor a run such as 12345678 or abcdefgh.")]
    [TestCase("CARDHOLDER/ALMA", "A", "\"name\"", "", ".fields.name", "Tag 5F20 (Cardholder Name) has 1 bytes; 2 to 26 are right (EMV 4.3 Book 3 annex A).")]
    [TestCase("CARDHOLDER/ALMA", "CARDHOLDER/ALMA ANNA MARIA B", "\"name\"", "", ".fields.name", "Tag 5F20 (Cardholder Name) has 28 bytes; 2 to 26 are right (EMV 4.3 Book 3 annex A).")]
    [TestCase("\"effective\": \"2026-01-01\"", "\"effective\": \"2026-01-32\"", "\"effective\"", "", ".fields.effective", "The field \"effective\" is not a date as YYYY-MM-DD (record \"account\").")]
    [TestCase("\"sequence\": \"1\"", "\"sequence\": \"101\"", "\"sequence\"", "", ".fields.sequence", "Tag 5F34 (Application PAN Sequence Number) has 2 bytes; 1 are right (EMV 4.3 Book 3 annex A).")]
    [TestCase("\"serviceCode\": \"201\",", "", "{", "\"fields\"", ".fields", "The field \"serviceCode\" is missing (record \"account\").")]
    [TestCase("\"serviceCode\"", "\"servicecode\"", "\"servicecode\"", "", ".fields.servicecode", "The field \"servicecode\" is asked for by no record.")]
    [TestCase("\"sequence\": \"1\"", "\"sequence\": 1", "1", "\"sequence\"", ".fields.sequence", "A string is expected, not a number.")]
    [TestCase("\"sequence\": \"1\"", "\"sequence\": \"A\"", "\"sequence\"", "", ".fields.sequence", "The field \"sequence\" is not decimal digits (record \"account\").")]
    [TestCase("\"expires\": \"2030-12-31\"", "\"expires\": \"31.12.2030\"", "\"expires\"", "", ".fields.expires", "The field \"expires\" is not a date as YYYY-MM-DD (record \"account\").")]
    [TestCase("CARDHOLDER/ALMA", "CARDHOLDER/ALM\u00C1", "\"name\"", "", ".fields.name", "The field \"name\" has characters that are not printable ASCII (record \"account\").")]
    [TestCase("\"track2\": \"4761739001010119D", "\"track2\": \"4761739001010119=", "\"track2\"", "", ".fields.track2", "The field \"track2\" is not a PAN, D, expiry YYMM, service code and discretionary digits (record \"account\").")]
    [TestCase("\"applicationKeys\": \"10", "\"applicationKeys\": \"1", "\"applicationKeys\"", "", ".fields.applicationKeys", "The field \"applicationKeys\" is not an even number of hexadecimal digits (record \"application\").")]
    [TestCase("\"cardNumber\": \"4761739001010119\"", "\"cardNumber\": \"4761739001010118\"", "\"cardNumber\"", "", ".fields.cardNumber", "The check digit of the card number in tag 5A is wrong.")]
    [TestCase("\"cardNumber\": \"4761739001010119\"", "\"cardNumber\": \"4761739001010010\"", "\"cardNumber\"", "", ".fields.cardNumber", "The card number in tag 5A is not the one in the other tags (5A, 57).")]
    [TestCase("\"expires\": \"2030-12-31\"", "\"expires\": \"2031-12-31\"", "\"expires\"", "", ".fields.expires", "The expiry in tag 5F24 is not the one in the other tags (57, 5F24).")]
    [TestCase("\"serviceCode\": \"201\"", "\"serviceCode\": \"101\"", "\"serviceCode\"", "", ".fields.serviceCode", "The service code in tag 5F30 is not the one in tag 57.")]
    [TestCase("\"fields\": {", "\"fields\": {\"4761739001010119\": \"x\", ", "\"4761739001010119\"", "", ".fields[property 1]", "The field with a name of 16 characters is asked for by no record.")]
    [TestCase("\"fields\": {", "\"fields\": {\"name4761739001010119\": \"x\", ", "\"name4761739001010119\"", "", ".fields[property 1]", "The field with a name of 20 characters is asked for by no record.")]
    [TestCase("\"issueCode\"", "\"password\"", "\"password\"", "", ".password", "The property \"password\" is not known; known here: orderId, customerId, product, rewrite, branch, issueCode, fields.")]
    public void OneThingWrong_Read_IsLocated(string old, string changed, string at, string after, string path, string message)
    {
        var text = Samples.Change(Samples.Orders, old, changed);
        var (line, column) = Samples.PlaceOf(text, at, after);
        var reading = Samples.ReadOrders(text);
        var where = path.StartsWith('[') ? $"$.orders{path}" : $"$.orders[0]{path}";
        Assert.That(reading.Mistakes.Select(m => m.ToString()), Does.Contain($"{line}:{column} {where}: {message}"));
        Assert.That(reading.Orders, Is.Null, "Nothing of a bad file is taken.");
    }

    /// <summary>The second order of the sample becomes one of the first one's card number; both were right by themselves.</summary>
    private static string SameNumber(string sequence) => Samples.Change(
        Samples.Orders.Replace("4761739001010234", "4761739001010119"), "\"sequence\": \"1\"", $"\"sequence\": \"{sequence}\"");

    [Test]
    public void CardNumberAndSequenceOfAnEarlierOrder_Read_AreToldWithItsLine()
    {
        var text = SameNumber("1");
        var reading = Samples.ReadOrders(text);
        Assert.That(reading.Mistakes.Select(m => m.Message), Is.EqualTo(new[]
        {
            "The order of line 4 has this card number and sequence number; the product does not allow it (allowRepeatedCardNumber).",
        }));
        Assert.That(reading.Mistakes[0].Path, Is.EqualTo("$.orders[1]"));
        Assert.That(reading.Mistakes[0].ToString(), Does.Not.Contain("476173"));
    }

    [Test]
    public void CardNumberOfAnEarlierOrder_WithAnotherSequence_OrWhereTheProductAllowsIt_IsRead()
    {
        Assert.That(Samples.ReadOrders(SameNumber("2")).Lines(), Is.Empty);
        var allowing = Samples.Change(Samples.EndToEnd, "\"records\":", "\"allowRepeatedCardNumber\": true, \"records\":");
        var reading = Core.Cards.Products.Json.OrdersFile.Read(System.Text.Encoding.UTF8.GetBytes(SameNumber("1")), "o",
            name => name == "visa-like-e2e" ? Samples.Product(allowing).Product : Samples.Find(name));
        Assert.That(reading.Lines(), Is.Empty);
        Assert.That(reading.Orders![0].Account, Is.EqualTo(reading.Orders[1].Account).And.Not.Null);
        Assert.That(reading.Orders[0].Account!.ToString(), Does.Not.Contain("476173"));
    }

    [Test]
    public void ShorterCodesAllowed_Read_AreTaken()
    {
        var text = Samples.Change(Samples.Orders, "KESTREL-4821", "4711");
        Assert.That(Core.Cards.Products.Json.OrdersFile.Read(System.Text.Encoding.UTF8.GetBytes(text), "o", Samples.Find, new(4)).Lines(), Is.Empty);
        Assert.That(Core.Cards.Products.Json.OrdersFile.Read(System.Text.Encoding.UTF8.GetBytes(text), "o", Samples.Find, new(12)).Mistakes, Has.Count.EqualTo(3));
    }

    [TestCase("\"name\": \"enrol\"", "\"name\": \"enroll\"", "$.orders[0].rewrite.name: The product has no such rewrite; it has: enrol, points, block, unblock.")]
    [TestCase("\"order\": \"E2E-0001\"", "\"card\": \"0\"", "$.orders[0].rewrite.card: Hexadecimal digits are expected, two for each byte.")]
    [TestCase("\"pointsBefore\": \"000100\", ", "", "$.orders[1].fields: The field \"pointsBefore\" is missing.")]
    [TestCase("{\"name\": \"points\"}", "\"points\"", "$.orders[1].rewrite: An object is expected, not a string.")]
    public void OneThingWrongOfARewrite_Read_IsLocated(string old, string changed, string mistake) => Assert.That(
        Samples.ReadOrders(Samples.Change(Samples.Rewrites, old, changed)).Mistakes.Select(m => $"{m.Path}: {m.Message}"), Does.Contain(mistake));

    [Test]
    public void RewriteOrders_Read_NameTheirCardAsTheFileDoes()
    {
        var text = Samples.Change(Samples.Rewrites, "{\"name\": \"points\"}", "{\"name\": \"points\", \"card\": \"0045 0102\"}");
        var orders = Samples.ReadOrders(text).Orders!;
        Assert.That(orders.Select(order => order.Rewrite), Is.EqualTo(new[]
        {
            new Core.Cards.Products.Json.OrderRewrite("enrol", new Core.Primitives.OrderId("E2E-0001"), null),
            new Core.Cards.Products.Json.OrderRewrite("points", null, new Core.Primitives.CardId(Core.Primitives.ByteString.FromHex("00450102"))),
        }));
        Assert.That(orders.Select(order => order.Account), Is.All.Null);
    }

    [Test]
    public void OrderAsText_ShowsNothingOfTheCustomer() =>
        Assert.That(Samples.ReadOrders(Samples.Orders).Orders![0].ToString(), Is.EqualTo("order E2E-0001, product visa-like-e2e"));

    /// <summary>Eight million elements that are no orders; the most that a file may have.</summary>
    [Test]
    public void NumbersForOrders_FillingAFile_CostLittleAndAreOneMistake()
    {
        var json = Encoding.UTF8.GetBytes($"{{\"orders\":[{string.Concat(Enumerable.Repeat("1,", LocatedJson.MaxFileBytes / 2 - 10))}1]}}");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var mistakes = Core.Cards.Products.Json.OrdersFile.Read(json, "o", _ => null).Mistakes;
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(16 * json.Length));
        Assert.That(mistakes.Select(m => m.Message), Is.EqualTo(new[] { "There are more than 1000000 values; the rest is not read." }));
    }

    /// <summary>Each of 9,000 orders lacks all that an order has: the mistakes are capped, counted, and those left out are not even put together.</summary>
    [Test]
    public void ManyMistakes_AreCapped_TheRestIsCounted()
    {
        var json = Encoding.UTF8.GetBytes($"{{\"orders\":[{string.Join(',', Enumerable.Repeat("{\"x\":1}", 9_000))}]}}");
        var mistakes = Core.Cards.Products.Json.OrdersFile.Read(json, "o", _ => null).Mistakes;
        Assert.That(mistakes, Has.Count.EqualTo(JsonMistakes.MaxMistakes + 1));
        Assert.That(mistakes[^1].ToString(), Is.EqualTo("1:1612 $.orders[200]: And 44000 more mistakes, from here on."));
        Assert.That(Allocated.By(() => Core.Cards.Products.Json.OrdersFile.Read(json, "o", _ => null)), Is.LessThan(200 * json.Length));
    }

    /// <summary>An AFL of entries that each name 255 records: 120 KB took 3.7 GB.</summary>
    [TestCase(60)]
    [TestCase(12_000)]
    public void FileLocatorsThatNameEverything_CostNoMoreThanTheirFile(int entries)
    {
        var locators = string.Concat(Enumerable.Repeat("0801FF00", entries));
        var product = Samples.Product(Samples.Change(
            Samples.EndToEnd, "\"hex\": \"08010200\"", "\"field\": \"locators\", \"as\": \"hex\"")).Product!;
        var json = Encoding.UTF8.GetBytes(Samples.Orders.Replace("\"fields\": {", $"\"fields\": {{ \"locators\": \"{locators}\",", StringComparison.Ordinal));
        Assert.That(Allocated.By(() => Assert.That(Core.Cards.Products.Json.OrdersFile.Read(json, "o", _ => product).Orders, Is.Null)), Is.LessThan(5_000_000 + 40 * json.Length));
    }
}
