using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Cards.Programs;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Test.Products;

/// <summary>Records that load, install and delete: their commands, their rules, and what their answers are worth.</summary>
public sealed class ProgramItemTest
{
    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly Inverting Encryption = new();
    private static readonly CapFile Cap = Read(CapBuilder.Loyalty);
    private static readonly Aid Package = Cap.Package, Applet = Cap.Applets[0];
    private static readonly Dictionary<string, string> NoFields = [];

    private static CapFile Read(CapBuilder builder) =>
        CapFile.TryRead(ByteString.Own(builder.Build()), out var cap, out var error) ? cap : throw new AssertionException(error);

    private static ItemDefinition.Load Load(WhenThere whenThere = WhenThere.Accept) => new("loyalty", whenThere);

    private static ItemDefinition.Install Install(WhenThere whenThere = WhenThere.Accept) => new(Applet, Applet, whenThere) { Program = "loyalty" };

    private static CardProduct Product(params RecordDefinition[] records) => Sample.Product(records) with
    {
        Programs = [new ProductProgram("loyalty", Package, new PackageVersion(1, 0), Cap.Sha256)],
    };

    private static CardPlan Plan(CardProduct product, CapFile? cap = null)
    {
        var made = CardPlan.Create(product, NoFields, new CardPrograms([cap ?? Cap]));
        Assert.That(made.Errors, Is.Empty);
        return made.Plan!;
    }

    private static string[] Hex(IReadOnlyList<CardCommand> commands) => [.. commands.Select(c => c.Apdu.ToBytes().ToString())];

    private static string[] Errors(CardProduct product, CapFile? cap = null) =>
        [.. CardPlan.Create(product, NoFields, cap is null ? CardPrograms.None : new CardPrograms([cap])).Errors.Select(e => e.Message)];

    /// <summary>Field by field as GPCS §11.5.2.3.1 and §11.6 have them; the plan's shape is the same without any key.</summary>
    [Test]
    public void Load_IsInstallForLoad_AndTheBlockInPieces_AfterADeletionOrBeforeALook()
    {
        var load = Load() with
        {
            Hash = LoadFileHash.Sha1, SecurityDomain = Sample.Domain, Parameters = ByteString.FromHex("EF04C6020500"), Token = ByteString.FromHex("AABB"),
            Dap = [new DapBlock(Sample.Domain, ByteString.FromHex("0102"))],
        };
        var product = Product(Sample.Record(load), Sample.Record(Load(WhenThere.Replace)), Sample.Record(Install()));
        var plan = Plan(product);
        var first = plan.Record(1, Encryption, 0);
        Assert.That(Hex(first)[0], Is.EqualTo("80E6020030" + "07F0434953530101" + "08A000000151000000" + "14" + Cap.HashOf(LoadFileHash.Sha1) + "06EF04C6020500" + "02AABB" + "00"));
        Assert.That(Hex(first)[^1], Is.EqualTo("80F22002094F07F043495353010100"));
        Assert.That(first.SkipLast(1).Select(c => c.Expected), Is.All.EqualTo((ValueList<ushort>)[ExpectedStatus.Any]));
        Assert.That(first[^1].Expected, Is.EqualTo((ValueList<ushort>)[StatusWords.Ok, StatusWords.MoreData]));
        var stream = Convert.FromHexString("E20E4F08A000000151000000C3020102" + "C4820412").Concat(Cap.Block.ToArray()).ToArray();
        Assert.That(Cap.Block.Length, Is.EqualTo(0x412));
        Assert.That(first.Skip(1).SkipLast(1).SelectMany(c => c.Apdu.Data.ToArray()), Is.EqualTo(stream));
        Assert.That(first.Skip(1).SkipLast(1).Select(c => (c.Apdu.Ins, c.Apdu.P1, c.Apdu.P2, c.Apdu.Data.Length)), Is.EqualTo(new[]
        {
            (Instructions.Load, 0, 0, 239), (Instructions.Load, 0, 1, 239), (Instructions.Load, 0, 2, 239), (Instructions.Load, 0, 3, 239),
            (Instructions.Load, 0x80, 4, stream.Length - 4 * 239),
        }));
        var second = plan.Record(2, Encryption, 0);
        Assert.That(Hex(second)[0], Is.EqualTo("80E40080094F07F043495353010100"));
        Assert.That(second[0].Expected, Is.EqualTo((ValueList<ushort>)[StatusWords.Ok, StatusWords.NotFound, StatusWords.NoApplication]));
        Assert.That(second.Skip(1).Select(c => c.Expected.Count), Is.All.Zero, "what is written anew must succeed");
        Assert.That(Hex(second)[1..], Is.EqualTo(Hex(plan.Record(2, Encryption, 7))[1..]));
        Assert.That(plan.Shape.Records.Select(r => r.Commands), Is.EqualTo(new[] { first.Count, second.Count, 2 }));
        Assert.That(plan.Shape.AuthenticateCommands, Is.EqualTo(1 + 2), "a record that replaces is not looked for");
    }

