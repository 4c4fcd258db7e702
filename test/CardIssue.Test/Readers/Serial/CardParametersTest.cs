using CardIssue.Core.Cards.Apdu;
using CardIssue.Reader.Serial;
using CardIssue.Reader.Serial.Card;
using CardIssue.Reader.Serial.T1;

namespace CardIssue.Test.Readers.Serial;

/// <summary>Speeds and waiting times, PPS, what T=0 makes of APDUs, what a reader says of itself.</summary>
public sealed class CardParametersTest
{
    // ISO 7816-3 tables 7 and 8, at 4 MHz.
    [TestCase(0x11, 10_752)]
    [TestCase(0x18, 129_032)]
    [TestCase(0x13, 43_010)]
    [TestCase(0x96, 250_000)]
    [TestCase(0x97, 500_000)]
    [TestCase(0x71, null)]
    [TestCase(0x1A, null)]
    public void DataRate_IsFBytesTimesD(int ta1, int? rate) => Assert.That(CardTiming.DataRate((byte)ta1), Is.EqualTo(rate));

    [TestCase(0x11, 0x11)]
    [TestCase(0x18, 0x18)]
    [TestCase(0x96, 0x96)]
    [TestCase(0x97, 0x96, Description = "more than the reader can: the next lower Di")]
    [TestCase(0x1F, 0x11, Description = "reserved")]
    [TestCase(0xD1, 0x11, Description = "slower than the default: not worth asking for")]
    public void FastestBoth_IsWithinReaderAndCard(int ta1, int proposed) => Assert.That(CardTiming.FastestBoth((byte)ta1), Is.EqualTo(proposed));

    [Test]
    public void WaitingTimes_FollowTheFormulas()
    {
        // WI 10: 960 × 10 × 372 / 4 MHz = 0.893 s; BWI 4: 2^4 × 960 × 372 / 4 MHz = 1.428 s; and the bytes' own time.
        Assert.That(CardTiming.T0Wait(0x11, 10, 0).TotalSeconds, Is.EqualTo(0.893 + 518 * 12 / 10_752.7).Within(0.01));
        Assert.That(CardTiming.T1Wait(0x11, new T1Parameters(), 0).TotalSeconds, Is.EqualTo(1.428 + 519 * 11 / 10_752.7).Within(0.01));
    }

    [Test]
    public void Pps_RequestAndAnswers()
    {
        var request = Pps.Request(1, 0x18);
        Assert.That(request, Is.EqualTo(Convert.FromHexString("FF1118F6")));
        Assert.That(Pps.Request(1, 0x11), Is.EqualTo(Convert.FromHexString("FF01FE")));
        Assert.That(Pps.Judge(request, request), Is.EqualTo(PpsOutcome.Agreed));
        Assert.That(Pps.Judge(request, Convert.FromHexString("FF01FE")), Is.EqualTo(PpsOutcome.DefaultSpeed));
        Assert.That(Pps.Judge(request, Convert.FromHexString("FF00FF")), Is.EqualTo(PpsOutcome.Failed));
        Assert.That(Pps.Judge(request, []), Is.EqualTo(PpsOutcome.Failed));
    }

    // ISO 7816-3 12.2: cases 1, 2S, 3S, 4S, 2E, 3E and 4E with little data.
    [TestCase("00A40400", "00A4040000")]
    [TestCase("00B0000010", "00B0000010")]
    [TestCase("00B0000000", "00B0000000")]
    [TestCase("00D6000002ABCD", "00D6000002ABCD")]
    [TestCase("00A4040002ABCD00", "00A4040002ABCD")]
    [TestCase("00B00000000010", "00B0000010")]
    [TestCase("00B00000000100", "00B0000000")]
    [TestCase("00B00000000000", "00B0000000")]
    [TestCase("00D60000000002ABCD", "00D6000002ABCD")]
    [TestCase("00D60000000002ABCD0000", "00D6000002ABCD")]
    public void Apdu_OverT0_IsOneTpdu(string apdu, string tpdu) => Assert.That(Tpdus(Convert.FromHexString(apdu)), Is.EqualTo(new[] { tpdu }));

    [Test]
    public void LongApdu_OverT0_GoesInEnvelopesOfItsChannel()
    {
        byte[] apdu = [0x02, 0xD6, 0x00, 0x00, 0x00, 0x01, 0xF4, .. Enumerable.Range(0, 500).Select(i => (byte)i)];
        var tpdus = Tpdus(apdu);
        Assert.That(tpdus.Select(t => t[..10]), Is.EqualTo(new[] { "02C20000FF", "02C20000FC" }));
        Assert.That(string.Concat(tpdus.Select(t => t[10..])), Is.EqualTo(Convert.ToHexString(apdu)));
    }

    [TestCase("GemTwin-V2.00-GC03", "GemTwin", "V2.00-GC03")]
    [TestCase("Something 3", null, "Something 3")]
    [TestCase("-V1", null, "-V1")]
    public void Firmware_SaysWhatItSays(string told, string? model, string? version)
    {
        var profile = new ReaderProfile(ReaderProfile.ParseFirmware(System.Text.Encoding.ASCII.GetBytes(told)), true);
        Assert.That((profile.Model, profile.Version), Is.EqualTo((model, version)));
    }

    [TestCase("")]
    [TestCase("00")]
    [TestCase("47656D07")]
    [TestCase("FF")]
    public void Firmware_NoText_IsNone(string hex) => Assert.That(ReaderProfile.ParseFirmware(Convert.FromHexString(hex)), Is.Null);

    private static string[] Tpdus(byte[] apdu)
    {
        Assert.That(CommandShape.TryRead(apdu, out var shape, out var error), Is.True, error);
        var tpdu = new byte[T0Command.MaxLength];
        return [.. Enumerable.Range(0, T0Command.CountOf(shape, apdu.Length)).Select(i => Convert.ToHexString(tpdu, 0, T0Command.Write(apdu, shape, i, tpdu)))];
    }
}
