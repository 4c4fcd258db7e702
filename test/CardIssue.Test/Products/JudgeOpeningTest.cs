using CardIssue.Core.Cards;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

internal class JudgeOpeningTest
{
    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly CardProduct Chip = Sample.Product() with { Identity = [new IdentitySource.ProductionLifeCycle()] };
    private static readonly ByteString Update = ByteString.FromHex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C");
    private static readonly CardProduct Started = Sample.Product() with { Start = new StartState(Sample.State, [0x03, 0x07]) };

    private static ResponseApdu Says(ushort statusWord, ByteString data = default) => new(data, statusWord);

    private static Verdict Authentication(UnwrapResult? state, bool resuming = false, ScriptStop stop = ScriptStop.Completed, CardProduct? product = null) =>
        Profile.JudgeAuthentication(product ?? Started, stop, Says(0x9000), state is null ? [] : [new CommandOutcome(default, state)], resuming);

    private static UnwrapResult State(byte lifeCycle) => new UnwrapResult.Authenticated(Sample.Entry(lifeCycle), 0x9000);

    [Test]
    public void Open_SelectsReadsWhoTheCardIsAndAsksForTheNamedKeys()
    {
        var commands = Profile.Open(Chip, ByteString.FromHex("1122334455667788").Span);
        Assert.That(commands.Select(c => c.Apdu.ToBytes().ToString()),
            Is.EqualTo(new[] { "00A4040008A00000015100000000", "80CA9F7F00", "8050300008112233445566778800" }));
        Assert.That(commands.Select(c => c.Expected), Is.EqualTo(new ValueList<ushort>[] { default, [ExpectedStatus.Any], default }),
            "any answer to what may be missing will do");
        Assert.That(commands, Has.Count.EqualTo(Profile.OpenCommands(Chip)));
        Assert.That(Profile.OpenCommands(Sample.Product()), Is.EqualTo(2),
            "where the keys come from the diversification data, nothing else is asked");
    }

    /// <summary>GPCS §H.2: SCP02 with i=1A and 15 beside SCP03.</summary>
    private static readonly ByteString CardData = ByteString.FromHex(
        "66327330" + "06072A864886FC6B01" + "640B06092A864886FC6B04021A" + "640B06092A864886FC6B040215" + "640B06092A864886FC6B040375");

    private static readonly ByteString Update02 = ByteString.FromHex("000102030405060708092002000A0B0C0D0E0F10111213141516171819");

    private static ScpOptions? OptionsOf(CardProduct product, ByteString update, ResponseApdu cardData)
    {
        var ready = (OpeningReading.Ready)Profile.ReadOpening(product, ScriptStop.Completed, [Says(0x9000), cardData, Says(0x9000, update)]);
        return Profile.Terms(product, ready).Options;
    }

    /// <summary>What the product leaves to the card is asked for in the same script, and never by trying keys.</summary>
    [Test]
    public void Options_LeftToTheCard_AreReadFromItsCardData()
    {
        var detecting = Sample.Product() with { Protocol = null, SecurityLevel = SecurityLevel.CMacCEnc };
        Assert.That(Profile.Open(detecting, new byte[8])[1].Apdu.ToBytes().ToString(), Is.EqualTo("80CA006600"));
        Assert.That(Profile.OpenCommands(detecting), Is.EqualTo(3));
        var scp02 = Update02.Slice(0, 28);
        Assert.That(OptionsOf(detecting, scp02, Says(0x9000, CardData)), Is.EqualTo(new ScpOptions(ScpProtocol.Scp02, 0x15)), "of several the explicit one");
        Assert.That(OptionsOf(detecting, scp02, Says(0x6A88)), Is.Null);
        Assert.That(OptionsOf(detecting, scp02, Says(0x9000, ByteString.FromHex("6600"))), Is.Null);
        Assert.That(OptionsOf(Sample.Product() with { Protocol = ScpProtocol.Scp02, ProtocolOptions = null }, scp02, Says(0x9000, CardData))?.Value, Is.EqualTo(0x15));
    }

