using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Preview;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Products;

/// <summary>Records that give a security domain its keys: the commands, what they do to the blocks after them, and the rules.</summary>
public sealed class DomainItemTest
{
    private static readonly ProductDomain Partner = new("partner", Aid.FromHex("A00000015153504101"), "partner", 0x41, KeyDiversification.Kdf3);
    private static readonly ItemDefinition Keys = new ItemDefinition.DomainKeys("partner");

    private static CardProduct Product(ProductDomain domain, params RecordDefinition[] records) =>
        Sample.Product(records.Length > 0 ? records : [Sample.Record(Keys)]) with { SecurityDomains = [domain] };

    private static string[] Hex(CardPlan plan, int record, int block) =>
        [.. plan.Record(record, new Inverting(), block).Select(c => c.Apdu.ToBytes().ToString())];

    /// <summary>Byte by byte as GPCS tables 11-92 and 11-93 have them: usage, type, length, identifier, version, check value; then the keys.</summary>
    [Test]
    public void Commands_NameTheDomain_AndCarryAllKeysInOne()
    {
        string Described(int id, string usage) => $"B914 9501{usage} 800188 810110 82010{id} 830141 84030{id}5AA5".Replace(" ", "", StringComparison.Ordinal);
        string Key(int id) => "811310" + string.Concat(Enumerable.Repeat($"A{id}", 16));
        var data = "00B942" + Described(1, "38") + Described(2, "34") + Described(3, "C8") + Key(1) + Key(2) + Key(3);

        var commands = Hex(Sample.Plan(Product(Partner)), 1, 5);

        Assert.That(commands, Is.EqualTo(new[] { "80E620000F" + "0000" + "09A00000015153504101" + "000000" + "00", $"80E2A8007E{data}00" }));
        var other = Sample.Plan(Product(Partner with { StoreDataP1 = 0x68 }) with { SecurityLevel = SecurityLevel.CMacCEncRMac });
        Assert.That(Hex(other, 1, 0)[1], Does.StartWith("80E2E800"));
    }

    /// <summary>The keys are a series of their own with a last block, so the next one of the domain that is selected begins at 00 (§11.11.2.2).</summary>
    [Test]
    public void Blocks_AfterTheKeys_BeginAnew()
    {
        var product = Product(Partner,
            Sample.Record(Sample.Grouping(0x9011, 3)) with { Name = "a" }, Sample.Record(Keys) with { Name = "b" },
            Sample.Record(Sample.Grouping(0x9012, 3)) with { Name = "c" });
        var plan = Sample.Plan(product);
        var block = 0;
        foreach (var (number, next) in new[] { (1, 1), (2, 0), (3, 1) })
        {
            block = CardPlan.NextBlock(plan.Record(number, new Inverting(), block), block);
            Assert.That(block, Is.EqualTo(next), $"after record {number}");
        }
        Assert.That(plan.Shape.Records[1].Commands, Is.EqualTo(2));
    }

