using CardIssue.Core.Primitives;
using CardIssue.Reader.Serial.Card;
using CardIssue.Reader.Serial.T1;

namespace CardIssue.Test.Readers.Serial;

/// <summary>Answers to reset of real cards, as pcsc-tools' public smartcard_list.txt names them, and what ISO 7816-3 8.2 says of wrong ones.</summary>
public sealed class AtrParserTest
{
    // ATR | card | TA1 (11 when absent) | protocol | IFSC | BWI | CWI | historical bytes
    [TestCase("3B1696417374726964", "Gemalto IDPrime v2+ .NET", 0x96, 0, 32, 4, 13, "417374726964")]
    [TestCase("3B6B00008065B08301017483009000", "GemXpresso Pro R3", 0x11, 0, 32, 4, 13, "8065B08301017483009000")]
    [TestCase("3B751300004409EA9000", "Carte Vitale 2", 0x13, 0, 32, 4, 13, "4409EA9000")]
    [TestCase("3B8281317643C002C5", "CardOS/M2 V2.01", 0x11, 1, 0x76, 4, 3, "C002")]
    [TestCase("3BB718008131FE6553504B32349000" + "5A", "Starcos 2.4", 0x18, 1, 254, 6, 5, "53504B32349000")]
    [TestCase("3BB71800C03E31FE6553504B3234900025", "Starcos SPK 2.4, T=0 first, TC2", 0x18, 0, 254, 6, 5, "53504B32349000")]
    [TestCase("3BD218008131FE58C90114", "CardOS 5", 0x18, 1, 254, 5, 8, "C901")]
    [TestCase("3BFC1300008131FE15597562696B65794E454F7233E1", "YubiKey NEO", 0x13, 1, 254, 1, 5, "597562696B65794E454F7233")]
    [TestCase("3BFD1300008131FE158073C021C057597562694B657940", "YubiKey 5 NFC", 0x13, 1, 254, 1, 5, "8073C021C057597562694B6579")]
    [TestCase("3BA8008171465D0054434F53312E320065", "TCOS 1.2, TC3 00", 0x11, 1, 0x46, 5, 13, "54434F53312E3200")]
    [TestCase("3B9C131181647265616D6372797074000408", "Access Card-9, TA2", 0x13, 1, 32, 4, 13, "647265616D63727970740004")]
    [TestCase("3F2D0027A051827D00000052000C9000", "Porta Moedas Multibanco, inverse", 0x11, 0, 32, 4, 13, "27A051827D00000052000C9000")]
    public void RealAtr_Parses(string hex, string card, int ta1, int protocol, int ifsc, int bwi, int cwi, string historical)
    {
        var atr = Parse(hex);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(atr.Ta1 ?? Atr.DefaultSpeed, Is.EqualTo(ta1), card);
            Assert.That(atr.DefaultProtocol, Is.EqualTo(protocol));
            Assert.That(atr.T1, Is.EqualTo(new T1Parameters(ifsc, bwi, cwi)));
            Assert.That(atr.Historical, Is.EqualTo(ByteString.FromHex(historical)));
            Assert.That(atr.Bytes, Is.EqualTo(ByteString.FromHex(hex)));
            Assert.That(atr.IsInverse, Is.EqualTo(hex.StartsWith("3F", StringComparison.Ordinal)));
        }
    }

    [Test]
    public void Starcos24_OffersBothProtocols_WaitsByTc2()
    {
        var atr = Parse("3BB71800C03E31FE6553504B3234900025");
        Assert.That(atr.Protocols, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(atr.WaitingInteger, Is.EqualTo(0x3E));
    }

    [Test]
    public void OneOfTheTwoOffered_Iso14443Card_FirstIsTheDefault() => Assert.That(Parse("3B8D8001736674652D63643038302D6E663F").Protocols, Is.EqualTo(new[] { 0, 1 }));

    [Test]
    public void GnukToken_NamesClassesAfterT15()
    {
        var atr = Parse("3BDA11FF81B1FE551F0300318473800180009000E4");
        Assert.That((atr.Classes, atr.ClockStop, atr.GuardTime), Is.EqualTo((CardClasses.A | CardClasses.B, 0, 0xFF)));
        Assert.That(atr.Protocols, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void DaiNipponStandardJ_T0AndT15_HasTck()
    {
        var atr = Parse("3B9095801FC359");
        Assert.That((atr.DefaultProtocol, atr.ClockStop, atr.Classes), Is.EqualTo((0, 3, CardClasses.A | CardClasses.B)));
        Assert.That(AtrParser.TryParse(Convert.FromHexString("3B9095801FC3"), out _, out var error), Is.False);
        Assert.That(error, Does.Contain("ends"));
    }

    [Test]
    public void IClassSe_IsInSpecificMode()
    {
        var atr = Parse("3B90969181B1FE551FC7D4");
        Assert.That((atr.Ta2, atr.DefaultProtocol, atr.HasImplicitParameters), Is.EqualTo(((byte?)0x81, 1, false)));
    }

    [TestCase("3B", "2 to 33 bytes; 1 came")]
    [TestCase("3B8F8001" + "0102030405060708090A0B0C0D0E0F" + "8101" + "00000000000000000000000000", "2 to 33 bytes; 34 came")]
    [TestCase("3C00", "TS")]
    [TestCase("3B86800106757781028F00", "TCK", Description = "a DESFire eID of the list")]
    [TestCase("3B003B28003441454130323030", "follow", Description = "Plustelka of the list")]
    [TestCase("3B02145011", "follow")]
    [TestCase("3BDF18FFC0", "ends")]
    [TestCase("3B05000003", "ends")]
    [TestCase("3B8001", "ends")]
    [TestCase("3B804000", "waiting time integer")]
    [TestCase("3B800F8F", "T=15")]
    public void WrongAtr_IsRefusedWithItsReason(string hex, string reason)
    {
        Assert.That(AtrParser.TryParse(Convert.FromHexString(hex), out _, out var error), Is.False);
        Assert.That(error, Does.Contain(reason));
    }

    [TestCase("3B80811100", "IFSC")]
    [TestCase("3B808121A0", "BWI")]
    public void WrongT1Byte_IsRefusedWithItsReason(string hex, string reason) => WrongAtr_IsRefusedWithItsReason(WithCheck(hex), reason);

    /// <summary>No IFSC by ISO 7816-3 11.4.2, but on cards; drivers take it for the most that there is.</summary>
    [Test]
    public void IfscFF_Is254() => Assert.That(Parse(WithCheck("3B808111FF")).T1.Ifsc, Is.EqualTo(254));

    [TestCase("3B8001", "81", "00")]
    [TestCase("3B8001", "81", "9000FF")]
    [TestCase("3BDA11FF81B1FE551F0300318473800180009000", "E4", "0000")]
    public void BytesAfterARightTck_AreLeftOutAndCounted(string body, string tck, string rest)
    {
        var atr = Parse(body + tck + rest);
        Assert.That((atr.Bytes, atr.Ignored), Is.EqualTo((ByteString.FromHex(body + tck), rest.Length / 2)));
        Assert.That(Parse(body + tck).Ignored, Is.Zero);
        Assert.That(AtrParser.TryParse(Convert.FromHexString(body + "77" + rest), out _, out var error), Is.False, "a wrong TCK");
        Assert.That(error, Is.EqualTo("TCK is wrong."));
    }

    [Test]
    public void AnyBytes_AreReadWhenTheyAreAsLongAsTheyAnnounce_AndElseRefusedWithAReason()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var read = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(0, 40)];
            random.NextBytes(bytes);
            if (bytes.Length > 0) bytes[0] = 0x3B;
            var (announced, hasCheck) = Announced(bytes);
            if (random.Next(2) == 0 && announced >= 2 && announced <= bytes.Length)
            {
                bytes = bytes[..announced];
                if (hasCheck) bytes[^1] ^= CardIssue.Reader.Serial.Framing.SerialFrame.Check(bytes.AsSpan(1));
            }
            var isRead = AtrParser.TryParse(bytes, out var atr, out var error);
            Assert.That((isRead, isRead), Is.EqualTo((string.IsNullOrEmpty(error), atr is not null)), $"seed {seed}, {Convert.ToHexString(bytes)}");
            if (!isRead) continue;
            read++;
            // Bytes behind a right TCK are no part of it.
            if (hasCheck && bytes.Length > announced) bytes = bytes[..announced];
            Assert.That(atr!.Bytes.ToArray(), Is.EqualTo(bytes), $"seed {seed}");
            Assert.That(bytes, Has.Length.EqualTo(announced), $"seed {seed}, {Convert.ToHexString(bytes)}");
            Assert.That(!hasCheck || CardIssue.Reader.Serial.Framing.SerialFrame.Check(bytes.AsSpan(1)) == 0, Is.True, $"seed {seed}, {Convert.ToHexString(bytes)}");
            Assert.That(atr.Historical.ToArray(), Is.EqualTo(bytes[^((bytes[1] & 0x0F) + (hasCheck ? 1 : 0))..^(hasCheck ? 1 : 0)]));
        }
        Assert.That(read, Is.GreaterThan(1_000), $"seed {seed}");
    }

    /// <summary>The length that T0 and each TD announce (ISO 7816-3 8.2), -1 when that is not within the bytes; and whether TCK is in it.</summary>
    private static (int Length, bool HasCheck) Announced(byte[] bytes)
    {
        if (bytes.Length < 2) return (-1, false);
        var (at, announced, hasCheck) = (2, bytes[1] >> 4, false);
        while (true)
        {
            at += System.Numerics.BitOperations.PopCount((uint)announced & 7);
            if ((announced & 8) == 0) return (at + (bytes[1] & 0x0F) + (hasCheck ? 1 : 0), hasCheck);
            if (at >= bytes.Length) return (-1, false);
            hasCheck |= (bytes[at] & 0x0F) != 0;
            announced = bytes[at++] >> 4;
        }
    }

    private static string WithCheck(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        return hex + $"{CardIssue.Reader.Serial.Framing.SerialFrame.Check(bytes.AsSpan(1)):X2}";
    }

    private static Atr Parse(string hex)
    {
        Assert.That(AtrParser.TryParse(Convert.FromHexString(hex), out var atr, out var error), Is.True, error);
        return atr!;
    }
}
