using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

public class CardPlanTest
{
    private static readonly Inverting Encryption = new();

    private static IEnumerable<string> Heads(IEnumerable<CardCommand> commands) =>
        commands.Select(c => $"{c.Apdu.Ins:X2} {c.Apdu.P1:X2} {c.Apdu.P2:X2} {c.Apdu.Data.Length}");

    private static IEnumerable<string> Errors(CardProduct product, params (string Name, string Text)[] fields) =>
        CardPlan.Create(product, fields.ToDictionary(f => f.Name, f => f.Text)).Errors.Select(e => $"{e.Record} {e.Field}: {e.Message}");

    /// <summary>Record 1 of SFI 1, the example of EMV CPS §3.2 with test data.</summary>
    [Test]
    public void CpsExample_Rendered_IsTheKnownCommand()
    {
        var record = new TemplateNode.Tlv(0x70,
        [
            new TemplateNode.Tlv(0x57, [new TemplateNode.Field("track2", FieldEncoding.Track2)]),
            new TemplateNode.Tlv(0x5F20, [new TemplateNode.Field("name", FieldEncoding.Ascii)]),
        ]);
        var product = Sample.Product(Sample.Record(new ItemDefinition.Grouping(0x0101, [record]))) with { PlainP1 = 0x00, SecurityLevel = SecurityLevel.CMacCEnc };
        var plan = Sample.Plan(product, ("track2", "4761739001010119D15122011758989389"), ("name", "VISA ACQUIRER TEST CARD 01"));
        Assert.That(plan.Record(1, Encryption, 0).Single().Apdu.ToBytes().ToString(), Is.EqualTo(
            "80E2000035" + "010132" + "7030" + "57114761739001010119D15122011758989389" + "5F201A5649534120414351554952455220544553542043415244203031"));
    }

    /// <summary>Only where the keys come of all that a card is known by, and nothing in its channel has a say.</summary>
    [Test]
    public void FirstRecord_LeavesWithTheAuthentication_WhereTheCryptogramAloneProvesTheCard()
    {
        var product = Sample.Product();
        var start = new StartState(Sample.State, [0x07]);
        var program = new ItemDefinition.Delete(Sample.Application, Related: false);
        Assert.That(AtOnce(product), Is.True);
        Assert.That(AtOnce(product with { Mode = KeyMode.Module, Identity = [new IdentitySource.DiversificationData()] }), Is.True);
        foreach (var method in new[] { KeyDiversification.Kdf3, KeyDiversification.EmvCps, KeyDiversification.Visa2 })
            Assert.That(AtOnce(product with { Diversification = method, Identity = [new IdentitySource.ProvedDiversificationData()] }), Is.True);
        Assert.That(AtOnce(product with { Diversification = KeyDiversification.EmvCps }), Is.False, "the keys come of six bytes");
        Assert.That(AtOnce(product with { Diversification = KeyDiversification.Visa2 }), Is.False, "the keys come of six bytes");
        Assert.That(AtOnce(product with { Diversification = KeyDiversification.None }), Is.False, "its identity is read");
        Assert.That(AtOnce(product with { Identity = [new IdentitySource.ProductionLifeCycle()] }), Is.False, "its identity is read");
        Assert.That(AtOnce(product with { Identity = [new IdentitySource.Assigned()] }), Is.False, "its number is read or given");
        Assert.That(AtOnce(product with { Identity = [new IdentitySource.DiversificationData(), new IdentitySource.Assigned()] }), Is.False,
            "its number is read");
        Assert.That(AtOnce(product with { Start = start }), Is.False, "its state is read");
        Assert.That(AtOnce(product with { OwnKeys = new OwnKeys("own", 0x31, KeyDiversification.Kdf3, OwnKeysPut.Replace) }),
            Is.False, "it may have other keys");
        Assert.That(AtOnce(product with { Records = [Sample.Record(program)] }), Is.False, "its content is judged");

        static bool AtOnce(CardProduct product) => Sample.Plan(product).Shape.FirstWithAuthentication;
    }

