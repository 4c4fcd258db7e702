using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.Test.Products.Json;

/// <summary>From the product file and the orders file to the bytes of a STORE DATA.</summary>
public sealed class FilesToBytesTest
{
    private static readonly JsonSerializerOptions AsTyped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Bytes that are given stand as they are given: a length that is longer than it must be is what the card gets.</summary>
    [Test]
    public void BytesInATemplate_WithALongLength_AreNotMadeShorter() =>
        Assert.That(
            FirstItem("""{"dgi": "0103", "tlv": [{"tag":"70","hex":"5F34810101"}]}""", null), Is.EqualTo("010307" + "70055F34810101"));

    [TestCase("iso8859-7", "Τράπεζα €", "D4F1DCF0E5E6E120A4")]
    [TestCase("shiftJis", "ｱﾞ ア漢", "B1DE2083418ABF")]
    public void FieldOfACharacterSet_InBothFiles_IsItsBytes(string set, string text, string hex) =>
        Assert.That(FirstItem(Own(set), text), Is.EqualTo($"A001{hex.Length / 2:X2}{hex}"));

    [TestCase("iso8859-7", "漢")]
    [TestCase("shiftJis", "é")]
    public void FieldBeyondItsCharacterSet_IsAMistakeOfTheOrder(string set, string text)
    {
        var reading = Orders(Product(Own(set)), text);
        Assert.That(reading.Orders, Is.Null);
        Assert.That(reading.Mistakes.Select(m => m.Path), Is.EqualTo(new[] { "$.orders[0].fields.own" }));
        Assert.That(reading.Mistakes[0].Message, Does.Contain(set).And.Not.Contain(text));
    }

    private static string Own(string set) => $$"""{"dgi": "A001", "field": "own", "as": "{{set}}"}""";

    /// <summary>The sample's product with one more item before all others.</summary>
    private static CardProduct Product(string item)
    {
        var reading = Samples.Product(Samples.Change(Samples.EndToEnd, "\"items\": [", $"\"items\": [{item},"));
        Assert.That(reading.Lines(), Is.Empty);
        return reading.Product!;
    }

    /// <summary>The sample's first order, with one more field where there is one.</summary>
    private static OrdersReading Orders(CardProduct product, string? own)
    {
        var order = JsonNode.Parse(Samples.Orders)!["orders"]![0]!.DeepClone();
        if (own is not null) order["fields"]!["own"] = own;
        var text = new JsonObject { ["orders"] = new JsonArray(order) }.ToJsonString(AsTyped);
        return OrdersFile.Read(System.Text.Encoding.UTF8.GetBytes(text), "o.json", _ => product);
    }

    /// <summary>The data of the first STORE DATA, after INSTALL.</summary>
    private static string FirstItem(string item, string? own)
    {
        var product = Product(item);
        var reading = Orders(product, own);
        Assert.That(reading.Lines(), Is.Empty);
        var command = CardPlan.Create(product, reading.Orders![0].Fields).Plan!.Record(1, new Samples.NoEncryption(), 0)[1].Apdu;
        return command.Data.ToString();
    }
}
