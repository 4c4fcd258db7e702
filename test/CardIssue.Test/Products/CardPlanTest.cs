using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.Tlv;
using static CardIssue.Test.Products.SmallProduct;

namespace CardIssue.Test.Products;

public sealed class CardPlanTest
{
    private static readonly Inverting Dek = new();

    /// <summary>The example of EMV CPS 1.1 §3.2 with the test card of the openemv project: record 1 of SFI 1, P1 without format bits.</summary>
    [Test]
    public void RecordOfTheCpsExample_Rendered_IsByteForByteTheExample()
    {
        var template = new TemplateNode.Tlv(0x70,
            [new TemplateNode.Tlv(0x57, Field("track2", FieldEncoding.Track2)), new TemplateNode.Tlv(0x5F20, Field("name", FieldEncoding.Ascii))]);
        var product = Of(Record(new ItemDefinition.Grouping(0x0101, [template]))) with { SecurityLevel = SecurityLevel.CMacCEnc, PlainP1 = 0x00, EncryptedP1 = 0x60 };
        var plan = Plan(product, ("track2", "4761739001010119D15122011758989389"), ("name", "VISA ACQUIRER TEST CARD 01"));
        Assert.That(Hex(plan.Record(1, Dek, 0)), Is.EqualTo(new[]
        {
            "80E2000035" + "0101" + "32" + "7030" + "5711" + "4761739001010119D15122011758989389" +
            "5F201A" + "5649534120414351554952455220544553542043415244203031",
        }));
    }

    [TestCase(FieldEncoding.Digits, "4761739001010119", "4761739001010119")]
    [TestCase(FieldEncoding.Digits, "476173900101011", "476173900101011F")]
    [TestCase(FieldEncoding.Number, "201", "0201")]
    [TestCase(FieldEncoding.Date, "2030-12-31", "301231")]
    [TestCase(FieldEncoding.Ascii, "A/B", "412F42")]
    [TestCase(FieldEncoding.Hex, "00ff", "00FF")]
    [TestCase(FieldEncoding.Track2, "5413330089020011D2512601079360805", "5413330089020011D2512601079360805F")]
    public void Field_Rendered_IsCodedAsItsTypeSays(FieldEncoding encoding, string text, string expected)
    {
        var plan = Plan(Of(Record(new ItemDefinition.Grouping(0x3000, Field("f", encoding)))), ("f", text));
        var data = plan.Record(1, Dek, 0)[0].Apdu.Data;
        Assert.That(data.ToString(), Is.EqualTo($"3000{expected.Length / 2:X2}{expected}"));
    }

    [TestCase(SecurityLevel.CMac, 247, null)]
    [TestCase(SecurityLevel.CMacRMac, 247, 256)]
    [TestCase(SecurityLevel.CMacCEnc, 239, null)]
    [TestCase(SecurityLevel.CMacCEncRMac, 239, 256)]
    [TestCase(SecurityLevel.CMacCEncRMacREnc, 239, 256)]
    public void LongGrouping_Rendered_GoesOnInTheNextBlockWithoutASecondLength(SecurityLevel level, int most, int? le)
    {
        var hex = string.Concat(Enumerable.Range(0, 600).Select(i => ((byte)i).ToString("X2", null)));
        var plan = Plan(Of(Record(Grouping(0x3000, hex))) with { SecurityLevel = level });
        var commands = plan.Record(1, Dek, 0);
        Assert.That(string.Concat(commands.Select(c => c.Apdu.Data.ToString())), Is.EqualTo("3000FF0258" + hex), "The length stands once, in the form of FF and two bytes.");
        Assert.That(commands.Select(c => c.Apdu.Data.Length), Is.EqualTo(new[] { most, most, 605 - 2 * most }));
        Assert.That(commands.Select(c => (c.Apdu.P1, (int)c.Apdu.P2, c.Apdu.Le)), Is.EqualTo(Enumerable.Range(0, 3).Select(i => ((byte)0x08, i, le))));
    }

    [TestCase(239 - 3, 1)]
    [TestCase(239 - 2, 2)]
    public void Grouping_AtTheEdgeOfACommand_IsSplitOnlyWhenItMustBe(int length, int commands) =>
        Assert.That(Plan(Of(Record(Grouping(0x3000, new string('0', 2 * length))))).Shape.Records[0].Commands, Is.EqualTo(commands));