    [Test]
    public void Install_HasWhatTheApplicationGets_FromTheCustomersFields()
    {
        var install = Install() with
        {
            Privileges = ByteString.FromHex("020000"), SystemParameters = ByteString.FromHex("EF04C8020100"),
            Parameters = [new TemplateNode.Field("member", FieldEncoding.Hex)],
        };
        var product = Product(Sample.Record(install), Sample.Record(install with { MakeSelectable = false, WhenThere = WhenThere.Replace }));
        var plan = CardPlan.Create(product, new Dictionary<string, string> { ["member"] = "4711" }, new CardPrograms([Cap])).Plan!;
        var fields = "07F0434953530101" + "08F043495353010101" + "08F043495353010101" + "03020000" + "0AC9024711EF04C8020100" + "00";
        Assert.That(Hex(plan.Record(1, Encryption, 0)), Is.EqualTo(new[] { $"80E60C002A{fields}00", "80F240020A4F08F04349535301010100" }));
        Assert.That(Hex(plan.Record(2, Encryption, 0)), Is.EqualTo(new[] { "80E400000A4F08F04349535301010100", $"80E604002A{fields}00" }));
    }

    /// <summary>A real card's log of an installation (NXP P71, 21,780 bytes): the same number of LOADs, of the same lengths, and Le, which the log leaves out.</summary>
    [Test]
    public void MeasuredProgram_IsCutAsOnTheRealCard()
    {
        var product = Product(Sample.Record(Load()) with { Proof = ProofKind.TerminalWord }) with { SecurityLevel = SecurityLevel.CMac };
        var cap = Read(CapBuilder.OfBlock(21_780));
        product = product with { Programs = [product.Programs[0] with { Sha256 = cap.Sha256 }] };
        var measured = P71InstallReplay.Exchanges.Where(e => e.Header.StartsWith("84E8", StringComparison.Ordinal)).ToList();
        var loads = Plan(product, cap).Record(1, Encryption, 0).Where(c => c.Apdu.Ins == Instructions.Load).ToList();
        Assert.That(loads.Select(c => (c.Apdu.P1, c.Apdu.P2, 5 + c.Apdu.Data.Length + 8)),
            Is.EqualTo(measured.Select(e => (Convert.FromHexString(e.Header)[2], Convert.FromHexString(e.Header)[3], e.CommandBytes))));
    }

    [Test]
    public void WhatTheCenterHasNot_OrIsAnother_IsAnErrorOfThePlan()
    {
        var product = Product(Sample.Record(Load()), Sample.Record(Install()));
        Assert.That(Errors(product), Is.EqualTo(new[] { $"program loyalty, SHA-256 {Cap.Sha256}, is not in the center: program add" }));
        var other = Aid.FromHex("F043495353020202");
        Assert.That(Errors(product with { Programs = [product.Programs[0] with { Package = other }] }, Cap).Single(), Does.Contain($"is package {Package} 1.0; the product says {other} 1.0"));
        Assert.That(Errors(Product(Sample.Record(Load()), Sample.Record(Install() with { Module = other })), Cap).Single(),
            Is.EqualTo($"program loyalty has no applet {other}; it has {Applet}"));
        var large = Read(CapBuilder.OfBlock(62_000));
        Assert.That(Errors(product with { Programs = [product.Programs[0] with { Sha256 = large.Sha256 }] }, large).Single(),
            Is.EqualTo("program loyalty makes 62004 bytes for LOAD; 256 commands carry 61184 at this security level"));
        var needy = Read(CapBuilder.Loyalty with { Package = CapBuilder.Provider + "0301", Applets = [], Flags = 0, Imports = [(Package.ToString(), 1, 1)] });
        var both = product with { Programs = [product.Programs[0], new ProductProgram("needy", needy.Package, needy.Version, needy.Sha256)] };
        Assert.That(CardPlan.Create(both, NoFields, new CardPrograms([Cap, needy])).Errors.Single().Message,
            Is.EqualTo($"program needy needs package {Package} 1.1; loyalty is 1.0"));
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        TestCaseData Case(string property, string message, params RecordDefinition[] records) => new TestCaseData(property, message, records).SetArgDisplayNames(message);
        var install = Sample.Record(Install());
        yield return Case("items", "a record of its own", Sample.Record(Load(), Sample.Grouping(1)), install);
        yield return Case("proof", "proved by cardMac", Sample.Record(Load()) with { Proof = ProofKind.CardState, Checks = [new CheckDefinition(Sample.LifeCycle, Sample.Done)] }, install);
        yield return Case("repeat", "looks by itself", install with { Repeat = RepeatRule.LookFirst, Look = [new CheckDefinition(Sample.LifeCycle, Sample.Done, Sample.NotDone)] });
        yield return Case("items", "there is no program other", Sample.Record(new ItemDefinition.Load("other", WhenThere.Accept)), install);
        yield return Case("items", "a load file's hash", Sample.Record(Load() with { Token = ByteString.FromHex("00") }), install);
        yield return Case("items", "privileges have 1 or 3 bytes", Sample.Record(Install() with { Privileges = ByteString.FromHex("0000") }));
        yield return Case("items", "selected by a reset", Sample.Record(Install() with { Privileges = ByteString.FromHex("04"), MakeSelectable = false }));
        yield return Case("items", "a delete stands before", Sample.Record(Sample.Grouping(1), new ItemDefinition.Delete(Applet, false)), install);
        yield return Case("programs", "is loaded and installed by no record", Sample.Record());
    }

