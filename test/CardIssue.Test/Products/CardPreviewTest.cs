using System.Text;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Products.Preview;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Products;

/// <summary>What is shown of the commands that a card would get.</summary>
public sealed class CardPreviewTest
{
    /// <summary>Every command of every sample: as it is made for the card, with nothing else than hidden digits in between.</summary>
    [Test]
    public void EveryOrderOfTheSamples_Previewed_IsThePlansCommandsDigitForDigitButForWhatIsHidden()
    {
        var debit = Samples.Product(Samples.Debit).Product!;
        var (loyalty, program) = Loyalty();
        var orders = Samples.ReadOrders(Samples.Orders).Orders!;
        var rewrites = Samples.ReadOrders(Samples.Rewrites).Orders!;
        var loyal = Encoding.UTF8.GetBytes(Samples.Text("loyalty.orders.json"));
        var member = OrdersFile.Read(loyal, "o", _ => loyalty, programs: program).Orders!;
        (CardProduct, IReadOnlyDictionary<string, string>)[] all =
        [
            .. orders.Select(o => (Samples.Find(o.Product)!, o.Fields)), (debit, orders[0].Fields),
            (Samples.Product(Samples.DebitOwnKeys).Product!, orders[0].Fields), .. member.Select(o => (loyalty, o.Fields)),
            .. rewrites.Select(o => (Samples.Find(o.Product)!.Rewrite(o.Rewrite!.Name)!, o.Fields)),
        ];
        foreach (var (product, fields) in all)
        {
            var preview = Of(product, fields, program);
            var real = PlannedScript.Of(CardPlan.Create(product, fields, program).Plan!, new Inverting(), 0x5A);
            Assert.That(preview.Scripts.Select(s => (s.Kind, s.Record)), Is.EqualTo(real.Select(s => (s.Kind, s.Record))));
            foreach (var (script, commands) in preview.Scripts.Zip(real, (shown, sent) => (shown, sent.Commands)))
                foreach (var (shown, sent) in script.Commands.Zip(commands))
                {
                    Assert.That(shown.Header, Is.EqualTo(Convert.ToHexString([sent.Cla, sent.Ins, sent.P1, sent.P2])));
                    // Secret data has another length in SCP02 than what stands for the encryption here says.
                    if (product != debit) ThatOnlyHides(shown, sent.Data);
                }
        }
    }

    [Test]
    public void CustomersData_Previewed_IsHiddenButForWhatTheRulesShow()
    {
        var order = Samples.ReadOrders(Samples.Orders).Orders![0];
        var preview = Of(Samples.Find(order.Product)!, order.Fields);
        var record = preview.Scripts.Single(s => s is { Kind: ScriptKind.Record, Record: 1 });
        Assert.That((record.Name, record.Commands[0].Name), Is.EqualTo(("account", "INSTALL [for personalization]")));
        Assert.That(record.Commands[1].ToString(), Is.EqualTo(
            "80E20800 2A 01012770255711476173******0119**(9)5F200F" + "**(15) Le 00"));
        Assert.That(record.Commands[2].Data, Does.StartWith("0102").And.Contain("5A08476173******0119" + "5F2403301231" + "5F2503"));
        var keys = preview.Scripts.Single(s => s is { Kind: ScriptKind.Record, Record: 2 }).Commands[1];
        Assert.That(keys.ToString(), Is.EqualTo("80E26800 33 800030**(48) Le 00"));
        var text = string.Concat(preview.Scripts.SelectMany(s => s.Commands).Select(c => c.ToString()));
        foreach (var hidden in new[] { "900101", Convert.ToHexString("CARDHOLDER"u8), "758989", order.Fields["applicationKeys"][..16] })
            Assert.That(text, Does.Not.Contain(hidden));
        Assert.That(preview.Scripts[0].Commands[^1].ToString(), Does.StartWith("80503000 08 **(8)"), "the challenge");
    }