    [Test]
    public void SecretGrouping_Rendered_HasItsDataEncryptedAndItsHeadClear()
    {
        var plan = Plan(Of(Record(Secret(0x8000, "00112233445566778899AABBCCDDEEFF"), Secret(0x8010, "24123FFFFFFFFFFF"), Grouping(0x9010, "0303"))));
        Assert.That(Hex(plan.Record(1, Dek, 0)), Is.EqualTo(new[]
        {
            "80E2680013" + "800010" + "FFEEDDCCBBAA99887766554433221100" + "00",
            "80E2680113" + "801010" + "DBEDC00000000000" + "7FFFFFFFFFFFFFFF" + "00",
            "80E2080205" + "901002" + "0303" + "00",
        }), "Whole blocks as they are, others padded with 80 00… (Amendment D §7.3); the length is that of the ciphertext.");
    }

    [Test]
    public void Packed_Rendered_SharesCommandsAmongGroupingsOfOneP1()
    {
        var plan = Plan(Of(Record(Grouping(0x0101, "AA"), Grouping(0x0102, "BB"), Secret(0x8000, "CC"), Grouping(0x0103, "DD"))) with { Packed = true });
        Assert.That(plan.Record(1, Dek, 0).Select(c => (c.Apdu.P1, c.Apdu.Data.Length)), Is.EqualTo(new[] { ((byte)0x08, 8), ((byte)0x68, 19), ((byte)0x08, 4) }));
    }

    [Test]
    public void BehindASecurityDomain_EachScript_BeginsWithInstallAndABlockOfNumberZero()
    {
        var plan = Plan(Behind with { Records = [Record(Grouping(0x0101, "AA"), Grouping(0x0102, "BB"))] });
        Assert.That(Hex(plan.Record(1, Dek, firstBlock: 7)), Is.EqualTo(new[] { "80E620000D000007A000000003101000000000", "80E2080004010101AA00", "80E2080104010201BB00" }));
        Assert.That(Hex(plan.Close(Dek, firstBlock: 9)), Is.EqualTo(new[] { "80E620000D000007A000000003101000000000", "80E28800037FFF0000" }));
    }

