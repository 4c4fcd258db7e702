using CardIssue.Core;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Profiles;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Products;

public class JudgeScriptTest
{
    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly UnwrapResult Ok = Card(0x9000);
    private static readonly Verdict InDoubt = new Verdict.InDoubt(), NotDone = new Verdict.NotDone(), Unclear = new Verdict.Unclear(), Lost = new Verdict.CardLost();

    /// <summary>Two commands.</summary>
    private static readonly RecordDefinition Pair = Sample.Record(Sample.Grouping(1, 1), Sample.Grouping(2, 1));

    private static readonly RecordDefinition ReadBack = Sample.Record() with
    {
        Proof = ProofKind.ReadBack,
        Checks = [new CheckDefinition(new CheckCommand.ReadRecord(1, 1), Sample.Exactly("7002AABB"))],
    };

    private static UnwrapResult Card(ushort statusWord, string hex = "") => new UnwrapResult.Authenticated(ByteString.FromHex(hex), statusWord);

    private static UnwrapResult State(byte lifeCycle) => new UnwrapResult.Authenticated(Sample.Entry(lifeCycle), 0x9000);

    private static UnwrapResult Word(ushort statusWord, ByteString data = default) => new UnwrapResult.NoProtection(data, statusWord);

    private static List<CommandOutcome> Outcomes(UnwrapResult[] responses) => [.. responses.Select(r => new CommandOutcome(default, r))];

    private static Verdict Record(CardProduct product, ScriptStop stop, params UnwrapResult[] responses) =>
        Profile.JudgeRecord(Sample.Plan(product), 1, stop, Outcomes(responses));

    private static Verdict Record(RecordDefinition record, ScriptStop stop, params UnwrapResult[] responses) => Record(Sample.Product(record), stop, responses);

    private static Verdict Look(CheckDefinition[] look, ScriptStop stop, params UnwrapResult[] responses) =>
        Profile.JudgeLook(Sample.Plan(Sample.Product(Sample.Record() with { Repeat = Repeat.LookFirst, Look = [.. look] })), 1, stop, Outcomes(responses));

    private static Verdict Done(ProofKind proof) => new Verdict.Done(proof);

    [Test]
    public void Record_AllAuthenticated_IsDoneByTheCardsMac() =>
        Assert.That(Record(Pair, ScriptStop.Completed, Ok, Ok), Is.EqualTo(Done(ProofKind.CardMac)));

    [Test]
    public void Record_WithFewerOrMoreAnswersThanCommands_IsInDoubt()
    {
        Assert.That(Record(Pair, ScriptStop.Completed), Is.EqualTo(InDoubt));
        Assert.That(Record(Pair, ScriptStop.Completed, Ok), Is.EqualTo(InDoubt));
        Assert.That(Record(Pair, ScriptStop.Completed, Ok, Ok, Ok), Is.EqualTo(InDoubt));
        Assert.That(Record(ReadBack, ScriptStop.Completed), Is.EqualTo(InDoubt));
    }

    [Test]
    public void Record_NotToldByTheCardItself_IsInDoubt()
    {
        UnwrapResult[] unbelievable = [new UnwrapResult.Unauthenticated(0x6A80), new UnwrapResult.Breach(ChannelBreach.WrongMac, 0x9000), Word(0x9000)];
        foreach (var answer in unbelievable)
            foreach (var stop in new[] { ScriptStop.Completed, ScriptStop.UnexpectedStatus })
            {
                Assert.That(Record(Pair, stop, answer), Is.EqualTo(InDoubt), $"{answer}, {stop}");
                Assert.That(Record(Pair, stop, Ok, answer), Is.EqualTo(InDoubt), $"{answer}, {stop}");
            }
    }

    [TestCase(ScriptStop.UnexpectedStatus)]
    [TestCase(ScriptStop.Gap)]
    [TestCase(ScriptStop.ModuleRefused)]
    public void Record_ThatStops_IsInDoubt(ScriptStop stop)
    {
        Assert.That(Record(Pair, stop), Is.EqualTo(InDoubt));
        Assert.That(Record(Pair, stop, Ok), Is.EqualTo(InDoubt));
        Assert.That(Record(Pair, stop, Ok, Ok), Is.EqualTo(InDoubt));
    }

    [Test]
    public void CardLost_IsCardLost_WhateverCameBefore()
    {
        var plan = Sample.Plan(Sample.Product(Pair));
        Assert.That(Profile.JudgeRecord(plan, 1, ScriptStop.CardLost, Outcomes([Ok, Ok])), Is.EqualTo(Lost));
        Assert.That(Profile.JudgeLook(plan, 1, ScriptStop.CardLost, Outcomes([Ok])), Is.EqualTo(Lost));
        Assert.That(Profile.JudgeClose(plan, ScriptStop.CardLost, Outcomes([Ok])), Is.EqualTo(Lost));
        Assert.That(Profile.JudgeCloseLook(plan, ScriptStop.CardLost, Outcomes([State(0x0F)])), Is.EqualTo(Lost));
    }

