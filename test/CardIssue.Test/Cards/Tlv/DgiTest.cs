using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.Tlv;

/// <summary>EMV CPS 1.1 §3.2.</summary>
public class DgiTest
{
    [TestCase(0, "010100")]
    [TestCase(0x80, "010180")]
    [TestCase(0xFE, "0101FE")]
    [TestCase(0xFF, "0101FF00FF")]
    [TestCase(0xFFFF, "0101FFFFFF")]
    public void AnyLength_Encoded_ParsesBack(int length, string head)
    {
        var grouping = new Dgi(0x0101, ByteString.Own(new byte[length]));
        var bytes = grouping.ToBytes();
        Assert.That(bytes.Slice(0, head.Length / 2).ToString(), Is.EqualTo(head));
        Assert.That(Dgi.TryParse(bytes.Span, out var groupings, out var error), Is.True, error);
        Assert.That(groupings, Is.EqualTo((ValueList<Dgi>)[grouping]));
    }

    [Test]
    public void SeveralGroupings_Parsed_KeepTheirOrder()
    {
        Assert.That(Dgi.TryParse(ByteString.FromHex("0101 02 AABB 9102 00 8010 01 CC").Span, out var groupings, out var error), Is.True, error);
        Assert.That(groupings.Select(g => g.ToString()), Is.EqualTo(new[] { "DGI 0101, 2 bytes", "DGI 9102, 0 bytes", "DGI 8010, 1 bytes" }));
    }

    [TestCase("01")]
    [TestCase("0101")]
    [TestCase("010102AA")]
    [TestCase("0101FF00")]
    [TestCase("0101FF0001AA")]
    [TestCase("0101FFFFFF00")]
    public void Malformed_Parsed_IsRefused(string hex)
    {
        Assert.That(Dgi.TryParse(ByteString.FromHex(hex).Span, out _, out var error), Is.False);
        Assert.That(error, Does.StartWith("At byte 0"));
    }

    [Test]
    public void TooLong_Encoded_Throws() =>
        Assert.That(() => new Dgi(1, ByteString.Own(new byte[Dgi.MaxData + 1])).ToBytes(), Throws.InvalidOperationException);

    [Test]
    public void RandomBytes_EitherParseAndEncodeTheSame_OrAreRefused()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(16)];
            for (var j = 0; j < bytes.Length; j++) bytes[j] = (byte)(random.Next(4) == 0 ? 0xFF : random.Next(6));
            var isParsed = Dgi.TryParse(bytes, out var groupings, out var error);
            Assert.That(isParsed, Is.EqualTo(AreWhole(bytes)), $"seed {seed}: {Convert.ToHexString(bytes)}: {error}");
            if (isParsed) Assert.That(ByteString.Concat([.. groupings.Select(g => g.ToBytes())]).ToArray(), Is.EqualTo(bytes));
            else Assert.That(error, Is.Not.Empty);
        }

        // EMV CPS 1.1 §2.2: identifier (2), length (1, or FF and 2 for 255 and more), data.
        static bool AreWhole(ReadOnlySpan<byte> rest)
        {
            while (!rest.IsEmpty)
            {
                if (rest.Length < 3) return false;
                var isLong = rest[2] == 0xFF;
                if (isLong && rest.Length < 5) return false;
                var length = isLong ? rest[3] << 8 | rest[4] : rest[2];
                var head = isLong ? 5 : 3;
                if ((isLong && length < 255) || rest.Length < head + length) return false;
                rest = rest[(head + length)..];
            }
            return true;
        }
    }
}