    [Test]
    public void SoundProducts_HaveNoFaults()
    {
        Assert.That(ProductRules.Check(Product(Partner)), Is.Empty);
        var second = new ProductDomain("second", Aid.FromHex("A00000015153504102"), "second", 0x41, KeyDiversification.None);
        Assert.That(ProductRules.Check(Product(Partner, Sample.Record(Keys),
            Sample.Record(new ItemDefinition.DomainKeys("second")) with { Name = "b" }) with { SecurityDomains = [Partner, second] }), Is.Empty);
        var state = new CheckDefinition(new CheckCommand.LifeCycle(new LifeCycleOf(RegistryScope.Applications, Partner.Aid)), Sample.Done, Sample.NotDone);
        Assert.That(ProductRules.Check(Product(Partner, Sample.Record(Keys) with
        {
            Proof = ProofKind.CardState, Checks = [state with { NotDone = null }], Repeat = RepeatRule.LookFirst, Look = [state],
        })), Is.Empty, "proved and looked at by the domain's state");
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        TestCaseData Case(string property, string message, CardProduct product) =>
            new TestCaseData(property, message, product).SetArgDisplayNames(message);
        const string of = "securityDomains";
        yield return Case(of, "its keys are ownKeys", Product(Partner with { Aid = Sample.Domain }));
        yield return Case(of, "a key set's name", Product(Partner with { KeySet = "no name" }));
        yield return Case(of, "from 01 to 7F", Product(Partner with { KeyVersion = 0xFF }));
        yield return Case(of, "the issuer's keys", Product(Partner with { KeySet = "keys", KeyVersion = 0x30 }));
        yield return Case(of, "SCP03 kdf3", Product(Partner with { Diversification = KeyDiversification.Visa2 }));
        yield return Case(of, "28 or 68", Product(Partner with { StoreDataP1 = 0x08 }));
        yield return Case(of, "28 or 68", Product(Partner with { StoreDataP1 = 0xA8 }));
        yield return Case(of, "28 or 68", Product(Partner with { StoreDataP1 = 0x48 }));
        yield return Case(of, "by no record", Product(Partner, Sample.Record()));
        var twin = Partner with { Name = "twin", Aid = Aid.FromHex("A00000015153504102") };
        yield return Case(of, "the keys of another domain", Product(Partner, Sample.Record(Keys),
            Sample.Record(new ItemDefinition.DomainKeys("twin")) with { Name = "b" }) with { SecurityDomains = [Partner, twin] });
        yield return Case("items", "there is no nobody", Product(Partner, Sample.Record(Keys),
            Sample.Record(new ItemDefinition.DomainKeys("nobody")) with { Name = "b" }));
        yield return Case("items", "a record of its own", Product(Partner, Sample.Record(Keys, Sample.Grouping(1))));
        yield return Case("items", "they are put once", Product(Partner, Sample.Record(Keys), Sample.Record(Keys) with { Name = "b" }));
        yield return Case("close", "from a record", Product(Partner) with { Close = Sample.Product().Close with { Items = [Keys] } });
        var own = new RecordDefinition { Name = "own", Items = [new ItemDefinition.PutKeys()], Proof = ProofKind.CardMac, Repeat = RepeatRule.LookFirst };
        yield return Case("items", "under which DEK", Product(Partner, own, Sample.Record(Keys)) with
        {
            OwnKeys = new OwnKeys("own", 0x31, KeyDiversification.Kdf3, OwnKeysPut.Add),
        });
    }

    [TestCaseSource(nameof(Faults))]
    public void WhatMakesNoSense_IsAFault(string property, string message, CardProduct product)
    {
        var faults = ProductRules.Check(product);
        Assert.That(faults.Select(fault => fault.Property), Is.All.EqualTo(property).And.Not.Empty);
        Assert.That(faults.Select(fault => fault.Message), Has.Some.Contains(message));
    }

    /// <summary>
    /// Where all cards share the keys, nothing proves whose diversification data it is: it is read again in the channel, or a domain would
    /// get the keys of a card that somebody has taken apart.
    /// </summary>
    [Test]
    public void DiversificationDataThatKeysDoNotProve_IsReadAgainInTheChannel()
    {
        var shared = Product(Partner) with { Diversification = KeyDiversification.None, Identity = [new IdentitySource.Assigned()] };
        string[] Reads(CardProduct product) => [.. product.Profile.IdentityReads(product).Select(c => c.Apdu.ToBytes().ToString())];
        Assert.That(ProductRules.Check(shared), Is.Empty);
        Assert.That(Reads(shared), Does.Contain("80CA00CF00"));
        Assert.That(Reads(Product(Partner) with { Identity = [new IdentitySource.Assigned()] }), Does.Not.Contain("80CA00CF00"), "the keys prove it");
        Assert.That(Reads(shared with { SecurityDomains = [Partner with { Diversification = KeyDiversification.None }] }),
            Does.Not.Contain("80CA00CF00"), "nothing hangs on it");
        var byWord = shared with { SecurityLevel = SecurityLevel.CMacCEnc, Records = [Sample.Record(Keys) with { Proof = ProofKind.TerminalWord }] };
        Assert.That(ProductRules.Check(byWord).Select(fault => fault.Message), Has.Some.Contains("where it is read again"));
    }

    [Test]
    public void Preview_ShowsTheDescriptions_AndNoKey()
    {
        var preview = CardPreview.Of(Product(Partner), new Dictionary<string, string>(), keyLength: set => set == Partner.Keys ? 32 : 16).Preview!;
        var store = preview.Scripts.Single(script => script.Record == 1 && script.Name.Length > 0).Commands[1];
        Assert.That(store.ToString(), Is.EqualTo(
            "80E2A800 AE 00B942" + Shown(1, "38") + Shown(2, "34") + Shown(3, "C8") + "811320**(32)811320**(32)811320**(32) Le 00"));

        static string Shown(int id, string usage) => $"B9149501{usage}80018881012082010{id}8301418403******";
    }
}
