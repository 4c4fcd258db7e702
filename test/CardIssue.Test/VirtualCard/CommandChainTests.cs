using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;

namespace CardIssue.Test.VirtualCard;

/// <summary>Commands in segments (GPCS 2.3.1 11.1.5.1): b8 of P1, one MAC over the whole at the end of the last one.</summary>
public class CommandChainTests
{
    private static readonly byte[] Instance = Convert.FromHexString("A000000003101009");

    /// <summary>INSTALL [for install and make selectable] with a token of 256 bytes, as delegated management has it.</summary>
    private static readonly byte[] Install =
        [.. Lv("A00000000310"), .. Lv(TestCard.Emv), .. Tlv.Lv(Instance), 1, 0, 2, 0xC9, 0, .. Tlv.Lv(Enumerable.Range(0, 256).Select(i => (byte)i).ToArray())];

    private static readonly byte[] Levels = [0x00, 0x01, 0x03, 0x11, 0x13, 0x33];

    [Test]
    public void Install_AndDelete_InSegments_AreDoneAsOneCommand(
        [ValueSource(nameof(Levels))] byte level, [Values(255, 247, 100, 17)] int segment, [Values(8, 16)] int macLength)
    {
        var card = TestCard.Blank(s => s with { ScpParameter = (byte)(macLength == 16 ? 0x71 : 0x70) });
        var host = new GlobalPlatformHost(c => card.Transmit(c), TestCard.Keys, macLength);
        Assert.That(host.Open(level), Is.EqualTo(Sw.Ok));
        Assert.That(host.SendChained(0xE6, 0x0C, 0x00, Install, segment), Is.EqualTo((new byte[] { 0x00 }, Sw.Ok)));
        Assert.That(host.Send(0xF2, 0x40, 0x02, [0x4F, .. Tlv.Lv(Instance)]).Sw, Is.EqualTo(Sw.Ok));
        byte[] delete = [0x4F, .. Tlv.Lv(Instance), 0x9E, .. Tlv.Lv(new byte[256])];
        Assert.That(host.SendChained(0xE4, 0x00, 0x80, delete, segment), Is.EqualTo((new byte[] { 0x00 }, Sw.Ok)));
        Assert.That(host.Send(0xF2, 0x40, 0x02, [0x4F, .. Tlv.Lv(Instance)]).Sw, Is.EqualTo(Sw.ReferenceNotFound));
    }

    /// <summary>A host that cuts the protected command may cut it in the middle of its MAC.</summary>
    [Test]
    public void LastSegment_OfOneByte_HoldsTheEndOfTheMac()
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x01);
        var segment = Enumerable.Range(30, 225).First(n => (Install.Length + 8) % n == 1);
        Assert.That(host.SendChained(0xE6, 0x0C, 0x00, Install, segment).Sw, Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void Segments_WithAWrongMac_ChangeNothingAndEndTheSession()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        var before = card.State;
        host.BreaksMac = true;
        Assert.That(host.SendChained(0xE6, 0x0C, 0x00, Install, 255).Sw, Is.EqualTo(Sw.Security));
        host.BreaksMac = false;
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Security));
        Assert.That(card.State, Is.SameAs(before));
    }

    [TestCase("00A4040000", TestName = "a selection")]
    [TestCase("00CA00CF00", TestName = "a command without the session's protection")]
    [TestCase("80500000080102030405060708", TestName = "a new session")]
    public void Chain_BrokenOff_IsForgotten(string between)
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x01);
        var before = card.State.Applications;
        Assert.That(host.SendChained(0xE6, 0x0C, 0x00, Install, 255, () => host.Plain(between)).Sw, Is.EqualTo(Sw.Security));
        Assert.That(card.State.Applications, Is.SameAs(before));
    }

    [TestCase("80E48C0002" + "4F00" + "00", TestName = "another instruction")]
    [TestCase("80E68C0102" + "4F00" + "00", TestName = "another P2")]
    [TestCase("80E6820002" + "4F00" + "00", TestName = "another P1")]
    [TestCase("80CA00CF00", TestName = "GET DATA")]
    public void Chain_WithoutMac_IsBrokenOffByAnyOtherHeader(string between)
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x00);
        var (_, sw) = host.SendChained(0xE6, 0x0C, 0x00, Install, 255, () => host.Plain(between));
        Assert.That(sw, Is.EqualTo(Sw.WrongData), "the last segment alone is no INSTALL");
        Assert.That(host.SendChained(0xE6, 0x0C, 0x00, Install, 255).Sw, Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void Segments_WithoutASession_AreRefusedAtOnce()
    {
        var host = TestCard.Host(TestCard.Blank());
        Assert.That(host.Plain("80E68C0002000000").Sw, Is.EqualTo(Sw.Security));
        Assert.That(host.Plain("84E68C0002000000").Sw, Is.EqualTo(Sw.Security));
    }

    [Test]
    public void Chain_LongerThanLcCanSay_IsRefusedAndForgotten()
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x00);
        var segment = "80D88081FF" + new string('0', 2 * 255) + "00";
        for (var i = 0; i < CommandChain.MaximumLength / 255; i++) Assert.That(host.Plain(segment).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Plain(segment).Sw, Is.EqualTo(Sw.WrongLength));
        Assert.That(host.Plain("80D8008101" + "31").Sw, Is.EqualTo(Sw.WrongData), "on its own");
    }

    /// <summary>STORE DATA and LOAD have a b8 of P1 of their own: "last block".</summary>
    [Test]
    public void OtherCommands_WithThatBit_AreNoSegments()
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x11);
        Assert.That(host.StoreData(0x90, 0, 0x42, 2, 0x47, 0x61), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Data, Is.Not.Empty);
    }

    [Test]
    public void Segments_OverT0_AreAnsweredOnceAtTheEnd()
    {
        var card = TestCard.Blank(s => s with { Protocol = CardIssue.Testing.Cards.State.CardProtocol.T0 });
        byte[] OverT0(byte[] command)
        {
            // A case 4 command leaves its Le out (ISO 7816-3 12.2.4).
            var response = card.Transmit(command.Length == 6 + command[4] ? command[..^1] : command);
            return response[^2] == 0x61 ? card.Transmit([0, 0xC0, 0, 0, response[^1]]) : response;
        }
        var host = new GlobalPlatformHost(OverT0, TestCard.Keys);
        Assert.That(host.Open(0x00), Is.EqualTo(Sw.Ok));
        Assert.That(host.SendChained(0xE6, 0x0C, 0x00, Install, 255), Is.EqualTo((new byte[] { 0x00 }, Sw.Ok)));
    }

    private static byte[] Lv(string hex) => Tlv.Lv(Convert.FromHexString(hex));
}
