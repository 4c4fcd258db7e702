using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

/// <summary>What a card's answers to PUT KEY are worth, and what the look at it: with the keys that the opening showed.</summary>
public sealed class JudgeOwnKeysTest
{
    private const string Transport = "C00401308810C00402308810C00403308810", Own = "C00401318810C00402318810C00403318810";

    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly Verdict NotDone = new Verdict.NotDone(), InDoubt = new Verdict.InDoubt(), Unclear = new Verdict.Unclear();
    private static readonly Verdict Shown = new Verdict.Done(ProofKind.Cryptogram);
    private static readonly EncryptedKey Key = new(PutKey.Aes, 16, ByteString.Own(new byte[16]), ByteString.FromHex("504A77"));

    private static CardPlan Plan(OwnKeysPut put = OwnKeysPut.Add, ProofKind proof = ProofKind.CardMac, bool oneByOne = false) => Sample.Plan(
        Sample.Product(new RecordDefinition { Name = "own", Items = [new ItemDefinition.PutKeys()], Proof = proof, Repeat = RepeatRule.LookFirst })
            with { OwnKeys = new OwnKeys("own", 0x31, KeyDiversification.Kdf3, put, oneByOne) });

    private static UnwrapResult Card(string hex, ushort statusWord = 0x9000) => new UnwrapResult.Authenticated(ByteString.FromHex(hex), statusWord);

    private static Verdict Look(UnwrapResult answer, bool areOwn, bool oneByOne = false) => Profile.JudgeLook(
        Plan(oneByOne: oneByOne), 1, ScriptStop.Completed, [new CommandOutcome(default, answer)], new KeysOnCard(areOwn));

    [Test]
    public void Look_SaysWhatTheOpeningShowed()
    {
        var (none, some, all) = (Card($"E012{Transport}"), Card($"E018{Transport}C00401318810"), Card($"E024{Transport}{Own}"));
        Assert.That(Look(none, areOwn: false), Is.EqualTo(NotDone));
        Assert.That(Look(all, areOwn: false), Is.EqualTo(NotDone), "no cryptogram: what is there may be anybody's");
        Assert.That(Look(all, areOwn: true), Is.EqualTo(Shown));
        Assert.That(Look(none, areOwn: true), Is.EqualTo(Shown), "this is the channel");
        Assert.That(Look(Card(""), areOwn: true), Is.EqualTo(Shown), "it does not say");
        Assert.That(Look(new UnwrapResult.Unauthenticated(0x6A88), areOwn: true), Is.EqualTo(Shown), "somebody says so");
        Assert.That(Look(new UnwrapResult.Breach(ChannelBreach.WrongMac, 0x9000), areOwn: true), Is.EqualTo(InDoubt));
        Assert.That(Look(all, areOwn: true, oneByOne: true), Is.EqualTo(Shown));
        Assert.That(Look(some, areOwn: true, oneByOne: true), Is.EqualTo(Unclear), "one of three makes no whole set");
        Assert.That(Profile.JudgeLook(Plan(), 1, ScriptStop.Completed, [], new KeysOnCard(true)), Is.EqualTo(InDoubt));
        Assert.That(Profile.JudgeLook(Plan(), 1, ScriptStop.CardLost, [], new KeysOnCard(true)), Is.EqualTo(new Verdict.CardLost()));
    }

    private static readonly ByteString Challenge = ByteString.FromHex("1122334455667788");

    private static CardProduct Putting(OwnKeysPut put, byte? answered = null) =>
        Plan(put).Product with { Quirks = new CardQuirks(AnsweredKeyVersion: answered) };

    /// <summary>
    /// Beside others the own keys are asked for first, and no more where the card has them; the others by name, for a card may hold more
    /// sets. What is put in the place of others, and a factory's keys, leave it to the card.
    /// </summary>
    [Test]
    public void Open_AsksForTheOwnKeysFirst_AndForThoseThatStayByVersion()
    {
        static IEnumerable<string> Asked(CardProduct product) => Profile.Open(product, Challenge.Span)
            .Where(command => command.Apdu.Ins == Instructions.InitializeUpdate).Select(command => $"{command.Apdu.P1:X2}");
        Assert.That(Asked(Putting(OwnKeysPut.Add)), Is.EqualTo(new[] { "31", "30" }));
        Assert.That(Asked(Putting(OwnKeysPut.Add, answered: 0x02)), Is.EqualTo(new[] { "31", "02" }), "as the card names it");
        Assert.That(Asked(Putting(OwnKeysPut.Add, answered: 0xFF)), Is.EqualTo(new[] { "31", "00" }));
        Assert.That(Asked(Putting(OwnKeysPut.Replace)), Is.EqualTo(new[] { "00" }));
        var asks = Profile.Open(Putting(OwnKeysPut.Add), Challenge.Span)[^2];
        Assert.That(asks.Expected, Has.Count.EqualTo(FieldLimits.MaxExpected));
        foreach (var refusal in new ushort[] { 0x6A88, 0x6A86, 0x6985, 0x6982, 0x6F00 })
            Assert.That(ExpectedStatus.Admits(asks.Expected, refusal), Is.True, $"{refusal:X4}");
        Assert.That(ExpectedStatus.Admits(asks.Expected, 0x9000), Is.False, "the script ends there");
    }

