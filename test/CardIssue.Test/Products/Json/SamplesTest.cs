using System.Text.Json;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Products.Json;

public sealed class SamplesTest
{
    [Test]
    public void SampleProducts_Read_AreGood()
    {
        foreach (var (text, mode) in new[] { (Samples.EndToEnd, KeyMode.EndToEnd), (Samples.Module, KeyMode.Module) })
        {
            var reading = Samples.Product(text);
            Assert.That(reading.Lines(), Is.Empty);
            var product = reading.Product!;
            Assert.That((product.Mode, product.KeyVersion, product.Diversification, product.SecurityLevel, product.ExposedToTerminal),
                Is.EqualTo((mode, (byte)0x30, KeyDiversification.Kdf3, SecurityLevel.CMacCEncRMacREnc, false)));
            Assert.That(product.Records.Select(r => (r.Repeat, r.RestartAt)), Is.EqualTo(new[] { (RepeatRule.Repeatable, 0), (RepeatRule.Repeatable, 0), (RepeatRule.StartOver, 1) }));
            Assert.That(((ItemDefinition.Grouping)product.Records[1].Items[0]).Secret, Is.True);
        }
    }

    [Test]
    public void DebitCard_Read_IsGood()
    {
        var reading = Samples.Product(Samples.Debit);
        Assert.That(reading.Lines(), Is.Empty);
        Assert.That((reading.Product!.Protocol, reading.Product.ProtocolOptions, reading.Product.Diversification),
            Is.EqualTo((ScpProtocol.Scp02, (byte)0x75, KeyDiversification.EmvCps)));
    }

    [Test]
    public void DebitCardWithOwnKeys_Read_IsGood()
    {
        var reading = Samples.Product(Samples.DebitOwnKeys);
        Assert.That(reading.Lines(), Is.Empty);
        Assert.That(reading.Product!.OwnKeys, Is.EqualTo(new OwnKeys("issuer-own", 0x31, KeyDiversification.Kdf3, OwnKeysPut.Replace)));
        Assert.That(reading.Product.OwnKeysRecord, Is.EqualTo(3));
    }

    [Test]
    public void SampleOrders_Read_AreGoodAndRender()
    {
        var reading = Samples.ReadOrders(Samples.Orders);
        Assert.That(reading.Lines(), Is.Empty);
        Assert.That(reading.Orders!.Select(o => o.Product), Is.EqualTo(new[] { "visa-like-e2e", "visa-like-e2e", "visa-like-module", "visa-like-module" }));
        Assert.That((reading.Orders![0].Line, reading.Orders[0].Column), Is.EqualTo(Samples.PlaceOf(Samples.Orders, "{", after: "[")));
        foreach (var order in reading.Orders)
        {
            var made = CardPlan.Create(Samples.Find(order.Product)!, order.Fields);
            Assert.That(made.Plan!.Shape.Records.Select(r => r.Commands), Is.EqualTo(new[] { 3, 5, 2 }), "INSTALL, then one STORE DATA for each DGI");
            Assert.That(made.Plan.Shape.CloseCommands, Is.EqualTo(2));
        }
    }

    [Test]
    public void FirstRecord_Rendered_IsTheCardsTrack2AndName()
    {
        var order = Samples.ReadOrders(Samples.Orders).Orders![0];
        var commands = CardPlan.Create(Samples.Find(order.Product)!, order.Fields).Plan!.Record(1, new Samples.NoEncryption(), 0);
        Assert.That(commands[0].Apdu.ToBytes().ToString(), Is.EqualTo("80E620000D000007A000000003101000000000"));
        Assert.That(commands[1].Apdu.ToBytes().ToString(), Is.EqualTo("80E208002A" + "010127" + "7025" +
            "5711" + "4761739001010119D30122011758989380" + "5F200F" + "43415244484F4C4445522F414C4D41" + "00"));
    }

    [Test]
    public void Schemas_BesideTheSamples_AreTheLibrarys()
    {
        Assert.That(Samples.Text("card-product.schema.json"), Is.EqualTo(JsonSchemas.CardProduct));
        Assert.That(Samples.Text("orders.schema.json"), Is.EqualTo(JsonSchemas.Orders));
    }

    [Test]
    public void SamplesProperties_AreAllInTheSchemas()
    {
        var product = NamesInSchema(JsonSchemas.CardProduct);
        string[] samples = [Samples.EndToEnd, Samples.Module, Samples.Debit, Samples.DebitOwnKeys];
        // The names of an order's fields are its product's; a product names the columns that they come in.
        var fields = Samples.ReadOrders(Samples.Orders).Orders!.SelectMany(o => o.Fields.Keys).ToList();
        Assert.That(samples.SelectMany(Names).Except(product).Except(fields), Is.Empty);
        Assert.That(Names(Samples.Orders).Except(NamesInSchema(JsonSchemas.Orders)).Except(fields), Is.Empty);
    }

    private static HashSet<string> NamesInSchema(string schema)
    {
        var names = new HashSet<string>();
        using var document = JsonDocument.Parse(schema);
        Walk(document.RootElement, (name, value) =>
        {
            if (name == "properties") names.UnionWith(value.EnumerateObject().Select(p => p.Name));
        });
        return names;
    }

    private static HashSet<string> Names(string json)
    {
        var names = new HashSet<string>();
        using var document = JsonDocument.Parse(json);
        Walk(document.RootElement, (name, _) => names.Add(name));
        return names;
    }

    private static void Walk(JsonElement element, Action<string, JsonElement> visit)
    {
        if (element.ValueKind == JsonValueKind.Array)
            foreach (var item in element.EnumerateArray()) Walk(item, visit);
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var property in element.EnumerateObject())
        {
            visit(property.Name, property.Value);
            Walk(property.Value, visit);
        }
    }
}
