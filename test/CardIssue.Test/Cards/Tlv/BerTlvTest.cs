using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.Tlv;

public class BerTlvTest
{
    [Test]
    public void NestedTemplate_Parsed_IsFoundAndEncodesTheSame()
    {
        var bytes = ByteString.FromHex("6F108408A000000151000000A5049F6501FF");
        Assert.That(BerTlv.TryParseOne(bytes.Span, out var fci, out var error), Is.True, error);
        Assert.That(fci!.Find(0x84)!.Value.ToString(), Is.EqualTo("A000000151000000"));
        Assert.That(fci.Find(0xA5)!.Find(0x9F65)!.Value.ToString(), Is.EqualTo("FF"));
        Assert.That(fci.ToBytes(), Is.EqualTo(bytes));
        Assert.That(BerTlv.Constructed(0x6F,
            BerTlv.Primitive(0x84, ByteString.FromHex("A000000151000000")),
            BerTlv.Constructed(0xA5, BerTlv.Primitive(0x9F65, ByteString.FromHex("FF")))), Is.EqualTo(fci));
    }

    [TestCase(0x7F, "04 7F")]
    [TestCase(0x80, "04 81 80")]
    [TestCase(0xFF, "04 81 FF")]
    [TestCase(0x100, "04 82 01 00")]
    [TestCase(0xFFFF, "04 82 FF FF")]
    [TestCase(0x10000, "04 83 01 00 00")]
    public void AnyLength_Encoded_IsShortestAndParsesBack(int length, string head)
    {
        var bytes = BerTlv.Primitive(0x04, ByteString.Own(new byte[length])).ToBytes();
        var expected = ByteString.FromHex(head);
        Assert.That(bytes.Slice(0, expected.Length), Is.EqualTo(expected));
        Assert.That(bytes.Length, Is.EqualTo(expected.Length + length));
        Assert.That(BerTlv.TryParseOne(bytes.Span, out var tlv, out _), Is.True);
        Assert.That(tlv!.Value.Length, Is.EqualTo(length));
    }

    [TestCase("5A", "a length is missing")]
    [TestCase("9F", "cut short")]
    [TestCase("9F8181810100", "longer than 3")]
    [TestCase("9F800100", "is no tag")]
    [TestCase("00005A80", "At byte 2")]
    [TestCase("5A80", "not accepted")]
    [TestCase("5A8400000001FF", "not accepted")]
    [TestCase("5A82FF", "cut short")]
    [TestCase("5A0201", "1 bytes follow")]
    [TestCase("70035A0201", "1 bytes follow")]
    public void Malformed_Parsed_IsRefusedWithTheReason(string hex, string reason)
    {
        Assert.That(BerTlv.TryParse(ByteString.FromHex(hex).Span, out _, out var error), Is.False);
        Assert.That(error, Does.Contain(reason));
    }

    [Test]
    public void DeepNesting_Parsed_IsRefused()
    {
        var bytes = ByteString.FromHex("5A00");
        for (var i = 0; i < BerTlv.MaxDepth - 1; i++) bytes = ByteString.Own([0x70, (byte)bytes.Length, .. bytes.Span]);
        Assert.That(BerTlv.TryParse(bytes.Span, out _, out _), Is.True);
        bytes = ByteString.Own([0x70, (byte)bytes.Length, .. bytes.Span]);
        Assert.That(BerTlv.TryParse(bytes.Span, out _, out var error), Is.False);
        Assert.That(error, Does.Contain("deeper"));
    }

    [Test]
    public void TooManyObjects_Parsed_AreRefused()
    {
        var bytes = Enumerable.Repeat(new byte[] { 0x5A, 0x00 }, BerTlv.MaxObjects).SelectMany(b => b).ToArray();
        Assert.That(BerTlv.TryParse(bytes, out _, out _), Is.True);
        Assert.That(BerTlv.TryParse([.. bytes, 0x5A, 0x00], out _, out _), Is.False);
    }

    [Test]
    public void Tag_OfTheWrongKind_IsRefused()
    {
        Assert.That(() => BerTlv.Primitive(0x70, default), Throws.ArgumentException);
        Assert.That(() => BerTlv.Constructed(0x5A), Throws.ArgumentException);
        Assert.That(() => new BerTag(0x9F), Throws.InstanceOf<FormatException>());
        Assert.That(() => new BerTag(0x5A01), Throws.InstanceOf<FormatException>());
        Assert.That(() => new BerTag(0xFFFF_FFFF), Throws.InstanceOf<FormatException>());
        Assert.That(new BerTag(0x5FC105).EncodedLength, Is.EqualTo(3));
    }

    [Test]
    public void Text_NeverHoldsTheValue() => Assert.That(BerTlv.Primitive(0x5A, ByteString.FromHex("4761739001010119")).ToString(), Is.EqualTo("5A, 8 bytes"));