    [Test]
    public void OnlyCommandRefusedByTheCardsMac_IsNotDone_OthersAreInDoubt()
    {
        Assert.That(Record(Sample.Record(), ScriptStop.UnexpectedStatus, Card(0x6200)), Is.EqualTo(NotDone));
        Assert.That(Record(Pair, ScriptStop.UnexpectedStatus, Card(0x6200)), Is.EqualTo(InDoubt), "the terminal could have passed the second on");
        Assert.That(Record(Pair, ScriptStop.UnexpectedStatus, Ok, Card(0x6200)), Is.EqualTo(InDoubt));
        Assert.That(Record(Pair, ScriptStop.UnexpectedStatus, Card(0x6300)), Is.EqualTo(InDoubt), "63xx says that something was changed");
        Assert.That(Record(Pair, ScriptStop.UnexpectedStatus, new UnwrapResult.Unauthenticated(0x6200)), Is.EqualTo(InDoubt));
    }

    [Test]
    public void WithoutResponseMacs_OnlyTheTerminalsWordCanBeDone()
    {
        var product = Sample.Product(Sample.Record() with { Proof = ProofKind.TerminalWord }) with { SecurityLevel = SecurityLevel.CMacCEnc };
        Assert.That(Record(product, ScriptStop.Completed, Word(0x9000)), Is.EqualTo(Done(ProofKind.TerminalWord)));
        Assert.That(Record(product with { Records = [Sample.Record()] }, ScriptStop.Completed, Word(0x9000)), Is.EqualTo(InDoubt));
        Assert.That(Record(product, ScriptStop.UnexpectedStatus, Word(0x6200)), Is.EqualTo(InDoubt));
    }

    [Test]
    public void TerminalsWord_WhereMoreCouldBeHad_IsKeptAsWhatTheProductSays() =>
        Assert.That(Record(Sample.Record() with { Proof = ProofKind.TerminalWord }, ScriptStop.Completed, Ok), Is.EqualTo(Done(ProofKind.TerminalWord)));

    [Test]
    public void ReadBack_OfTheSameBytes_IsDone_OfOthersInDoubt()
    {
        Assert.That(Record(ReadBack, ScriptStop.Completed, Ok, Card(0x9000, "7002AABB")), Is.EqualTo(Done(ProofKind.ReadBack)));
        Assert.That(Record(ReadBack, ScriptStop.Completed, Ok, Card(0x9000, "7002AABC")), Is.EqualTo(InDoubt));
        Assert.That(Record(ReadBack, ScriptStop.Completed, Ok, Card(0x9000)), Is.EqualTo(InDoubt));
        Assert.That(Record(ReadBack, ScriptStop.Completed, Ok, new UnwrapResult.Unauthenticated(0x6A83)), Is.EqualTo(InDoubt));
    }

    [Test]
    public void CardState_AsDeclared_IsDone_AnotherInDoubt()
    {
        var record = Sample.Record() with { Proof = ProofKind.CardState, Checks = [new CheckDefinition(Sample.LifeCycle, Sample.Done)] };
        Assert.That(Record(record, ScriptStop.Completed, Ok, State(0x0F)), Is.EqualTo(Done(ProofKind.CardState)));
        Assert.That(Record(record, ScriptStop.Completed, Ok, State(0x07)), Is.EqualTo(InDoubt));
        Assert.That(Record(record, ScriptStop.Completed, Ok, Card(0x9000, "E3")), Is.EqualTo(InDoubt));
    }

    [Test]
    public void Look_AtAState_TellsDoneNotDoneOrUnclear()
    {
        CheckDefinition[] look = [new(Sample.LifeCycle, Sample.Done, Sample.NotDone)];
        Assert.That(Look(look, ScriptStop.Completed, State(0x0F)), Is.EqualTo(Done(ProofKind.CardState)));
        Assert.That(Look(look, ScriptStop.Completed, State(0x07)), Is.EqualTo(NotDone));
        Assert.That(Look(look, ScriptStop.Completed, State(0x83)), Is.EqualTo(Unclear));
        Assert.That(Look(look, ScriptStop.UnexpectedStatus, new UnwrapResult.Unauthenticated(0x6A88)), Is.EqualTo(InDoubt));
        Assert.That(Look(look, ScriptStop.Completed, new UnwrapResult.Breach(ChannelBreach.MissingMac, 0x9000)), Is.EqualTo(InDoubt));
        Assert.That(Look(look, ScriptStop.Completed), Is.EqualTo(InDoubt));
    }

    /// <summary>Each expectation is compared with its own bytes: once, notDone was compared with those of done.</summary>
    [Test]
    public void Look_AtBytes_ComparesEachExpectationWithItsOwn()
    {
        CheckDefinition[] look = [new(new CheckCommand.GetData(0x9F36), Sample.Exactly("9F36020001"), Sample.Exactly("9F36020000"))];
        Assert.That(Look(look, ScriptStop.Completed, Card(0x9000, "9F36020001")), Is.EqualTo(Done(ProofKind.ReadBack)));
        Assert.That(Look(look, ScriptStop.Completed, Card(0x9000, "9F36020000")), Is.EqualTo(NotDone));
        Assert.That(Look(look, ScriptStop.Completed, Card(0x9000, "9F36020002")), Is.EqualTo(Unclear));
    }