    [Test]
    public void Options_ThatTheProductNames_AreNotAskedFor()
    {
        var product = Sample.Product() with { Protocol = ScpProtocol.Scp02, ProtocolOptions = 0x55 };
        Assert.That(Profile.OpenCommands(product), Is.EqualTo(2));
        var ready = new OpeningReading.Ready(Says(0x9000, Update02.Slice(0, 28)), []);
        Assert.That(Profile.Terms(product, ready), Is.EqualTo(
            new ChannelTerms(product.SecurityLevel) { Protocol = ScpProtocol.Scp02, Options = new ScpOptions(ScpProtocol.Scp02, 0x55) }));
        Assert.That(Profile.ChallengeLength(product), Is.EqualTo(8));
        Assert.That(Profile.ChallengeLength(Sample.Product() with { ProtocolOptions = 0x71 }), Is.EqualTo(16));
    }

    [Test]
    public void Open_OfACardThatIsAskedForItsDefaultKeys_AsksForThem()
    {
        var product = Sample.Product() with { Quirks = new CardQuirks(AskedKeyVersion: 0x00, AnsweredKeyVersion: 0xFF) };
        Assert.That(Profile.Open(product, new byte[8])[^1].Apdu.P1, Is.Zero);
        Assert.That(Profile.Open(Sample.Product(), new byte[8])[^1].Apdu.P1, Is.EqualTo(Sample.Product().KeyVersion));
    }

    [TestCase(0x6F00)]
    [TestCase(0x6700)]
    [TestCase(0x6B00)]
    [TestCase(0x6981)]
    [TestCase(0x6985)]
    [TestCase(0x6A88)]
    [TestCase(0x6283)]
    public void ChipData_Refused_IsDoneWithout(int statusWord)
    {
        var given = Sample.Product() with { Identity = [new IdentitySource.Assigned()] };
        Assert.That(Profile.Open(given, new byte[8]).Skip(1).SkipLast(1).All(c => ExpectedStatus.Admits(c.Expected, (ushort)statusWord)),
            Is.True);
        var refused = Says((ushort)statusWord);
        var ready = Profile.ReadOpening(given, ScriptStop.Completed,
            [Says(0x9000), refused, refused, Says(0x9000, Update)]) as OpeningReading.Ready;
        Assert.That(Profile.IdentityOf(given, ready!, _ => false).Kind, Is.EqualTo(IdentityKind.Blank));
    }

    [TestCase(1, 0x6A82, CardRejection.NoApplication)]
    [TestCase(1, 0x6283, CardRejection.Locked)]
    [TestCase(1, 0x6A81, CardRejection.NotGenuine)]
    [TestCase(1, 0x6D00, CardRejection.NotGenuine)]
    [TestCase(2, 0x6F00, CardRejection.Unreadable)]
    [TestCase(3, 0x6A88, CardRejection.UnknownKey)]
    [TestCase(3, 0x6985, CardRejection.Unreadable)]
    public void Opening_ThatStops_SaysWhere(int answers, int statusWord, CardRejection code)
    {
        ResponseApdu[] responses = [.. Enumerable.Repeat(Says(0x9000), answers - 1), Says((ushort)statusWord)];
        var rejected = (OpeningReading.Rejected)Profile.ReadOpening(Chip, ScriptStop.UnexpectedStatus, responses);
        Assert.That(rejected.Code, Is.EqualTo(code));
        Assert.That(rejected.Detail, Does.Contain($"{statusWord:X4}"));
    }

    [Test]
    public void Opening_WithoutItsAnswers_IsUnreadableAndNeverThrows()
    {
        foreach (var stop in Enum.GetValues<ScriptStop>().Where(s => s is not ScriptStop.CardLost))
            Assert.That((Profile.ReadOpening(Sample.Product(), stop, []) as OpeningReading.Rejected)?.Code, Is.EqualTo(CardRejection.Unreadable), stop.ToString());
        Assert.That(Profile.ReadOpening(Sample.Product(), ScriptStop.Completed, [Says(0x9000)]), Is.InstanceOf<OpeningReading.Rejected>());
        Assert.That(Profile.ReadOpening(Sample.Product(), ScriptStop.CardLost, [Says(0x9000)]), Is.InstanceOf<OpeningReading.CardLost>());
    }

