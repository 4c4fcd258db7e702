using System.Security.Cryptography;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Crypto;

[TestFixture]
public sealed class HmacKeyTest
{
    // RFC 4231, test case 1.
    [Test]
    public void KnownAnswer_IsGiven_AlsoTheSecondTime()
    {
        using var key = Key(0x0B, 20);
        var expected = Convert.FromHexString("B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7");
        Assert.That(key.Of("Hi There"u8), Is.EqualTo(expected));
        Assert.That(key.Of("Hi "u8, "There"u8), Is.EqualTo(expected));
    }

    [Test]
    public void UsedByManyAtOnce_EachGetsItsOwnAnswer()
    {
        using var key = Key(0x11, 32);
        byte[] same = [.. Enumerable.Repeat((byte)0x11, 32)];
        Parallel.For(0, 2_000, i =>
        {
            byte[] data = [(byte)i, (byte)(i >> 8)];
            Assert.That(key.Of(data), Is.EqualTo(HMACSHA256.HashData(same, data)));
        });
    }

    [Test]
    public void Disposed_AnswersNoMore()
    {
        var key = Key(0x11, 32);
        key.Of([1]);
        key.Dispose();
        Assert.That(() => key.Of([1]), Throws.InstanceOf<ObjectDisposedException>());
    }

    private static HmacKey Key(byte filler, int length) => new(SecretBytes.Copy([.. Enumerable.Repeat(filler, length)]));
}