    /// <summary>All of a card's own keys is hidden, check values too; their length shows, and is the master key's.</summary>
    [TestCase(16, "8811" + "10" + "**(16)" + "03" + "******")]
    [TestCase(24, "8821" + "18" + "**(32)" + "03" + "******")]
    [TestCase(32, "8821" + "20" + "**(32)" + "03" + "******")]
    public void OwnKeys_Previewed_AreHiddenWithTheirLength(int length, string key)
    {
        var fields = Samples.ReadOrders(Samples.Orders).Orders![0].Fields;
        var made = CardPreview.Of(Samples.Product(Samples.DebitOwnKeys).Product!, fields, keyLength: _ => length).Preview!;
        var record = made.Scripts.Single(s => s is { Kind: ScriptKind.Record, Name: "own-keys" });
        Assert.That(record.Commands.Select(c => (c.Name, c.Header, c.ShortData)),
            Is.EqualTo(new[] { ("PUT KEY", "80D83081", "31" + key + key + key) }));
        var look = made.Scripts.Single(s => s is { Kind: ScriptKind.Look } && s.Record == record.Record);
        Assert.That(look.Commands.Select(c => c.Name), Is.EqualTo(new[] { "GET DATA" }));
    }

    /// <summary>The program is the same for everybody; what the application is told of the customer is not.</summary>
    [Test]
    public void Program_Previewed_IsShown_AndItsCustomersParametersAreHidden()
    {
        var (loyalty, programs) = Loyalty();
        var fields = new Dictionary<string, string> { ["name"] = "CARDHOLDER/ALMA", ["member"] = "3080000000000017", ["points"] = "500" };
        var preview = Of(loyalty, fields, programs);
        var load = preview.Scripts.Single(s => s is { Kind: ScriptKind.Record, Name: "program" }).Commands;
        Assert.That(load[0].Name, Is.EqualTo("INSTALL [for load]"));
        Assert.That(string.Concat(load.Where(c => c.Name == "LOAD").Select(c => c.Data)),
            Does.EndWith(programs.Find(loyalty.Programs[0].Sha256)!.Block.ToString()).And.Not.Contain("*"));
        var install = preview.Scripts.Single(s => s is { Kind: ScriptKind.Record, Name: "application" }).Commands[0];
        Assert.That((install.Name, install.ShortData), Is.EqualTo(("INSTALL [for install]",
            "07F043495353010108F04349535301010108F043495353010101" + "0100" + "0DC90BDF1108**(8)" + "00")));
        Assert.That(CardPreview.Of(loyalty, fields).Errors.Select(error => error.Message), Has.Some.Contains("is not in the center"));
    }

    /// <summary>What the card must hold comes first; no number is given; and it ends with what shows the whole.</summary>
    [Test]
    public void Rewrite_Previewed_LooksFirstAndGivesNoNumber()
    {
        var order = Samples.ReadOrders(Samples.Rewrites).Orders![1];
        var preview = Of(Samples.Find(order.Product)!.Rewrite(order.Rewrite!.Name)!, order.Fields);
        Assert.That(preview.Scripts.Select(s => (s.Kind, s.Record, s.OnlyInDoubt)), Is.EqualTo(new[]
        {
            (ScriptKind.Open, 0, false), (ScriptKind.Authenticate, 0, false), (ScriptKind.Look, 0, false), (ScriptKind.Record, 1, false),
            (ScriptKind.Close, 2, false), (ScriptKind.Look, 2, true),
        }));
        Assert.That(preview.Scripts[2].Commands.Select(c => c.Name), Is.EqualTo(new[] { "GET STATUS", "GET DATA" }));
        Assert.That(preview.Scripts[3].Commands.Select(c => c.ToString()), Is.EqualTo(new[] { "80E21000 06 DF2103****** Le 00" }));
    }