    [Test]
    public void RandomBytes_AreParsedOrRefused_NeverThrow()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (parsed, refused) = (0, 0);
        byte[] likely = [0x70, 0x6F, 0x9F, 0x5A, 0x81, 0x82, 0x83, 0x01, 0x02, 0x04, 0xFF];
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(40)];
            for (var j = 0; j < bytes.Length; j++) bytes[j] = random.Next(3) == 0 ? (byte)random.Next(256) : likely[random.Next(likely.Length)];
            var isParsed = BerTlv.TryParse(bytes, out var objects, out var refusal);
            Assert.That(string.IsNullOrEmpty(refusal), Is.EqualTo(isParsed), $"seed {seed}: {Convert.ToHexString(bytes)}");
            if (!isParsed)
            {
                refused++;
                continue;
            }
            parsed++;
            Assert.That(BerTlv.TryParse(BerTlv.Encode(objects.Span).Span, out var again, out var error), Is.True, error);
            Assert.That(again, Is.EqualTo(objects), $"seed {seed}: {Convert.ToHexString(bytes)}");
        }
        Assert.That((parsed > 100, refused > 100), Is.EqualTo((true, true)), $"seed {seed}: both are met");
    }

    /// <summary>ISO 7816-4 5.2.2. What FF is, is seen by what follows: FF21 is a tag (ETSI TS 102 226), an FF that no data object begins with is padding.</summary>
    [TestCase("", "")]
    [TestCase("0000", "")]
    [TestCase("FF", "")]
    [TestCase("FFFFFFFF", "")]
    [TestCase("FF0000FFFF", "FF00 ")]
    [TestCase("005A0101", "5A 01")]
    [TestCase("5A01010000", "5A 01")]
    [TestCase("5A01010000570102", "5A 01, 57 02")]
    [TestCase("FF5A0101", "5A 01")]
    [TestCase("FFFFFF5A0101", "5A 01")]
    [TestCase("5A0101FFFFFFFF570102FF", "5A 01, 57 02")]
    [TestCase("5A0101FF00FF570102", "5A 01, 57 02")]
    [TestCase("FF21045A020102", "FF21 5A020102")]
    [TestCase("FFFF21045A020102", "FFFF21 5A020102")]
    [TestCase("FF210000", "FF21 ")]
    [TestCase("70045A0101FF", "70 5A0101FF")]
    [TestCase("7006005A010100FF", "70 005A010100FF")]
    public void Padding_BeforeBetweenAndAfter_IsPassedOver(string hex, string expected)
    {
        Assert.That(BerTlv.TryParse(ByteString.FromHex(hex).Span, out var objects, out var error), Is.True, error);
        Assert.That(string.Join(", ", objects.Select(o => $"{o.Tag} {o.Value}")), Is.EqualTo(expected));
    }

    [Test]
    public void PaddingOnly_ForOneObject_IsNone()
    {
        Assert.That(BerTlv.TryParseOne(ByteString.FromHex("00FF00").Span, out _, out var error), Is.False);
        Assert.That(error, Does.Contain("0 came"));
        Assert.That(BerTlv.TryParseOne(ByteString.FromHex("00 5A0101 00FF").Span, out var one, out error), Is.True, error);
        Assert.That(one!.ToBytes().ToString(), Is.EqualTo("5A0101"));
    }

    [Test]
    public void ValueOfATemplate_Encoded_KeepsLongLengthsAndPadding()
    {
        Assert.That(BerTlv.TryParseOne(ByteString.FromHex("708107005F34810101").Span, out var record, out var error), Is.False, error);
        Assert.That(BerTlv.TryParseOne(ByteString.FromHex("708106005F34810101").Span, out record, out error), Is.True, error);
        Assert.That(record!.ToBytes().ToString(), Is.EqualTo("7006005F34810101"));
        Assert.That(record.Find(0x5F34)!.Value.ToString(), Is.EqualTo("01"));
    }

    /// <summary>Bytes that may be tags or padding are not tried again and again.</summary>
    [TestCase("FF30")]
    [TestCase("FF00")]
    [TestCase("FF")]
    [TestCase("00")]
    [TestCase("FF3082FFF0")]
    [TestCase("FF300400")]
    public void DoubtfulPadding_ManyTimes_CostsNoMoreThanItsBytes(string piece)
    {
        var unit = ByteString.FromHex(piece);
        var bytes = Enumerable.Repeat(unit.ToArray(), 60_000 / unit.Length).SelectMany(b => b).Append((byte)0x9F).ToArray();
        Assert.That(Allocated.By(() => BerTlv.TryParse(bytes, out _, out _)), Is.LessThan(200 * bytes.Length));
    }
}
