using System.Security.Cryptography;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Profiles;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Protocol;
using static CardIssue.Test.Products.SmallProduct;

namespace CardIssue.Test.Products;

/// <summary>The judge's rules, one by one. What a session made of a response is given; the sessions' own tests hold that it is right.</summary>
public sealed class GlobalPlatformProfileTest
{
    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly Inverting Dek = new();
    private static readonly CardPlan Two = Plan(Of(Record(Grouping(0x0101, "AA"), Grouping(0x0102, "BB"))));
    private static readonly CardPlan WithoutRMac = Plan(Of(Record(Grouping(0x0101, "AA")) with { Proof = ProofKind.TerminalWord }) with { SecurityLevel = SecurityLevel.CMacCEnc });
    private static readonly CardPlan LookFirst = Plan(Of(Record(Grouping(0x0101, "AA")) with { Repeat = Repeat.LookFirst, Look = [Read(1, "AA", "BB"), Read(2, "01", "00")] }));
    private static readonly string State07 = Entry(0x07), State0F = Entry(0x0F);

    private static UnwrapResult Card(string data = "", ushort statusWord = 0x9000) => new UnwrapResult.Authenticated(ByteString.FromHex(data), statusWord);

    private static UnwrapResult Error(ushort statusWord) => new UnwrapResult.Unauthenticated(statusWord);

    private static UnwrapResult Word(string data = "", ushort statusWord = 0x9000) => new UnwrapResult.NoProtection(ByteString.FromHex(data), statusWord);

    private static UnwrapResult Breach() => new UnwrapResult.Breach(ChannelBreach.MissingMac, 0x9000);

    private static string Entry(byte state) => $"E30F4F07A00000000310109F7001{state:X2}C500";

    private static CommandOutcome[] Outcomes(IReadOnlyList<CardCommand> script, UnwrapResult[] responses) => [.. responses.Select((r, i) => new CommandOutcome(script[i], r))];

    private static Verdict JudgeRecord(CardPlan plan, ScriptStop stop, params UnwrapResult[] responses) => Profile.JudgeRecord(plan, 1, stop, Outcomes(plan.Record(1, Dek, 0), responses));

    private static Verdict JudgeLook(CardPlan plan, ScriptStop stop, params UnwrapResult[] responses) => Profile.JudgeLook(plan, 1, stop, Outcomes(plan.Look(1), responses));

    private static Verdict JudgeClose(CardPlan plan, ScriptStop stop, params UnwrapResult[] responses) => Profile.JudgeClose(plan, stop, Outcomes(plan.Close(Dek, 0), responses));

    private static Verdict JudgeCloseLook(CardPlan plan, ScriptStop stop, params UnwrapResult[] responses) => Profile.JudgeCloseLook(plan, stop, Outcomes(plan.CloseLook(), responses));

    [Test]
    public void Registry_FindsByName_AndNothingElse()
    {
        Assert.That(CardProfiles.Names, Does.Contain("globalplatform"));
        Assert.That(CardProfiles.Find("GlobalPlatform"), Is.Null, "Names are exact.");
    }

    // Records

