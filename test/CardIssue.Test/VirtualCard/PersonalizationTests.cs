using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;
using static CardIssue.Test.VirtualCard.GlobalPlatformHost;

namespace CardIssue.Test.VirtualCard;

/// <summary>STORE DATA into the application and the domain, reading back, and power cuts on the way.</summary>
public class PersonalizationTests
{
    private static readonly byte[] Record11 = Convert.FromHexString("70305711476173900101011 9D15122011758989389 5F201A5649534120414351554952455220544553542043415244203031".Replace(" ", ""));
    private static readonly byte[] Record12 = [0x70, 0x81, 0xF0, .. Enumerable.Repeat((byte)0x5A, 1), 0x81, 0xED, .. new byte[0xED]];
    private static readonly byte[] AppKeys = [.. Enumerable.Range(1, 48).Select(i => (byte)i)];
    private static readonly RecordReference First = new(1, 1), Second = new(1, 2);

    /// <summary>A whole personalization, command by command; long records run over two commands.</summary>
    private static List<Func<GlobalPlatformHost, ushort>> Steps() =>
    [
        h => h.Personalize(TestCard.Emv),
        h => h.StoreData(0x00, 0, Grouping(0x0101, Record11)),
        h => h.StoreData(0x00, 1, Grouping(0x0102, Record12)[..200]),
        h => h.StoreData(0x00, 2, Grouping(0x0102, Record12)[200..]),
        h => h.StoreData(0x60, 3, Grouping(0x8000, h.UnderDek(AppKeys))),
        h => h.StoreData(0x00, 4, Grouping(0x9000, [.. AppKeys.Chunk(16).SelectMany(k => CardCrypto.DesCheckValue(k))])),
        h => h.StoreData(0x00, 5, [.. Grouping(0x9010, 3, 3), .. Grouping(0x9104, Convert.FromHexString("82021C00940408010200"))]),
        h => h.StoreData(0x60, 6, Grouping(0x8010, h.UnderDek(CardCrypto.Pad(Convert.FromHexString("241234FFFFFFFFFF"))))),
        h => h.StoreData(0x80, 7, Grouping(0x9102, Convert.FromHexString("A5045002AABB"))),
    ];

