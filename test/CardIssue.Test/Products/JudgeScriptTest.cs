using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

internal class JudgeScriptTest
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
        Profile.JudgeLook(Sample.Plan(Sample.Product(Sample.Record() with { Repeat = RepeatRule.LookFirst, Look = [.. look] })), 1, stop, Outcomes(responses));

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

    private static readonly CheckDefinition StateLook = new(Sample.LifeCycle, Sample.Done, Sample.NotDone);
    private static readonly CheckDefinition BytesLook = new(new CheckCommand.GetData(0x9F36), Sample.Exactly("01"), new Expectation.Nothing());

    /// <summary>A look that shows it done, but was not heard to the end.</summary>
    [TestCase(ScriptStop.UnexpectedStatus)]
    [TestCase(ScriptStop.Gap)]
    [TestCase(ScriptStop.ModuleRefused)]
    public void Look_ThatStops_IsNeverDone(ScriptStop stop)
    {
        Assert.That(Look([StateLook], stop, State(0x0F)), Is.EqualTo(InDoubt));
        Assert.That(Look([StateLook, BytesLook], stop, State(0x0F), Card(0x9000, "01")), Is.EqualTo(InDoubt));
        var plan = Sample.Plan(Sample.Product());
        Assert.That(Profile.JudgeCloseLook(plan, stop, Outcomes([State(0x0F)])), Is.EqualTo(InDoubt));
    }

    /// <summary>Neither done nor not done may rest on an answer that the card did not give.</summary>
    [Test]
    public void Look_WithOneUnbelievableAnswerOfTwo_IsInDoubt()
    {
        foreach (var answer in new[] { new UnwrapResult.Unauthenticated(0x6A88), new UnwrapResult.Breach(ChannelBreach.WrongMac, 0x9000), Word(0x9000, ByteString.FromHex("01")) })
        {
            Assert.That(Look([StateLook, BytesLook], ScriptStop.Completed, State(0x0F), answer), Is.EqualTo(InDoubt), $"{answer}, second");
            Assert.That(Look([BytesLook, StateLook], ScriptStop.Completed, answer, State(0x0F)), Is.EqualTo(InDoubt), $"{answer}, first");
            Assert.That(Look([StateLook, BytesLook], ScriptStop.Completed, State(0x07), answer), Is.EqualTo(InDoubt), $"{answer}, second, not done");
            Assert.That(Look([BytesLook, StateLook], ScriptStop.Completed, answer, State(0x07)), Is.EqualTo(InDoubt), $"{answer}, first, not done");
        }
    }

    /// <summary>The rules let no such product in; the judge does not rely on it.</summary>
    [Test]
    public void Look_WithoutNotDone_IsNeverNotDone()
    {
        var look = StateLook with { NotDone = null };
        Assert.That(Look([look], ScriptStop.Completed, State(0x07)), Is.EqualTo(Unclear));
        Assert.That(Look([look, BytesLook], ScriptStop.Completed, State(0x07), Card(0x9000)), Is.EqualTo(Unclear));
        Assert.That(Look([look], ScriptStop.Completed, State(0x0F)), Is.EqualTo(Done(ProofKind.CardState)));
    }

    /// <summary>6310 says that more is to come: of a listing what is sought may be there already, of data something is missing.</summary>
    [TestCase(0x6310)]
    [TestCase(0x6282)]
    [TestCase(0x6300)]
    public void Data_ReadWithAWarning_IsNotWhole(int statusWord)
    {
        Assert.That(Look([BytesLook], ScriptStop.Completed, Card((ushort)statusWord, "01")), Is.EqualTo(Unclear));
        Assert.That(Look([BytesLook], ScriptStop.Completed, Card((ushort)statusWord)), Is.EqualTo(Unclear), "nor is nothing");
        Assert.That(Record(ReadBack, ScriptStop.Completed, Ok, Card((ushort)statusWord, "7002AABB")), Is.EqualTo(InDoubt));
        var record = new CheckDefinition(new CheckCommand.ReadRecord(1, 1), Sample.Exactly("01"), new Expectation.Nothing());
        Assert.That(Look([record], ScriptStop.Completed, Card((ushort)statusWord, "01")), Is.EqualTo(Unclear));
    }

    [Test]
    public void Listing_WithMoreToCome_TellsTheStateThatItHas()
    {
        UnwrapResult Listed(byte state, ushort statusWord) => new UnwrapResult.Authenticated(Sample.Entry(state), statusWord);
        var plan = Sample.Plan(Sample.Product(Sample.Record() with { Repeat = RepeatRule.LookFirst, Look = [StateLook] }));
        var asked = plan.Look(1).Single();
        Assert.That(asked.Expected, Is.EqualTo(new ushort[] { 0x9000, 0x6310 }));
        Verdict Judged(UnwrapResult answer) => Profile.JudgeLook(plan, 1, ScriptStop.Completed, [new CommandOutcome(asked, answer)]);
        Assert.That(Judged(Listed(0x07, 0x6310)), Is.EqualTo(NotDone));
        Assert.That(Judged(Listed(0x0F, 0x6310)), Is.EqualTo(Done(ProofKind.CardState)));
        var another = new UnwrapResult.Authenticated(Sample.Entry(0x07, Sample.Domain), 0x6310);
        Assert.That(Judged(another), Is.EqualTo(Unclear), "it is not in this part");
        Assert.That(Judged(Listed(0x07, 0x6282)), Is.EqualTo(Unclear), "another warning may come with data that is corrupted");
        Assert.That(Judged(new UnwrapResult.Unauthenticated(0x6310)), Is.EqualTo(InDoubt));

        var record = Sample.Record() with { Proof = ProofKind.CardState, Checks = [StateLook with { NotDone = null }] };
        var sets = Sample.Plan(Sample.Product(record));
        var sent = sets.Record(1, new Inverting(), 0);
        Verdict Recorded(UnwrapResult answer) =>
            Profile.JudgeRecord(sets, 1, ScriptStop.Completed, [new CommandOutcome(sent[0], Ok), new CommandOutcome(sent[1], answer)]);
        Assert.That(Recorded(Listed(0x0F, 0x6310)), Is.EqualTo(Done(ProofKind.CardState)));
        Assert.That(Recorded(Listed(0x07, 0x6310)), Is.EqualTo(InDoubt));
        var data = Sample.Plan(Sample.Product(ReadBack));
        Assert.That(data.Record(1, new Inverting(), 0)[^1].Expected, Is.Empty, "of data more to come is less than all");

        var start = Sample.Product() with { Start = new StartState(Sample.State, [0x07]), SecurityLevel = SecurityLevel.CMacCEncRMac };
        Verdict Started(UnwrapResult answer) => Profile.JudgeAuthentication(
            start, ScriptStop.Completed, new ResponseApdu(default, 0x9000), [new CommandOutcome(asked, answer)], resuming: false);
        Assert.That(Started(Listed(0x07, 0x6310)), Is.EqualTo(Done(ProofKind.CardMac)));
        Assert.That(Started(Listed(0x0F, 0x6310)), Is.EqualTo(new Verdict.Rejected(CardRejection.WrongState)));
        Assert.That(Started(another), Is.EqualTo(InDoubt), "it may be in the next");
        start = start with { SecurityLevel = SecurityLevel.CMacCEnc };
        Assert.That(Started(Word(0x6310, Sample.Entry(0x07))), Is.EqualTo(Done(ProofKind.TerminalWord)));
    }

    /// <summary>An entry of the listing that is not whole does not hide the one that is sought.</summary>
    [TestCase("E3064F009F700107")]
    [TestCase("5A0147")]
    [TestCase("0000")]
    public void Listing_WithABadElementBeforeTheOneSought_TellsItsState(string bad)
    {
        UnwrapResult Listed(byte state) => new UnwrapResult.Authenticated(ByteString.Concat(ByteString.FromHex(bad), Sample.Entry(state), ByteString.FromHex("E320")), 0x9000);
        Assert.That(Look([StateLook], ScriptStop.Completed, Listed(0x0F)), Is.EqualTo(Done(ProofKind.CardState)));
        Assert.That(Look([StateLook], ScriptStop.Completed, Listed(0x07)), Is.EqualTo(NotDone));
        var command = new CardCommand(Core.Cards.GlobalPlatform.GetStatus.Command(Core.Cards.GlobalPlatform.RegistryScope.Applications));
        Assert.That(Profile.Remarks([new CommandOutcome(command, Listed(0x0F))]), Has.Some.StartsWith("GET STATUS: ").And.Some.Contains("a length says 32"));
        Assert.That(Profile.Remarks([new CommandOutcome(command, State(0x0F)), new CommandOutcome(default, Listed(0x0F))]), Is.Empty);
    }

    private static readonly CheckDefinition[] Three =
    [
        new(new CheckCommand.ReadRecord(1, 1), Sample.Exactly("01")), new(new CheckCommand.ReadRecord(1, 2), Sample.Exactly("02")), new(new CheckCommand.GetData(0x9F36), Sample.Exactly("03")),
    ];

    /// <summary>Every read-back counts, wherever it stands.</summary>
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void ReadBacks_OneOfThreeWrong_IsNotDone(int wrong)
    {
        UnwrapResult[] right = [Card(0x9000, "01"), Card(0x9000, "02"), Card(0x9000, "03")];
        UnwrapResult[] answers = [.. right.Select((answer, i) => i == wrong ? Card(0x9000, "FF") : answer)];
        var record = Sample.Record() with { Proof = ProofKind.ReadBack, Checks = [.. Three] };
        Assert.That(Record(record, ScriptStop.Completed, [Ok, .. right]), Is.EqualTo(Done(ProofKind.ReadBack)));
        Assert.That(Record(record, ScriptStop.Completed, [Ok, .. answers]), Is.EqualTo(InDoubt));

        var afterClose = Sample.Plan(Sample.Product(record with { Proof = ProofKind.ReadBackAfterClose }));
        Assert.That(Profile.JudgeClose(afterClose, ScriptStop.Completed, Outcomes([Ok, .. answers])), Is.EqualTo(InDoubt));
        Assert.That(Profile.JudgeCloseLook(afterClose, ScriptStop.Completed, Outcomes([State(0x0F), .. right])), Is.EqualTo(Done(ProofKind.ReadBackAfterClose)));
        Assert.That(Profile.JudgeCloseLook(afterClose, ScriptStop.Completed, Outcomes([State(0x0F), .. answers])), Is.EqualTo(Unclear));

        CheckDefinition[] looks = [.. Three.Select(check => check with { NotDone = new Expectation.Nothing() })];
        Assert.That(Look(looks, ScriptStop.Completed, right), Is.EqualTo(Done(ProofKind.ReadBack)));
        Assert.That(Look(looks, ScriptStop.Completed, answers), Is.EqualTo(Unclear));
        UnwrapResult[] none = [.. right.Select((_, i) => i == wrong ? Card(0x9000, "FF") : Card(0x9000))];
        Assert.That(Look(looks, ScriptStop.Completed, none), Is.EqualTo(Unclear), "not done but for one");
    }

    /// <summary>All of 62xx says that nothing was changed (ISO 7816-4 5.6); what stands beside it does not.</summary>
    [TestCase(0x6200, true)]
    [TestCase(0x6281, true)]
    [TestCase(0x62FF, true)]
    [TestCase(0x61FF, false)]
    [TestCase(0x6300, false)]
    [TestCase(0x63FF, false)]
    public void OnlyCommand_RefusedAtTheEdgeOf62xx_IsNotDoneWithinItAlone(int statusWord, bool notDone)
    {
        var expected = notDone ? NotDone : InDoubt;
        Assert.That(Record(Sample.Record(), ScriptStop.UnexpectedStatus, Card((ushort)statusWord)), Is.EqualTo(expected));
        Assert.That(Profile.JudgeClose(Sample.Plan(Sample.Product()), ScriptStop.UnexpectedStatus, Outcomes([Card((ushort)statusWord)])), Is.EqualTo(expected));
    }

    /// <summary>An error may come with data at levels that protect no responses; it stays an error.</summary>
    [TestCase(0x6A88)]
    [TestCase(0x6300)]
    [TestCase(0x6F00)]
    public void Data_ThatComesWithARefusal_IsNotBelieved(int statusWord)
    {
        var product = Sample.Product(Sample.Record() with { Proof = ProofKind.TerminalWord }) with { SecurityLevel = SecurityLevel.CMacCEnc };
        var refused = Word((ushort)statusWord, Sample.Entry(0x0F));
        Assert.That(Profile.JudgeCloseLook(Sample.Plan(product), ScriptStop.Completed, Outcomes([refused])), Is.EqualTo(InDoubt));
        Assert.That(Record(product, ScriptStop.Completed, refused), Is.EqualTo(InDoubt));
        var started = product with { Start = new StartState(Sample.State, [0x0F]) };
        Assert.That(Profile.JudgeAuthentication(started, ScriptStop.Completed, new Core.Cards.ResponseApdu(default, 0x9000), Outcomes([refused]), false), Is.EqualTo(InDoubt));
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
