using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Products;

/// <summary>What a product may say of its cards' own keys.</summary>
public sealed class OwnKeysRulesTest
{
    private static readonly OwnKeys Own = new("own", 0x31, KeyDiversification.Kdf3, OwnKeysPut.Add);

    private static readonly RecordDefinition Puts = new()
    {
        Name = "own", Items = [new ItemDefinition.PutKeys()], Proof = ProofKind.CardMac, Repeat = Repeat.LookFirst,
    };

    private static readonly RecordDefinition PutsWithoutMac = Puts with { Proof = ProofKind.Cryptogram };

    private static readonly RecordDefinition ByWord = Sample.Record() with { Proof = ProofKind.TerminalWord };

    private static CardProduct Product(OwnKeys? own, params RecordDefinition[] records) =>
        Sample.Product(records.Length > 0 ? records : [Sample.Record(), Puts, Sample.Record()]) with { OwnKeys = own };

    private static IEnumerable<string> Faults(CardProduct product) =>
        ProductRules.Check(product).Select(f => $"{f.Record} {f.Property}").Distinct();

    private static readonly string[] OwnKeysFault = ["0 ownKeys"];

    [Test]
    public void SoundProducts_HaveNoFaults()
    {
        Assert.That(ProductRules.Check(Product(Own)), Is.Empty);
        Assert.That(ProductRules.Check(Product(Own with { OneByOne = true })), Is.Empty);
        Assert.That(ProductRules.Check(Product(Own with { Put = OwnKeysPut.Replace })), Is.Empty);
        var sameVersion = Product(Own with { KeyVersion = 0x30, Put = OwnKeysPut.Replace });
        Assert.That(ProductRules.Check(sameVersion), Is.Empty, "the same version, another set");
        var shared = Product(Own with { Diversification = KeyDiversification.None, Put = OwnKeysPut.Replace });
        Assert.That(ProductRules.Check(shared with { Identity = [new IdentitySource.Assigned()] }), Is.Empty);
        var scp02 = Product(Own with { Diversification = KeyDiversification.EmvCps }, ByWord, PutsWithoutMac);
        Assert.That(ProductRules.Check(scp02 with
        {
            Protocol = ScpProtocol.Scp02, SecurityLevel = SecurityLevel.CMacCEnc, Diversification = KeyDiversification.Visa2,
        }), Is.Empty);
    }

    [Test]
    public void KeysThatPutKeyCannotPut_OrThatAreNoOthers_AreFaults()
    {
        foreach (var (own, why) in new[]
        {
            (Own with { KeySet = "own keys" }, "no name"),
            (Own with { KeyVersion = 0x00 }, "no version"),
            (Own with { KeyVersion = 0x80 }, "P1 has seven bits"),
            (Own with { KeySet = "keys", KeyVersion = 0x30, Put = OwnKeysPut.Replace }, "the transport keys"),
            (Own with { KeyVersion = 0x30 }, "added to itself"),
            (Own with { Put = OwnKeysPut.Replace, OneByOne = true }, "a set of old and new"),
            (Own with { Diversification = KeyDiversification.EmvCps }, "the other protocol's"),
            (Own with { Diversification = KeyDiversification.None }, "another card could show them"),
            (Own with { Diversification = KeyDiversification.None, Put = OwnKeysPut.Replace }, "do not prove the identity"),
        })
            Assert.That(Faults(Product(own)), Is.EqualTo(OwnKeysFault), why);
    }

    [Test]
    public void CardsOnWhichNothingCouldBeTold_AreFaults()
    {
        CardProduct Answering(OwnKeysPut put, byte version) =>
            Product(Own with { Put = put }) with { Quirks = new CardQuirks(AnsweredKeyVersion: version) };
        Assert.That(Faults(Product(Own) with { Quirks = new CardQuirks(AskedKeyVersion: 0x00) }), Is.EqualTo(OwnKeysFault));
        Assert.That(Faults(Answering(OwnKeysPut.Replace, 0xFF)), Is.EqualTo(OwnKeysFault));
        Assert.That(Faults(Answering(OwnKeysPut.Add, 0xFF)), Is.Empty);
        Assert.That(Faults(Answering(OwnKeysPut.Add, 0x31)), Is.EqualTo(OwnKeysFault), "the card's version, not the vault's");
        Assert.That(Faults(Product(Own) with { Protocol = null, SecurityLevel = SecurityLevel.CMacCEncRMac }), Is.EqualTo(OwnKeysFault));
        var shared = Product(Own) with { Diversification = KeyDiversification.None, Identity = [new IdentitySource.Assigned()] };
        Assert.That(Faults(shared), Is.Empty, "the diversification data is read again in the channel");
        var without = shared with { SecurityLevel = SecurityLevel.CMacCEnc, Records = [ByWord, PutsWithoutMac] };
        Assert.That(Faults(without), Is.EqualTo(OwnKeysFault), "whoever is between says whose data it is");
        var oneKey = Product(Own with { Diversification = KeyDiversification.EmvCps }) with
        {
            Protocol = ScpProtocol.Scp02, ProtocolOptions = 0x34, SecurityLevel = SecurityLevel.CMacCEncRMac,
            Diversification = KeyDiversification.EmvCps,
        };
        Assert.That(Faults(oneKey), Is.EqualTo(OwnKeysFault), "one key for all");
    }