    [TestCase((byte)0x00), TestCase((byte)0x01), TestCase((byte)0x03), TestCase((byte)0x33)]
    public void Personalization_ThroughTheDomain_RecordsReadableSecretsNot(byte level)
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, level);
        foreach (var step in Steps()) Assert.That(step(host), Is.EqualTo(Sw.Ok));

        var application = card.Inspect().Application(TestCard.Emv);
        Assert.That(application.IsPersonalized, Is.True);
        Assert.That(application.Records[First], Is.EqualTo(ByteString.Copy(Record11)));
        Assert.That(application.Dgis[0x8000], Is.EqualTo(ByteString.Copy(AppKeys)));
        Assert.That(application.Dgis[0x8010], Is.EqualTo(ByteString.FromHex("241234FFFFFFFFFF")));
        Assert.That(host.Plain($"00A4040007{TestCard.Emv}00").Data, Is.EqualTo(Convert.FromHexString("6F0F8407A0000000031010A5045002AABB")));
        Assert.That(host.Plain("00B2010C00").Data, Is.EqualTo(Record11));
        Assert.That(host.Plain("00B2020C00").Data, Is.EqualTo(Record12));
        Assert.That(host.Plain("00B2030C00").Sw, Is.EqualTo(Sw.RecordNotFound));
        Assert.That(host.Plain("00B2011400").Sw, Is.EqualTo(Sw.NotFound));
        Assert.That(host.Plain("80A8000002830000").Data, Is.EqualTo(Convert.FromHexString("770A82021C00940408010200")));
    }

    [Test]
    public void Personalization_OnTheApplicationItself_ReadsBackOverTheChannel()
    {
        var card = TestCard.Blank();
        var host = TestCard.Host(card);
        host.Plain($"00A4040007{TestCard.Emv}00");
        Assert.That(host.Plain("00B2010C00").Sw, Is.EqualTo(Sw.Conditions), "blank");
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
        foreach (var step in Steps().Skip(1)) Assert.That(step(host), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xB2, 1, 0x0C, []).Data, Is.EqualTo(Record11));
        Assert.That(host.Send(0xB2, 1, 0x0C, [], cla: 0x04).Data, Is.EqualTo(Record11));
        Assert.That(host.StoreData(0x80, 0, Grouping(0x0101, Record11)), Is.EqualTo(Sw.Conditions));
    }

    [Test]
    public void ReadRecord_LongerThanOneProtectedAnswer_GoesOnWithGetResponse()
    {
        var card = TestCard.Blank();
        byte[] Fetching(byte[] command)
        {
            var response = card.Transmit(command);
            return response[^2] == 0x61 ? [.. response[..^2], .. card.Transmit([0, 0xC0, 0, 0, response[^1]])] : response;
        }
        var host = new GlobalPlatformHost(Fetching, TestCard.Keys);
        host.Plain($"00A4040007{TestCard.Emv}00");
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
        foreach (var step in Steps().Skip(1)) Assert.That(step(host), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xB2, 2, 0x0C, []).Data, Is.EqualTo(Record12));
        Assert.That(host.Send(0xB2, 1, 0x0C, []).Data, Is.EqualTo(Record11));
    }

    [Test]
    public void PowerCut_AtEveryCommandOfAPersonalization_LeavesWholeStepsAndTheRestCanBeDone([Values] CutMoment moment)
    {
        var count = Steps().Count;
        for (var at = 1; at <= 2 + count; at++)
        {
            var card = TestCard.Blank();
            card.CutPower(new PowerCut(at, moment));
            var host = TestCard.Host(card);
            var done = 0;
            if (host.Open(0x33) == Sw.Ok) done = Steps().TakeWhile(step => step(host) == Sw.Ok).Count();
            Assert.That(done, Is.EqualTo(Math.Max(0, at - 3)));
            Assert.That(card.IsPowered, Is.False);
            Assert.That(card.Transmit([0, 0xA4, 4, 0, 0]), Is.Empty, "mute until a reset");

            // What ran is kept as a whole: n steps, and one more when only its answer was lost.
            var executed = moment == CutMoment.BeforeResponse ? at - 2 : at - 3;
            var application = card.Inspect().Application(TestCard.Emv);
            Assert.That(application.Records.ContainsKey(First), Is.EqualTo(executed >= 2), $"cut at {at}");
            Assert.That(application.Records.ContainsKey(Second), Is.EqualTo(executed >= 4), $"cut at {at}");
            Assert.That(application.Dgis.ContainsKey(0x9010), Is.EqualTo(application.Dgis.ContainsKey(0x9104)), "one command, both or none");
            Assert.That(application.IsPersonalized, Is.EqualTo(executed >= count));

            card.Reset();
            Assert.That(host.Send(0xE2, 0x00, 1, [0]).Sw, Is.EqualTo(Sw.Security), "no session survives");
            host = TestCard.Opened(card);
            if (application.IsPersonalized) continue;
            foreach (var step in Steps()) Assert.That(step(host), Is.EqualTo(Sw.Ok), $"cut at {at}");
            Assert.That(card.Inspect().Application(TestCard.Emv).Records[Second], Is.EqualTo(ByteString.Copy(Record12)));
        }
    }

    [Test]
    public void StoreData_Malformed_IsRefusedAndStoresNothing()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x01);
        host.Personalize(TestCard.Emv);
        Assert.That(host.StoreData(0x00, 1, Grouping(0x0101, Record11)), Is.EqualTo(Sw.WrongP1P2), "block number");
        Assert.That(host.StoreData(0x00, 0, Grouping(0x0101, [1, 2, 3])), Is.EqualTo(Sw.WrongData), "no template");
        Assert.That(host.StoreData(0x00, 0, Grouping(0x8000, AppKeys)), Is.EqualTo(Sw.WrongData), "a secret in the clear");
        Assert.That(host.StoreData(0x60, 0, Grouping(0x8000, AppKeys[..15])), Is.EqualTo(Sw.WrongData), "no whole blocks");
        Assert.That(host.StoreData(0x00, 0, Grouping(0x7F01, 1)), Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(host.StoreData(0x60, 0, Grouping(0x8000, host.UnderDek(AppKeys))), Is.EqualTo(Sw.Ok));
        Assert.That(host.StoreData(0x00, 1, Grouping(0x9000, new byte[9])), Is.EqualTo(Sw.Security), "check values");
        Assert.That(host.StoreData(0x80, 1, Grouping(0x0101, Record11)[..20]), Is.EqualTo(Sw.WrongData), "last, but not complete");
        Assert.That(card.Inspect().Application(TestCard.Emv).Dgis.Keys, Is.EqualTo(new ushort[] { 0x8000 }));
        Assert.That(card.Inspect().Application(TestCard.Emv).Records, Is.Empty);
    }

    [Test]
    public void StoreData_LastWithoutWhatIsMandatory_IsRefused()
    {
        var card = TestCard.Blank(s => s.With(s.Applications[0] with { MandatoryDgis = [0x0101] }));
        var host = TestCard.Opened(card, 0x01);
        host.Personalize(TestCard.Emv);
        Assert.That(host.StoreData(0x80, 0, Grouping(0x9010, 3, 3)), Is.EqualTo(Sw.WrongP1P2));
        Assert.That(host.StoreData(0x80, 0, Grouping(0x0101, Record11)), Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void StoreData_IntoTheDomain_ConfidentialTagsNeedAChannel()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        Assert.That(host.StoreData(0x10, 0, Convert.FromHexString("42024761" + "DF2003AABBCC" + "DF0105")), Is.EqualTo(Sw.Ok));
        Assert.That(host.StoreData(0x90, 1, Convert.FromHexString("0102030405")), Is.EqualTo(Sw.Ok), "an object over two commands");
        Assert.That(host.StoreData(0x88, 0, Convert.FromHexString("007004" + "45029911")), Is.EqualTo(Sw.Ok), "DGI 0070");
        Assert.That(host.StoreData(0x90, 0, 0x9F, 0x7F, 1, 0), Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(host.Send(0xCA, 0xDF, 0x20, []).Data, Is.EqualTo(Convert.FromHexString("DF2003AABBCC")));
        card.Reset();
        Assert.That(host.Plain("80CADF2000").Sw, Is.EqualTo(Sw.Security));
        Assert.That(host.Plain("80CADF0100").Data, Is.EqualTo(Convert.FromHexString("DF01050102030405")));
        Assert.That(host.Plain("00CA004500").Data, Is.EqualTo(Convert.FromHexString("9911")));
    }
}