    [TestCaseSource(nameof(Faults))]
    public void WhatMakesNoSense_IsAFault(string property, string message, RecordDefinition[] records)
    {
        var fault = ProductRules.Check(Product(records)).Single();
        Assert.That((fault.Property, fault.Message), Is.EqualTo((property, fault.Message)));
        Assert.That(fault.Message, Does.Contain(message));
    }

    [Test]
    public void Closing_LoadsNothing()
    {
        var product = Product(Sample.Record(Install()));
        Assert.That(ProductRules.Check(product with { Close = product.Close with { Items = [Load()] } }).Select(f => f.Property), Does.Contain("close"));
    }

    private static UnwrapResult Card(ushort statusWord, string hex = "") => new UnwrapResult.Authenticated(ByteString.FromHex(hex), statusWord);

    private static UnwrapResult Error(ushort statusWord) => new UnwrapResult.Unauthenticated(statusWord);

    private static string FileEntry(string version) => $"E3114F07{Package}9F700101CE02{version}";

    private static Verdict Judge(WhenThere whenThere, ScriptStop stop, params UnwrapResult[] responses)
    {
        var plan = Plan(Product(Sample.Record(Load(whenThere)), Sample.Record(Install(whenThere))));
        var commands = plan.Record(2, Encryption, 0);
        return Profile.JudgeRecord(plan, 2, stop, [.. responses.Select((r, i) => new CommandOutcome(commands[i], r))]);
    }

    private static string InstanceEntry(byte state, string file = "F0434953530101") => $"E3174F08{Applet}9F7001{state:X2}C407{file}";

    /// <summary>Nothing that an error says is the card's word, but the MAC that follows it shows that the command reached the card.</summary>
    [Test]
    public void Record_ThatInstalls_IsDoneByTheCardsMac_OrByWhatTheCardShows()
    {
        Verdict mac = new Verdict.Done(ProofKind.CardMac), state = new Verdict.Done(ProofKind.CardState), doubt = new Verdict.InDoubt();
        UnwrapResult ok = Card(0x9000, "00"), there = Card(0x9000, InstanceEntry(0x07));
        Assert.That(Judge(WhenThere.Replace, ScriptStop.Completed, Error(0x6A88), ok), Is.EqualTo(mac));
        Assert.That(Judge(WhenThere.Replace, ScriptStop.Completed, ok, ok), Is.EqualTo(mac));
        Assert.That(Judge(WhenThere.Replace, ScriptStop.UnexpectedStatus, Error(0x6985)), Is.EqualTo(doubt));
        Assert.That(Judge(WhenThere.Replace, ScriptStop.UnexpectedStatus, ok, Error(0x6A84)), Is.EqualTo(doubt));
        Assert.That(Judge(WhenThere.Accept, ScriptStop.Completed, ok, there), Is.EqualTo(state));
        Assert.That(Judge(WhenThere.Accept, ScriptStop.Completed, Error(0x6985), there), Is.EqualTo(state), "it was there");
        Assert.That(Judge(WhenThere.Accept, ScriptStop.Completed, Error(0x6985), Card(0x9000, InstanceEntry(0x0F))), Is.EqualTo(state));
        foreach (var (entry, why) in new[]
        {
            (InstanceEntry(0x03), "not selectable"), (InstanceEntry(0x87), "locked"), (InstanceEntry(0x07, "F0434953530102"), "of another file"), ("", "not there"),
        })
        {
            Assert.That(Judge(WhenThere.Accept, ScriptStop.Completed, ok, Card(0x9000, entry)), Is.EqualTo(doubt), why);
        }
        Assert.That(Judge(WhenThere.Accept, ScriptStop.Completed, ok, new UnwrapResult.NoProtection(ByteString.FromHex(InstanceEntry(0x07)), 0x9000)), Is.EqualTo(doubt));
        Assert.That(Judge(WhenThere.Accept, ScriptStop.UnexpectedStatus, Error(0x6A84), Error(0x6A88)), Is.EqualTo(doubt));
        Assert.That(Judge(WhenThere.Accept, ScriptStop.Completed, ok), Is.EqualTo(doubt));
        Assert.That(Judge(WhenThere.Accept, ScriptStop.CardLost), Is.EqualTo(new Verdict.CardLost()));
    }

