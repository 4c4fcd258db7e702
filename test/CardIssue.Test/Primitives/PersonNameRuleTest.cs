using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Primitives;

public sealed class PersonNameRuleTest
{
    [TestCase("olga")]
    [TestCase("Olga K. O'Neil-Meyer (2)")]
    [TestCase("Zoë Łukasiewicz")]
    [TestCase("Ольга Петрова")]
    [TestCase("山田　太郎")]
    [TestCase("علی\u200Cرضا")]
    [TestCase("नीता शर्मा")]
    [TestCase("Jose\u0301")]
    [TestCase("😀")]
    public void NameOfAnyScript_Used_IsKeptAsItCame_OnTheLineToo(string name)
    {
        var sent = new RequestIssue(1, "E2E-0001", ByteString.FromHex("00"), new OperatorId(name));
        Assert.That(MessageCodec.Decode(MessageCodec.Encode(sent)).Message, Is.EqualTo(sent));
        Assert.That(new OperatorId(name).Value, Is.EqualTo(name));
    }

    [TestCase("")]
    [TestCase(" olga")]
    [TestCase("olga ")]
    [TestCase("olga\n")]
    [TestCase("ol\u0000ga")]
    [TestCase("ol\u001B[2Jga")]
    [TestCase("ol\u202Ega")]
    [TestCase("ol\u200Bga")]
    [TestCase("ol\u00A0ga")]
    [TestCase("ol\u2028ga")]
    [TestCase("ol\uE000ga")]
    [TestCase("\u0301olga")]
    [TestCase("\u200Dolga")]
    public void TextThatIsNoName_Used_IsRefused(string text)
    {
        Assert.That(PersonNameRule.Accepts(text), Is.False);
        Assert.That(() => new OperatorId(text), Throws.TypeOf<FormatException>().With.Message.Not.Contain("olga"));
    }

    /// <summary>In a method body: an attribute's text is UTF-8 in the assembly and cannot hold half a pair.</summary>
    [Test]
    public void HalfASurrogatePair_Used_IsRefused()
    {
        Assert.That(PersonNameRule.Accepts("ol" + (char)0xD800 + "ga"), Is.False);
        Assert.That(PersonNameRule.Accepts(null), Is.False);
    }

    [Test]
    public void Length_IsOfUtf8()
    {
        Assert.That(PersonNameRule.Accepts(new string('a', 128)), Is.True);
        Assert.That(PersonNameRule.Accepts(new string('a', 129)), Is.False);
        Assert.That(PersonNameRule.Accepts(new string('я', 64)), Is.True);
        Assert.That(PersonNameRule.Accepts(new string('я', 65)), Is.False);
    }

    [Test]
    public void DefaultOperator_Sent_IsAFaultOfThisSide() =>
        Assert.That(() => MessageCodec.Encode(new RequestIssue(1, "E2E-0001", ByteString.FromHex("00"), default)), Throws.ArgumentException);
}