    [TestCase(SecurityLevel.CMacCEncRMacREnc, 239, 256)]
    [TestCase(SecurityLevel.CMacRMac, 247, 256)]
    [TestCase(SecurityLevel.CMacCEnc, 239, null)]
    public void LongGrouping_IsSplitAtWhatTheLevelTakes(SecurityLevel level, int most, int? le)
    {
        var plan = Sample.Plan(Sample.Product(Sample.Record(Sample.Grouping(0x0B01, 600))) with { SecurityLevel = level });
        var commands = plan.Record(1, Encryption, 0);
        Assert.That(Heads(commands), Is.EqualTo(new[] { $"E2 08 00 {most}", $"E2 08 01 {most}", $"E2 08 02 {605 - 2 * most}" }));
        Assert.That(commands.Select(c => c.Apdu.Le), Is.All.EqualTo(le));
        Assert.That(commands[0].Apdu.Data.Slice(0, 5).ToString(), Is.EqualTo("0B01FF0258"));
        Assert.That(plan.Shape.Records[0].Commands, Is.EqualTo(3));
    }

    [Test]
    public void SecretGrouping_IsEncryptedButForIdentifierAndLength()
    {
        var plan = Sample.Plan(
            Sample.Product(Sample.Record(Sample.Field(0x8000, "key", FieldEncoding.Hex, true), Sample.Field(0x8010, "pin", FieldEncoding.Hex, true), Sample.Grouping(0x9010, 2))),
            ("key", "000102030405060708090A0B0C0D0E0F"), ("pin", "241234FFFFFFFFFF"));
        var commands = plan.Record(1, Encryption, 0);
        Assert.That(Heads(commands), Is.EqualTo(new[] { "E2 68 00 19", "E2 68 01 19", "E2 08 02 5" }));
        Assert.That(commands[0].Apdu.Data.ToString(), Is.EqualTo("800010FFFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0"));
        Assert.That(commands[1].Apdu.Data.ToString(), Is.EqualTo("801010DBEDCB00000000007FFFFFFFFFFFFFFF"));
    }

    [Test]
    public void SecretDataObject_KeepsItsTagReadable()
    {
        var item = new ItemDefinition.DataObject(new TemplateNode.Tlv(0xC1, [new TemplateNode.Literal(ByteString.Own(new byte[16]))])) { Secret = true };
        var plan = Sample.Plan(Sample.Product(Sample.Record(item)) with { PlainP1 = 0x10, EncryptedP1 = 0x70 });
        var command = plan.Record(1, Encryption, 0).Single().Apdu;
        Assert.That((command.P1, command.Data.ToString()), Is.EqualTo(((byte)0x70, "C110" + new string('F', 32))));
    }

    [Test]
    public void PreparedGroupings_GoAsTheyAre()
    {
        var plan = Sample.Plan(Sample.Product(Sample.Record(new ItemDefinition.Prepared("dgis"))), ("dgis", "9010020303" + "800001AA"));
        Assert.That(plan.Record(1, Encryption, 0).Select(c => c.Apdu.Data.ToString()), Is.EqualTo(new[] { "9010020303", "800001AA" }));
    }

    [Test]
    public void BehindADomain_EveryScriptInstallsAndCountsFromZero()
    {
        var plan = Sample.Plan(Sample.Product(Sample.Record(), Sample.Record()) with { Application = Sample.Application });
        Assert.That(Heads(plan.Record(2, Encryption, 7)), Is.EqualTo(new[] { "E6 20 00 13", "E2 08 00 5" }));
        Assert.That(plan.Record(2, Encryption, 7)[0].Apdu.ToBytes().ToString(), Is.EqualTo("80E620000D0000" + "07A0000000031010" + "000000" + "00"));
        Assert.That(Heads(plan.Close(Encryption, 9)), Is.EqualTo(new[] { "E6 20 00 13", "E2 88 00 3" }));
    }

    [Test]
    public void InTheSelectedApplication_BlocksCountOnAndOnlyTheClosingIsLast()
    {
        var plan = Sample.Plan(Sample.Product(Sample.Record(Sample.Grouping(1, 1), Sample.Grouping(2, 1)), Sample.Record()));
        var first = plan.Record(1, Encryption, 0);
        var second = plan.Record(2, Encryption, CardPlan.NextBlock(first, 0));
        Assert.That(Heads(first).Concat(Heads(second)).Concat(Heads(plan.Close(Encryption, 3))),
            Is.EqualTo(new[] { "E2 08 00 4", "E2 08 01 4", "E2 08 02 5", "E2 88 03 3" }));
    }

