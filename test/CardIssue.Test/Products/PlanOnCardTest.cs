using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.VirtualCard;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.Products;

/// <summary>Plan, session and judge against a card, without center and terminal: at every security level, on both kinds of channel.</summary>
public sealed class PlanOnCardTest
{
    private const string Keys = "00112233445566778899AABBCCDDEEFF112233445566778899AABBCCDDEEFF00", Pin = "241234FFFFFFFFFF";
    private static readonly CardProduct Good = Sample.Product() with { Selected = Sample.Application }, Behind = Sample.Product() with { Application = Sample.Application };
    private static readonly string Long = string.Concat(Enumerable.Range(0, 600).Select(i => ((byte)i).ToString("X2", null)));

    [Test]
    public void Product_WrittenOnACard_IsOnTheCard(
        [Values(SecurityLevel.CMac, SecurityLevel.CMacCEnc, SecurityLevel.CMacRMac, SecurityLevel.CMacCEncRMac, SecurityLevel.CMacCEncRMacREnc)] SecurityLevel level,
        [Values] bool behindDomain, [Values] bool packed)
    {
        var proof = level.HasRMac() ? ProofKind.CardMac : ProofKind.TerminalWord;
        var product = (behindDomain ? Behind with { Start = new StartState(Sample.State, [0x07]) } : Good) with
        {
            SecurityLevel = level,
            Packed = packed,
            ExposedToTerminal = !level.HasCEnc(),
            Records =
            [
                Sample.Record(Grouping(0x0101, "7004C1020102"), Grouping(0x0B01, Long)) with { Name = "data", Proof = proof },
                Sample.Record(Secret(0x8000, Keys), Secret(0x8010, Pin), Grouping(0x9010, "0303")) with { Name = "secrets", Proof = proof },
            ],
        };
        Assert.That(ProductRules.Check(product), Is.Empty);
        var card = TestCard.Blank();
        using var counter = new Counter(card, Sample.Plan(product));
        Assert.That(counter.Open(), Is.EqualTo(new Verdict.Done(behindDomain && level.HasRMac() ? ProofKind.CardMac : ProofKind.TerminalWord)));
        Assert.That(counter.Record(1), Is.EqualTo(new Verdict.Done(proof)));
        Assert.That(counter.Record(2), Is.EqualTo(new Verdict.Done(proof)));
        if (behindDomain) Assert.That(counter.CloseLook(), Is.EqualTo(new Verdict.NotDone()));
        Assert.That(counter.Close(), Is.EqualTo(new Verdict.Done(proof)));
        if (behindDomain) Assert.That(counter.CloseLook(), Is.EqualTo(new Verdict.Done(level.HasRMac() ? ProofKind.CardState : ProofKind.TerminalWord)));

        var application = card.Inspect().Application(TestCard.Emv);
        Assert.That(application.IsPersonalized, Is.True);
        Assert.That(application.Records[new(1, 1)].ToString(), Is.EqualTo("7004C1020102"));
        Assert.That(application.Records[new(11, 1)].ToString(), Is.EqualTo(Long));
        Assert.That(application.Dgis[0x8000].ToString(), Is.EqualTo(Keys), "Decrypted by the card.");
        Assert.That(application.Dgis[0x8010].ToString(), Is.EqualTo(Pin));
    }

