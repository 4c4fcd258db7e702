using System.Reflection;
using CardIssue.Center.Approvals;
using CardIssue.Center.People;

namespace CardIssue.Test.Center;

[TestFixture]
public class CenterActTest
{
    [TestCaseSource(typeof(ApprovalsTest), nameof(ApprovalsTest.Acts))]
    public void Act_WrittenAndRead_IsTheSame(object act)
    {
        var it = (CenterAct)act;
        Assert.That(CenterAct.Parse(it.ToJson()), Is.EqualTo(it));
        Assert.That(it.ToString(), Is.Not.Empty.And.Not.Contain("\n"));
        Assert.That((it.MayAsk, it.MayApprove), Is.Not.EqualTo((PersonRoles.None, PersonRoles.None)));
    }

    [Test]
    public void EveryKindOfAct_IsInTheTable() => Assert.That(
        // What a later log settles needs that log: LogReconciliationTest.
        ApprovalsTest.Acts.Select(act => act.GetType()).Append(typeof(CenterAct.SettleFromLog)).Distinct(), Is.EquivalentTo(typeof(CenterAct).GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).Where(type => type.IsSubclassOf(typeof(CenterAct)))));

    [TestCase("")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("""{"act":"nothing"}""")]
    [TestCase("""{"act":"voidOrder"}""")]
    [TestCase("""{"act":"voidOrder","order":"o 1"}""")]
    [TestCase("""{"act":"unbarCard"}""")]
    [TestCase("""{"act":"makeKey","keySet":"k","keyVersion":300,"algorithm":"aes128","checkValue":"010203"}""")]
    [TestCase("""{"act":"addPerson","person":"ann","roles":"clerk","verifier":"01"}""")]
    public void TextThatIsNoAct_Parse_IsAFormatException(string json) => Assert.Throws<FormatException>(() => CenterAct.Parse(json));

    [TestCase("Анна")]
    [TestCase("ａｎｎ")]
    [TestCase("ann\u200d")]
    [TestCase("ánn")]
    [TestCase("a\u0301nn")]
    [TestCase("ann ")]
    [TestCase("")]
    public void NameThatOnlyLooksLikeAnothers_IsNone(string name) => Assert.Throws<FormatException>(() => _ = new PersonName(name));
}
