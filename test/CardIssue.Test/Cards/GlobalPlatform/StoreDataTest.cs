using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Cards.GlobalPlatform;

public class StoreDataTest
{
    private static StoreDataItem Item(ushort id, int length, bool encrypted = false) => StoreDataItem.Of(new Dgi(id, ByteString.Own(new byte[length])), encrypted);

    private static IEnumerable<string> Heads(ValueList<CommandApdu> commands) => commands.Select(c => $"{c.P1:X2} {c.P2:X2} {c.Data.Length}");

    [Test]
    public void CpsExample_Coded_IsTheKnownCommand()
    {
        var record = ByteString.FromHex("7030571147617390010101 19D15122011758989389 5F201A5649534120414351554952455220544553542043415244203031");
        var commands = StoreData.Commands(StoreDataProfile.EmvCps(247), [StoreDataItem.Of(new Dgi(0x0101, record))], last: false);
        Assert.That(commands.Single().ToBytes().ToString(), Is.EqualTo("80E20000350101" + "32" + record));
    }

    [Test]
    public void Groupings_OnePerCommand_CountBlocksAndMarkTheLast() => Assert.That(
        Heads(StoreData.Commands(StoreDataProfile.GlobalPlatformDgi(239), [Item(0x0101, 10), Item(0x8010, 16, true), Item(0x9102, 5)], last: true)),
        Is.EqualTo(new[] { "08 00 13", "68 01 19", "88 02 8" }));

    [Test]
    public void LongGrouping_Split_HasItsLengthOnceAndNothingAfterItInTheCommand()
    {
        var commands = StoreData.Commands(StoreDataProfile.EmvCps(239) with { Packed = true }, [Item(0x0101, 300), Item(0x0102, 10), Item(0x0103, 10)], last: true);
        Assert.That(Heads(commands), Is.EqualTo(new[] { "00 00 239", "00 01 66", "80 02 26" }));
        Assert.That(commands[0].Data.Slice(0, 5).ToString(), Is.EqualTo("0101FF012C"));
        Assert.That(Dgi.TryParse(ByteString.Concat([.. commands.Select(c => c.Data)]).Span, out var groupings, out _) && groupings.Count == 3, Is.True);
    }

    [Test]
    public void PackedGroupings_OfAnotherP1_StartACommand() => Assert.That(
        Heads(StoreData.Commands(StoreDataProfile.EmvCps(239) with { Packed = true }, [Item(1, 10), Item(2, 10), Item(3, 10, true), Item(4, 10)], last: false)),
        Is.EqualTo(new[] { "00 00 26", "60 01 13", "00 02 13" }));

    [Test]
    public void Series_OverRecords_GoesOnCountingUpToItsEnd()
    {
        var profile = StoreDataProfile.EmvCps(239);
        Assert.That(Heads(StoreData.Commands(profile, [Item(1, 1)], last: true, firstBlock: 255)), Is.EqualTo(new[] { "80 FF 4" }));
        Assert.That(() => StoreData.Commands(profile, [Item(1, 1)], last: true, firstBlock: 256), Throws.ArgumentException);
        Assert.That(() => StoreData.Commands(profile, [], last: true), Throws.ArgumentException);
        Assert.That(() => StoreData.Commands(profile with { MaxData = 256 }, [Item(1, 1)], last: true), Throws.ArgumentException);
    }

    [Test]
    public void TlvObject_Coded_HasTheTlvFormatBits() => Assert.That(
        StoreData.Commands(StoreDataProfile.BerTlv(247) with { Le = 256 }, [StoreDataItem.Of(BerTlv.Constructed(0xBF3E, BerTlv.Primitive(0x5C, ByteString.FromHex("5A"))))], last: true)
            .Single().ToBytes().ToString(), Is.EqualTo("80E2900006BF3E035C015A00"));
}
