using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Channel;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>Sessions, selection, life cycle, keys and the registry.</summary>
public class CardSimulatorTests
{
    private static readonly byte[] Levels = [0x00, 0x01, 0x03, 0x11, 0x13, 0x33];

    [TestCaseSource(nameof(Levels))]
    public void Session_AtEveryLevel_CommandsAndRepliesAreProtected(byte level)
    {
        var host = TestCard.Opened(TestCard.Blank(), level);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(host.Send(0xCA, 0x00, 0xCF, []).Data, Is.EqualTo(Convert.FromHexString("CF0A43415244495300000007")));
            Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Ok));
            Assert.That(host.Send(0xCA, 0x00, 0x42, []), Is.EqualTo((Array.Empty<byte>(), Sw.ReferenceNotFound)));
        }
    }

    [TestCase(16), TestCase(24), TestCase(32)]
    public void Session_WithEveryKeySize_Opens(int size)
    {
        var key = new CardKey(Enumerable.Range(0, size).Select(i => (byte)i).ToArray());
        var keys = new CardKeySet(0x31, key, key, key);
        var card = CardSimulator.Create(CardProfile.Empty(1, keys));
        card.Reset();
        Assert.That(TestCard.Host(card, keys).Open(0x33), Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void InitializeUpdate_PseudoRandom_ChallengeIsDerivedFromTheCounter()
    {
        var card = TestCard.Blank();
        foreach (byte expected in new byte[] { 1, 2, 3 })
        {
            var host = TestCard.Opened(card);
            Assert.That(host.CardChallenge, Is.EqualTo(Handshake.PseudoRandomChallenge(TestCard.Keys, [0, 0, expected], CardProfile.DefaultDomain.Span, 8)));
        }
        card.Reset();
        Assert.That(TestCard.Host(card).Plain("80CA00C100").Data, Is.EqualTo(new byte[] { 0xC1, 3, 0, 0, 3 }));
    }

    [Test]
    public void InitializeUpdate_Random_HasTheGivenChallengeAndNoCounter()
    {
        var state = CardProfile.BlankEmv(1, [TestCard.Keys]) with { ScpParameter = 0x60 };
        var card = CardSimulator.Create(state, challenges: n => [.. Enumerable.Repeat((byte)0xA5, n)]);
        card.Reset();
        var (data, _) = TestCard.Host(card).Plain("8050300008010203040506070800");
        Assert.That(data, Has.Length.EqualTo(29));
        Assert.That(data[13..21], Is.All.EqualTo((byte)0xA5));
    }

    [Test]
    public void InitializeUpdate_UnknownKeyVersionOrLength_IsRefused()
    {
        var host = TestCard.Host(TestCard.Blank());
        Assert.That(host.Plain("8050440008010203040506070800").Sw, Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(host.Plain("80503000040102030400").Sw, Is.EqualTo(Sw.WrongLength));
        Assert.That(host.Plain("8482330010000102030405060708090A0B0C0D0E0F").Sw, Is.EqualTo(Sw.Conditions));
    }

    [Test]
    public void ExternalAuthenticate_WrongTenTimes_BlocksForGoodAndSuccessBeforeClearsTheCount()
    {
        var card = TestCard.Blank();
        var host = TestCard.Host(card);
        for (var i = 0; i < 9; i++) Assert.That(host.Open(1, wrongCryptogram: true), Is.EqualTo(Sw.HostCryptogramWrong));
        Assert.That(host.Open(1), Is.EqualTo(Sw.Ok));
        for (var i = 0; i < 10; i++) Assert.That(host.Open(1, wrongCryptogram: true), Is.EqualTo(Sw.HostCryptogramWrong));
        card.PowerOff();
        card.Reset();
        Assert.That(host.Open(1), Is.EqualTo(Sw.Blocked));
    }

    [Test]
    public void SecureMessaging_WrongMac_EndsTheSession()
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x33);
        host.BreaksMac = true;
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Security));
        host.BreaksMac = false;
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Security));
    }

    [Test]
    public void SecureMessaging_CommandWithoutIt_EndsTheSession()
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x01);
        Assert.That(host.Plain("80F28002024F0000").Sw, Is.EqualTo(Sw.Security));
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Security));
    }

    [Test]
    public void SecureMessaging_CommandRepeatedAsItWas_IsRefused()
    {
        var card = TestCard.Blank();
        var sent = new List<byte[]>();
        var host = new GlobalPlatformHost(c => { sent.Add(c); return card.Transmit(c); }, TestCard.Keys);
        host.Open(0x01);
        host.Send(0xF2, 0x80, 0x02, [0x4F, 0]);
        Assert.That(card.Transmit(sent[^1]), Is.EqualTo(new byte[] { 0x69, 0x82 }));
    }

    [Test]
    public void Select_OfTheDomainOrReset_EndsTheSession()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x01);
        Assert.That(host.Plain("00A4040000").Data, Is.EqualTo(Convert.FromHexString("6F108408A000000151000000A5049F6501FF")));
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Security));
        host.Open(0x01);
        card.Reset();
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Security));
    }

    [Test]
    public void Select_OfWhatIsNotThere_LeavesTheSession()
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x01);
        Assert.That(host.Plain("00A4040006A0000099999900").Sw, Is.EqualTo(Sw.NotFound));
        Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Ok));
    }

    [TestCase("80F28002024F0000", Sw.Security)]
    [TestCase("0070000001", Sw.ChannelNotSupported)]
    [TestCase("01A4040000", Sw.ChannelNotSupported)]
    [TestCase("0CA4040000", Sw.SecureMessagingNotSupported)]
    [TestCase("10A4040000", Sw.ChainingNotSupported)]
    [TestCase("8099000000", Sw.UnknownIns)]
    [TestCase("A0A4000000", Sw.UnknownCla)]
    [TestCase("80CA123400", Sw.ReferenceNotFound)]
    [TestCase("80E20000", Sw.Security)]
    [TestCase("80E2000005010203", Sw.WrongLength)]
    [TestCase("80", Sw.WrongLength)]
    public void Command_ThatCannotBe_HasItsStatusWord(string command, int statusWord) =>
        Assert.That(TestCard.Host(TestCard.Blank()).Plain(command).Sw, Is.EqualTo(statusWord));

    [Test]
    public void GetData_ByClass_GivesObjectOrValue()
    {
        var host = TestCard.Host(TestCard.Blank());
        Assert.That(host.Plain("80CA00CF00").Data, Is.EqualTo(Convert.FromHexString("CF0A43415244495300000007")));
        Assert.That(host.Plain("00CA00CF00").Data, Is.EqualTo(Convert.FromHexString("43415244495300000007")));
        Assert.That(host.Plain("80CA00E000").Data, Is.EqualTo(Convert.FromHexString("E012C00401308810C00402308810C00403308810")));
        Assert.That(host.Plain("80CA9F7F00").Data, Has.Length.EqualTo(45));
        Assert.That(Convert.ToHexString(host.Plain("80CA006600").Data), Does.Contain("640B06092A864886FC6B040370"));
    }

    [Test]
    public void SetStatus_OfTheCard_GoesForwardAndLocksAndUnlocks()
    {
        var card = TestCard.Blank(s => s with { LifeCycle = CardLifeCycle.OpReady });
        var host = TestCard.Opened(card, 0x11);
        Assert.That(host.Send(0xF0, 0x80, 0x7F, []).Sw, Is.EqualTo(Sw.Conditions));
        Assert.That(host.Send(0xF0, 0x80, 0x07, []).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xF0, 0x80, 0x0F, []).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xF0, 0x80, 0x01, []).Sw, Is.EqualTo(Sw.Conditions));
        Assert.That(host.Send(0xF0, 0x80, 0x7F, []).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xE2, 0x90, 0, [0x42, 1, 1]).Sw, Is.EqualTo(Sw.Conditions));
        Assert.That(host.Plain("00A4040000").Sw, Is.EqualTo(Sw.CardLocked));
        Assert.That(host.Plain("00A4040007A000000003101000").Sw, Is.EqualTo(Sw.NotSupported));
        host.Open(0x11);
        Assert.That(host.Send(0xF0, 0x80, 0x0F, []).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xF0, 0x80, 0xFF, []).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Plain("00A4040000").Sw, Is.EqualTo(Sw.NotSupported));
        Assert.That(host.Plain("80CA00CF00").Sw, Is.EqualTo(Sw.Security), "without the session's MAC");
        card.Reset();
        Assert.That(host.Plain("80CA00CF00").Sw, Is.EqualTo(Sw.Ok));
        Assert.That(card.Inspect().LifeCycle, Is.EqualTo(CardLifeCycle.Terminated));
    }

    [Test]
    public void SetStatus_OfAnApplication_LocksAndUnlocks()
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x01);
        var aid = Convert.FromHexString(TestCard.Emv);
        Assert.That(host.Send(0xF0, 0x40, 0x80, aid).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Plain($"00A4040007{TestCard.Emv}00").Sw, Is.EqualTo(Sw.NotFound));
        Assert.That(host.Send(0xF0, 0x40, 0x00, aid).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(host.Plain($"00A4040007{TestCard.Emv}00").Sw, Is.EqualTo(Sw.Ok));
    }

    /// <summary>GPCS 11.10: of an application's state a security domain changes the lock, and nothing else.</summary>
    [TestCase(0x07)]
    [TestCase(0x0F)]
    [TestCase(0x7F)]
    public void SetStatus_OfAnApplicationToAStateOfItsOwn_IsRefused(byte state)
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x11);
        var aid = Convert.FromHexString(TestCard.Emv);
        byte State() => card.Inspect().Application(TestCard.Emv).LifeCycle;
        Assert.That((host.Send(0xF0, 0x40, state, aid).Sw, State()), Is.EqualTo((Sw.Conditions, (byte)0x07)), "there is nothing to unlock");
        Assert.That((host.Send(0xF0, 0x40, (byte)(0x80 | state), aid).Sw, State()), Is.EqualTo((Sw.Ok, (byte)0x87)));
        Assert.That(host.Send(0xF0, 0x40, 0x80, aid).Sw, Is.EqualTo(Sw.Conditions), "nor to lock");
        Assert.That((host.Send(0xF0, 0x40, state, aid).Sw, State()), Is.EqualTo((Sw.Ok, (byte)0x07)), "what it was before");
    }

    [Test]
    public void PutKey_NewSetThenReplace_OpensUnderItAndCountsFromZero()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        var next = CardKeySet.FromHex(0x31, new string('A', 32), new string('B', 32), new string('C', 32));
        var (answer, sw) = host.Send(0xD8, 0x00, 0x81, [0x31, .. Wrapped(host, next.Enc), .. Wrapped(host, next.Mac), .. Wrapped(host, next.Dek)]);
        Assert.That(sw, Is.EqualTo(Sw.Ok));
        Assert.That(answer, Is.EqualTo((byte[])[0x31, .. next.Enc.CheckValue, .. next.Mac.CheckValue, .. next.Dek.CheckValue]));
        Assert.That(TestCard.Host(card, next).Open(0x33), Is.EqualTo(Sw.Ok));
        Assert.That(card.State.SequenceCounters[0x31], Is.EqualTo(1));
        Assert.That(card.Inspect().KeyVersions, Is.EqualTo(new byte[] { 0x30, 0x31 }));
    }

    [Test]
    public void PutKey_WrongCheckValueOrSize_ChangesNothing()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x01);
        var before = card.State.Keys;
        var key = Wrapped(host, new CardKey(new byte[16]));
        key[^1] ^= 1;
        Assert.That(host.Send(0xD8, 0x30, 0x01, [0x30, .. key]).Sw, Is.EqualTo(Sw.Security));
        byte[] larger = [0x88, 33, 32, .. host.UnderDek(new byte[32]), 0];
        Assert.That(host.Send(0xD8, 0x30, 0x01, [0x30, .. larger]).Sw, Is.EqualTo(Sw.WrongData));
        Assert.That(host.Send(0xD8, 0x44, 0x01, [0x44, .. larger]).Sw, Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(card.State.Keys, Is.SameAs(before));
    }

    [Test]
    public void GetStatus_MoreThanOneAnswerHolds_GoesOnAfter6310()
    {
        var card = TestCard.Blank(s => s with
        {
            LoadFiles = [.. Enumerable.Range(0, 20).Select(i => new LoadFile(ByteString.Own([0xA0, 0, 0, 0, (byte)i]), ByteString.Own([1, 0]), [], 1))],
        });
        var host = TestCard.Opened(card, 0x33);
        var found = new List<(int, byte[])>();
        var (data, sw) = host.Send(0xF2, 0x20, 0x02, [0x4F, 0]);
        while (true)
        {
            found.AddRange(Tlv.ReadAll(data)!);
            if (sw != Sw.MoreData) break;
            (data, sw) = host.Send(0xF2, 0x20, 0x03, [0x4F, 0]);
        }
        Assert.That(sw, Is.EqualTo(Sw.Ok));
        Assert.That(found, Has.Count.EqualTo(20));
    }

    [Test]
    public void Protocol0_LongerAnswers_AreFetched()
    {
        var card = TestCard.Blank(s => s with { Protocol = CardProtocol.T0 });
        var host = TestCard.Host(card);
        Assert.That(host.Plain("00A4040007A0000000031010").Sw, Is.EqualTo(0x610B));
        Assert.That(host.Plain("00C000000B").Data, Has.Length.EqualTo(11));
        Assert.That(host.Plain("00C0000000").Sw, Is.EqualTo(Sw.Conditions));
        card.Reset();
        Assert.That(host.Plain("80CA00CF00").Sw, Is.EqualTo(0x6C0C));
        Assert.That(host.Plain("80CA00CF0C").Data, Has.Length.EqualTo(12));
    }

    [Test]
    public void Protocol0_WrappedCommandRepeatedAfter6C_RunsOnce()
    {
        var card = TestCard.Blank(s => s with { Protocol = CardProtocol.T0 });
        byte[] OverT0(byte[] command)
        {
            var response = card.Transmit(command);
            if (response[^2] == 0x61) return card.Transmit([0, 0xC0, 0, 0, response[^1]]);
            return response[^2] == 0x6C ? card.Transmit([.. command[..^1], response[^1]]) : response;
        }
        var host = new GlobalPlatformHost(OverT0, TestCard.Keys);
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
        for (var i = 0; i < 3; i++) Assert.That(host.Send(0xF2, 0x80, 0x02, [0x4F, 0]).Sw, Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void StateFile_AnyValueOfAnotherKind_IsRefusedOrIsACardThatAnswers()
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.json");
        try
        {
            StateFile.Save(path, CardProfile.BlankEmv(9, [TestCard.Keys]));
            foreach (var (what, json) in Hosts.BadFiles.Changed(File.ReadAllText(path)))
            {
                File.WriteAllText(path, json);
                CardSimulator card;
                try
                {
                    card = CardSimulator.Open(path);
                }
                catch (InvalidDataException)
                {
                    continue;
                }
                card.Reset();
                foreach (var command in new[] { "00A4040000", "80500000080102030405060708", "80CA006600", "80CA9F7F00", "80CA00CF00", "00A4040007A000000003101000", "00B2010C00" })
                    Assert.That(card.Transmit(Convert.FromHexString(command)), Has.Length.GreaterThanOrEqualTo(2), what);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestCase("\"Protocol\": 1", "\"Protocol\": 10")]
    [TestCase("\"LifeCycle\": 15,", "\"LifeCycle\": 16,")]
    [TestCase("\"Keys\": [", "\"Keys\": [null, ")]
    public void StateFile_NoCard_IsRefusedByName(string right, string wrong)
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.json");
        try
        {
            StateFile.Save(path, CardProfile.BlankEmv(9, [TestCard.Keys]));
            var json = File.ReadAllText(path);
            Assert.That(json, Does.Contain(right));
            File.WriteAllText(path, json.Replace(right, wrong, StringComparison.Ordinal));
            Assert.That(() => StateFile.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void StateFile_WrittenAndRead_IsTheSameCard()
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.json");
        try
        {
            var card = CardSimulator.Create(CardProfile.BlankEmv(9, [TestCard.Keys]), path);
            card.Reset();
            var host = TestCard.Opened(card);
            Assert.That(host.StoreData(0x90, 0, 0x42, 2, 0x47, 0x61), Is.EqualTo(Sw.Ok));
            var again = CardSimulator.Open(path);
            Assert.That(again.State.Data[0x42], Is.EqualTo(ByteString.FromHex("4761")));
            Assert.That(again.State.SequenceCounters[0x30], Is.EqualTo(1));
            Assert.That(again.State.Keys[new KeyReference(0x30, 3)].Span.ToArray(), Is.EqualTo(TestCard.Keys.Dek.Span.ToArray()));
            again.Reset();
            Assert.That(TestCard.Host(again).Open(1), Is.EqualTo(Sw.Ok));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Wrapped(GlobalPlatformHost host, CardKey key) => [0x88, 17, 16, .. host.UnderDek(key.Span.ToArray()), 3, .. key.CheckValue];
}
