using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.GlobalPlatform;

/// <summary>
/// PUT KEY's bytes. The key is 404142…4F, with the check values that are published for it: AES 504A77, triple DES 8BAF47.
/// </summary>
public sealed class PutKeyTest
{
    /// <summary>It, under the DEK 2021…2F, AES-CBC; by OpenSSL.</summary>
    private const string Sixteen = "859469C07743C7E45B318D151D3D87E9";

    private static readonly EncryptedKey Aes = new(PutKey.Aes, 16, ByteString.FromHex(Sixteen), ByteString.FromHex("504A77"));
    private static readonly EncryptedKey Des = new(PutKey.Des, 16, ByteString.FromHex(Sixteen), ByteString.FromHex("8BAF47"));

    [Test]
    public void AesKey_StandsBehindItsLength_TripleDesKeyAlone()
    {
        var (aes, des) = (PutKey.Command(PutKey.AddNew, 0x31, 1, Aes), PutKey.Command(0x20, 0x21, 3, Des));
        Assert.That(aes.ToBytes().ToString(), Is.EqualTo($"80D8000118" + $"31881110{Sixteen}03504A77" + "00"));
        Assert.That(des.ToBytes().ToString(), Is.EqualTo($"80D8200317" + $"218010{Sixteen}038BAF47" + "00"));
    }

    [Test]
    public void ThreeKeys_AreSaidToBeSeveral_AndTheAnswerRepeatsTheirCheckValues()
    {
        var longer = new EncryptedKey(PutKey.Aes, 24, ByteString.Own(new byte[32]), ByteString.FromHex("FFCD73"));
        var command = PutKey.Command(0x30, 0x31, 1, Aes, longer, Aes);
        Assert.That((command.P1, command.P2), Is.EqualTo((0x30, 0x81)));
        var aes = $"881110{Sixteen}03504A77";
        Assert.That(command.Data.ToString(), Is.EqualTo($"31{aes}882118{new string('0', 64)}03FFCD73{aes}"));
        Assert.That(PutKey.AnswerTo(command).ToString(), Is.EqualTo("31504A77FFCD73504A77"));
    }

    [TestCase(0x00, 0x00)]
    [TestCase(0x00, 0x80)]
    [TestCase(0xFF, 0x31)]
    public void VersionThatNoPutKeyCanName_IsNotCoded(byte replaced, byte version) =>
        Assert.That(() => PutKey.Command(replaced, version, 1, Aes), Throws.ArgumentException);
}