    [Test]
    public void MoreBlocksThanNumbers_AreAnErrorOfThePlanUnlessInstallBeginsAnew()
    {
        var records = Enumerable.Repeat(Sample.Record([.. Enumerable.Range(1, 100).Select(i => Sample.Grouping((ushort)i, 1))]), 3).ToArray();
        Assert.That(Errors(Sample.Product(records)).Single(), Does.Contain("a series has 256"));
        Assert.That(Errors(Sample.Product(records) with { Application = Sample.Application }), Is.Empty);
    }

    [Test]
    public void StatusAndReadBack_FollowTheData()
    {
        var record = Sample.Record() with
        {
            Status = new StatusChange(Core.Cards.GlobalPlatform.StatusScope.Application, Sample.Application, 0x8F),
            Proof = ProofKind.ReadBack,
            Checks = [new CheckDefinition(new CheckCommand.ReadRecord(2, 3), Sample.Exactly("7000"))],
        };
        var commands = Sample.Plan(Sample.Product(record)).Record(1, Encryption, 0);
        Assert.That(commands.Select(c => c.Apdu.ToBytes().ToString()),
            Is.EqualTo(new[] { "80E208000590100200" + "0000", "80F0408F07A000000003101000", "00B2031400" }));
    }

    [Test]
    public void ReadBackAfterClose_IsInTheClosingAndItsLook()
    {
        var check = new CheckDefinition(new CheckCommand.GetData(0x9F36), Sample.Exactly("00"));
        var plan = Sample.Plan(Sample.Product(Sample.Record() with { Proof = ProofKind.ReadBackAfterClose, Checks = [check] }));
        Assert.That(Heads(plan.Record(1, Encryption, 0)), Is.EqualTo(new[] { "E2 08 00 5" }));
        Assert.That(Heads(plan.Close(Encryption, 1)), Is.EqualTo(new[] { "E2 88 01 3", "CA 9F 36 0" }));
        Assert.That(Heads(plan.CloseLook()), Is.EqualTo(new[] { "F2 40 02 9", "CA 9F 36 0" }));
        Assert.That((plan.Shape.CloseCommands, plan.Shape.CloseLookCommands), Is.EqualTo((2, 2)));
    }

    [Test]
    public void Fields_MissingWrongAndUnasked_AreAllNamed()
    {
        var product = Sample.Product(
            Sample.Record(Sample.Field(1, "pan", FieldEncoding.Digits), Sample.Field(2, "expiry", FieldEncoding.Date)),
            Sample.Record(Sample.Field(3, "name", FieldEncoding.Ascii)));
        Assert.That(Errors(product, ("pan", "47617390X"), ("name", "Ä"), ("nmae", "A")), Is.EqualTo(new[]
        {
            "1 pan: is not decimal digits", "1 expiry: is missing", "2 name: has characters that are not printable ASCII", "0 nmae: is asked for by no record",
        }));
    }

    [Test]
    public void Errors_NeverQuoteAField()
    {
        foreach (var encoding in Enum.GetValues<FieldEncoding>())
        {
            var error = string.Join(";", Errors(Sample.Product(Sample.Record(Sample.Field(1, "f", encoding))), ("f", "4761ÄSECRET\u0007")));
            Assert.That(error, Is.Not.Empty.And.Not.Contain("SECRET").And.Not.Contain("4761"), encoding.ToString());
        }
    }

    [Test]
    public void SecretOfNoBytes_IsAnErrorOfThePlan()
    {
        Assert.That(Errors(Sample.Product(Sample.Record(Sample.Grouping(0x8000, 0, true)))).Single(), Does.Contain("nothing to encrypt"));
        var item = new ItemDefinition.DataObject(new TemplateNode.Tlv(0xC1, default)) { Secret = true };
        Assert.That(Errors(Sample.Product(Sample.Record(item))).Single(), Does.Contain("nothing to encrypt"));
    }