    [Test]
    public void Diagnoses_AllHaveACode()
    {
        foreach (var diagnosis in Enum.GetValues<OpenDiagnosis>()) Assert.That(Enum.IsDefined(Profile.Of(diagnosis)), Is.True);
        Assert.That(Profile.Of(OpenDiagnosis.WrongCryptogram), Is.EqualTo(CardRejection.NotGenuine));
        Assert.That(Profile.Of(OpenDiagnosis.UnknownKeyVersion), Is.EqualTo(CardRejection.UnknownKey));
        Assert.That(Profile.Of(OpenDiagnosis.LevelNotSupported), Is.EqualTo(CardRejection.ChannelTooWeak));
        Assert.That(Profile.Of(OpenDiagnosis.UnsupportedMode), Is.EqualTo(CardRejection.Unreadable));
    }

    [Test]
    public void AfterAuthentication_AsksForTheStartStateWhereThereIsOne()
    {
        Assert.That(Profile.AfterAuthentication(Sample.Product()), Is.Empty);
        Assert.That(Profile.AfterAuthentication(Started).Single().Apdu.ToBytes().ToString(), Is.EqualTo("80F24002094F07A000000003101000"));
        Assert.That(Sample.Plan(Started).Shape.AuthenticateCommands, Is.EqualTo(2));
        Assert.That(Sample.Plan(Sample.Product()).Shape.AuthenticateCommands, Is.EqualTo(1));
    }

    [Test]
    public void HostCryptogramRefused_IsRefusedUs_OtherErrorsAreInDoubt()
    {
        Verdict Answer(ushort statusWord) => Profile.JudgeAuthentication(Started, ScriptStop.UnexpectedStatus, Says(statusWord), [], false);
        Assert.That(Answer(0x6300), Is.EqualTo(new Verdict.Rejected(CardRejection.RefusedUs)));
        Assert.That(Answer(0x6982), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Profile.JudgeAuthentication(Started, ScriptStop.Gap, null, [], false), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Profile.JudgeAuthentication(Started, ScriptStop.CardLost, Says(0x9000), [], false), Is.EqualTo(new Verdict.CardLost()));
    }

    /// <summary>Whether or not what follows it is judged: EXTERNAL AUTHENTICATE alone must have gone well, and nothing been lost.</summary>
    [TestCase(0x6982, ScriptStop.UnexpectedStatus)]
    [TestCase(0x6985, ScriptStop.UnexpectedStatus)]
    [TestCase(0x6A80, ScriptStop.Completed)]
    [TestCase(0x6283, ScriptStop.UnexpectedStatus)]
    [TestCase(0x9000, ScriptStop.Gap)]
    [TestCase(0x9000, ScriptStop.ModuleRefused)]
    [TestCase(null, ScriptStop.Completed)]
    [TestCase(null, ScriptStop.UnexpectedStatus)]
    [TestCase(null, ScriptStop.Gap)]
    [TestCase(null, ScriptStop.ModuleRefused)]
    public void Authentication_ThatWasNotAnsweredWell_IsNeverDone(int? statusWord, ScriptStop stop)
    {
        ResponseApdu? answer = statusWord is { } word ? Says((ushort)word) : null;
        foreach (var product in new[] { Sample.Product(), Started })
            foreach (var resuming in new[] { false, true })
            {
                CommandOutcome[] after = product.Start is null ? [] : [new CommandOutcome(default, State(0x07))];
                Assert.That(Profile.JudgeAuthentication(product, stop, answer, after, resuming), Is.EqualTo(new Verdict.InDoubt()), $"{product.Start}");
            }
    }

    /// <summary>Some cards answer EXTERNAL AUTHENTICATE with a MAC at levels with response MACs: it is taken, and worth nothing.</summary>
    [Test]
    public void Authentication_AnsweredWithData_IsDone() => Assert.That(
        Profile.JudgeAuthentication(Sample.Product(), ScriptStop.Completed, Says(0x9000, ByteString.FromHex("0102030405060708")), [], false),
        Is.EqualTo(new Verdict.Done(ProofKind.TerminalWord)));

