using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

/// <summary>What shows that a card is the one that an order was begun with, and what a blank one could show as well.</summary>
public sealed class EvidenceTest
{
    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly CheckCommand File = new CheckCommand.ReadRecord(1, 1);
    private static readonly Expectation Field = new Expectation.Exactly([new TemplateNode.Tlv(0x70,
        [new TemplateNode.Field("pan", FieldEncoding.Hex)])]);
    private static readonly StartState Start = new(Sample.State, [0x07]);

    private static RecordDefinition Checked(ProofKind proof, Expectation done, CheckCommand? read = null) =>
        Sample.Record(Sample.Field(0x9010, "pan", FieldEncoding.Hex)) with { Proof = proof,
            Checks = [new CheckDefinition(read ?? File, done)] };

    private static RecordDefinition Looked(CheckCommand read, Expectation done, Expectation notDone) =>
        Sample.Record(Sample.Field(0x9010, "pan", FieldEncoding.Hex)) with
    {
        Repeat = RepeatRule.LookFirst, Look = [new CheckDefinition(read, done, notDone)],
    };

    private static CardPlan Plan(StartState? start, params RecordDefinition[] records) =>
        Sample.Plan(Sample.Product(records) with { Selected = Sample.Application, Start = start }, ("pan", "5701AA"));

    private static int Commands(RecordDefinition record, StartState? start = null, params RecordDefinition[] later) =>
        Plan(start, [record, .. later]).Shape.Records[0].EvidenceCommands;

    [Test]
    public void WhatOnlyThisCustomersCardHolds_IsEvidence()
    {
        Assert.That(Commands(Checked(ProofKind.ReadBack, Field)), Is.EqualTo(1));
        Assert.That(Commands(Looked(File, Field, new Expectation.Nothing())), Is.EqualTo(1));
        Assert.That(Commands(Looked(Sample.LifeCycle, Sample.Done, Sample.NotDone)), Is.EqualTo(1));
        Assert.That(Commands(Checked(ProofKind.CardState, Sample.Done, Sample.LifeCycle), Start), Is.EqualTo(1));
    }

    [Test]
    public void WhatABlankCardMayShowToo_IsNone()
    {
        Assert.That(Commands(Sample.Record(Sample.Field(0x9010, "pan", FieldEncoding.Hex))), Is.Zero, "a MAC is heard once");
        Assert.That(Commands(Checked(ProofKind.ReadBack, Sample.Exactly("7000"))), Is.Zero,
            "the same for every customer: the factory may have written it");
        Assert.That(Commands(Checked(ProofKind.ReadBack, new Expectation.Nothing())), Is.Zero);
        Assert.That(Commands(Checked(ProofKind.ReadBackAfterClose, Field)), Is.Zero, "it can be read when the card is closed");
        Assert.That(Commands(Checked(ProofKind.CardState, Sample.Done, Sample.LifeCycle)), Is.Zero,
            "where no start state is named, a blank card may be in any");
        Assert.That(Commands(Checked(ProofKind.CardState, Sample.NotDone, Sample.LifeCycle), Start), Is.Zero, "the start state itself");
        var locks = Sample.Record(Sample.Grouping(0x9011)) with { Status = new StatusChange(StatusScope.Application, Sample.Application,
            0x80) };
        Assert.That(Commands(Looked(Sample.LifeCycle, Sample.Done, Sample.NotDone), null, locks), Is.Zero,
            "a later record changes the state again");
    }

    [Test]
    public void Evidence_IsShownByTheCardItself_WholeAndAsItMustBe()
    {
        var plan = Plan(null, Checked(ProofKind.ReadBack, Field));
        Assert.That(plan.Evidence(1).Select(c => c.Apdu.ToBytes().ToString()), Is.EqualTo(new[] { "00B2010C00" }));
        bool Shows(params UnwrapResult[] answers) => Profile.Shows(plan, 1, [.. answers.Select(a => new CommandOutcome(default, a))]);
        UnwrapResult Card(string data, ushort statusWord = 0x9000) => new UnwrapResult.Authenticated(ByteString.FromHex(data), statusWord);
        Assert.That(Shows(Card("70035701AA")), Is.True);
        Assert.That(Shows(Card("70035701AB")), Is.False);
        Assert.That(Shows(Card("")), Is.False);
        Assert.That(Shows(Card("70035701AA", 0x6281)), Is.False, "cut or corrupted");
        Assert.That(Shows(new UnwrapResult.NoProtection(ByteString.FromHex("70035701AA"), 0x9000)), Is.False);
        Assert.That(Shows(new UnwrapResult.Unauthenticated(0x6A83)), Is.False);
        Assert.That(Shows(), Is.False);
        Assert.That(Profile.Shows(Plan(null, Sample.Record(Sample.Field(0x9010, "pan", FieldEncoding.Hex))), 1, []), Is.False,
            "nothing to show shows nothing");
    }
}
