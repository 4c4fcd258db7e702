using System.Text;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Keys;

public class IdentityFileTest
{
    private static CenterIdentity Center()
    {
        using var signing = P256PrivateKey.Generate();
        using var agreement = P256PrivateKey.Generate();
        return new CenterIdentity(new CenterId("C-1"), signing.PublicKey, agreement.PublicKey, ByteString.Own(new byte[32]));
    }

    [Test]
    public void ACenter_IsWritten_ReadsBackEqual()
    {
        var center = Center();
        Assert.That(CenterIdentity.Read(center.Write()), Is.EqualTo(center));
    }

    [Test]
    public void ATerminal_IsWritten_ReadsBackEqual()
    {
        var keys = Center();
        var terminal = new TerminalIdentity(new TerminalId("T-1"), keys.SigningKey, keys.AgreementKey, 3, ByteString.Empty);
        Assert.That(TerminalIdentity.Read(terminal.Write()), Is.EqualTo(terminal));
    }

    [Test]
    public void AFile_HasAByteOrderMark_IsRead()
    {
        var center = Center();
        Assert.That(CenterIdentity.Read([0xEF, 0xBB, 0xBF, .. center.Write()]), Is.EqualTo(center));
    }

    [TestCase("{\"center\": \"\\ud800\"}", 12)]
    [TestCase("{\"\\udc00\": \"C-1\"}", 2)]
    public void AText_IsHalfASurrogatePair_IsNamedWithItsPlace(string json, int column)
    {
        Assert.That(() => CenterIdentity.Read(Encoding.UTF8.GetBytes(json)), Throws.TypeOf<FormatException>().With.Message.Contains($"line 1, column {column}: this text is no Unicode"));
        Assert.That(() => TerminalIdentity.Read(Encoding.UTF8.GetBytes(json.Replace("center", "terminal", StringComparison.Ordinal))), Throws.TypeOf<FormatException>());
    }

    [Test]
    public void AText_IsNoUtf8_IsNamedWithItsPlace()
    {
        byte[] json = [.. "{\"center\": \"C-"u8, 0xFF, .. "\"}"u8];
        Assert.That(() => CenterIdentity.Read(json), Throws.TypeOf<FormatException>().With.Message.Contains("line 1, column"));
    }

    [Test]
    public void AKey_IsNoPoint_IsNamedWithItsPlace()
    {
        var json = Encoding.UTF8.GetString(Center().Write());
        var at = json.IndexOf("\"agreementKey\": \"", StringComparison.Ordinal) + "\"agreementKey\": \"".Length;
        json = json[..at] + "05" + json[(at + 2)..];
        Assert.That(() => CenterIdentity.Read(Encoding.UTF8.GetBytes(json), "my.json"),
            Throws.InstanceOf<FormatException>().With.Message.StartsWith("my.json, line 4, column 19: \"agreementKey\": "));
    }

    [TestCase("", "line 1, column 1")]
    [TestCase("[]", "no JSON object")]
    [TestCase("{\n  \"center\": 5}", "line 2, column 13: \"center\" is no string")]
    [TestCase("{\n  \"centre\": \"x\"}", "line 2, column 3: \"centre\" is not known")]
    [TestCase("{\"center\": \"x\",\n\"center\": \"x\"}", "line 2, column 1: \"center\" stands twice")]
    [TestCase("{\"center\": \"x\"}", "\"signingKey\" is missing")]
    [TestCase("{\"center\": \"x\"} {}", "line 1, column 17")]
    [TestCase("{\n\"center\": }", "line 2, column 11: this is no JSON")]
    public void AFile_IsWrong_SaysWhereAndWhy(string json, string error) =>
        Assert.That(() => CenterIdentity.Read(Encoding.UTF8.GetBytes(json)), Throws.InstanceOf<FormatException>().With.Message.Contains(error));
}