    [Test]
    public void Opening_ThatEndsAtTheOwnKeys_IsOfThem()
    {
        var product = Putting(OwnKeysPut.Add);
        ResponseApdu Says(ushort statusWord, string hex = "") => new(ByteString.FromHex(hex), statusWord);
        const string kdd = "00010203040506070809", rest = "0370" + "0B0C0D0E0F101112" + "131415161718191A" + "000001";
        OpeningReading Read(ScriptStop stop, params ResponseApdu[] answers) => Profile.ReadOpening(product, stop, answers);
        bool[] AreOwn(OpeningReading reading) => [.. Profile.KeysOf(product, (OpeningReading.Ready)reading).Select(keys => keys.AreOwn)];
        var (own, transport) = (Says(0x9000, kdd + "31" + rest), Says(0x9000, kdd + "30" + rest));
        Assert.That(AreOwn(Read(ScriptStop.UnexpectedStatus, Says(0x9000), own)), Is.EqualTo(new[] { true }));
        Assert.That(AreOwn(Read(ScriptStop.Completed, Says(0x9000), Says(0x6A88), transport)), Is.EqualTo(new[] { false }));
        Assert.That(AreOwn(Read(ScriptStop.UnexpectedStatus, Says(0x9000), transport)), Is.EqualTo(new[] { false }),
            "a card that answers with what it has, whatever it is asked for");
        Assert.That((Read(ScriptStop.UnexpectedStatus, Says(0x9000), Says(0x6989)) as OpeningReading.Rejected)?.Detail,
            Does.StartWith("INITIALIZE UPDATE 6989"));
        Assert.That(Read(ScriptStop.Completed, Says(0x9000), own), Is.InstanceOf<OpeningReading.Rejected>());
        Assert.That(Read(ScriptStop.UnexpectedStatus, Says(0x9000)), Is.InstanceOf<OpeningReading.Rejected>());
    }

    [TestCase("31504A77504A77504A77", true)]
    [TestCase("31504A77504A77504A78", false)]
    [TestCase("30504A77504A77504A77", false)]
    [TestCase("31504A77504A77", false)]
    [TestCase("31", false)]
    [TestCase("", false)]
    public void Answer_MustBeVersionAndCheckValuesOfTheKeys(string answer, bool isRight)
    {
        var put = new CardCommand(PutKey.Command(0x00, 0x31, 1, Key, Key, Key));
        Verdict Judge(ProofKind proof) => Profile.JudgeRecord(Plan(proof: proof), 1, ScriptStop.Completed, [new CommandOutcome(put, Card(answer))]);
        Assert.That(Judge(ProofKind.CardMac), Is.EqualTo(isRight ? new Verdict.Done(ProofKind.CardMac) : Unclear));
        Assert.That(Judge(ProofKind.Cryptogram), Is.EqualTo(isRight ? InDoubt : Unclear), "the card is opened anew");
    }

    [Test]
    public void OneOfThreeAnsweredWrong_TheRestCutOff_IsUnclear()
    {
        List<CommandOutcome> Answers(string first) => [new CommandOutcome(new CardCommand(PutKey.Command(0x00, 0x31, 1, Key)), Card(first))];
        var plan = Plan(oneByOne: true);
        Assert.That(Profile.JudgeRecord(plan, 1, ScriptStop.CardLost, Answers("31000000")), Is.EqualTo(Unclear));
        Assert.That(Profile.JudgeRecord(plan, 1, ScriptStop.CardLost, Answers("31504A77")), Is.EqualTo(new Verdict.CardLost()));
    }

    /// <summary>A key that is there is put in its own place, the others are added; the number of commands is the same.</summary>
    [Test]
    public void OneByOne_AfterACut_PutsWhatIsThereInItsOwnPlace()
    {
        var plan = Plan(oneByOne: true);
        IEnumerable<string> Heads(params byte[] there) => plan.Record(1, new ThreeKeys(), 0, [.. there]).Select(command => command.Apdu.ToBytes().ToString()[..10]);
        Assert.That(plan.Shape.Records[0], Is.EqualTo(new RecordShape(3, RepeatRule.LookFirst, LookCommands: 1)));
        Assert.That(Heads(), Is.EqualTo(new[] { "80D8000118", "80D8000218", "80D8000318" }));
        Assert.That(Heads(1, 2), Is.EqualTo(new[] { "80D8310118", "80D8310218", "80D8000318" }));
        Assert.That(Profile.OwnIds(plan.Product, [new CommandOutcome(default, Card("E018C00401318810" + Transport))]), Is.EqualTo(new byte[] { 1 }));
        Assert.That(Profile.OwnIds(plan.Product, [new CommandOutcome(default, Card("", 0x6A88))]), Is.Empty);
    }

    private sealed class ThreeKeys : IDataEncryption
    {
        public ByteString Encrypt(ReadOnlySpan<byte> plain) => throw new NotSupportedException();

        public ValueList<EncryptedKey> Keys(HeldKeySet set) => [Key, Key, Key];
    }
}
