using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.Apdu;

public class CommandApduTest
{
    // ISO 7816-4 5.1: the cases and what they hold.
    [TestCase("00A40400", 0, null, false)]
    [TestCase("80CA006600", 0, 256, false)]
    [TestCase("80CA00660A", 0, 10, false)]
    [TestCase("80E20000020102", 2, null, false)]
    [TestCase("80E2000002010200", 2, 256, false)]
    [TestCase("80CA0066000000", 0, 65536, true)]
    [TestCase("80CA0066000100", 0, 256, true)]
    [TestCase("80E200000000020102", 2, null, true)]
    [TestCase("80E2000000000201020000", 2, 65536, true)]
    [TestCase("80E2000000000201020101", 2, 257, true)]
    public void AnyCase_Parsed_IsUnderstoodAndEncodesTheSame(string hex, int dataLength, int? le, bool extended)
    {
        var command = CommandApdu.Parse(ByteString.FromHex(hex).Span);
        Assert.That(command.Data.Length, Is.EqualTo(dataLength));
        Assert.That(command.Le, Is.EqualTo(le));
        Assert.That(command.IsExtended, Is.EqualTo(extended));
        Assert.That(command.ToBytes().ToString(), Is.EqualTo(hex));
        Assert.That(command.EncodedLength, Is.EqualTo(hex.Length / 2));
    }

    [TestCase("")]
    [TestCase("80E200")]
    [TestCase("80E200000201")]
    [TestCase("80E2000002010203" + "04")]
    [TestCase("80E200000000")]
    [TestCase("80E20000000000" + "00")]
    [TestCase("80E200000000020102" + "00")]
    [TestCase("80E2000000000301" + "02")]
    public void LengthsThatDoNotFit_Parsed_AreRefused(string hex)
    {
        Assert.That(CommandApdu.TryParse(ByteString.FromHex(hex).Span, out _, out var error), Is.False);
        Assert.That(error, Is.Not.Empty);
        Assert.That(() => CommandApdu.Parse(ByteString.FromHex(hex).Span), Throws.InstanceOf<FormatException>());
    }

    [Test]
    public void LongDataOrLongLe_MakesItExtended()
    {
        Assert.That(new CommandApdu(0, 0xD6, 0, 0, ByteString.Own(new byte[256])).ToBytes().Slice(4, 3).ToString(), Is.EqualTo("000100"));
        Assert.That(new CommandApdu(0, 0xB0, 0, 0, default, 257).ToBytes().ToString(), Is.EqualTo("00B00000000101"));
        Assert.That(() => new CommandApdu(0, 0xB0, 0, 0, default, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new CommandApdu(0, 0xB0, 0, 0, default, 65_537), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new CommandApdu(0, 0xD6, 0, 0, ByteString.Own(new byte[65_536])), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Text_NeverHoldsData() =>
        Assert.That(new CommandApdu(0x80, 0xE2, 0x90, 0, ByteString.FromHex("C0FFEE"), 256).ToString(), Is.EqualTo("80 E2 90 00, 3 bytes, Le 256"));

    [Test]
    public void RandomBytes_EitherParseAndEncodeTheSame_OrAreRefused()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(24)];
            random.NextBytes(bytes);
            if (bytes.Length > 6 && random.Next(2) == 0) (bytes[4], bytes[5], bytes[6]) = (0, 0, (byte)random.Next(bytes.Length));
            else if (bytes.Length > 4) bytes[4] = (byte)random.Next(bytes.Length);
            var isParsed = CommandApdu.TryParse(bytes, out var command, out var error);
            Assert.That(isParsed, Is.EqualTo(IsWhole(bytes)), $"seed {seed}: {Convert.ToHexString(bytes)}: {error}");
            if (isParsed) Assert.That(command.ToBytes().ToArray(), Is.EqualTo(bytes));
            else Assert.That(error, Is.Not.Empty);
        }

        // The cases of ISO 7816-3 12.1.3, short and extended.
        static bool IsWhole(byte[] b) => b.Length is 4 or 5
            || (b.Length > 5 && (b[4] != 0 ? b.Length - 5 - b[4] is 0 or 1
                : b.Length == 7 || (b.Length > 7 && (b[5] << 8 | b[6]) is var lc && lc > 0 && b.Length - 7 - lc is 0 or 2)));
    }

    [TestCase("A0000000", false)]
    [TestCase("A000000151", true)]
    [TestCase("A0000001510000000000000000000000", true)]
    [TestCase("A000000151000000000000000000000000", false)]
    public void Aid_OfAnyLength_IsChecked(string hex, bool good) =>
        Assert.That(() => Aid.FromHex(hex), good ? Throws.Nothing : Throws.InstanceOf<FormatException>());
}
