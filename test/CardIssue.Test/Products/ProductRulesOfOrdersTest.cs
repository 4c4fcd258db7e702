using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Products;

/// <summary>What the import of whichever order would refuse, or no card could get, is a fault of the product itself.</summary>
public sealed class ProductRulesOfOrdersTest
{
    private static readonly BerTag Template = 0x70, Plain = 0xDF01;

    private static TemplateNode Bytes(int length) => new TemplateNode.Literal(ByteString.Own(new byte[length]));

    private static readonly TemplateNode Hex = new TemplateNode.Field("f", FieldEncoding.Hex), Number = new TemplateNode.Field("f", FieldEncoding.Digits),
        Date = new TemplateNode.Field("f", FieldEncoding.Date);

    private static ItemDefinition Command(params TemplateNode[] content) => new ItemDefinition.Command(0x80D40000, [.. content]);

    /// <summary>The most that a command carries at level 33, beside the shortest field that there is.</summary>
    private static readonly (ItemDefinition Item, string Fault)[] Items =
    [
        (Command(Bytes(239)), ""),
        (Command(Bytes(240)), "command 80D40000 has 240 bytes of data; 239 are the most"),
        (Command(Bytes(239), Hex), ""),
        (Command(Bytes(239), Number), "command 80D40000 has 240 bytes of data; 239 are the most"),
        (Command(Bytes(236), Date), ""),
        (Command(Bytes(237), Date), "command 80D40000 has 240 bytes of data; 239 are the most"),
        (Sample.Grouping(0x8000, 0, secret: true), "DGI 8000 is secret, and there is nothing to encrypt"),
        (Sample.Field(0x8000, "f", FieldEncoding.Hex, secret: true), ""),
        (Sample.Grouping(0xA001, 65_535), "275 blocks from 0 on; a series has 256"),
        (new ItemDefinition.Prepared("f"), ""),
        (new ItemDefinition.Grouping(0x0101, [new TemplateNode.Tlv(Template, [Hex])]), ""),
    ];

    [Test]
    public void OneItem_ThatNoCustomersFieldsMakeFit_IsAFaultOfItsRecord()
    {
        foreach (var (item, fault) in Items) ThatIs(item, fault);
    }

    private static void ThatIs(ItemDefinition item, string fault)
    {
        var faults = ProductRules.Check(Sample.Product(Sample.Record(), Sample.Record(item) with { Name = "second" }));
        Assert.That(faults, Is.EqualTo(fault.Length == 0 ? [] : new[] { new ProductFault("items", 2, fault) }));
    }

    [Test]
    public void SecretObject_ThatIsConstructedOrEmpty_IsAFault()
    {
        string[] Faults(BerTag tag, params TemplateNode[] content) => [.. ProductRules.Check(Sample.Product(Sample.Record(
            new ItemDefinition.DataObject(new TemplateNode.Tlv(tag, [.. content])) { Secret = true })) with { PlainP1 = 0x00, EncryptedP1 = 0x60 }).Select(f => f.Message)];
        Assert.That(Faults(Template, Hex), Is.EqualTo(new[] { "tag 70 is secret, and constructed: encrypted, it would hold no data objects" }));
        Assert.That(Faults(Plain), Is.EqualTo(new[] { "tag DF01 is secret, and there is nothing to encrypt" }));
        Assert.That(Faults(Plain, Hex), Is.Empty);
    }

    /// <summary>Blocks count on from record to record where nothing begins them anew; one script has an end, too.</summary>
    [Test]
    public void MoreBlocksOrCommandsThanThereCanBe_AreAFault()
    {
        RecordDefinition Record(int number, int commands) => Sample.Record(
            [.. Enumerable.Range(0, commands).Select(_ => (ItemDefinition)Sample.Grouping(0xA001, 2))]) with { Name = $"r{number}" };
        string[] Faults(params RecordDefinition[] records) => [.. ProductRules.Check(Sample.Product(records)).Select(f => $"{f.Property} {f.Message}")];
        Assert.That(Faults(Record(1, 200), Record(2, 55)), Is.Empty);
        Assert.That(Faults(Record(1, 200), Record(2, 56)), Is.EqualTo(new[] { "records 1 blocks from 256 on; a series has 256" }));
    }

    [TestCase(31, false)]
    [TestCase(32, true)]
    public void DigestOfTheProduct_WithoutTheLengthOfOne_IsAFault(int length, bool isGood)
    {
        CheckDefinition Check(params TemplateNode[] content) => new(new CheckCommand.GetData(0xDF01), new Expectation.Digest([.. content]));
        RecordDefinition Record(CheckDefinition check) => Sample.Record() with { Proof = ProofKind.ReadBack, Checks = [check] };
        Assert.That(ProductRules.Check(Sample.Product(Record(Check(Bytes(length))))), isGood ? Is.Empty : Is.Not.Empty);
        Assert.That(ProductRules.Check(Sample.Product(Record(Check(Hex)))), Is.Empty);
    }

