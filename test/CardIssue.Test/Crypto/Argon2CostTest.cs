using CardIssue.CommandLine;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Crypto;

/// <summary>Argon2id by two libraries: what one made, the other opens.</summary>
[TestFixture]
public class Argon2CostTest
{
    private static readonly Argon2Cost Least = new(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1);

    /// <summary>The reference implementation's own test (github.com/P-H-C/phc-winner-argon2, test.c, version 13): its salt has 8 bytes, which BouncyCastle alone takes.</summary>
    [Test]
    public void PublishedVector_IsDerived()
    {
        using var password = SecretBytes.Copy("password"u8);
        using var key = new Argon2Cost(1 << 16, 2, 1).Derive(password, "somesalt"u8);
        Assert.That(Convert.ToHexString(key.Span), Is.EqualTo("09316115D5CF24ED5A15A31A3BA326E5CF32EDC24702987C02B6566F61913CF7"));
    }

    [Test]
    public void OneLane_LibsodiumAndBouncyCastle_DeriveTheSame([Values(0, 1, 200)] int length, [Values(2, 3)] int passes)
    {
        var seed = TestContext.CurrentContext.Random.Next();
        var random = new Random(seed);
        var (secret, salt) = (new byte[length], new byte[16]);
        random.NextBytes(secret);
        random.NextBytes(salt);
        var cost = Least with { Passes = passes };
        var bySodium = new byte[Argon2Cost.KeyLength];
        Assert.That(SodiumArgon2.TryDerive(cost, secret, salt, bySodium), "libsodium is not there");
        Assert.That(bySodium, Is.EqualTo(ByBouncyCastle(cost, secret, salt)), $"seed {seed}");
    }

    /// <summary>Files and passwords of the versions before have four.</summary>
    [Test]
    public void FourLanes_OrAnotherSalt_AreLeftToBouncyCastle()
    {
        var key = new byte[Argon2Cost.KeyLength];
        Assert.That(SodiumArgon2.TryDerive(Least with { Lanes = 4 }, "p"u8, new byte[16], key), Is.False);
        Assert.That(SodiumArgon2.TryDerive(Least, "p"u8, new byte[8], key), Is.False);
        using var passphrase = SecretBytes.Copy("p"u8);
        using var four = (Least with { Lanes = 4 }).Derive(passphrase, new byte[16]);
        Assert.That(four.Span.ToArray(), Is.EqualTo(ByBouncyCastle(Least with { Lanes = 4 }, "p"u8.ToArray(), new byte[16])));
    }

    /// <summary>The others that run meanwhile derive by BouncyCastle, which makes no difference to them.</summary>
    [Test]
    public void LibraryThatIsNotThere_LeavesAllToBouncyCastle()
    {
        var asked = 0;
        Argon2Cost.DeriveBy((_, _, _, _) => Interlocked.Increment(ref asked) == 0);
        try
        {
            using var passphrase = SecretBytes.Copy("p"u8);
            using var key = Least.Derive(passphrase, new byte[16]);
            Assert.That(asked, Is.Positive);
            Assert.That(key.Span.ToArray(), Is.EqualTo(ByBouncyCastle(Least, "p"u8.ToArray(), new byte[16])));
        }
        finally
        {
            SodiumArgon2.Use();
        }
    }

    [TestCase(0), TestCase(17)]
    public void LanesOutsideTheirCaps_AreRefused(int lanes)
    {
        using var passphrase = SecretBytes.Copy("p"u8);
        Assert.That(() => (Least with { Lanes = lanes }).Derive(passphrase, new byte[16]), Throws.ArgumentException);
    }

    private static byte[] ByBouncyCastle(Argon2Cost cost, byte[] secret, byte[] salt)
    {
        var generator = new Org.BouncyCastle.Crypto.Generators.Argon2BytesGenerator();
        generator.Init(new Org.BouncyCastle.Crypto.Parameters.Argon2Parameters.Builder(Org.BouncyCastle.Crypto.Parameters.Argon2Parameters.Argon2id)
            .WithVersion(Org.BouncyCastle.Crypto.Parameters.Argon2Parameters.Version13)
            .WithMemoryAsKB(cost.MemoryKiB).WithIterations(cost.Passes).WithParallelism(cost.Lanes).WithSalt(salt).Build());
        var key = new byte[Argon2Cost.KeyLength];
        generator.GenerateBytes(secret, key);
        return key;
    }
}
