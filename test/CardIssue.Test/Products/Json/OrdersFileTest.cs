namespace CardIssue.Test.Products.Json;

public sealed class OrdersFileTest
{
    /// <summary>One change of the sample's first order, where the mistake is, its path in the order and its words.</summary>
    [TestCase("\"orderId\": \"E2E-0001\",", "", "{", "[", "", "The property \"orderId\" is missing.")]
    [TestCase("\"orderId\": \"E2E-0002\"", "\"orderId\": \"E2E-0001\"", "\"E2E-0001\"", "C-1001", "[1].orderId", "An earlier order has this id.")]
    [TestCase("\"C-1001\"", "\"Alma Reed\"", "\"Alma Reed\"", "", ".customerId", "A name has 1 to 64 of A-Z a-z 0-9 . _ -")]
    [TestCase("\"product\": \"visa-like-e2e\"", "\"product\": \"visa\"", "\"visa\"", "", ".product", "There is no product of this name.")]
    [TestCase("\"KESTREL-4821\"", "\"KESTREL 4821\"", "\"KESTREL 4821\"", "", ".issueCode", "An issue code has printable ASCII characters without spaces.")]
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
    [TestCase("\"issueCode\"", "\"password\"", "\"password\"", "", ".password", "The property \"password\" is not known; known here: orderId, customerId, product, issueCode, fields.")]
    public void OneThingWrong_Read_IsLocated(string old, string changed, string at, string after, string path, string message)
    {
        var text = Samples.Change(Samples.Orders, old, changed);
        var (line, column) = Samples.PlaceOf(text, at, after);
        var reading = Samples.ReadOrders(text);
        var where = path.StartsWith('[') ? $"$.orders{path}" : $"$.orders[0]{path}";
        Assert.That(reading.Mistakes.Select(m => m.ToString()), Does.Contain($"{line}:{column} {where}: {message}"));
        Assert.That(reading.Orders, Is.Null, "Nothing of a bad file is taken.");
    }

    [Test]
    public void FileLocatorOfTheProduct_NamesARecordThatIsNot_IsToldOfEachOrder()
    {
        var product = Samples.Product(Samples.Change(Samples.EndToEnd, "\"08010200\"", "\"08010300\"")).Product;
        var reading = Core.Cards.Products.OrdersFile.Read(System.Text.Encoding.UTF8.GetBytes(Samples.Orders), "o", _ => product);
        Assert.That(reading.Mistakes.Select(m => (m.Path, m.Message)), Is.EqualTo(Enumerable.Range(0, 4).Select(i =>
            ($"$.orders[{i}].fields", "Entry 1 of tag 94 (AFL) names record 3 of SFI 1, but there is no DGI 0103."))));
    }

    [Test]
    public void OrderAsText_ShowsNothingOfTheCustomer() =>
        Assert.That(Samples.ReadOrders(Samples.Orders).Orders![0].ToString(), Is.EqualTo("order E2E-0001, product visa-like-e2e"));
}
