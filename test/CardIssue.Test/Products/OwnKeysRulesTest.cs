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
        Name = "own", Items = [new ItemDefinition.PutKeys()], Proof = ProofKind.CardMac, Repeat = RepeatRule.LookFirst,
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
        Assert.That(Faults(Product(Own, Puts with { Repeat = RepeatRule.Repeatable })), Is.EqualTo(new[] { "1 repeat" }));
        Assert.That(Faults(Product(Own, Puts with { Repeat = RepeatRule.StartOver, RestartAt = 1 })), Is.EqualTo(new[] { "1 repeat" }));
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
        var over = Sample.Record() with { Repeat = RepeatRule.StartOver, RestartAt = 2 };
        Assert.That(Faults(Product(Own, Sample.Record(), Puts, over)), Is.EqualTo(new[] { "3 repeat" }));
        Assert.That(Faults(Product(Own, Sample.Record(), Puts, Sample.Record(), over with { RestartAt = 3 })), Is.Empty);
    }

    private static CardProduct Rewriting(OwnKeys? own, OwnKeys? ofRewrite, params RecordDefinition[] records)
    {
        var look = new CheckDefinition(Sample.LifeCycle, Sample.Done);
        var product = own is null ? Sample.Product() : Product(own);
        return product with
        {
            Identity = [new IdentitySource.Assigned()],
            Rewrites =
            [
                new RewriteDefinition
                {
                    Name = "renew", Before = [look], OwnKeys = ofRewrite, Records = [.. records], Close = new CloseDefinition(default, null, [look]),
                },
            ],
        };
    }

    private static readonly OwnKeys New = new("new", 0x32, KeyDiversification.Kdf3, OwnKeysPut.Replace);

    [Test]
    public void Rewrite_ThatPutsKeys_IsHeldToTheSameRules()
    {
        var replaced = Own with { Put = OwnKeysPut.Replace };
        Assert.That(ProductRules.Check(Rewriting(replaced, New, Puts)), Is.Empty);
        Assert.That(ProductRules.Check(Rewriting(replaced, null, Puts)), Is.Empty, "the product's own, on cards that have them not yet");
        Assert.That(ProductRules.Check(Rewriting(Own, New with { Put = OwnKeysPut.Add }, Sample.Record(), Puts, Sample.Record())), Is.Empty);
        foreach (var (product, property, why) in new[]
        {
            (Rewriting(null, null, Puts), "items", "no keys are named"),
            (Rewriting(replaced, New, Sample.Record()), "ownKeys", "no record puts them"),
            (Rewriting(replaced, New, Puts, Puts), "ownKeys", "twice"),
            (Rewriting(replaced, replaced, Puts), "ownKeys", "the card has them"),
            (Rewriting(replaced, New with { Put = OwnKeysPut.Add, KeyVersion = 0x31 }, Puts), "ownKeys", "added to itself"),
            (Rewriting(Own, New, Puts), "ownKeys", "the transport keys are there too, and may answer"),
            (Rewriting(Own, New with { Put = OwnKeysPut.Add, KeyVersion = 0x30 }, Puts), "ownKeys", "the version of those beside"),
            (Rewriting(replaced, New, Puts, Sample.Record(Sample.Grouping(0x8000, 16, secret: true))), "items", "under which DEK?"),
            (Rewriting(replaced, New, Puts with { Repeat = RepeatRule.Repeatable }), "repeat", "put once"),
        })
        {
            var faults = ProductRules.Check(product);
            Assert.That(faults.Select(fault => (fault.Rewrite, fault.Property)), Is.All.EqualTo(("renew", property)), why);
            Assert.That(faults, Is.Not.Empty, why);
        }
    }

    /// <summary>What the center knows of a card decides, not what the product says of the cards that it is issued on.</summary>
    [Test]
    public void Rewrite_MadeForACardsKeys_OpensItWithThem_AndLeavesTheNewOnes()
    {
        var product = Rewriting(Own with { Put = OwnKeysPut.Replace }, New with { Put = OwnKeysPut.Add }, Puts);
        HeldKeySet one = new("one", 0x01, KeyDiversification.Kdf3) { AnsweredAs = 0x41 }, two = new("two", 0x02, KeyDiversification.None);

        var rewrite = product.Rewrite("renew", [one, two])!;

        Assert.That((rewrite.KeySet, rewrite.KeyVersion, rewrite.TransportVersion), Is.EqualTo(("one", (byte)0x01, (byte)0x41)));
        Assert.That(rewrite.KeysBefore, Is.EqualTo(new[] { one, two }));
        Assert.That(rewrite.KeysAfter, Is.EqualTo(new[] { new HeldKeySet("new", 0x32, KeyDiversification.Kdf3), one, two }));
        Assert.That(ProductRules.KeysFault(rewrite, [one, two]), Is.Null);
        Assert.That(ProductRules.KeysFault(rewrite, [one, two, rewrite.OwnKeys!.Set]), Does.EndWith("they are put once"));
        var versions = product.Rewrite("renew", [one with { KeyVersion = 0x32, AnsweredAs = null }])!;
        Assert.That(ProductRules.KeysFault(versions, []), Does.StartWith("the card has keys of this version"));
        var des = product.Rewrite("renew", [one with { Diversification = KeyDiversification.EmvCps }])!;
        Assert.That(ProductRules.KeysFault(des, []), Does.Contain("SCP03 needs AES"));
    }

    [Test]
    public void KeysAfter_AreThoseThatTheCardIsKnownToHold()
    {
        ValueList<HeldKeySet> Keys(CardProduct product) => product.KeysAfter;
        var transport = new HeldKeySet("keys", 0x30, KeyDiversification.Kdf3);
        var own = new HeldKeySet("own", 0x31, KeyDiversification.Kdf3);
        Assert.That(Keys(Sample.Product()), Is.EqualTo(new[] { transport }));
        Assert.That(Keys(Product(Own)), Is.EqualTo(new[] { own, transport }));
        Assert.That(Keys(Product(Own with { Put = OwnKeysPut.Replace })), Is.EqualTo(new[] { own }));
        var factory = Product(Own) with { Quirks = new CardQuirks(AnsweredKeyVersion: 0xFF) };
        Assert.That(Keys(factory), Is.EqualTo(new[] { own }), "a factory's keys go");
    }
}