    private static Verdict Opening(WhenThere whenThere, bool resuming, UnwrapResult answer)
    {
        var product = Product(Sample.Record(Load(whenThere)), Sample.Record(Install(WhenThere.Replace)));
        var command = Profile.AfterAuthentication(product).Single();
        return Profile.JudgeAuthentication(product, ScriptStop.Completed, new Core.Cards.ResponseApdu(default, 0x9000), [new CommandOutcome(command, answer)], resuming);
    }

    [Test]
    public void CardThatHasSomething_AtTheOpening_IsJudgedAsTheProductSays()
    {
        Verdict wrong = new Verdict.Rejected(CardRejection.WrongState);
        var (absent, there, older) = (Error(0x6A88), Card(0x9000, FileEntry("0100")), Card(0x9000, FileEntry("0001")));
        Assert.That(Opening(WhenThere.Refuse, false, absent), Is.InstanceOf<Verdict.Done>());
        Assert.That(Opening(WhenThere.Refuse, false, there), Is.EqualTo(wrong));
        Assert.That(Opening(WhenThere.Refuse, true, there), Is.InstanceOf<Verdict.Done>(), "the order wrote it itself");
        Assert.That(Opening(WhenThere.Accept, false, there), Is.InstanceOf<Verdict.Done>());
        Assert.That(Opening(WhenThere.Accept, false, older), Is.EqualTo(wrong));
        Assert.That(Opening(WhenThere.Accept, false, new UnwrapResult.NoProtection(ByteString.FromHex(FileEntry("0100")), 0x9000)), Is.EqualTo(new Verdict.InDoubt()));
    }

    /// <summary>In a record of other things too, what is not there needs no deleting.</summary>
    [Test]
    public void Delete_OfWhatIsNotThere_IsNoFault()
    {
        var plan = Sample.Plan(Sample.Product(Sample.Record(new ItemDefinition.Delete(Applet, true), Sample.Grouping(1, 1))));
        var commands = plan.Record(1, Encryption, 0);
        Assert.That(Hex(commands)[0], Is.EqualTo("80E400800A4F08F04349535301010100"));
        Verdict Of(params UnwrapResult[] responses) => Profile.JudgeRecord(
            plan, 1, ScriptStop.Completed, [.. responses.Select((r, i) => new CommandOutcome(commands[i], r))]);
        Assert.That(Of(Error(0x6A88), Card(0x9000)), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(Of(Error(0x6A82), Card(0x9000)), Is.EqualTo(new Verdict.Done(ProofKind.CardMac)));
        Assert.That(Of(Error(0x6985), Card(0x9000)), Is.EqualTo(new Verdict.InDoubt()));
    }

    /// <summary>The card of a rewrite is bound before it is seen, so nothing of it could be refused.</summary>
    [Test]
    public void Rewrite_RefusesNothingThatIsThere()
    {
        string[] Faults(params RecordDefinition[] records)
        {
            var product = Product(Sample.Record(Load()), Sample.Record(Install()));
            var rewrite = new RewriteDefinition
            {
                Name = "again", Before = [new CheckDefinition(Sample.LifeCycle, Sample.Done)], Records = [.. records],
                Close = new CloseDefinition(default, null, [new CheckDefinition(Sample.LifeCycle, Sample.Done)]),
            };
            return [.. ProductRules.Check(product with { Identity = [new IdentitySource.Assigned()], Rewrites = [rewrite] }).Select(fault => fault.Message)];
        }
        Assert.That(Faults(Sample.Record(Load()), Sample.Record(Install())), Is.Empty);
        Assert.That(Faults(Sample.Record(Load(WhenThere.Refuse))).Single(), Does.StartWith("a rewrite's card is known"));
        Assert.That(Faults(Sample.Record(Install(WhenThere.Refuse))).Single(), Does.StartWith("a rewrite's card is known"));
    }
}
