using System.Text.Json;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Keys;

public class CardKeyDerivationTest
{
    private static IEnumerable<TestCaseData> Vectors() => Vector.Load("diversification.json")
        .Select(vector => new TestCaseData(vector).SetArgDisplayNames($"{vector.Text("kdf")} {vector.Text("master").Length / 2} {vector.Text("kdd")}"));

    private static KeyDiversification Method(JsonElement vector) => vector.Text("kdf") switch
    {
        "KDF3" => KeyDiversification.Kdf3,
        "EMV" => KeyDiversification.EmvCps,
        "VISA2" => KeyDiversification.Visa2,
        var other => throw new AssertionException(other),
    };

    [TestCaseSource(nameof(Vectors))]
    public void Master_Derived_GivesThePublishedKeys(JsonElement vector)
    {
        using var master = SecretBytes.Copy(vector.Hex("master").Span);
        using var keys = CardKeyDerivation.Derive(Method(vector), master, vector.Hex("kdd").Span);
        var derived = new[] { keys.Enc, keys.Mac, keys.Dek };
        if (vector.HexOrNull("encKey") is { } enc) Assert.That(keys.Enc.FixedTimeEquals(enc.Span), Is.True);
        if (vector.TryGetProperty("keys", out var published))
            Assert.That(derived.Select(key => Convert.ToHexString(key.Span)), Is.EqualTo(published.EnumerateArray().Select(key => key.GetString()!.ToUpperInvariant())));
        if (vector.TryGetProperty("kcv", out var checkValues))
            Assert.That(derived.Select(key => (Method(vector) == KeyDiversification.Kdf3 ? KeyCheckValue.OfAes(key) : KeyCheckValue.OfDes(key)).ToString()),
                Is.EqualTo(checkValues.EnumerateArray().Select(value => value.GetString())));
    }

    [Test]
    public void None_Derived_GivesTheMasterThreeTimes()
    {
        using var master = SecretBytes.Random(32);
        using var keys = CardKeyDerivation.Derive(KeyDiversification.None, master, new byte[10]);
        Assert.That(new[] { keys.Enc, keys.Mac, keys.Dek }.All(key => key.FixedTimeEquals(master.Span)), Is.True);
    }

    [Test]
    public void KnownKey_Checked_HasTheKnownValues()
    {
        using var key = SecretBytes.Copy(ByteString.FromHex("404142434445464748494A4B4C4D4E4F").Span);
        Assert.That(KeyCheckValue.OfDes(key).ToString(), Is.EqualTo("8BAF47"));
        Assert.That(KeyCheckValue.OfAes(key).ToString(), Is.EqualTo("504A77"));
    }

    [Test]
    public void CpsKeyData_Derived_GivesTheKnownCheckValues()
    {
        using var master = SecretBytes.Copy(ByteString.FromHex("404142434445464748494A4B4C4D4E4F").Span);
        using var keys = CardKeyDerivation.Derive(KeyDiversification.EmvCps, master, ByteString.FromHex("FFFFFF47617300001234").Span);
        Assert.That(Convert.ToHexString(keys.Enc.Span), Is.EqualTo("094892AFBB089E0721F906085361B7D6"));
        Assert.That(KeyCheckValue.OfDes(keys.Enc).ToString(), Is.EqualTo("7ABDF1"));
        Assert.That(KeyCheckValue.OfDes(keys.Mac).ToString(), Is.EqualTo("85C8CD"));
        Assert.That(KeyCheckValue.OfDes(keys.Dek).ToString(), Is.EqualTo("8DA7FA"));
    }

    [Test]
    public void WrongLengthsAndWeakKeys_Throw()
    {
        using var master = SecretBytes.Random(16);
        using var aes192 = SecretBytes.Random(24);
        using var weak = SecretBytes.Copy(new byte[16]);
        Assert.That(() => CardKeyDerivation.Derive(KeyDiversification.EmvCps, master, new byte[9]), Throws.ArgumentException);
        Assert.That(() => CardKeyDerivation.Derive(KeyDiversification.EmvCps, aes192, new byte[10]), Throws.ArgumentException);
        Assert.That(() => CardKeyDerivation.Derive(KeyDiversification.Visa2, weak, new byte[10]), Throws.ArgumentException);
        Assert.That(() => CardKeyDerivation.Derive((KeyDiversification)99, master, new byte[10]), Throws.Exception);
    }
}