    [Test]
    public void FileLocator_NamesARecordThatIsNot_IsToldOfTheProduct()
    {
        var text = Samples.Change(Samples.EndToEnd, "\"08010200\"", "\"08010300\"");
        Assert.That(Samples.Product(text).Mistakes.Select(m => (m.Path, m.Message)), Is.EqualTo(new[]
        {
            ("$.records[1].items", "Entry 1 of tag 94 (AFL) names record 3 of SFI 1, but there is no DGI 0103."),
        }));
        var ready = Samples.Change(text, "\"items\": [", "\"items\": [{\"hexDgi\": \"ready\"},");
        Assert.That(Samples.Product(ready).Lines(), Is.Empty, "the field may bring it");
    }

    [Test]
    public void StateThatIsSetTwice_OrAClosingThatShowsNoCard_IsRemarked()
    {
        static RecordDefinition State(string name, byte state, RepeatRule repeat = RepeatRule.Repeatable, int at = 0) => Sample.Record() with
        {
            Name = name, Status = new StatusChange(Core.Cards.GlobalPlatform.StatusScope.Application, Sample.Application, state), Repeat = repeat, RestartAt = at,
        };
        CardProduct Product(params RecordDefinition[] records) => Sample.Product(records) with { Identity = [new IdentitySource.Assigned()] };
        Assert.That(ProductRemarks.Of(Product()), Is.Empty);
        Assert.That(ProductRemarks.Of(Product(State("lock", 0x87))), Has.One.Contains("\"lock\" sets a state that a card does not take twice"));
        Assert.That(ProductRemarks.Of(Product(State("lock", 0x87, RepeatRule.LookFirst), State("s", 0x0F, RepeatRule.StartOver, 1))),
            Has.One.Contains("\"s\" starts over from one before \"lock\""));
        Assert.That(ProductRemarks.Of(Sample.Product()), Has.One.Contains("waits for a decision"));
    }

    /// <summary>GPCS §11.10: what is neither a lock nor an unlock, no card does.</summary>
    [Test]
    public void ApplicationsOwnState_SetThroughTheSecurityDomain_IsRemarked()
    {
        const string remark = "a state of its own";
        static CheckDefinition Look(byte done, byte notDone) =>
            new(Sample.LifeCycle, new Expectation.State(done), new Expectation.State(notDone));
        static StatusChange To(byte state, StatusScope scope = StatusScope.Application) => new(scope, Sample.Application, state);
        static RecordDefinition State(StatusChange status, params CheckDefinition[] look) =>
            Sample.Record() with { Status = status, Repeat = RepeatRule.LookFirst, Look = [.. look] };
        IReadOnlyList<string> Remarks(params RecordDefinition[] records) =>
            ProductRemarks.Of(Sample.Product(records) with { Identity = [new IdentitySource.Assigned()] });
        Assert.That(Remarks(State(To(0x0F))), Has.One.Contains("Record \"record\"").And.One.Contains(remark));
        Assert.That(Remarks(State(To(0x07), Look(0x07, 0x03))), Has.One.Contains(remark));
        Assert.That(Remarks(State(To(0x0F), Look(0x0F, 0x8F))), Is.Empty, "an unlock");
        Assert.That(Remarks(State(To(0x8F)), State(To(0x0F))), Is.Empty, "of what was locked before");
        Assert.That(Remarks(State(To(0x8F)), State(To(0x0F)), State(To(0x0F))), Has.One.Contains(remark));
        Assert.That(Remarks(State(To(0x0F, StatusScope.Card))), Has.None.Contains(remark));
        var closes = Sample.Product() with { Identity = [new IdentitySource.Assigned()] };
        closes = closes with { Close = closes.Close with { Items = default, Status = To(0x0F) } };
        Assert.That(ProductRemarks.Of(closes), Has.One.Contains("The closing").And.One.Contains(remark));
        var unlocks = new RewriteDefinition
        {
            Name = "unblock", Before = [new CheckDefinition(Sample.LifeCycle, new Expectation.State(0x8F))], Records = [State(To(0x0F))],
            Close = new CloseDefinition(default, null, [Look(0x0F, 0x8F) with { NotDone = null }]),
        };
        var product = Sample.Product() with { Identity = [new IdentitySource.Assigned()] };
        Assert.That(ProductRemarks.Of(product with { Rewrites = [unlocks] }), Is.Empty);
        Assert.That(ProductRemarks.Of(product with { Rewrites = [unlocks with { Before = default }] }), Has.One.Contains(remark));
    }
}
