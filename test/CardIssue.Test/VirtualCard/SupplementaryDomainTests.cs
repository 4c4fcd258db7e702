using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>
/// Security domains beside the issuer's, by GlobalPlatform Card Specification 2.3.1: installed without keys, given keys through the issuer's
/// channel (§11.11.4) or by PUT KEY, selected and opened with them, with what belongs to them and nothing else.
/// </summary>
public class SupplementaryDomainTests
{
    private const string Domain = "A00000015153504101", LoadFile = "A0000001515350", Module = "A000000151535041";

    private static readonly CardKeySet Own = CardKeySet.FromHex(0x41, new string('A', 32), new string('B', 32), new string('C', 32));

    private static byte[] Lv(string hex) => [(byte)(hex.Length / 2), .. Convert.FromHexString(hex)];

    /// <summary>INSTALL [for install and make selectable] of a domain, as hosts send it.</summary>
    private static ushort Install(GlobalPlatformHost host, string privileges = "80") => host.Send(0xE6, 0x0C, 0,
        [.. Lv(LoadFile), .. Lv(Module), .. Lv(Domain), .. Lv(privileges), .. Lv("C900"), 0]).Sw;

    /// <summary>A card with a domain that has no keys, and the issuer's channel.</summary>
    private static (CardSimulator Card, GlobalPlatformHost Host) Installed()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card);
        Assert.That(Install(host), Is.EqualTo(Sw.Ok));
        return (card, host);
    }

    private static CardApplication On(CardSimulator card) => card.State.Find(ByteString.FromHex(Domain))!;

    /// <summary>Table 11-92, field by field, and table 11-93 for each key.</summary>
    private static byte[] Groupings(GlobalPlatformHost issuer, CardKeySet keys, Func<byte[], byte[]>? change = null)
    {
        CardKey[] three = [keys.Enc, keys.Mac, keys.Dek];
        byte[] usages = [0x38, 0x34, 0xC8];
        byte[] descriptions =
        [
            .. three.SelectMany((key, i) => (byte[])
            [
                0xB9, 20, 0x95, 1, usages[i], 0x80, 1, 0x88, 0x81, 1, 16, 0x82, 1, (byte)(i + 1), 0x83, 1, keys.Version, 0x84, 3, .. key.CheckValue,
            ]),
        ];
        byte[] data =
        [
            .. GlobalPlatformHost.Grouping(0x00B9, descriptions),
            .. three.SelectMany(key => GlobalPlatformHost.Grouping(0x8113, issuer.UnderDek(key.Span.ToArray()))),
        ];
        return change?.Invoke(data) ?? data;
    }

    /// <summary>Gives a domain keys through the issuer's channel.</summary>
    internal static ushort GiveKeys(GlobalPlatformHost issuer, byte p1 = 0xA8, Func<byte[], byte[]>? change = null, string domain = Domain)
    {
        Assert.That(issuer.Personalize(domain), Is.EqualTo(Sw.Ok));
        return issuer.StoreData(p1, 0, Groupings(issuer, Own, change));
    }

    private static GlobalPlatformHost Selected(CardSimulator card, CardKeySet keys, string aid = Domain)
    {
        card.Reset();
        var host = TestCard.Host(card, keys);
        Assert.That(host.Plain($"00A40400{aid.Length / 2:X2}{aid}00").Sw, Is.EqualTo(Sw.Ok));
        return host;
    }

    [TestCase((byte)0xA8, TestName = "some groupings are encrypted")]
    [TestCase((byte)0xE8, TestName = "all are called encrypted, as gpshell does")]
    [TestCase((byte)0xA0, TestName = "no format is said")]
    public void Domain_GivenKeysThroughTheIssuersChannel_IsPersonalized_AndOpensWithThem(byte p1)
    {
        var (card, issuer) = Installed();
        Assert.That(On(card).LifeCycle, Is.EqualTo(CardApplication.Selectable));

        Assert.That(GiveKeys(issuer, p1), Is.EqualTo(Sw.Ok));

        Assert.That(On(card).LifeCycle, Is.EqualTo(CardApplication.Personalized));
        Assert.That(card.State.Keys.Keys.Select(key => key.Version).Distinct(), Is.EqualTo(new byte[] { 0x30 }), "the issuer's are as they were");
        var host = Selected(card, Own);
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
        Assert.That(Convert.ToHexString(host.Send(0xCA, 0, 0xE0, []).Data), Is.EqualTo("E012C00401418810C00402418810C00403418810"));
    }

    [Test]
    public void Domain_WithKeys_OpensWithNoOthers_AndCountsItsOwnFailures()
    {
        var (card, issuer) = Installed();
        GiveKeys(issuer);

        Assert.That(Selected(card, TestCard.Keys).Open(0x33), Is.EqualTo(Sw.ReferenceNotFound), "the issuer's version");
        var others = CardKeySet.FromHex(0x41, new string('1', 32), new string('2', 32), new string('3', 32));
        Assert.That(() => Selected(card, others).Open(0x33), Throws.TypeOf<AssertionException>(), "another cryptogram");
        Assert.That(Selected(card, Own).Open(0x33, wrongCryptogram: true), Is.EqualTo(Sw.HostCryptogramWrong));

        Assert.That((On(card).Keys.FailedAuthentications, card.State.FailedAuthentications), Is.EqualTo((1, 0)));
        Assert.That(Selected(card, TestCard.Keys, "A000000151000000").Open(0x33), Is.EqualTo(Sw.Ok), "the issuer's channel is as before");
        Assert.That(Selected(card, Own).Open(0x33), Is.EqualTo(Sw.Ok));
        Assert.That(On(card).Keys.FailedAuthentications, Is.Zero);
    }

    /// <summary>What hosts do that put keys into a new domain: its channels are the issuer's until it has keys of its own.</summary>
    [Test]
    public void Domain_WithoutKeys_OpensWithTheIssuers_AndTakesKeysByPutKey()
    {
        var (card, _) = Installed();
        var host = Selected(card, TestCard.Keys);
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
        Assert.That(host.Send(0xCA, 0, 0xE0, []).Data, Is.EqualTo(new byte[] { 0xE0, 0x00 }), "none are its own");
        CardKey[] keys = [Own.Enc, Own.Mac, Own.Dek];
        byte[] data = [0x41, .. keys.SelectMany(key => (byte[])[0x88, 0x11, 0x10, .. host.UnderDek(key.Span.ToArray()), 3, .. key.CheckValue])];

        Assert.That(host.Send(0xD8, 0, 0x81, data).Sw, Is.EqualTo(Sw.Ok));

        Assert.That(On(card).LifeCycle, Is.EqualTo(CardApplication.Personalized));
        Assert.That(Selected(card, Own).Open(0x33), Is.EqualTo(Sw.Ok));
    }

    [TestCase(0x6982, 22, TestName = "another check value")]
    [TestCase(0x6A80, 3, TestName = "no control reference template")]
    [TestCase(0x6A80, 5, TestName = "no usage")]
    [TestCase(0x6A80, 69, TestName = "no secret key behind the descriptions")]
    public void Keys_ThatAreNotAsTheStandardHasThem_AreRefused_AndTheDomainHasNone(int statusWord, int at)
    {
        var (card, issuer) = Installed();
        var before = card.State;
        Assert.That(GiveKeys(issuer, change: data => [.. data.Select((b, i) => i == at ? (byte)(b ^ 0x40) : b)]), Is.EqualTo((ushort)statusWord));
        Assert.That(card.State, Is.SameAs(before));
    }

    /// <summary>The platform's own package is for domains alone, by the AIDs that GlobalPlatform gives it.</summary>
    [Test]
    public void Domain_ComesFromThePlatform_AnApplicationDoesNot()
    {
        var (card, host) = Installed();
        Assert.That(Install(host), Is.EqualTo(Sw.Conditions), "it is there");
        Assert.That(host.Send(0xE4, 0, 0, [0x4F, .. Lv(Domain)]).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(Install(host, "00"), Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(card.State.Find(ByteString.FromHex(Domain)), Is.Null);
    }

    [Test]
    public void Keys_InTheClear_OrOneTooFew_AreRefused()
    {
        var (card, issuer) = Installed();
        Assert.That(GiveKeys(issuer, 0x88), Is.EqualTo(Sw.WrongData), "P1 says that nothing is encrypted");
        Assert.That(GiveKeys(issuer, change: data => data[..^19]), Is.EqualTo(Sw.WrongData));
        Assert.That(On(card).Keys.Keys, Is.Empty);
    }

    /// <summary>The same keys again, as after a cut, and others of the same version in their place; of another size there is no place.</summary>
    [Test]
    public void Keys_OfAVersionThatIsThere_ComeInTheirPlace()
    {
        var (card, issuer) = Installed();
        Assert.That((GiveKeys(issuer), GiveKeys(issuer)), Is.EqualTo((Sw.Ok, Sw.Ok)));
        Assert.That(On(card).Keys.Keys, Has.Count.EqualTo(3));
        var longer = CardKeySet.FromHex(0x41, new string('A', 64), new string('B', 64), new string('C', 64));
        Assert.That(issuer.Personalize(Domain), Is.EqualTo(Sw.Ok));
        Assert.That(issuer.StoreData(0xA8, 0, Groupings(issuer, longer, data => [.. data.Select((b, i) => i is 13 or 35 or 57 ? (byte)32 : b)])),
            Is.EqualTo(Sw.WrongData));
    }

    /// <summary>§5.3.2.2: nothing belongs to a domain that has no keys. §7.3: what belongs to one opens with its keys.</summary>
    [Test]
    public void Application_GivenToADomainWithKeys_OpensWithThem_AndNotBefore()
    {
        var (card, issuer) = Installed();
        ushort Extradite(string domain) => issuer.Send(0xE6, 0x10, 0, [.. Lv(domain), 0, .. Lv(TestCard.Emv), 0, 0, 0]).Sw;
        Assert.That(Extradite(Domain), Is.EqualTo(Sw.ReferenceNotFound));
        GiveKeys(issuer);
        Assert.That(Extradite(Domain), Is.EqualTo(Sw.Ok));

        var host = Selected(card, Own, TestCard.Emv);
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.Ok));
        Assert.That(host.StoreData(0x08, 0, GlobalPlatformHost.Grouping(0x9010, 3, 3)), Is.EqualTo(Sw.Ok));
        Assert.That(Selected(card, TestCard.Keys, TestCard.Emv).Open(0x33), Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(Selected(card, Own).Open(0x33), Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void Domain_TellsOfItselfAndItsApplications_AndManagesNoContent()
    {
        var (card, issuer) = Installed();
        GiveKeys(issuer);
        issuer.Send(0xE6, 0x10, 0, [.. Lv(Domain), 0, .. Lv(TestCard.Emv), 0, 0, 0]);
        var host = Selected(card, Own);
        host.Open(0x33);

        var listed = Convert.ToHexString(host.Send(0xF2, 0x40, 2, [0x4F, 0]).Data);
        Assert.That(listed, Does.Contain("4F09" + Domain).And.Contain("4F07" + TestCard.Emv).And.Contain("CC09" + Domain));
        Assert.That(host.Send(0xF2, 0x80, 2, [0x4F, 0]).Sw, Is.EqualTo(Sw.ReferenceNotFound), "the issuer's domain");
        Assert.That(host.Send(0xF2, 0x20, 2, [0x4F, 0]).Sw, Is.EqualTo(Sw.ReferenceNotFound), "load files are the issuer's");
        Assert.That(Install(host), Is.EqualTo(Sw.Conditions));
        Assert.That(host.Send(0xE8, 0x80, 0, [0xC4, 0x00]).Sw, Is.EqualTo(Sw.Conditions));
        Assert.That(host.Send(0xE4, 0, 0, [0x4F, 7, .. Convert.FromHexString(TestCard.Emv)]).Sw, Is.EqualTo(Sw.Conditions));
        Assert.That(host.Send(0xF0, 0x80, 0x7F, []).Sw, Is.EqualTo(Sw.Conditions), "the card is not its to lock");
        Assert.That(host.Send(0xF0, 0x40, 0x80, Convert.FromHexString(TestCard.Emv)).Sw, Is.EqualTo(Sw.Ok), "its application is");
        Assert.That(host.StoreData(0x90, 0, 0x42, 2, 0x12, 0x34), Is.EqualTo(Sw.Ok));
        Assert.That(Convert.ToHexString(host.Send(0xCA, 0, 0x42, []).Data), Is.EqualTo("42021234"));
        Assert.That(card.State.Data, Is.Empty, "data of its own");
    }

    [Test]
    public void Domain_ThatIsLocked_OpensNoChannel_NotEvenOfItsApplications()
    {
        var (card, issuer) = Installed();
        GiveKeys(issuer);
        issuer.Send(0xE6, 0x10, 0, [.. Lv(Domain), 0, .. Lv(TestCard.Emv), 0, 0, 0]);
        Assert.That(issuer.Send(0xF0, 0x40, 0x80, Convert.FromHexString(Domain)).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(TestCard.Host(card).Plain("00A4040009" + Domain + "00").Sw, Is.EqualTo(Sw.NotFound));
        Assert.That(Selected(card, Own, TestCard.Emv).Open(0x33), Is.EqualTo(Sw.Conditions));
    }

    [Test]
    public void StateFile_KeepsADomainsKeysAndCounters()
    {
        var path = Path.Combine(Path.GetTempPath(), $"cardissue-domain-{Guid.NewGuid():N}.json");
        try
        {
            var (card, issuer) = Installed();
            GiveKeys(issuer);
            Selected(card, Own).Open(0x33, wrongCryptogram: true);
            StateFile.Save(path, card.State);
            var read = StateFile.Load(path).Find(ByteString.FromHex(Domain))!.Keys;
            Assert.That((read.FailedAuthentications, read.SequenceCounters[0x41]), Is.EqualTo((1, 1)));
            Assert.That(read.Set(0x41, CardState.Scp03)!.Mac.Span.ToArray(), Is.EqualTo(Own.Mac.Span.ToArray()));
            var text = File.ReadAllText(path);
            var circle = text.Replace("\"Domain\": null", $"\"Domain\": \"{Domain}\"", StringComparison.Ordinal);
            Assert.That(circle, Is.Not.EqualTo(text));
            File.WriteAllText(path, circle);
            Assert.That(() => StateFile.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("belongs to itself"));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