    [Test]
    public void Record_ThatPutsKeys_PutsThemOnceAndNothingElse()
    {
        Assert.That(Faults(Product(null)), Is.EqualTo(new[] { "2 items" }));
        Assert.That(Faults(Product(Own, Sample.Record())), Is.EqualTo(OwnKeysFault));
        Assert.That(Faults(Product(Own, Puts, Puts)), Is.EqualTo(OwnKeysFault));
        var more = Puts with { Items = [new ItemDefinition.PutKeys(), Sample.Grouping(0x9010, 2)] };
        Assert.That(Faults(Product(Own, more)), Is.EqualTo(new[] { "1 items" }));
        Assert.That(Faults(Product(Own, Puts with { Repeat = Repeat.Repeatable })), Is.EqualTo(new[] { "1 repeat" }));
        Assert.That(Faults(Product(Own, Puts with { Repeat = Repeat.StartOver, RestartAt = 1 })), Is.EqualTo(new[] { "1 repeat" }));
        var looks = Puts with { Look = [new CheckDefinition(Sample.LifeCycle, Sample.Done, Sample.NotDone)] };
        Assert.That(Faults(Product(Own, looks)), Is.EqualTo(new[] { "1 look" }));
        Assert.That(Faults(Product(Own, Puts with { Proof = ProofKind.TerminalWord })), Is.EqualTo(new[] { "1 proof" }));
        Assert.That(Faults(Product(Own, Sample.Record() with { Proof = ProofKind.Cryptogram }, Puts)), Is.EqualTo(new[] { "1 proof" }));
        var close = Product(Own);
        var closing = close.Close with { Items = [new ItemDefinition.PutKeys()] };
        Assert.That(Faults(close with { Close = closing }), Is.EqualTo(new[] { "0 close" }));
    }

    [Test]
    public void WhatComesAfterTheKeys_IsNotSecret_AndDoesNotGoBackToThem()
    {
        var secret = Sample.Record(Sample.Grouping(0x8000, 16, secret: true));
        Assert.That(Faults(Product(Own, secret, Puts, Sample.Record())), Is.Empty);
        Assert.That(Faults(Product(Own, Puts, secret)), Is.EqualTo(new[] { "2 items" }), "under which DEK?");
        var product = Product(Own);
        Assert.That(Faults(product with { Close = product.Close with { Items = secret.Items } }), Is.EqualTo(new[] { "0 close" }));
        var over = Sample.Record() with { Repeat = Repeat.StartOver, RestartAt = 2 };
        Assert.That(Faults(Product(Own, Sample.Record(), Puts, over)), Is.EqualTo(new[] { "3 repeat" }));
        Assert.That(Faults(Product(Own, Sample.Record(), Puts, Sample.Record(), over with { RestartAt = 3 })), Is.Empty);
    }

    [Test]
    public void KeysAfterIssue_AreThoseThatTheCardIsKnownToHold()
    {
        ValueList<HeldKeySet> Keys(CardProduct product) => product.KeysAfterIssue;
        var transport = new HeldKeySet("keys", 0x30, KeyDiversification.Kdf3);
        var own = new HeldKeySet("own", 0x31, KeyDiversification.Kdf3);
        Assert.That(Keys(Sample.Product()), Is.EqualTo(new[] { transport }));
        Assert.That(Keys(Product(Own)), Is.EqualTo(new[] { own, transport }));
        Assert.That(Keys(Product(Own with { Put = OwnKeysPut.Replace })), Is.EqualTo(new[] { own }));
        var factory = Product(Own) with { Quirks = new CardQuirks(AnsweredKeyVersion: 0xFF) };
        Assert.That(Keys(factory), Is.EqualTo(new[] { own }), "a factory's keys go");
    }
}
