using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Keys;

public class P256Test
{
    // RFC 6979 A.2.5: private key and public point on P-256.
    private const string RfcPrivate = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
    private const string RfcPublic = "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    // RFC 6979 A.2.5, SHA-256, message "sample".
    private const string RfcSignature = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";

    [Test]
    public void AKnownPrivateKey_IsTaken_HasItsPublicKey()
    {
        using var key = P256PrivateKey.FromNumber(ByteString.FromHex(RfcPrivate).Span);
        Assert.That(key.PublicKey.ToString(), Is.EqualTo(RfcPublic));
    }

    [Test]
    public void AKnownSignature_IsVerified_Fits()
    {
        var key = P256PublicKey.Parse(ByteString.FromHex(RfcPublic).Span);
        Assert.That(key.Verify("sample"u8, ByteString.FromHex(RfcSignature).Span), Is.True);
        Assert.That(key.Verify("Sample"u8, ByteString.FromHex(RfcSignature).Span), Is.False);
    }

    [Test]
    public void TwoKeys_Agree_HaveTheSameSecret()
    {
        // NIST CAVP, ECC CDH primitive, P-256, COUNT = 0.
        using var own = P256PrivateKey.FromNumber(ByteString.FromHex("7D7DC5F71EB29DDAF80D6214632EEAE03D9058AF1FB6D22ED80BADB62BC1A534").Span);
        var peer = P256PublicKey.Parse(ByteString.FromHex("04" + "700C48F77F56584C5CC632CA65640DB91B6BACCE3A4DF6B42CE7CC838833D287" + "DB71E509E3FD9B060DDB20BA5C51DCC5948D46FBF640DFE0441782CAB85FA4AC").Span);
        using var agreed = own.Agree(peer);
        Assert.That(Convert.ToHexString(agreed.Span), Is.EqualTo("46FC62106420FF012E54A434FBDD2D25CCC5852060561E68040DD7778997BD7B"));
    }

    [Test]
    public void APoint_IsOffTheCurveOrMisshapen_IsRefused()
    {
        var good = ByteString.FromHex(RfcPublic).ToArray();
        Assert.That(P256PublicKey.TryParse(good, out _), Is.True);
        Assert.That(P256PublicKey.TryParse(good.AsSpan(0, 64), out _), Is.False);
        Assert.That(P256PublicKey.TryParse([0x04, .. new byte[64]], out _), Is.False);
        good[64] ^= 1;
        Assert.That(P256PublicKey.TryParse(good, out _), Is.False);
        good[64] ^= 1;
        good[0] = 0x02;
        Assert.That(P256PublicKey.TryParse(good, out _), Is.False);
    }

    [Test]
    public void APrivateKey_IsZeroOrTooGreat_IsRefused()
    {
        Assert.That(() => P256PrivateKey.FromNumber(new byte[32]), Throws.InstanceOf<FormatException>());
        Assert.That(() => P256PrivateKey.FromNumber(Enumerable.Repeat((byte)0xFF, 32).ToArray()), Throws.InstanceOf<FormatException>());
        Assert.That(() => P256PrivateKey.FromNumber(new byte[31]), Throws.InstanceOf<FormatException>());
    }
}
