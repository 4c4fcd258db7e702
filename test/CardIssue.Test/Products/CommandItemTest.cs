using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Products;

/// <summary>Records that hold commands of their own.</summary>
public sealed class CommandItemTest
{
    private static readonly Inverting Encryption = new();
    private static readonly RecordDefinition Between = Sample.Record(Sample.Grouping(0x0B01, 1), Command(0x80F00F07, "CC"), Sample.Grouping(0x0B02, 1));

    private static ItemDefinition.Command Command(uint header, string hex = "") => new(header, [new TemplateNode.Literal(ByteString.FromHex(hex))]);

    private static string[] Hex(IReadOnlyList<CardCommand> commands) => [.. commands.Select(c => c.Apdu.ToBytes().ToString())];

    [Test]
    public void ToTheSelectedApplication_StandsInItsPlace_AndTheSeriesCountsOn()
    {
        var product = Sample.Product(Between);
        var plan = Sample.Plan(product with { Close = product.Close with { Items = [Sample.Grouping(0x7FFF), Command(0x00B00000)] } });
        Assert.That(Hex(plan.Record(1, Encryption, 3)), Is.EqualTo(new[] { "80E20803040B01010000", "80F00F0701CC00", "80E20804040B02010000" }));
        Assert.That(Hex(plan.Close(Encryption, 5)), Is.EqualTo(new[] { "80E28805037FFF0000", "00B0000000" }), "The last STORE DATA is the last, though a command follows it.");
    }

    [Test]
    public void BehindADomain_TheSeriesBeginsAnewAfterIt()
    {
        const string install = "80E620000D000007A000000003101000000000";
        var plan = Sample.Plan(Sample.Product(Between) with { Application = Sample.Application });
        Assert.That(Hex(plan.Record(1, Encryption, 3)), Is.EqualTo(new[] { install, "80E20800040B01010000", "80F00F0701CC00", install, "80E20800040B02010000" }));
        Assert.That(plan.Shape.Records[0].Commands, Is.EqualTo(5));
    }

    [TestCase(SecurityLevel.CMac, 247)]
    [TestCase(SecurityLevel.CMacCEncRMacREnc, 239)]
    public void MoreDataThanTheLevelCarries_IsAnErrorOfThePlan(SecurityLevel level, int most)
    {
        var product = Sample.Product(Sample.Record(new ItemDefinition.Command(0x80F00F07, [new TemplateNode.Field("f", FieldEncoding.Ascii)]))) with { SecurityLevel = level };
        PlanResult Made(int length) => CardPlan.Create(product, new Dictionary<string, string> { ["f"] = new string('x', length) });
        Assert.That(Made(most).Errors, Is.Empty);
        Assert.That(Made(most + 1).Errors.Single().Message, Is.EqualTo($"command 80F00F07 has {most + 1} bytes of data; {most} are the most"));
    }

    [TestCase(0x84F04007u, "class must be 00 or 80")]
    [TestCase(0x81F04007u, "class must be 00 or 80")]
    [TestCase(0x00A40400u, "SELECT and MANAGE CHANNEL")]
    [TestCase(0x00700000u, "SELECT and MANAGE CHANNEL")]
    [TestCase(0x80503000u, "the profile's to open and close")]
    [TestCase(0x80820000u, "the profile's to open and close")]
    [TestCase(0x80780003u, "the profile's to open and close")]
    [TestCase(0x807A1001u, "the profile's to open and close")]
    [TestCase(0x80E20800u, "STORE DATA is written by dgi")]
    [TestCase(0x00C00000u, "GET RESPONSE")]
    [TestCase(0x00620000u, "are no instructions")]
    public void WhatIsNotTheProducts_IsAFault(uint header, string message)
    {
        var fault = ProductRules.Check(Sample.Product(Sample.Record(Command(header)))).Single();
        Assert.That((fault.Property, fault.Record), Is.EqualTo(("items", 1)));
        Assert.That(fault.Message, Does.StartWith($"command {header:X8}: ").And.Contain(message));
        var product = Sample.Product();
        Assert.That(ProductRules.Check(product with { Close = product.Close with { Items = [Command(header)] } }).Single().Property, Is.EqualTo("close"));
    }

    [Test]
    public void OtherCommands_BreakNoRule() => Assert.That(ProductRules.Check(Sample.Product(Between)), Is.Empty);
}
