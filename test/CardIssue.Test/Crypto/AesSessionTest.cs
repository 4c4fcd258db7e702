using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Test.Crypto;

public class AesSessionTest
{
    private static byte[] Hex(string hex) => ByteString.FromHex(hex).ToArray();

    private static UInt128 Number(string hex) => UInt128.Parse(hex, System.Globalization.NumberStyles.HexNumber, null);

    // SP 800-38A F.2.1, F.2.3, F.2.5 (first blocks).
    [TestCase("2b7e151628aed2a6abf7158809cf4f3c", "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")]
    [TestCase("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a")]
    [TestCase("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d")]
    public void PublishedCbc_TwiceInARow_EachStandsAlone(string key, string cipher)
    {
        var (iv, plain) = (Number("000102030405060708090a0b0c0d0e0f"), Hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"));
        using var aes = new AesSession(Hex(key));
        for (var turn = 0; turn < 2; turn++)
        {
            var (encrypted, decrypted) = (new byte[plain.Length], new byte[plain.Length]);
            aes.EncryptCbc(iv, plain, encrypted);
            aes.DecryptCbc(iv, encrypted, decrypted);
            Assert.That(Convert.ToHexStringLower(encrypted), Is.EqualTo(cipher));
            Assert.That(decrypted, Is.EqualTo(plain));
        }
    }

    // RFC 4493, 4: examples 1 to 4.
    [TestCase("", "bb1d6929e95937287fa37d129b756746")]
    [TestCase("6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c")]
    [TestCase("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411", "dfa66747de9ae63030ca32611497c827")]
    [TestCase("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710", "51f0bebf7e3b9d92fc49741779363cfe")]
    public void PublishedMac_TwiceInARow_EachStandsAlone(string message, string mac)
    {
        using var aes = new AesSession(Hex("2b7e151628aed2a6abf7158809cf4f3c"));
        for (var turn = 0; turn < 2; turn++) Assert.That(aes.Mac(Hex(message)), Is.EqualTo(Number(mac)));
    }

    /// <summary>One key for everything, in any order and length: no message is told by the one before. Held against .NET's one-shots and BouncyCastle's CMAC.</summary>
    [Test]
    public void MixedUse_AnyLengths_AgreesWithOthers()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var key = new byte[16];
        random.NextBytes(key);
        using var others = Aes.Create();
        others.SetKey(key);
        using var aes = new AesSession(key);
        var iv = new byte[AesSession.Block];
        for (var i = 0; i < 500; i++)
        {
            var message = new byte[random.Next(0, 1_500)];
            random.NextBytes(message);
            random.NextBytes(iv);
            var number = Number(Convert.ToHexString(iv));
            var blocks = message.AsSpan(0, message.Length / AesSession.Block * AesSession.Block);
            var made = new byte[blocks.Length];
            switch (random.Next(5))
            {
                case 0:
                    aes.EncryptCbc(number, blocks, made);
                    Assert.That(made, Is.EqualTo(others.EncryptCbc(blocks, iv, PaddingMode.None)), $"CBC of {blocks.Length}");
                    break;
                case 1:
                    aes.DecryptCbc(number, blocks, made);
                    Assert.That(made, Is.EqualTo(others.DecryptCbc(blocks, iv, PaddingMode.None)), $"CBC back of {blocks.Length}");
                    break;
                case 2:
                    aes.EncryptCbcAfter(number, blocks, made);
                    Assert.That(made, Is.EqualTo(others.EncryptCbc(blocks, others.EncryptEcb(iv, PaddingMode.None), PaddingMode.None)), $"CBC after a block, of {blocks.Length}");
                    break;
                case 3:
                    Assert.That(aes.Encrypt(number), Is.EqualTo(Number(Convert.ToHexString(others.EncryptEcb(iv, PaddingMode.None)))), "one block");
                    break;
                default:
                    var mac = new CMac(new Org.BouncyCastle.Crypto.Engines.AesEngine());
                    mac.Init(new KeyParameter(key));
                    mac.BlockUpdate(message, 0, message.Length);
                    var expected = new byte[AesSession.Block];
                    mac.DoFinal(expected, 0);
                    Assert.That(aes.Mac(message), Is.EqualTo(Number(Convert.ToHexString(expected))), $"MAC of {message.Length}");
                    break;
            }
        }
    }

    [TestCase(0)]
    [TestCase(15)]
    [TestCase(33)]
    public void NoKeyOfAes_Made_IsRefused(int length) => Assert.That(() => new AesSession(new byte[length]), Throws.ArgumentException);
}