    /// <summary>The application gives its records only when it is personalised: read-back after the closing, by bytes and by digest, on its own channel.</summary>
    [Test]
    public void ReadBackAfterClose_OnTheApplicationsChannel_ProvesWhatTheCardHolds()
    {
        var digest = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Convert.FromHexString("A1B2")));
        var byDigest = new CheckDefinition(new CheckCommand.ReadRecord(12, 1), new Expectation.Digest(Bytes(digest)));
        var record = Sample.Record(Grouping(0x0B01, "AA"), Grouping(0x0C01, "A1B2")) with { Proof = ProofKind.ReadBackAfterClose, Checks = [Read(11, "AA"), byDigest] };
        Assert.That(ProductRules.Check(Of(record)), Is.Empty);
        using var good = new Counter(TestCard.Blank(), Sample.Plan(Of(record)));
        good.Open();
        Assert.That(good.Record(1), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(good.Close(), Is.EqualTo(new Verdict.Done(ProofKind.ReadBackAfterClose)));

        using var other = new Counter(TestCard.Blank(), Sample.Plan(Of(record with { Items = [Grouping(0x0B01, "AA"), Grouping(0x0C01, "A1B3")] })));
        other.Open();
        other.Record(1);
        Assert.That(other.Close(), Is.EqualTo(new Verdict.InDoubt()));
    }

    /// <summary>A power cut inside a record: the card was left half written, a new opening writes the record again from its first block.</summary>
    [Test]
    public void CardLostInARecord_OpenedAgain_TakesTheRecordAnew([Range(1, 5)] int command, [Values] bool behindDomain)
    {
        var plan = Sample.Plan((behindDomain ? Behind : Good) with { Records = [Sample.Record(Grouping(0x0B01, Long), Secret(0x8000, Keys), Grouping(0x9010, "0303"))] });
        var card = TestCard.Blank();
        using (var first = new Counter(card, plan))
        {
            first.Open();
            card.CutPower(new PowerCut(command, CutMoment.BeforeResponse));
            Assert.That(first.Record(1), Is.EqualTo(new Verdict.CardLost()));
        }
        card.Reset();
        using var second = new Counter(card, plan);
        Assert.That(second.Open(), Is.InstanceOf<Verdict.Done>());
        Assert.That(second.Record(1), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(second.Close(), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(card.Inspect().Application(TestCard.Emv).Records[new(11, 1)].ToString(), Is.EqualTo(Long));
    }

    [Test]
    public void CommandBetweenGroupings_BehindADomain_LeavesTheSeriesWhole()
    {
        // GET DATA of the key information template: the domain itself answers it.
        var record = Sample.Record(Grouping(0x0B01, Long), new ItemDefinition.Command(0x80CA00E0, default), Grouping(0x0C01, "BB"));
        var card = TestCard.Blank();
        using var counter = new Counter(card, Sample.Plan(Behind with { Records = [record] }));
        counter.Open();
        Assert.That(counter.Record(1), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(counter.Close(), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(card.Inspect().Application(TestCard.Emv).Records.Values.Select(v => v.ToString()), Is.EquivalentTo(new[] { Long, "BB" }));
    }

    [Test]
    public void CardThatRefusesAGrouping_IsInDoubt_ForItsErrorHasNoMac()
    {
        using var counter = new Counter(TestCard.Blank(), Sample.Plan(Of(Sample.Record(Grouping(0x7FF0, "AA")))));
        counter.Open();
        Assert.That(counter.Record(1), Is.EqualTo(new Verdict.InDoubt()));
    }

    private static CardProduct Of(RecordDefinition record) => Good with { Records = [record] };

    private static ItemDefinition.Grouping Grouping(ushort id, string hex) => new(id, Bytes(hex));

    private static ItemDefinition.Grouping Secret(ushort id, string hex) => Grouping(id, hex) with { Secret = true };

    private static ValueList<TemplateNode> Bytes(string hex) => [new TemplateNode.Literal(ByteString.FromHex(hex))];

    private static CheckDefinition Read(byte file, string done) => new(new CheckCommand.ReadRecord(file, 1), Sample.Exactly(done));

    /// <summary>Carries scripts to a card as center and terminal would, and lets the profile judge.</summary>
    private sealed class Counter(CardSimulator card, CardPlan plan) : IDisposable, IDataEncryption
    {
        private static readonly byte[] Challenge = [1, 2, 3, 4, 5, 6, 7, 8];

        private readonly ICardProfile _profile = plan.Product.Profile;
        private SecureChannelSession? _session;
        private int _blocks;

        public Verdict Open()
        {
            var product = plan.Product;
            var responses = _profile.Open(product, Challenge).Select(c => Transmit(c.Apdu)!.Value).ToList();
            var ready = (OpeningReading.Ready)_profile.ReadOpening(product, ScriptStop.Completed, responses);
            using var keys = new StaticKeys(0x30, Key("000102030405060708090A0B0C0D0E0F"), Key("101112131415161718191A1B1C1D1E1F"), Key("202122232425262728292A2B2C2D2E2F"));
            _session = ((ChannelOpenResult.Opened)ChannelOpening.TryOpen(keys, 0x30, Challenge, ready.InitializeUpdate,
                _profile.Terms(product, ready))).Session;
            var authenticated = Transmit(_session.ExternalAuthenticate());
            var (stop, after) = Run(_profile.AfterAuthentication(product));
            return _profile.JudgeAuthentication(product, stop, authenticated, after, resuming: false);
        }

        public Verdict Record(int number) => Judge(plan.Record(number, this, _blocks), (stop, outcomes) => _profile.JudgeRecord(plan, number, stop, outcomes));

        public Verdict Close() => Judge(plan.Close(this, _blocks), (stop, outcomes) => _profile.JudgeClose(plan, stop, outcomes));

        public Verdict CloseLook() => Judge(plan.CloseLook(), (stop, outcomes) => _profile.JudgeCloseLook(plan, stop, outcomes));

        public ByteString Encrypt(ReadOnlySpan<byte> plain) => _session!.EncryptWithDek(plain, DataEncryption.PaddingFor(plain.Length, ScpProtocol.Scp03));

        public void Dispose() => _session?.Dispose();

        private Verdict Judge(IReadOnlyList<CardCommand> script, Func<ScriptStop, IReadOnlyList<CommandOutcome>, Verdict> judge)
        {
            _blocks = CardPlan.NextBlock(script, _blocks);
            var (stop, outcomes) = Run(script);
            return judge(stop, outcomes);
        }

        private (ScriptStop Stop, List<CommandOutcome> Outcomes) Run(IReadOnlyList<CardCommand> script)
        {
            var outcomes = new List<CommandOutcome>();
            foreach (var command in script)
            {
                if (Transmit(_session!.Wrap(command.Apdu)) is not { } response) return (ScriptStop.CardLost, outcomes);
                outcomes.Add(new CommandOutcome(command, _session.Unwrap(response)));
                if (!response.IsOk) return (ScriptStop.UnexpectedStatus, outcomes);
            }
            return (ScriptStop.Completed, outcomes);
        }

        private ResponseApdu? Transmit(CommandApdu command) => card.Transmit(command.ToBytes().Span) is { Length: > 0 } response ? ResponseApdu.Parse(response) : null;

        private static SecretBytes Key(string hex) => SecretBytes.Copy(Convert.FromHexString(hex));
    }
}
