using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Products;

/// <summary>P1 of STORE DATA says what is sent under it (GPCS table 11-89); and expectations by SHA-256.</summary>
public sealed class StoreDataFormatTest
{
    private static readonly ItemDefinition DataObject = new ItemDefinition.DataObject(new TemplateNode.Tlv(0x9F36, [new TemplateNode.Literal(ByteString.FromHex("0000"))]));

    [TestCase(0x68, 0x68)]
    [TestCase(0x08, 0x08)]
    public void EncryptionBits_ThatSayTheContrary_AreAFault(byte plain, byte encrypted) =>
        Assert.That(ProductRules.Check(Sample.Product() with { PlainP1 = plain, EncryptedP1 = encrypted }).Single().Property, Is.EqualTo("storeData"));

    [TestCase(0x00, true, true)]
    [TestCase(0x08, true, false)]
    [TestCase(0x10, false, true)]
    public void FormatBits_MustFitTheItem(byte plain, bool takesGroupings, bool takesObjects)
    {
        // The closing is by status, so that the record's items alone are judged.
        var product = Sample.Product() with { PlainP1 = plain };
        product = product with { Close = product.Close with { Items = default, Status = new StatusChange(Core.Cards.GlobalPlatform.StatusScope.Application, Sample.Application, 0x0F) } };
        string[] Faults(ItemDefinition item) => [.. ProductRules.Check(product with { Records = [Sample.Record(item)] }).Select(f => f.Property)];
        Assert.That(Faults(Sample.Grouping(0x0101, 1)), takesGroupings ? Is.Empty : Is.EqualTo(new[] { "items" }));
        Assert.That(Faults(DataObject), takesObjects ? Is.Empty : Is.EqualTo(new[] { "items" }));
    }

    [TestCase(31, 1)]
    [TestCase(32, 0)]
    [TestCase(33, 1)]
    public void ExpectedDigest_OfAnotherLength_IsAnErrorOfThePlan(int length, int errors)
    {
        var check = new CheckDefinition(new CheckCommand.GetData(0x0045), new Expectation.Digest([new TemplateNode.Field("digest", FieldEncoding.Hex)]));
        var product = Sample.Product(Sample.Record() with { Proof = Core.Protocol.ProofKind.ReadBack, Checks = [check] });
        Assert.That(CardPlan.Create(product, new Dictionary<string, string> { ["digest"] = new string('0', 2 * length) }).Errors, Has.Count.EqualTo(errors));
        Assert.That(CardPlan.Create(product, new Dictionary<string, string>()).Errors.Single().Message, Is.EqualTo("is missing"));
    }
}