    /// <summary>A state that cannot be read is a wrong one only when the card was heard to the end.</summary>
    [TestCase("", ScriptStop.UnexpectedStatus, false)]
    [TestCase("E3", ScriptStop.UnexpectedStatus, false)]
    [TestCase("5A0147", ScriptStop.UnexpectedStatus, false)]
    [TestCase("", ScriptStop.Completed, true)]
    [TestCase("E3", ScriptStop.Completed, true)]
    public void StartState_ThatCannotBeRead_IsAWrongStateOnlyAtTheEnd(string data, ScriptStop stop, bool rejected)
    {
        var statusWord = stop is ScriptStop.Completed ? (ushort)0x9000 : StatusWords.MoreData;
        Assert.That(Authentication(new UnwrapResult.Authenticated(ByteString.FromHex(data), statusWord), stop: stop),
            Is.EqualTo(rejected ? new Verdict.Rejected(CardRejection.WrongState) : new Verdict.InDoubt()));
    }

    /// <summary>Data that comes with anything but 9000 is no data: who refuses may still send some.</summary>
    [TestCase(0x6A88)]
    [TestCase(0x6F00)]
    [TestCase(0x6283)]
    [TestCase(0x6310)]
    [TestCase(0x9001)]
    public void ChipData_ThatComesWithARefusal_IsNotBelieved(int statusWord)
    {
        var lifeCycle = ByteString.FromHex("9F7F2A 4790 5168 4791 2081 3B00 6250 11111111 2222" + new string('0', 48));
        string? Told(ushort answered)
        {
            ResponseApdu[] answers = [Says(0x9000), Says(answered, lifeCycle), Says(0x9000, Update)];
            var ready = (OpeningReading.Ready)Profile.ReadOpening(Chip, ScriptStop.Completed, answers);
            return Profile.IdentityOf(Chip, ready, _ => false).Card?.ToString();
        }
        Assert.That((Told(0x9000), Told((ushort)statusWord)), Is.EqualTo(("9F7F47905168222211111111", (string?)null)));
    }

    [Test]
    public void AuthenticationAlone_IsTheTerminalsWord() =>
        Assert.That(Authentication(null, product: Sample.Product()), Is.EqualTo(new Verdict.Done(ProofKind.TerminalWord)));

    [TestCase(0x03, false, true)]
    [TestCase(0x07, false, true)]
    [TestCase(0x0F, false, false)]
    [TestCase(0x01, false, false)]
    [TestCase(0x0F, true, true)]
    [TestCase(0x83, true, true)]
    [TestCase(0x01, true, false)]
    public void StartState_IsAccepted_LaterOnesOnlyWhenResuming(byte state, bool resuming, bool accepted) => Assert.That(
        Authentication(State(state), resuming), Is.EqualTo(accepted ? new Verdict.Done(ProofKind.CardMac) : new Verdict.Rejected(CardRejection.WrongState)));

    [Test]
    public void StartState_NotToldByTheCardItself_IsInDoubt()
    {
        UnwrapResult[] unbelievable =
        [
            new UnwrapResult.Breach(ChannelBreach.MissingMac, 0x9000), new UnwrapResult.Unauthenticated(0x6A88), new UnwrapResult.NoProtection(Sample.Entry(0x07), 0x9000),
        ];
        foreach (var answer in unbelievable)
            foreach (var stop in new[] { ScriptStop.Completed, ScriptStop.UnexpectedStatus })
                Assert.That(Authentication(answer, stop: stop), Is.EqualTo(new Verdict.InDoubt()), $"{answer}, {stop}");
        Assert.That(Authentication(null), Is.EqualTo(new Verdict.InDoubt()));
    }

    [Test]
    public void StartState_OfAnotherApplicationAlone_IsAWrongState() => Assert.That(
        Authentication(new UnwrapResult.Authenticated(Sample.Entry(0x07, Sample.Domain), 0x9000)), Is.EqualTo(new Verdict.Rejected(CardRejection.WrongState)));

    [Test]
    public void StartState_WithoutResponseMacs_IsTheTerminalsWord() => Assert.That(
        Authentication(new UnwrapResult.NoProtection(Sample.Entry(0x07), 0x9000), product: Started with { SecurityLevel = SecurityLevel.CMacCEnc }),
        Is.EqualTo(new Verdict.Done(ProofKind.TerminalWord)));
}