    [Test]
    public void AllAuthenticated_IsDoneByTheCardsMac() => Assert.That(JudgeRecord(Two, ScriptStop.Completed, Card(), Card()), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));

    [Test]
    public void ErrorWithoutMac_IsInDoubt_EvenAtTheFirstCommand([Values(0x6A80, 0x6985, 0x6F00)] int statusWord)
    {
        Assert.That(JudgeRecord(Two, ScriptStop.UnexpectedStatus, Error((ushort)statusWord)), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(Two, ScriptStop.UnexpectedStatus, Card(), Error((ushort)statusWord)), Is.EqualTo(new Verdict.InDoubt()));
    }

    [Test]
    public void FirstCommandRefusedByTheCardsMac_IsNotDone([Values(0x6200, 0x6300)] int statusWord) =>
        Assert.That(JudgeRecord(Two, ScriptStop.UnexpectedStatus, Card("", (ushort)statusWord)), Is.EqualTo(new Verdict.NotDone()));

    [Test]
    public void LaterCommandRefusedByTheCardsMac_IsInDoubt_ForTheEarlierOnesAreDone() =>
        Assert.That(JudgeRecord(Two, ScriptStop.UnexpectedStatus, Card(), Card("", 0x6300)), Is.EqualTo(new Verdict.InDoubt()));

    [Test]
    public void SuccessWithoutItsMac_IsABreach_AndInDoubt()
    {
        Assert.That(JudgeRecord(Two, ScriptStop.Completed, Card(), Breach()), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(Two, ScriptStop.Completed, Breach()), Is.EqualTo(new Verdict.InDoubt()));
    }

    [Test]
    public void UnprotectedSuccess_AtALevelWithMacs_IsInDoubt() =>
        Assert.That(JudgeRecord(Two, ScriptStop.Completed, Card(), Word()), Is.EqualTo(new Verdict.InDoubt()));

    [Test]
    public void CardLost_IsCardLost_WhateverWasAnswered() =>
        Assert.That(JudgeRecord(Two, ScriptStop.CardLost, Card(), Card()), Is.EqualTo(new Verdict.CardLost()));

    [Test]
    public void AnyOtherStop_IsInDoubt([Values(ScriptStop.UnexpectedStatus, ScriptStop.Gap, ScriptStop.ModuleRefused)] ScriptStop stop)
    {
        Assert.That(JudgeRecord(Two, stop, Card()), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(Two, stop), Is.EqualTo(new Verdict.InDoubt()));
    }

    [Test]
    public void LevelWithoutMacs_Success_IsTheTerminalsWord_AndAnErrorIsInDoubt()
    {
        Assert.That(JudgeRecord(WithoutRMac, ScriptStop.Completed, Word()), Is.EqualTo(new Verdict.Done(ProofKind.TerminalWord)));
        Assert.That(JudgeRecord(WithoutRMac, ScriptStop.UnexpectedStatus, Word("", 0x6300)), Is.EqualTo(new Verdict.InDoubt()), "Anybody may have said it.");
    }

    [Test]
    public void ReadBack_MustBeWhatWasWritten()
    {
        var plan = Plan(Of(Record(Grouping(0x0101, "AA")) with { Proof = ProofKind.ReadBack, Checks = [Read(1, "AA")] }));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card("AA")), Is.EqualTo(new Verdict.Done(ProofKind.ReadBack)));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card("AB")), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card()), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(plan, ScriptStop.UnexpectedStatus, Card(), Error(0x6A83)), Is.EqualTo(new Verdict.InDoubt()));
    }

    [Test]
    public void ReadBackByDigest_MustHaveTheDigest()
    {
        var digest = Convert.ToHexString(SHA256.HashData([0xAA, 0xBB]));
        var check = new CheckDefinition(new CheckCommand.GetData(0x0045), new Expectation.Digest(Field("digest", FieldEncoding.Hex)));
        var plan = Plan(Of(Record(Grouping(0x0101, "AA")) with { Proof = ProofKind.ReadBack, Checks = [check] }), ("digest", digest));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card("AABB")), Is.EqualTo(new Verdict.Done(ProofKind.ReadBack)));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card("AABC")), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card(digest)), Is.EqualTo(new Verdict.InDoubt()), "The digest itself is not what has it.");
    }

    [Test]
    public void CardState_MustBeTheStateOfThatApplication()
    {
        var plan = Plan(Of(Record(Grouping(0x0101, "AA")) with { Proof = ProofKind.CardState, Checks = [Closed] }));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card(State0F)), Is.EqualTo(new Verdict.Done(ProofKind.CardState)));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card(State07)), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card(State0F.Replace("A0000000031010", "A0000000031011", StringComparison.Ordinal))), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card(), Card("E3")), Is.EqualTo(new Verdict.InDoubt()), "No registry entry at all.");
    }

    // Looks

    [Test]
    public void Look_AllAsAfterTheRecord_IsDone() =>
        Assert.That(JudgeLook(LookFirst, ScriptStop.Completed, Card("AA"), Card("01")), Is.EqualTo(new Verdict.Done(ProofKind.CardState)));

    /// <summary>What notDone expects is its own bytes. Once they were taken to be those of done, and a record that was written was written again.</summary>
    [Test]
    public void Look_AllAsBeforeTheRecord_IsNotDone() =>
        Assert.That(JudgeLook(LookFirst, ScriptStop.Completed, Card("BB"), Card("00")), Is.EqualTo(new Verdict.NotDone()));

    [TestCase("AA", "00")]
    [TestCase("BB", "01")]
    [TestCase("CC", "01")]
    [TestCase("", "")]
    public void Look_AnythingBetween_IsUnclear(string first, string second) =>
        Assert.That(JudgeLook(LookFirst, ScriptStop.Completed, Card(first), Card(second)), Is.EqualTo(new Verdict.Unclear()));

    [Test]
    public void Look_NotToldByTheCardItself_IsInDoubt()
    {
        Assert.That(JudgeLook(LookFirst, ScriptStop.Completed, Card("AA"), Breach()), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeLook(LookFirst, ScriptStop.Completed, Card("BB"), Word("00")), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeLook(LookFirst, ScriptStop.UnexpectedStatus, Card("BB"), Error(0x6A83)), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeLook(LookFirst, ScriptStop.UnexpectedStatus, Card("BB")), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeLook(LookFirst, ScriptStop.CardLost, Card("BB"), Card("00")), Is.EqualTo(new Verdict.CardLost()));
    }

    [Test]
    public void Look_WithAWarning_IsNoEvidence()
    {
        var plan = Plan(Of(Record(Grouping(0x0101, "AA")) with
        {
            Repeat = Repeat.LookFirst, Look = [new CheckDefinition(new CheckCommand.GetData(0x0045), new Expectation.Exactly(Bytes("AA")), new Expectation.Nothing())],
        }));
        Assert.That(JudgeLook(plan, ScriptStop.Completed, Card()), Is.EqualTo(new Verdict.NotDone()));
        Assert.That(JudgeLook(plan, ScriptStop.UnexpectedStatus, Card("", 0x6281)), Is.EqualTo(new Verdict.InDoubt()));
    }

    // Closing

    [Test]
    public void Close_Authenticated_IsDone_AndItsLookTellsClosedFromOpen()
    {
        Assert.That(JudgeClose(Two, ScriptStop.Completed, Card()), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(JudgeClose(Two, ScriptStop.UnexpectedStatus, Error(0x6A86)), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeClose(Two, ScriptStop.CardLost), Is.EqualTo(new Verdict.CardLost()));
        Assert.That(JudgeCloseLook(Two, ScriptStop.Completed, Card(State0F)), Is.EqualTo(new Verdict.Done(ProofKind.CardState)));
        Assert.That(JudgeCloseLook(Two, ScriptStop.Completed, Card(State07)), Is.EqualTo(new Verdict.NotDone()));
        Assert.That(JudgeCloseLook(Two, ScriptStop.Completed, Card(Entry(0x87))), Is.EqualTo(new Verdict.Unclear()), "Locked.");
        Assert.That(JudgeCloseLook(Two, ScriptStop.UnexpectedStatus, Error(0x6A88)), Is.EqualTo(new Verdict.InDoubt()));
    }

    [Test]
    public void ReadBackAfterClose_ProvesTheClosing_AndWrongDataIsNeverDone()
    {
        var plan = Plan(Of(Record(Grouping(0x0101, "AA")) with { Proof = ProofKind.ReadBackAfterClose, Checks = [Read(1, "AA")] }));
        Assert.That(JudgeRecord(plan, ScriptStop.Completed, Card()), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(JudgeClose(plan, ScriptStop.Completed, Card(), Card("AA")), Is.EqualTo(new Verdict.Done(ProofKind.ReadBackAfterClose)));
        Assert.That(JudgeClose(plan, ScriptStop.Completed, Card(), Card("AB")), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(JudgeCloseLook(plan, ScriptStop.Completed, Card(State0F), Card("AA")), Is.EqualTo(new Verdict.Done(ProofKind.ReadBackAfterClose)));
        Assert.That(JudgeCloseLook(plan, ScriptStop.Completed, Card(State0F), Card("AB")), Is.EqualTo(new Verdict.Unclear()));
        Assert.That(JudgeCloseLook(plan, ScriptStop.UnexpectedStatus, Card(State07), Error(0x6985)), Is.EqualTo(new Verdict.NotDone()), "A card that is open can't be read back.");
        Assert.That(JudgeCloseLook(plan, ScriptStop.UnexpectedStatus, Card(State0F), Error(0x6985)), Is.EqualTo(new Verdict.InDoubt()));
    }

    // Authentication

    private static readonly CardProduct Started = Good with { Start = new StartState(OfApplication, [0x07]) };

    private static Verdict Authentication(CardProduct product, ScriptStop stop, ushort? statusWord, bool resuming, params UnwrapResult[] after) => Profile.JudgeAuthentication(
        product, stop, statusWord is { } sw ? new ResponseApdu(default, sw) : null, Outcomes(Profile.AfterAuthentication(product), after), resuming);

    [Test]
    public void Authentication_AcceptedState_IsDone_AnotherIsRejectedUnlessResuming()
    {
        Assert.That(Authentication(Started, ScriptStop.Completed, 0x9000, false, Card(State07)), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(Authentication(Started, ScriptStop.Completed, 0x9000, false, Card(State0F)), Is.EqualTo(new Verdict.Rejected(CardRejection.WrongState)));
        Assert.That(Authentication(Started, ScriptStop.Completed, 0x9000, true, Card(State0F)), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
    }

    [Test]
    public void Authentication_CardRefusesTheCenter_IsRefusedUs() =>
        Assert.That(Authentication(Started, ScriptStop.UnexpectedStatus, 0x6300, false), Is.EqualTo(new Verdict.Rejected(CardRejection.RefusedUs)));

    [Test]
    public void Authentication_NotToldByTheCardItself_IsInDoubt()
    {
        Assert.That(Authentication(Started, ScriptStop.UnexpectedStatus, 0x6982, false), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Authentication(Started, ScriptStop.UnexpectedStatus, 0x9000, false, Error(0x6A88)), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Authentication(Started, ScriptStop.Gap, 0x9000, false), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Authentication(Started, ScriptStop.ModuleRefused, null, false), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Authentication(Started, ScriptStop.CardLost, 0x9000, false), Is.EqualTo(new Verdict.CardLost()));
    }

    [Test]
    public void Authentication_ThatReadsNothing_HasNoMoreThanTheTerminalsWord() =>
        Assert.That(Authentication(Good, ScriptStop.Completed, 0x9000, false), Is.EqualTo(new Verdict.Done(ProofKind.TerminalWord)));

    // Opening

    [Test]
    public void Open_IsSelectThenProductionDataThenInitializeUpdate() => Assert.That(Hex(Profile.Open(Good, [1, 2, 3, 4, 5, 6, 7, 8])), Is.EqualTo(new[]
    {
        "00A4040007A000000003101000", "80CA9F7F00", "8050300008010203040506070800",
    }));

    [TestCase(1, 0x6A82, CardRejection.NotGenuine, "SELECT 6A82: application or file not found")]
    [TestCase(2, 0x6F00, CardRejection.Unreadable, "GET DATA 6F00: no particular diagnosis")]
    [TestCase(3, 0x6A88, CardRejection.UnknownKey, "INITIALIZE UPDATE 6A88: no keys of that version")]
    [TestCase(3, 0x6985, CardRejection.Unreadable, "INITIALIZE UPDATE 6985: sequence counter exhausted")]
    public void Opening_Stopped_IsRejectedWithADetailForTheLog(int answers, int statusWord, CardRejection code, string detail)
    {
        var responses = Enumerable.Range(1, answers).Select(i => new ResponseApdu(default, i == answers ? (ushort)statusWord : (ushort)0x9000)).ToList();
        Assert.That(Profile.ReadOpening(Good, ScriptStop.UnexpectedStatus, responses), Is.EqualTo(new OpeningReading.Rejected(code, detail)));
        Assert.That(Profile.ReadOpening(Good, ScriptStop.CardLost, responses), Is.EqualTo(new OpeningReading.CardLost()));
    }

    [Test]
    public void Opening_Completed_ClaimsDiversificationDataAndChip()
    {
        var lifeCycle = ByteString.FromHex("9F7F2A" + "47905168" + string.Concat(Enumerable.Repeat("00", 8)) + "11223344" + "5566" + string.Concat(Enumerable.Repeat("00", 24)));
        var answer = new ResponseApdu(ByteString.FromHex("00010203040506070809" + "300370" + string.Concat(Enumerable.Repeat("AB", 19))), 0x9000);
        var read = Profile.ReadOpening(Good, ScriptStop.Completed, [new ResponseApdu(default, 0x9000), new ResponseApdu(lifeCycle, 0x9000), answer]);
        var ready = (OpeningReading.Ready)read;
        Assert.That(ready.InitializeUpdate, Is.EqualTo(answer));
        Assert.That(Profile.IdentityOf(ready), Is.EqualTo(new CardId(ByteString.FromHex("00010203040506070809" + "47905168" + "5566" + "11223344"))));
        var without = (OpeningReading.Ready)Profile.ReadOpening(Good, ScriptStop.Completed, [new ResponseApdu(default, 0x9000), new ResponseApdu(default, 0x6A88), answer]);
        Assert.That(Profile.IdentityOf(without), Is.EqualTo(new CardId(ByteString.FromHex("00010203040506070809"))));
    }
}
