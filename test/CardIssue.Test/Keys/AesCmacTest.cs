using CardIssue.Core.Crypto;

namespace CardIssue.Test.Keys;

public class AesCmacTest
{
    private const string Message = "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710";

    // RFC 4493 section 4.
    [TestCase("2B7E151628AED2A6ABF7158809CF4F3C", 0, "BB1D6929E95937287FA37D129B756746")]
    [TestCase("2B7E151628AED2A6ABF7158809CF4F3C", 16, "070A16B46B4D4144F79BDD9DD04A287C")]
    [TestCase("2B7E151628AED2A6ABF7158809CF4F3C", 40, "DFA66747DE9AE63030CA32611497C827")]
    [TestCase("2B7E151628AED2A6ABF7158809CF4F3C", 64, "51F0BEBF7E3B9D92FC49741779363CFE")]
    public void Message_OfRfc4493_HasItsMac(string key, int length, string expected)
    {
        var mac = new byte[16];
        AesCmac.Compute(Convert.FromHexString(key), Convert.FromHexString(Message).AsSpan(0, length), mac);
        Assert.That(Convert.ToHexString(mac), Is.EqualTo(expected));
    }

    [Test]
    public void AnyKeyAndMessage_AgreesWithBouncyCastle()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            var key = new byte[16 + 8 * random.Next(3)];
            var message = new byte[random.Next(1200)];
            random.NextBytes(key);
            random.NextBytes(message);
            var reference = new Org.BouncyCastle.Crypto.Macs.CMac(new Org.BouncyCastle.Crypto.Engines.AesEngine());
            reference.Init(new Org.BouncyCastle.Crypto.Parameters.KeyParameter(key));
            reference.BlockUpdate(message, 0, message.Length);
            var expected = new byte[16];
            reference.DoFinal(expected, 0);
            var mac = new byte[16];
            AesCmac.Compute(key, message, mac);
            Assert.That(mac, Is.EqualTo(expected));
        }
    }

    [Test]
    public void WrongLengths_Throw()
    {
        Assert.That(() => AesCmac.Compute(new byte[15], [], new byte[16]), Throws.ArgumentException);
        Assert.That(() => AesCmac.Compute(new byte[16], [], new byte[8]), Throws.ArgumentException);
    }
}
