using System.Text;
using CardIssue.Core.Cards.Products;

namespace CardIssue.Test.Products;

public sealed class IssueCodeRuleTest
{
    [TestCase("KESTREL-4821")]
    [TestCase("2468ACEG")]
    [TestCase("12345679")]
    [TestCase("11111112")]
    [TestCase("!~!~!~!~")]
    public void GoodCode_Checked_HasNoFault(string code) => Assert.That(Fault(code), Is.Null);

    [TestCase("", "printable")]
    [TestCase("1", "8 characters at the least")]
    [TestCase("KESTREL", "this one has 7")]
    [TestCase("KES-TRE-L", "this one has 7")]
    [TestCase("--------", "this one has 0")]
    [TestCase("KESTREL 4821", "without spaces")]
    [TestCase("KÉSTREL-4821", "printable")]
    [TestCase("aaaaaaaa", "not one character")]
    [TestCase("aaAAaaAA", "not one character")]
    [TestCase("12345678", "a run")]
    [TestCase("34567890", "a run")]
    [TestCase("1234-5678", "a run")]
    [TestCase("87654321", "a run")]
    [TestCase("09876543", "a run")]
    [TestCase("abcdEFGH", "a run")]
    public void WeakCode_Checked_SaysWhyAndNeverQuotesIt(string code, string words)
    {
        Assert.That(Fault(code), Does.Contain(words));
        if (code.Length > 3 && words != "a run") Assert.That(Fault(code), Does.Not.Contain(code));
    }

    [Test]
    public void Length_IsSet()
    {
        Assert.That(new IssueCodeRule(4).Fault("4711"u8), Is.Null);
        Assert.That(new IssueCodeRule(12).Fault("KESTREL-4821"u8), Does.Contain("12 characters"));
        Assert.That(new IssueCodeRule(11).Fault("KESTREL-4821"u8), Is.Null);
        Assert.That(() => new IssueCodeRule(3), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new IssueCodeRule(33), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(new IssueCodeRule(8).Fault(Encoding.ASCII.GetBytes(new string('x', 32) + new string('y', 32))), Is.Null);
        Assert.That(new IssueCodeRule(8).Fault(Encoding.ASCII.GetBytes(new string('x', 32) + new string('y', 33))), Is.Not.Null);
    }

    private static string? Fault(string code) => IssueCodeRule.Default.Fault(Encoding.UTF8.GetBytes(code));
}