    [Test]
    public void GroupingTooLong_AlsoByItsPadding_IsAnErrorOfThePlan()
    {
        var behind = Sample.Product() with { Application = Sample.Application };
        Assert.That(Errors(behind with { Records = [Sample.Record(Sample.Grouping(1, 65_536))] }).Single(), Does.Contain("more than 65535"));
        Assert.That(Errors(behind with { Records = [Sample.Record(Sample.Grouping(1, 65_535, true))] }).Single(), Does.Contain("more than 65535"));
    }

    [Test]
    public void SecretConstructedObject_IsAnErrorOfThePlan()
    {
        var item = new ItemDefinition.DataObject(new TemplateNode.Tlv(0xE1, [new TemplateNode.Tlv(0xC1, [new TemplateNode.Literal(ByteString.Own(new byte[1]))])])) { Secret = true };
        Assert.That(Errors(Sample.Product(Sample.Record(item))).Single(), Does.Contain("constructed"));
    }

    [Test]
    public void RecordOfNoCommands_IsAnErrorOfThePlan() =>
        Assert.That(Errors(Sample.Product(Sample.Record(new ItemDefinition.Prepared("dgis"))), ("dgis", "")).Single(), Is.EqualTo("1 dgis: holds no data grouping"));

    [Test]
    public void Shape_OfRandomProducts_IsWhatIsRendered()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            var plan = Sample.Plan(RandomProduct(random));
            var blocks = 0;
            for (var number = 1; number <= plan.Product.Records.Count; number++)
            {
                var record = plan.Record(number, Encryption, blocks);
                Assert.That(record, Has.Count.EqualTo(plan.Shape.Records[number - 1].Commands));
                Assert.That(plan.Look(number), Has.Count.EqualTo(plan.Shape.Records[number - 1].LookCommands));
                Assert.That(record.Where(c => c.Apdu.Ins == 0xE2).Select(c => c.Apdu.P1 & 0x80), Is.All.Zero, "only the closing is last");
                blocks = CardPlan.NextBlock(record, blocks);
            }
            Assert.That(plan.Close(Encryption, blocks), Has.Count.EqualTo(plan.Shape.CloseCommands));
            Assert.That(plan.CloseLook(), Has.Count.EqualTo(plan.Shape.CloseLookCommands));
        }
    }

    /// <summary>What comes off the commands of one record is what went in.</summary>
    [Test]
    public void Groupings_OfRandomLengths_ComeBackWhole()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 200; i++)
        {
            var items = Enumerable.Range(1, 1 + random.Next(6)).Select(id => Sample.Grouping((ushort)id, random.Next(700))).ToArray();
            var plan = Sample.Plan(Sample.Product(Sample.Record(items)) with { Packed = random.Next(2) == 0 });
            var stream = ByteString.Concat([.. plan.Record(1, Encryption, 0).Select(c => c.Apdu.Data)]);
            Assert.That(Dgi.TryParse(stream.Span, out var groupings, out _), Is.True);
            Assert.That(groupings.Select(g => g.Id), Is.EqualTo(items.Select(item => item.Id)));
        }
    }

    private static CardProduct RandomProduct(Random random)
    {
        SecurityLevel[] levels = [SecurityLevel.CMac, SecurityLevel.CMacCEnc, SecurityLevel.CMacRMac, SecurityLevel.CMacCEncRMac, SecurityLevel.CMacCEncRMacREnc];
        var check = new CheckDefinition(Sample.LifeCycle, Sample.Done, Sample.NotDone);
        var records = Enumerable.Range(0, 1 + random.Next(4)).Select(_ => Sample.Record(
            [.. Enumerable.Range(1, 1 + random.Next(4)).Select(id => Sample.Grouping((ushort)id, 1 + random.Next(900), random.Next(2) == 0))]) with
        {
            Status = random.Next(3) > 0 ? null : new StatusChange(Core.Cards.GlobalPlatform.StatusScope.Application, Sample.Application, 0x0F),
            Proof = (ProofKind)(1 + random.Next(5)),
            Checks = [.. Enumerable.Repeat(check, random.Next(3))],
            Look = [.. Enumerable.Repeat(check, random.Next(3))],
        });
        return Sample.Product([.. records]) with
        {
            SecurityLevel = levels[random.Next(levels.Length)],
            Application = random.Next(2) == 0 ? null : Sample.Application,
            Packed = random.Next(2) == 0,
        };
    }

    /// <summary>EMV signs a record as it stands, with lengths that could be shorter and with padding (ISO 7816-4 5.2.2).</summary>
    [TestCase("5F34810101", "70055F34810101")]
    [TestCase("5F3482000101", "70065F3482000101")]
    [TestCase("00005F340101009F360200010000", "700E00005F340101009F360200010000")]
    [TestCase("FFFF5F340101FF", "7007FFFF5F340101FF")]
    [TestCase("A5810450024142", "7007A5810450024142")]
    public void BytesGivenAsBytes_InATemplate_StayAsTheyAre(string given, string expected)
    {
        var record = new TemplateNode.Tlv(0x70, [new TemplateNode.Field("record", FieldEncoding.Hex)]);
        var check = new CheckDefinition(new CheckCommand.ReadRecord(1, 1), new Expectation.Exactly([record]));
        var product = Sample.Product(Sample.Record(new ItemDefinition.Grouping(0x0101, [record])) with { Proof = ProofKind.ReadBack, Checks = [check] });
        var plan = Sample.Plan(product, ("record", given));
        Assert.That(plan.Record(1, Encryption, 0)[0].Apdu.Data.ToString(), Is.EqualTo($"0101{expected.Length / 2:X2}{expected}"));
        Assert.That(plan.ExpectedOf(check.Done).ToString(), Is.EqualTo(expected));
    }

    [Test]
    public void BytesGivenAsBytes_InATemplateWithinATemplate_StayAsTheyAre()
    {
        var inner = new TemplateNode.Tlv(0xBF0C, [new TemplateNode.Literal(ByteString.FromHex("5F34810101"))]);
        var product = Sample.Product(Sample.Record(new ItemDefinition.Grouping(0x0101, [new TemplateNode.Tlv(0x70, [inner, new TemplateNode.Literal(ByteString.FromHex("0050810141"))])])));
        Assert.That(Sample.Plan(product).Record(1, Encryption, 0)[0].Apdu.Data.ToString(), Is.EqualTo("01010F" + "700D" + "BF0C055F34810101" + "0050810141"));
    }

    /// <summary>256 pieces of 64 KB each: more than any card takes, and more than a length can say.</summary>
    [TestCase(0xDF01, "1 : tag DF01 has more than 65535 bytes")]
    [TestCase(0x70, "1 : tag 70 has more than 65535 bytes")]
    public void Template_GrowsBeyondAnyItem_IsAMistake(int tag, string expected)
    {
        var piece = new TemplateNode.Field("f", FieldEncoding.Hex);
        var item = new ItemDefinition.Grouping(0x0101, [new TemplateNode.Tlv((uint)tag, [.. Enumerable.Repeat(piece, 256)])]);
        var product = Sample.Product(Sample.Record(item));
        var text = new string('0', 0x1_FFFE);
        Assert.That(Errors(product, ("f", text)), Does.Contain(expected));
        Assert.That(Allocated.By(() => _ = CardPlan.Create(product, new Dictionary<string, string> { ["f"] = text }).Errors), Is.LessThan(1_500_000));
    }

    [Test]
    public void ItemsOfARecord_GrowBeyondAnyScript_AreAMistake()
    {
        var product = Sample.Product(Sample.Record([.. Enumerable.Range(0, 256).Select(i => Sample.Field((ushort)(0x3000 + i), "f", FieldEncoding.Hex))]));
        var text = new string('0', 0x1_FFFE);
        Assert.That(Errors(product, ("f", text)), Is.EqualTo(new[] { "1 : a record has more than 261120 bytes" }));
        Assert.That(Allocated.By(() => _ = CardPlan.Create(product, new Dictionary<string, string> { ["f"] = text }).Errors), Is.LessThan(2_000_000));
    }
}
