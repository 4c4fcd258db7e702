using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

/// <summary>Records that extradite and update the registry: their commands, their rules, and what their answers are worth.</summary>
public sealed class RegistryItemTest
{
    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly Aid Other = Aid.FromHex("A00000015153504101");

    private static readonly ItemDefinition.Extradite Extradite = new(Sample.Application, Other);

    private static readonly ItemDefinition.RegistryUpdate Update = new(Sample.Application) { Privileges = ByteString.FromHex("02") };

    private static string[] Hex(ItemDefinition item) =>
        [.. Sample.Plan(Sample.Product(Sample.Record(item))).Record(1, new Inverting(), 0).Select(c => c.Apdu.ToBytes().ToString())];

    /// <summary>Field by field as GPCS §11.5.2.3.4 and §11.5.2.3.5 have them.</summary>
    [Test]
    public void Commands_HaveTheirFields_AndALookWhereItShowsSomething()
    {
        const string look = "80F24002094F07A000000003101000";
        Assert.That(Hex(Extradite), Is.EqualTo(new[] { "80E6100016" + "09A00000015153504101" + "00" + "07A0000000031010" + "00" + "00" + "00" + "00", look }));
        Assert.That(Hex(Extradite with { Parameters = ByteString.FromHex("EF00"), Token = ByteString.FromHex("AABB") })[0],
            Is.EqualTo("80E610001A" + "09A00000015153504101" + "00" + "07A0000000031010" + "00" + "02EF00" + "02AABB" + "00"));
        Assert.That(Hex(Update), Is.EqualTo(new[] { "80E640000E" + "00" + "00" + "07A0000000031010" + "0102" + "00" + "00" + "00", look }));
        Assert.That(Hex(Update with { Privileges = default, SecurityDomain = Other })[0], Does.StartWith("80E6400016" + "09A00000015153504101"));
        Assert.That(Hex(new ItemDefinition.RegistryUpdate(Sample.Application) { Parameters = ByteString.FromHex("EF03CF0140") }),
            Is.EqualTo(new[] { "80E6400012" + "00" + "00" + "07A0000000031010" + "00" + "05EF03CF0140" + "00" + "00" }), "GET STATUS would show nothing of it");
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        TestCaseData Case(string property, string message, RecordDefinition record) => new TestCaseData(property, message, record).SetArgDisplayNames(message);
        yield return Case("items", "belongs to itself", Sample.Record(Extradite with { SecurityDomain = Sample.Application }));
        yield return Case("items", "belongs to itself", Sample.Record(Update with { SecurityDomain = Sample.Application }));
        yield return Case("items", "privileges have 1 or 3 bytes", Sample.Record(Update with { Privileges = ByteString.FromHex("0000") }));
        yield return Case("items", "changes something", Sample.Record(new ItemDefinition.RegistryUpdate(Sample.Application)));
        yield return Case("items", "what changes the card's registry is a record of its own", Sample.Record(Extradite, Sample.Grouping(1)));
        yield return Case("repeat", "looks by itself", Sample.Record(Update) with
        {
            Repeat = RepeatRule.LookFirst, Look = [new CheckDefinition(Sample.LifeCycle, Sample.Done, Sample.NotDone)],
        });
        yield return Case("proof", "proved by cardMac", Sample.Record(Update) with
        {
            Proof = ProofKind.CardState, Checks = [new CheckDefinition(Sample.LifeCycle, Sample.Done)],
        });
    }

    [TestCaseSource(nameof(Faults))]
    public void WhatMakesNoSense_IsAFault(string property, string message, RecordDefinition record)
    {
        var fault = ProductRules.Check(Sample.Product(record)).Single();
        Assert.That((fault.Property, fault.Message), Is.EqualTo((property, fault.Message)));
        Assert.That(fault.Message, Does.Contain(message));
    }

    private static UnwrapResult Card(ushort statusWord, string hex = "") => new UnwrapResult.Authenticated(ByteString.FromHex(hex), statusWord);

    private static UnwrapResult Error(ushort statusWord) => new UnwrapResult.Unauthenticated(statusWord);

    private static UnwrapResult Entry(string more)
    {
        var entry = "4F07A00000000310109F700107" + more;
        return Card(0x9000, $"E3{entry.Length / 2:X2}{entry}");
    }

    private static Verdict Judge(ItemDefinition item, ScriptStop stop, params UnwrapResult[] responses)
    {
        var plan = Sample.Plan(Sample.Product(Sample.Record(item)));
        var commands = plan.Record(1, new Inverting(), 0);
        return Profile.JudgeRecord(plan, 1, stop, [.. responses.Select((r, i) => new CommandOutcome(commands[i], r))]);
    }

    /// <summary>An older card tells neither domain nor privileges: then its MAC on the command's answer is the proof.</summary>
    [Test]
    public void Record_IsDone_WhenTheRegistrySaysSo_OrTheCardTookItAndTheRegistrySaysNothing()
    {
        Verdict state = new Verdict.Done(ProofKind.CardState), mac = new Verdict.Done(ProofKind.CardMac), doubt = new Verdict.InDoubt();
        const string given = "CC09A00000015153504101", notGiven = "CC08A000000151000000";
        var ok = Card(0x9000, "00");
        foreach (var (item, first, entry, verdict, why) in new (ItemDefinition, UnwrapResult, UnwrapResult, Verdict, string)[]
        {
            (Extradite, ok, Entry(given), state, "it says so"),
            (Extradite, Error(0x6985), Entry(given), state, "it was there already"),
            (Extradite, ok, Entry(notGiven), doubt, "the registry says otherwise"),
            (Extradite, ok, Entry(""), mac, "the registry says nothing"),
            (Extradite, Error(0x6985), Entry(""), doubt, "neither says anything"),
            (Extradite, new UnwrapResult.NoProtection(ByteString.FromHex("00"), 0x9000), Entry(""), doubt, "the terminal's word"),
            (Extradite, ok, Card(0x9000), doubt, "it is not there"),
            (Extradite, ok, Error(0x6A88), doubt, "the terminal says that it is not there"),
            (Update, ok, Entry("C503020000"), state, "one byte is the first of three"),
            (Update, ok, Entry("C50102"), state, "an old card tells one"),
            (Update, ok, Entry("C503000000"), doubt, "other privileges"),
            (Update, ok, Entry(""), mac, "no privileges are told"),
            (Update with { SecurityDomain = Other }, ok, Entry("C503020000" + notGiven), doubt, "one of both"),
            (Update with { SecurityDomain = Other }, Error(0x6985), Entry("C503020000"), doubt, "one of both is not told"),
            (Update with { SecurityDomain = Other }, ok, Entry("C503020000" + given), state, "both"),
        })
            Assert.That(Judge(item, ScriptStop.Completed, first, entry), Is.EqualTo(verdict), why);
        Assert.That(Judge(Extradite, ScriptStop.Completed, ok), Is.EqualTo(doubt));
        Assert.That(Judge(Extradite, ScriptStop.CardLost), Is.EqualTo(new Verdict.CardLost()));
        var silent = new ItemDefinition.RegistryUpdate(Sample.Application) { Parameters = ByteString.FromHex("EF03CF0140") };
        Assert.That(Judge(silent, ScriptStop.Completed, ok), Is.EqualTo(mac));
        Assert.That(Judge(silent, ScriptStop.UnexpectedStatus, Error(0x6985)), Is.EqualTo(doubt));
    }
}