    [Test]
    public void SelectedItself_BlocksCountOnThroughTheOpening()
    {
        var plan = Plan(Good with { Records = [Record(Grouping(0x0101, "AA"), Grouping(0x0102, "BB"))] });
        var first = plan.Record(1, Dek, 0);
        Assert.That(first.Select(c => (int)c.Apdu.P2), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(Hex(plan.Close(Dek, CardPlan.Blocks(first))), Is.EqualTo(new[] { "80E28802037FFF0000" }), "The closing alone has bit 8 of P1.");
    }

    [Test]
    public void StatusAndChecks_Rendered_ComeAfterTheItems()
    {
        var record = Record(Grouping(0x0101, "AA")) with
        {
            Status = new StatusChange(StatusScope.Application, Application, 0x0F), Proof = Core.Protocol.ProofKind.ReadBack, Checks = [Read(1, "AA")],
        };
        Assert.That(Hex(Plan(Of(record)).Record(1, Dek, 0)), Is.EqualTo(new[] { "80E2080004010101AA00", "80F0400F07A000000003101000", "00B2010C00" }));
    }

    [Test]
    public void ReadBackAfterClose_Rendered_WaitsForTheClosingAndItsLook()
    {
        var plan = Plan(Of(Record(Grouping(0x0101, "AA")) with { Proof = Core.Protocol.ProofKind.ReadBackAfterClose, Checks = [Read(1, "AA")] }));
        Assert.That(plan.Record(1, Dek, 0), Has.Count.EqualTo(1));
        Assert.That(Hex(plan.Close(Dek, 1))[^1], Is.EqualTo("00B2010C00"));
        Assert.That(Hex(plan.CloseLook()), Is.EqualTo(new[] { "80F24002094F07A000000003101000", "00B2010C00" }));
    }

    [Test]
    public void PreparedGroupings_Rendered_AreTheFieldsOwn()
    {
        var plan = Plan(Of(Record(new ItemDefinition.Prepared("ready"))), ("ready", "010102AABB" + "900003112233"));
        Assert.That(plan.Record(1, Dek, 0).Select(c => c.Apdu.Data.ToString()), Is.EqualTo(new[] { "010102AABB", "900003112233" }));
    }

    [Test]
    public void Commands_Rendered_StandInTheirOrder_AndASeriesBeginsAnewBehindADomain()
    {
        var record = Record(Grouping(0x0101, "AA"), new ItemDefinition.Command(0x80F00F07, Field("f", FieldEncoding.Hex)), Grouping(0x0102, "BB"));
        var close = Good.Close with { Items = [Grouping(0x7FFF, ""), new ItemDefinition.Command(0x00E60000, default)] };
        var selected = Plan(Of(record) with { Close = close }, ("f", "CC"));
        Assert.That(Hex(selected.Record(1, Dek, 3)), Is.EqualTo(new[] { "80E2080304010101AA00", "80F00F0701CC00", "80E2080404010201BB00" }), "One series, counted on.");
        Assert.That(Hex(selected.Close(Dek, 5)), Is.EqualTo(new[] { "80E28805037FFF0000", "00E6000000" }), "The last STORE DATA is the last, though a command follows it.");
        const string install = "80E620000D000007A000000003101000000000";
        var behind = Plan(Behind with { Records = [record] }, ("f", "CC"));
        Assert.That(Hex(behind.Record(1, Dek, 3)), Is.EqualTo(new[] { install, "80E2080004010101AA00", "80F00F0701CC00", install, "80E2080004010201BB00" }));
        Assert.That(behind.Shape.Records[0].Commands, Is.EqualTo(5));
    }

    [TestCase(SecurityLevel.CMac, 247)]
    [TestCase(SecurityLevel.CMacCEncRMacREnc, 239)]
    public void Command_WithMoreDataThanTheLevelCarries_IsAnError(SecurityLevel level, int most)
    {
        var product = Of(Record(new ItemDefinition.Command(0x80F00F07, Field("f", FieldEncoding.Ascii)))) with { SecurityLevel = level };
        Assert.That(Create(product, ("f", new string('x', most))).Errors, Is.Empty);
        Assert.That(Create(product, ("f", new string('x', most + 1))).Errors.Select(e => e.Message),
            Is.EqualTo(new[] { $"command 80F00F07 has {most + 1} bytes of data; {most} are the most" }));
    }

    [TestCase("", "holds no data grouping")]
    [TestCase("0101", "is no row of data groupings: At byte 0: a DGI or its length is cut short")]
    [TestCase("010105AABB", "is no row of data groupings: At byte 0: the length says 5; 2 bytes follow it")]
    [TestCase("xyz", "is not an even number of hexadecimal digits")]
    public void PreparedGroupings_Malformed_AreAnErrorOfTheField(string text, string message) =>
        Assert.That(Create(Of(Record(new ItemDefinition.Prepared("ready"))), ("ready", text)).Errors, Is.EqualTo(new[] { new PlanError(1, "ready", message) }));

    /// <summary>Nothing can be encrypted to nothing: it would show only when the card is open and half written.</summary>
    [Test]
    public void EmptySecret_IsAnErrorBeforeACardIsOpened()
    {
        var product = Of(Record(new ItemDefinition.Grouping(0x8000, Field("keys", FieldEncoding.Hex)) { Secret = true }));
        Assert.That(Create(product, ("keys", "")).Errors, Is.EqualTo(new[] { new PlanError(1, "", "DGI 8000 is secret and has no data") }));
        Assert.That(Create(product).Errors, Is.EqualTo(new[] { new PlanError(1, "keys", "is missing") }), "One fault is told once.");
    }

    [TestCase(false, 65_535, true)]
    [TestCase(false, 65_536, false)]
    [TestCase(true, 65_520, true)]
    [TestCase(true, 65_535, false)]
    public void Grouping_LongerThanItsLengthCanSay_IsAnError(bool secret, int length, bool isGood)
    {
        var item = new ItemDefinition.Grouping(0x3000, Field("f", FieldEncoding.Ascii)) { Secret = secret };
        // Behind a security domain one record has 256 blocks; 65,535 bytes are 275 of 239. So the good ones are told apart by what they are refused for.
        var errors = Create(Behind with { Records = [Record(item)] }, ("f", new string('x', length))).Errors;
        Assert.That(errors.Any(e => e.Message == "DGI 3000 has more than 65535 bytes"), Is.EqualTo(!isGood), string.Join(", ", errors));
    }

    [Test]
    public void FieldsThatDoNotFit_AreAllTold_WithoutTheirText()
    {
        var product = Of(Record(new ItemDefinition.Grouping(0x0101, [.. Field("pan", FieldEncoding.Digits), .. Field("until", FieldEncoding.Date)])));
        Assert.That(Create(product, ("pan", "47x"), ("other", "1")).Errors, Is.EqualTo(new[]
        {
            new PlanError(1, "pan", "is not decimal digits"), new PlanError(1, "until", "is missing"), new PlanError(0, "other", "is asked for by no record"),
        }));
    }

    [TestCase(255, true)]
    [TestCase(256, false)]
    public void BlocksOfAllRecords_ToTheSelectedApplication_AreOneSeries(int blocks, bool isGood)
    {
        var record = Record([.. Enumerable.Range(0, blocks / 2).Select(i => Grouping(0x3000, "AA"))]);
        var second = Record([.. Enumerable.Range(0, blocks - blocks / 2).Select(i => Grouping(0x3000, "AA"))]);
        var made = Create(Of(record, second));
        Assert.That(made.Errors.Select(e => e.Message), isGood ? Is.Empty : Is.EqualTo(new[] { "records and closing have 257 blocks of STORE DATA; one series has 256" }));
        Assert.That(Create(Behind with { Records = [record, second] }).Errors, Is.Empty, "Behind a security domain each record begins a series.");
        if (isGood) Assert.That(made.Plan!.Close(Dek, blocks)[^1].Apdu.P2, Is.EqualTo(255));
    }

    [TestCase(31, false)]
    [TestCase(32, true)]
    [TestCase(33, false)]
    public void ExpectedDigest_OfAnotherLength_IsAnError(int length, bool isGood)
    {
        var check = new CheckDefinition(new CheckCommand.ReadRecord(1, 1), new Expectation.Digest(Field("digest", FieldEncoding.Hex)));
        var product = Of(Record(Grouping(0x0101, "AA")) with { Proof = Core.Protocol.ProofKind.ReadBack, Checks = [check] });
        Assert.That(Create(product, ("digest", new string('0', 2 * length))).Errors, Has.Count.EqualTo(isGood ? 0 : 1));
    }

    /// <summary>The shape is known without keys, and the commands are as many as it says, whatever the encryption makes of the data.</summary>
    [Test]
    public void RandomProducts_Rendered_HaveAsManyCommandsAsTheirShape()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        SecurityLevel[] levels = [SecurityLevel.CMac, SecurityLevel.CMacCEnc, SecurityLevel.CMacRMac, SecurityLevel.CMacCEncRMac, SecurityLevel.CMacCEncRMacREnc];
        for (var round = 0; round < 300; round++)
        {
            var product = (random.Next(2) == 0 ? Good : Behind) with
            {
                SecurityLevel = levels[random.Next(levels.Length)],
                Packed = random.Next(2) == 0,
                Start = random.Next(2) == 0 ? null : new StartState(OfApplication, [0x07]),
                Records = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => RandomRecord(random))],
            };
            var plan = Plan(product);
            var blocks = 0;
            for (var number = 1; number <= product.Records.Count; number++)
            {
                var commands = plan.Record(number, Dek, blocks);
                Assert.That(commands, Has.Count.EqualTo(plan.Shape.Records[number - 1].Commands), $"seed {seed}, round {round}, record {number}");
                Assert.That(plan.Look(number), Has.Count.EqualTo(plan.Shape.Records[number - 1].LookCommands), $"seed {seed}, round {round}");
                AssertWhole(product.Records[number - 1], commands, $"seed {seed}, round {round}, record {number}");
                blocks += CardPlan.Blocks(commands);
            }
            Assert.That(plan.Close(Dek, blocks), Has.Count.EqualTo(plan.Shape.CloseCommands), $"seed {seed}, round {round}");
            Assert.That(plan.CloseLook(), Has.Count.EqualTo(plan.Shape.CloseLookCommands), $"seed {seed}, round {round}");
            Assert.That(plan.Shape.AuthenticateCommands, Is.EqualTo(product.Start is null ? 1 : 2), $"seed {seed}, round {round}");
        }
    }

    /// <summary>What the blocks carry, joined, is the groupings in their order, none twice and none cut.</summary>
    private static void AssertWhole(RecordDefinition record, IReadOnlyList<CardCommand> commands, string where)
    {
        var sent = ByteString.Concat([.. commands.Where(c => c.Apdu.Ins == Instructions.StoreData).Select(c => c.Apdu.Data)]);
        Assert.That(Dgi.TryParse(sent.Span, out var groupings, out var error), Is.True, $"{where}: {error}");
        Assert.That(groupings.Select(g => g.Id), Is.EqualTo(record.Items.Cast<ItemDefinition.Grouping>().Select(g => g.Id)), where);
    }

    private static RecordDefinition RandomRecord(Random random)
    {
        var items = Enumerable.Range(0, random.Next(1, 6)).Select(_ =>
        {
            var hex = Convert.ToHexString(new byte[random.Next(1, 700)]);
            return random.Next(3) == 0 ? Secret((ushort)random.Next(0x8000, 0x8400), hex) : Grouping((ushort)random.Next(0x0101, 0x1E00), hex);
        });
        var record = Record([.. items]);
        return random.Next(4) switch
        {
            0 => record with { Repeat = Core.Protocol.Repeat.LookFirst, Look = [Closed] },
            1 => record with { Proof = Core.Protocol.ProofKind.CardState, Checks = [Closed] },
            2 => record with { Status = new StatusChange(StatusScope.Application, Application, 0x0F) },
            _ => record,
        };
    }
}
