using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>
/// Commands byte for byte as GlobalPlatformPro and gpshell send them (their public sources and session logs), where a standard allows more than
/// one form.
/// </summary>
public class HostCommandTests
{
    [TestCase("00A4040000", "6F108408A000000151000000A5049F6501FF9000", TestName = "SELECT of what is the default, Le 00")]
    [TestCase("00A40400", "6F108408A000000151000000A5049F6501FF9000", TestName = "SELECT of what is the default, no Le")]
    [TestCase("00A4040008A000000151000000", "6F108408A000000151000000A5049F6501FF9000", TestName = "SELECT by name, no Le")]
    [TestCase("00A4040008A00000015100000000", "6F108408A000000151000000A5049F6501FF9000", TestName = "SELECT by name, Le 00")]
    [TestCase("80CA00CF00", "CF0A434152444953000000079000", TestName = "GET DATA of class 80")]
    [TestCase("80CA00CF", "CF0A434152444953000000079000", TestName = "GET DATA without Le")]
    [TestCase("80CA00CF000000", "CF0A434152444953000000079000", TestName = "GET DATA with an extended Le")]
    [TestCase("00CA00CF00", "434152444953000000079000", TestName = "GET DATA of class 00: the value alone")]
    [TestCase("80CB00CF00", "CF0A434152444953000000079000", TestName = "GET DATA by its odd instruction")]
    [TestCase("80CA2F00025C0000", "2F000B61094F07A00000000310109000", TestName = "GET DATA of the applications, class 80")]
    [TestCase("00CA2F00025C0000", "61094F07A00000000310109000", TestName = "GET DATA of the applications, class 00")]
    [TestCase("80CA00CF025C0000", "6700", TestName = "GET DATA with data that its tag has none of")]
    [TestCase("80CA004200", "6A88", TestName = "GET DATA of an IIN that is not there")]
    [TestCase("80CA00D300", "6A88", TestName = "GET DATA of a security level outside of a session")]
    [TestCase("80CAFF2100", "6A88", TestName = "GET DATA of resources")]
    public void Command_BeforeASession_IsAnswered(string command, string expected)
    {
        var card = TestCard.Blank();
        Assert.That(Convert.ToHexString(card.Transmit(Convert.FromHexString(command))), Is.EqualTo(expected));
    }

    [TestCase("80F28002024F0000", "E31D4F08A0000001510000009F70010FC5039EFE80CC08A0000001510000009000", TestName = "GET STATUS of the domain")]
    [TestCase("80F28000024F0000", "08A0000001510000000F9E9000", TestName = "GET STATUS of the domain, old form")]
    [TestCase("80F24002024F0000", "E3244F07A00000000310109F700107C503000000C406A00000000310CC08A0000001510000009000", TestName = "GET STATUS of applications")]
    [TestCase("80F240020C4F07A00000000310105C014F00", "E3094F07A00000000310109000", TestName = "GET STATUS with a tag list")]
    [TestCase("80F21002024F0000", "E3234F06A000000003109F700101CE0201008407A0000000031010CC08A0000001510000009000", TestName = "GET STATUS of load files and modules")]
    [TestCase("80F22003024F0000", "6A86", TestName = "GET STATUS, next without a first")]
    [TestCase("80F24002074F05A00000999900", "6A88", TestName = "GET STATUS of what is not there")]
    [TestCase("80F0400307A0000000031010", "6985", TestName = "SET STATUS of an application to what it can't be")]
    [TestCase("80F0408007A0000000031010", "9000", TestName = "SET STATUS that locks an application")]
    [TestCase("80F0800F", "6985", TestName = "SET STATUS of the card to what it is")]
    [TestCase("80F0807F", "9000", TestName = "SET STATUS of the card without data")]
    [TestCase("80F0807F08A000000151000000", "9000", TestName = "SET STATUS of the card with its AID")]
    [TestCase("80E40080094F07A000000003101000", "009000", TestName = "DELETE of an application and what is related")]
    [TestCase("80E40000094F07A0000000031010", "009000", TestName = "DELETE without Le")]
    [TestCase("80E40080114F07A00000000310104F06A0000000031000", "009000", TestName = "DELETE of several at once")]
    [TestCase("80E40000114F06A000000003104F07A000000003101000", "6985", TestName = "DELETE of several, one of which is in use")]
    [TestCase("80E40080114F07A00000000310104F06A0000000999900", "6A88", TestName = "DELETE of several, one of which is not there")]
    [TestCase("80E4008003D2014400", "6A88", TestName = "DELETE of a key version that is not there")]
    [TestCase("80E4000003D2013000", "6985", TestName = "DELETE of the keys that the card is opened by")]
    [TestCase("80E620000D000007A000000003101000000000", "009000", TestName = "INSTALL [for personalization]")]
    [TestCase("80E620000D000007A0000000031010000000", "009000", TestName = "INSTALL [for personalization] without Le")]
    [TestCase("80E60C002006A0000000031007A000000003101008A0000000031010010300000002C9000000", "009000", TestName = "INSTALL with three bytes of privileges")]
    [TestCase("80E60C001E06A0000000031007A000000003101008A000000003101001010002C9000000", "009000", TestName = "INSTALL with one byte of privileges")]
    [TestCase("80E60C001D06A0000000031007A000000003101008A000000003101001010002C900", "009000", TestName = "INSTALL without a token, without Le")]
    [TestCase("80E604001E06A0000000031007A000000003101008A000000003101001010402C9000000", "6A80", TestName = "INSTALL [for install] with Card Reset")]
    [TestCase("80E608000E000007A00000000310100104000000", "009000", TestName = "INSTALL [for make selectable] of the application that a reset selects")]
    [TestCase("80E6080010000007A0000000031010030400000000", "009000", TestName = "INSTALL [for make selectable], three bytes of privileges, no Le")]
    [TestCase("80E608000E000007A00000000310100100000000", "6985", TestName = "INSTALL [for make selectable] of what is selectable")]
    [TestCase("80E29000044202476100", "9000", TestName = "STORE DATA with Le")]
    [TestCase("80E291000442024761", "9000", TestName = "STORE DATA that an answer is expected to")]
    [TestCase("80E288000700700442024761", "9000", TestName = "STORE DATA of DGIs")]
    [TestCase("80E280000700700442024761", "9000", TestName = "STORE DATA of a form that is not stated")]
    [TestCase("80E2900000000442024761", "9000", TestName = "STORE DATA with extended lengths")]
    [TestCase("80E29000064F04A000000100", "6A88", TestName = "STORE DATA of a name that the domain does not change")]
    [TestCase("81F28002024F0000", "6881", TestName = "a logical channel that is not open")]
    public void Command_InASession_IsAnswered(string command, string expected)
    {
        var card = TestCard.Blank();
        TestCard.Opened(card, 0x00);
        Assert.That(Convert.ToHexString(card.Transmit(Convert.FromHexString(command))), Is.EqualTo(expected));
    }

