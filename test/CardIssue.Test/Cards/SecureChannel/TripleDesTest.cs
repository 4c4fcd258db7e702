using System.Buffers.Binary;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Scp02;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Test.Cards.SecureChannel;

/// <summary>Judged by published values, and by another library over random ones.</summary>
public class TripleDesTest
{
    /// <summary>NIST SP 800-17 tables A.1 and A.2 in part, and the worked example of FIPS 46 that text books print.</summary>
    [TestCase("133457799BBCDFF1", "0123456789ABCDEF", "85E813540F0AB405")]
    [TestCase("0101010101010101", "8000000000000000", "95F8A5E5DD31D900")]
    [TestCase("0101010101010101", "0000000000000001", "166B40B44ABA4BD6")]
    [TestCase("8001010101010101", "0000000000000000", "95A8D72813DAA94D")]
    [TestCase("0101010101010102", "0000000000000000", "869EFD7F9F265A09")]
    public void Des_PublishedBlocks_Agree(string key, string plain, string encrypted)
    {
        Span<ulong> schedule = stackalloc ulong[Des.Rounds];
        Des.Expand(Convert.FromHexString(key), schedule);
        var (from, to) = (Convert.ToUInt64(plain, 16), Convert.ToUInt64(encrypted, 16));
        Assert.That(Des.Encrypt(schedule, from), Is.EqualTo(to));
        Assert.That(Des.Decrypt(schedule, to), Is.EqualTo(from));
    }

    [Test]
    public void RandomKeysAndData_AnotherLibraryAgrees()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            var (key, data) = (new byte[16], new byte[8 * random.Next(1, 32)]);
            random.NextBytes(key);
            random.NextBytes(data);
            var (ecb, cbc, expected) = (new byte[data.Length], new byte[data.Length], new byte[data.Length]);
            TripleDes.EncryptEcb(key, data, ecb);
            TripleDes.EncryptCbc(key, data, cbc);
            var engine = new DesEdeEngine();
            engine.Init(true, new KeyParameter(key));
            for (var at = 0; at < data.Length; at += 8) engine.ProcessBlock(data, at, expected, at);
            Assert.That(ecb, Is.EqualTo(expected));
            var chain = new byte[8];
            for (var at = 0; at < data.Length; at += 8)
            {
                for (var j = 0; j < 8; j++) chain[j] ^= data[at + j];
                engine.ProcessBlock(chain, 0, chain, 0);
                Assert.That(cbc.AsSpan(at, 8).ToArray(), Is.EqualTo(chain));
            }
            var message = data[..random.Next(data.Length)];
            Assert.That(TripleDes.RetailMac(key, 0, message), Is.EqualTo(BinaryPrimitives.ReadUInt64BigEndian(RetailMac(key, message))));
        }
    }

    [Test]
    public void NoWholeBlocks_OrAnotherKeyLength_Throws()
    {
        Assert.That(() => TripleDes.EncryptEcb(new byte[16], new byte[7], new byte[8]), Throws.ArgumentException);
        Assert.That(() => TripleDes.EncryptCbc(new byte[24], new byte[8], new byte[8]), Throws.ArgumentException);
    }

    private static byte[] RetailMac(byte[] key, byte[] message)
    {
        var mac = new ISO9797Alg3Mac(new DesEngine(), 64, new ISO7816d4Padding());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(message, 0, message.Length);
        var result = new byte[8];
        mac.DoFinal(result, 0);
        return result;
    }
}
