using CardIssue.Center.Storage;

namespace CardIssue.Test.Center;

[TestFixture]
public sealed class LogJsonTest
{
    [TestCase("{}", ExpectedResult = true)]
    [TestCase("""{"text":"カード","list":[1,{"a":null}]}""", ExpectedResult = true)]
    [TestCase("", ExpectedResult = false)]
    [TestCase("[]", ExpectedResult = false)]
    [TestCase("\"{}\"", ExpectedResult = false)]
    [TestCase("{", ExpectedResult = false)]
    [TestCase("{}{}", ExpectedResult = false)]
    [TestCase("""{"a":1,}""", ExpectedResult = false)]
    [TestCase("""{} // remark""", ExpectedResult = false)]
    public bool Detail_IsAnObject(string detail) => LogJson.IsObject(detail);

    [Test]
    public void HalfASurrogatePair_IsNoObject() => Assert.That(LogJson.IsObject("{\"a\":\"\ud83d\"}"), Is.False);
}