    [Test]
    public void Look_AnsweredWithAWarning_IsNeitherDoneNorNotDone()
    {
        CheckDefinition[] look = [new(new CheckCommand.GetData(0x9F36), Sample.Exactly("01"), new Expectation.Nothing())];
        Assert.That(Look(look, ScriptStop.Completed, Card(0x9000)), Is.EqualTo(NotDone));
        Assert.That(Look(look, ScriptStop.UnexpectedStatus, Card(0x6281)), Is.EqualTo(Unclear));
    }

    [Test]
    public void Look_OfSeveralChecks_MixedIsUnclear()
    {
        CheckDefinition[] look = [new(Sample.LifeCycle, Sample.Done, Sample.NotDone), new(new CheckCommand.GetData(0x9F36), Sample.Exactly("01"), new Expectation.Nothing())];
        Assert.That(Look(look, ScriptStop.Completed, State(0x0F), Card(0x9000, "01")), Is.EqualTo(Done(ProofKind.ReadBack)));
        Assert.That(Look(look, ScriptStop.Completed, State(0x07), Card(0x9000)), Is.EqualTo(NotDone));
        Assert.That(Look(look, ScriptStop.Completed, State(0x0F), Card(0x9000)), Is.EqualTo(Unclear));
        Assert.That(Look(look, ScriptStop.UnexpectedStatus, State(0x07)), Is.EqualTo(InDoubt), "half a look tells nothing");
    }

    [Test]
    public void NoLook_TellsNothing() => Assert.That(Look([], ScriptStop.Completed), Is.EqualTo(InDoubt));

    [Test]
    public void Close_IsJudgedAsARecordIs()
    {
        Verdict Close(CardProduct product, ScriptStop stop, params UnwrapResult[] responses) => Profile.JudgeClose(Sample.Plan(product), stop, Outcomes(responses));
        var product = Sample.Product();
        Assert.That(Close(product, ScriptStop.Completed, Ok), Is.EqualTo(Done(ProofKind.CardMac)));
        Assert.That(Close(product, ScriptStop.Completed), Is.EqualTo(InDoubt));
        Assert.That(Close(product, ScriptStop.UnexpectedStatus, Card(0x6200)), Is.EqualTo(NotDone));
        Assert.That(Close(product, ScriptStop.UnexpectedStatus, new UnwrapResult.Unauthenticated(0x6985)), Is.EqualTo(InDoubt));
        Assert.That(Close(product with { SecurityLevel = SecurityLevel.CMacCEnc }, ScriptStop.Completed, Word(0x9000)), Is.EqualTo(Done(ProofKind.TerminalWord)));
    }

    [Test]
    public void ReadBackAfterClose_ProvesTheClosing()
    {
        var plan = Sample.Plan(Sample.Product(ReadBack with { Proof = ProofKind.ReadBackAfterClose }));
        Assert.That(Profile.JudgeRecord(plan, 1, ScriptStop.Completed, Outcomes([Ok])), Is.EqualTo(Done(ProofKind.CardMac)));
        Assert.That(Profile.JudgeClose(plan, ScriptStop.Completed, Outcomes([Ok, Card(0x9000, "7002AABB")])), Is.EqualTo(Done(ProofKind.ReadBackAfterClose)));
        Assert.That(Profile.JudgeClose(plan, ScriptStop.Completed, Outcomes([Ok, Card(0x9000, "70")])), Is.EqualTo(InDoubt));
        Assert.That(Profile.JudgeClose(plan, ScriptStop.Completed, Outcomes([Ok])), Is.EqualTo(InDoubt));
    }

    [Test]
    public void CloseLook_WantsTheStateAndWhatWaitedForIt()
    {
        var plan = Sample.Plan(Sample.Product(ReadBack with { Proof = ProofKind.ReadBackAfterClose }));
        Verdict At(ScriptStop stop, params UnwrapResult[] responses) => Profile.JudgeCloseLook(plan, stop, Outcomes(responses));
        Assert.That(At(ScriptStop.Completed, State(0x0F), Card(0x9000, "7002AABB")), Is.EqualTo(Done(ProofKind.ReadBackAfterClose)));
        Assert.That(At(ScriptStop.Completed, State(0x0F), Card(0x9000, "70")), Is.EqualTo(Unclear));
        Assert.That(At(ScriptStop.Completed, State(0x0F), new UnwrapResult.Breach(ChannelBreach.WrongMac, 0x9000)), Is.EqualTo(InDoubt));
        Assert.That(At(ScriptStop.UnexpectedStatus, State(0x0F), new UnwrapResult.Unauthenticated(0x6A83)), Is.EqualTo(InDoubt));
        Assert.That(At(ScriptStop.UnexpectedStatus, State(0x07), new UnwrapResult.Unauthenticated(0x6A83)), Is.EqualTo(NotDone));
        Assert.That(At(ScriptStop.Completed, State(0x0F)), Is.EqualTo(InDoubt));
    }
}