    [Test]
    public void Delete_OfSeveral_IsAllOrNothing()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x00);
        var before = card.State;
        host.Plain("80E40080114F07A00000000310104F06A0000000999900");
        Assert.That(card.State, Is.SameAs(before));
        host.Plain("80E40080114F07A00000000310104F06A0000000031000");
        Assert.That((card.State.Applications.Count, card.State.LoadFiles.Count), Is.EqualTo((0, 0)));
    }

    /// <summary>GlobalPlatformPro's --make-default: the privilege goes to one application, and what has it is there after a reset.</summary>
    [Test]
    public void CardReset_GivenAway_IsWhatAResetSelects()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x00);
        Assert.That(host.Plain("80E60C001E06A0000000031007A000000003101008A000000003101001010402C9000000").Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Plain("80E608000E000007A00000000310100104000000").Sw, Is.EqualTo(Sw.Ok));
        Assert.That(card.State.Applications.Select(a => a.HasCardReset), Is.EqualTo(new[] { true, false }));
        Assert.That(Convert.ToHexString(host.Plain("80F28002024F0000").Data), Does.Contain("C5039AFE80"), "the domain lost it");
        card.Reset();
        Assert.That(host.Plain("80CA00CF00").Sw, Is.EqualTo(Sw.ReferenceNotFound), "the application has no such object");
        Assert.That(host.Plain("00A4040000").Data, Is.EqualTo(Convert.FromHexString("6F108408A000000151000000A5049F6501FF")));
        Assert.That(host.Open(0x00), Is.EqualTo(Sw.Ok));
        Assert.That(host.Plain("80E40000094F07A000000003101000").Sw, Is.EqualTo(Sw.Ok));
        card.Reset();
        Assert.That(host.Plain("80CA00CF00").Sw, Is.EqualTo(Sw.Ok), "nobody has it any more");
    }

    /// <summary>Lc of three bytes stands in the MAC as it stands in the command.</summary>
    [Test]
    public void SecuredCommand_WithExtendedLengths_IsMacedAsCoded()
    {
        var card = TestCard.Blank();
        byte[] Extended(byte[] command) => command[1] != 0xF2 ? card.Transmit(command)
            : card.Transmit([.. command[..4], 0, 0, .. command[4..^1], 0, 0]);
        var host = new GlobalPlatformHost(Extended, TestCard.Keys) { CodesLcInThreeBytes = true };
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void InitializeUpdate_OfAnS16Card_RefusesEightBytesByTheirLength()
    {
        var card = TestCard.Blank(s => s with { ScpParameter = 0x71 });
        Assert.That(TestCard.Host(card).Plain("8050000008010203040506070800").Sw, Is.EqualTo(Sw.WrongLength), "upon which hosts try sixteen");
        Assert.That(card.State.SequenceCounters, Is.Empty);
        var host = new GlobalPlatformHost(c => card.Transmit(c), TestCard.Keys, macLength: 16);
        Assert.That(host.Plain("80500000100102030405060708090A0B0C0D0E0F1000").Data, Has.Length.EqualTo(48));
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
    }

    /// <summary>An answer of 256 bytes has less room for what it says when MACs are longer.</summary>
    [Test]
    public void GetStatus_OfAnS16Card_GoesOnAfter6310([Values((byte)0x11, (byte)0x33)] byte level)
    {
        var files = Enumerable.Range(0, 20).Select(i => new LoadFile(ByteString.Own([0xA0, 0, 0, 0, (byte)i]), ByteString.Own([1, 0]), [], 1));
        var card = TestCard.Blank(s => s with { ScpParameter = 0x61, LoadFiles = [.. files] });
        var lengths = new List<int>();
        byte[] Counting(byte[] command)
        {
            var response = card.Transmit(command);
            lengths.Add(response.Length);
            return response;
        }
        var host = new GlobalPlatformHost(Counting, TestCard.Keys, macLength: 16);
        Assert.That(host.Open(level), Is.EqualTo(Sw.Ok));
        var found = 0;
        for (byte p2 = 0x02; ; p2 = 0x03)
        {
            var (data, sw) = host.Send(0xF2, 0x20, p2, [0x4F, 0]);
            found += Tlv.ReadAll(data)!.Count;
            if (sw == Sw.Ok) break;
            Assert.That(sw, Is.EqualTo(Sw.MoreData));
        }
        Assert.That(found, Is.EqualTo(20));
        Assert.That(lengths, Is.All.LessThanOrEqualTo(258));
    }
}