    /// <summary>Ready-made groupings are looked through as a card would; long lengths and padding stay where they are.</summary>
    [TestCase("01011670145A81084761739001010119005F24033012310000", "01011670145A8108476173******0119005F24033012310000")]
    [TestCase("9F7F045F240301", "9F7F04**(4)")]
    [TestCase("80000A5F34017F5F34017F5F34", "80000A**(10)")]
    [TestCase("91040982021C005F20025A5A", "91040982021C005F2002****")]
    public void PreparedGrouping_Previewed_ShowsItsStructure(string ready, string shown)
    {
        var product = Sample.Product(Sample.Record(new ItemDefinition.Prepared("ready")));
        var preview = Of(product, new Dictionary<string, string> { ["ready"] = ready });
        Assert.That(preview.Scripts.Single(s => s.Kind is ScriptKind.Record).Commands[0].ShortData, Is.EqualTo(shown));
    }

    /// <summary>A template around two fields that are data objects only together.</summary>
    [Test]
    public void ObjectInTwoFields_Previewed_HasItsLengthAndIsHidden()
    {
        BerTag template = 0x70;
        var grouping = new ItemDefinition.Grouping(0x0101,
            [new TemplateNode.Tlv(template, [new TemplateNode.Field("a", FieldEncoding.Hex), new TemplateNode.Field("b", FieldEncoding.Hex)])]);
        var preview = Of(Sample.Product(Sample.Record(grouping)), new Dictionary<string, string> { ["a"] = "5F3401", ["b"] = "01" });
        Assert.That(preview.Scripts.Single(s => s.Kind is ScriptKind.Record).Commands[0].Data, Is.EqualTo("0101067004" + "********"));
    }

    /// <summary>Outside of EMV's groupings a tag may mean anything.</summary>
    [Test]
    public void ObjectsOfACommandOrADomain_Previewed_ShowNothingOfTheCustomer()
    {
        TemplateNode.Tlv Date(BerTag tag) => new(tag, [new TemplateNode.Field("date", FieldEncoding.Date)]);
        var product = Sample.Product(Sample.Record(
            new ItemDefinition.Command(0x80D40000, [Date(0x5F24)]), new ItemDefinition.DataObject(Date(0x5F24)))) with { PlainP1 = 0x00, EncryptedP1 = 0x60 };
        var commands = Of(product, new Dictionary<string, string> { ["date"] = "2031-12-31" }).Scripts.Single(s => s.Kind is ScriptKind.Record).Commands;
        Assert.That(commands.Select(c => c.Data), Is.EqualTo(new[] { "5F2403******", "5F2403******" }));
    }

    [Test]
    public void FieldsThatDoNotFit_Previewed_AreTheErrorsOfThePlan()
    {
        var product = Samples.Product(Samples.EndToEnd).Product!;
        Assert.That(CardPreview.Of(product, new Dictionary<string, string>()).Errors, Is.EqualTo(CardPlan.Create(product, new Dictionary<string, string>()).Errors));
    }

    internal static void ThatOnlyHides(CommandPreview shown, ByteString sent)
    {
        var digits = sent.ToString();
        Assert.That(shown.Data, Has.Length.EqualTo(digits.Length), shown.ToString());
        Assert.That(string.Concat(shown.Data.Zip(digits, (a, b) => a == CommandPreview.Hidden ? b : a)), Is.EqualTo(digits), shown.ToString());
    }

    private static (CardProduct Product, CardPrograms Programs) Loyalty()
    {
        var file = ByteString.Own(File.ReadAllBytes(Path.Combine(Samples.Folder, "loyalty.cap")));
        Assert.That(CapFile.TryRead(file, out var cap, out var error), Is.True, error);
        return (Samples.Product(Samples.Text("loyalty.product.json")).Product!, new CardPrograms([cap!]));
    }

    private static CardPreview Of(CardProduct product, IReadOnlyDictionary<string, string> fields, CardPrograms? programs = null)
    {
        var made = CardPreview.Of(product, fields, programs);
        Assert.That(made.Errors, Is.Empty);
        return made.Preview!;
    }
}
