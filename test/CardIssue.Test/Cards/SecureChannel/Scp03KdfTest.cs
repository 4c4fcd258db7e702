using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.SecureChannel;

/// <summary>Keys 404142…4F, host challenge 00…07, card challenge 08…0F; values derived independently.</summary>
public class Scp03KdfTest
{
    private static readonly ByteString Key = ByteString.FromHex("404142434445464748494A4B4C4D4E4F");
    private static readonly ByteString Context = ByteString.FromHex("000102030405060708090A0B0C0D0E0F");

    [TestCase(Scp03Kdf.SessionEnc, "EB845BBC703969A9B312A5F8E4834AA2")]
    [TestCase(Scp03Kdf.SessionMac, "94D9141C5E50A39EF3939B9A4616C910")]
    [TestCase(Scp03Kdf.SessionRmac, "F034ED3222D3466EE1531F3FA3561DEF")]
    public void SessionKey_Derived_IsTheKnownOne(byte constant, string expected)
    {
        var key = new byte[16];
        Scp03Kdf.Derive(Key.Span, constant, Context.Span, key);
        Assert.That(Convert.ToHexString(key), Is.EqualTo(expected));
    }

    [TestCase(Scp03Kdf.CardCryptogram, "114F6BC5052C5228")]
    [TestCase(Scp03Kdf.HostCryptogram, "FAFA93C2EDE62463")]
    public void Cryptogram_Derived_IsTheKnownOne(byte constant, string expected)
    {
        var cryptogram = new byte[8];
        Scp03Kdf.Derive(ByteString.FromHex("94D9141C5E50A39EF3939B9A4616C910").Span, constant, Context.Span, cryptogram);
        Assert.That(Convert.ToHexString(cryptogram), Is.EqualTo(expected));
    }
}
