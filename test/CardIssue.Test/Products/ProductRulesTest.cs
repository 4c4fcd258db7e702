using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

public class ProductRulesTest
{
    private static readonly CheckDefinition LifeCycle = new(Sample.LifeCycle, Sample.Done, Sample.NotDone);
    private static readonly CheckDefinition ReadRecord = new(new CheckCommand.ReadRecord(1, 1), Sample.Exactly("70"), new Expectation.Nothing());

    private static IEnumerable<string> Faults(CardProduct product) => ProductRules.Check(product).Select(f => $"{f.Record} {f.Property}").Distinct();

    private static IEnumerable<string> Faults(RecordDefinition record, SecurityLevel level = SecurityLevel.CMacCEncRMacREnc) =>
        Faults(Sample.Product(record) with { SecurityLevel = level });

    [Test]
    public void SoundProduct_HasNoFaults()
    {
        Assert.That(ProductRules.Check(Sample.Product()), Is.Empty);
        Assert.That(ProductRules.Check(Sample.Product() with { Diversification = KeyDiversification.None }), Is.Empty);
    }

    [Test]
    public void Channel_ThatCardsOrKeysDoNotHave_IsAFault()
    {
        CardProduct Scp02(byte? i, SecurityLevel level = SecurityLevel.CMacCEncRMac) => Sample.Product() with
        {
            Protocol = ScpProtocol.Scp02, ProtocolOptions = i, SecurityLevel = level, Diversification = KeyDiversification.EmvCps,
        };
        foreach (var i in new byte?[] { null, 0x24, 0x25, 0x34, 0x35, 0x64, 0x65, 0x74, 0x75 }) Assert.That(Faults(Scp02(i)), Is.Empty, $"{i:X2}");
        foreach (var i in new byte[] { 0x04, 0x05, 0x14, 0x15, 0x44, 0x45, 0x54, 0x55 })
        {
            Assert.That(Faults(Scp02(i)), Is.EqualTo(new[] { "0 securityLevel" }), $"{i:X2} has no R-MAC");
            Assert.That(Faults(Scp02(i, SecurityLevel.CMacCEnc)), Is.EqualTo(new[] { "1 proof" }), $"{i:X2}: the terminal's word is all there is");
        }
        foreach (var i in new byte[] { 0x0A, 0x0B, 0x1A, 0x4A, 0x5A, 0x95 }) Assert.That(Faults(Scp02(i)), Is.EqualTo(new[] { "0 i" }), $"{i:X2}");
        Assert.That(Faults(Scp02(null) with { Quirks = new CardQuirks(CountsEmptyCommands: false) }), Is.EqualTo(new[] { "0 quirks" }));
        foreach (var i in new byte[] { 0x60, 0x70, 0x61, 0x71 }) Assert.That(Faults(Sample.Product() with { ProtocolOptions = i }), Is.Empty, $"{i:X2}");
        var detected = Sample.Product() with { Protocol = null, SecurityLevel = SecurityLevel.CMacCEncRMac };
        Assert.That(Faults(detected), Is.Empty);
        Assert.That(Faults(detected with { ProtocolOptions = 0x75 }), Is.EqualTo(new[] { "0 i" }));
        Assert.That(Faults(detected with { Records = [Sample.Record(Sample.Grouping(0x8000, 16, secret: true))] }), Is.EqualTo(new[] { "0 scp" }));
    }

    [Test]
    public void Identity_ThatProvesNothingOrIsNeverAsked_IsAFault()
    {
        IEnumerable<string> Of(KeyDiversification diversification, params IdentitySource[] sources) =>
            Faults(Sample.Product() with { Diversification = diversification, Identity = [.. sources] });
        var (told, chip, given) = (new IdentitySource.DiversificationData(), new IdentitySource.ProductionLifeCycle(),
            new IdentitySource.Assigned());
        Assert.That(Of(KeyDiversification.None, told), Is.EqualTo(new[] { "0 identity" }),
            "shared keys do not prove it, and it can't be read again");
        var proved = new IdentitySource.ProvedDiversificationData();
        Assert.That(Of(KeyDiversification.None, proved), Is.EqualTo(new[] { "0 identity" }), "no byte of it is proved");
        foreach (var method in new[] { KeyDiversification.Kdf3, KeyDiversification.EmvCps, KeyDiversification.Visa2 })
            Assert.That(Of(method, proved), Has.None.EqualTo("0 identity"));
        Assert.That(Of(KeyDiversification.Kdf3, told, chip, given), Is.Empty);
        Assert.That(Of(KeyDiversification.Kdf3, given, chip), Is.EqualTo(new[] { "0 identity" }), "the chip would never be asked");
        Assert.That(Of(KeyDiversification.Kdf3, chip, chip), Is.EqualTo(new[] { "0 identity" }));
        foreach (var p1 in new byte[] { 0x90, 0x88, 0x80 }) Assert.That(Of(KeyDiversification.Kdf3, given with { StoreDataP1 = p1 }),
            Is.Empty);
        foreach (var p1 in new byte[] { 0x10, 0x00, 0x98, 0xE8, 0xF0 }) Assert.That(Of(KeyDiversification.Kdf3,
            given with { StoreDataP1 = p1 }), Is.EqualTo(new[] { "0 identity" }), $"{p1:X2}");
        Assert.That(Of(KeyDiversification.Kdf3, given with { Command = 0x00DA0101 }), Is.Empty);
        Assert.That(Of(KeyDiversification.Kdf3, given with { Command = 0x00A40400 }), Is.EqualTo(new[] { "0 identity" }),
            "SELECT ends the channel");
    }

    [Test]
    public void NamesAndNumbers_AreChecked()
    {
        Assert.That(Faults(Sample.Product() with { Name = "a b", Version = 0, KeySet = "" }),
            Is.EqualTo(new[] { "0 name", "0 version", "0 keySet" }));
        Assert.That(Faults(Sample.Product() with { Records = default }), Is.EqualTo(new[] { "0 records" }));
        Assert.That(Faults(Sample.Product() with { Records = [.. Enumerable.Repeat(Sample.Record(), 256)] }), Is.EqualTo(new[] { "0 records" }));
    }

    [Test]
    public void KeyVersionLeftToTheCard_IsAFault() => Assert.That(Faults(Sample.Product() with { KeyVersion = 0 }), Is.EqualTo(new[] { "0 keyVersion" }));

    [Test]
    public void Quirks_ThatChangeNothing_AreFaults()
    {
        var product = Sample.Product();
        Assert.That(Faults(product with { Quirks = new CardQuirks(AskedKeyVersion: 0x00, AnsweredKeyVersion: 0xFF, CountsEmptyCommands: false) }), Is.Empty);
        Assert.That(Faults(product with { Quirks = new CardQuirks(AskedKeyVersion: product.KeyVersion) }), Is.EqualTo(new[] { "0 quirks" }));
        Assert.That(Faults(product with { Quirks = new CardQuirks(AnsweredKeyVersion: product.KeyVersion) }), Is.EqualTo(new[] { "0 quirks" }));
        var uncounted = product with { SecurityLevel = SecurityLevel.CMacRMac, ExposedToTerminal = true, Quirks = new CardQuirks(CountsEmptyCommands: false) };
        Assert.That(Faults(uncounted), Is.EqualTo(new[] { "0 quirks" }));
    }

    [TestCase(KeyDiversification.EmvCps)]
    [TestCase(KeyDiversification.Visa2)]
    public void TripleDesDiversification_IsAFault(KeyDiversification diversification) =>
        Assert.That(Faults(Sample.Product() with { Diversification = diversification }), Is.EqualTo(new[] { "0 diversification" }));

    [TestCase(SecurityLevel.None)]
    [TestCase(SecurityLevel.RMac)]
    public void LevelWithoutCommandMac_IsAFault(SecurityLevel level) =>
        Assert.That(Faults(Sample.Product() with { SecurityLevel = level, ExposedToTerminal = true }), Does.Contain("0 securityLevel"));

    [TestCase(KeyMode.EndToEnd)]
    [TestCase(KeyMode.Module)]
    public void ReadableWriteData_NeedsToBeSaid(KeyMode mode)
    {
        var product = Sample.Product() with { Mode = mode, SecurityLevel = SecurityLevel.CMacRMac };
        Assert.That(Faults(product), Is.EqualTo(new[] { "0 exposedToTerminal" }));
        Assert.That(Faults(product with { ExposedToTerminal = true }), Is.Empty);
        Assert.That(Faults(product with { SecurityLevel = SecurityLevel.CMacCEncRMac }), Is.Empty);
    }

    [TestCase(0x88, 0x68)]
    [TestCase(0x08, 0xE8)]
    public void LastFlagOutsideOfTheClosing_IsAFault(byte plain, byte encrypted) =>
        Assert.That(Faults(Sample.Product() with { PlainP1 = plain, EncryptedP1 = encrypted }), Is.EqualTo(new[] { "0 storeData" }));

    [Test]
    public void StartStateOfNoState_IsAFault() =>
        Assert.That(Faults(Sample.Product() with { Start = new StartState(Sample.State, default) }), Is.EqualTo(new[] { "0 acceptedStates" }));

    [Test]
    public void EmptyRecord_IsAFault() => Assert.That(Faults(Sample.Record() with { Items = default }), Is.EqualTo(new[] { "1 items" }));

    [Test]
    public void ProofByTheCard_NeedsItsMac()
    {
        foreach (var proof in new[] { ProofKind.CardMac, ProofKind.ReadBack, ProofKind.ReadBackAfterClose, ProofKind.CardState })
            Assert.That(Faults(Sample.Record() with { Proof = proof }, SecurityLevel.CMacCEnc), Does.Contain("1 proof"), proof.ToString());
        Assert.That(Faults(Sample.Record() with { Proof = ProofKind.TerminalWord }, SecurityLevel.CMacCEnc), Is.Empty);
    }

    [Test]
    public void Checks_BelongToTheProofsThatRead()
    {
        foreach (var proof in new[] { ProofKind.ReadBack, ProofKind.ReadBackAfterClose, ProofKind.CardState })
        {
            Assert.That(Faults(Sample.Record() with { Proof = proof }), Is.EqualTo(new[] { "1 checks" }), proof.ToString());
            Assert.That(Faults(Sample.Record() with { Proof = proof, Checks = [LifeCycle] }), Is.Empty, proof.ToString());
        }
        Assert.That(Faults(Sample.Record() with { Checks = [LifeCycle] }), Is.EqualTo(new[] { "1 checks" }));
        Assert.That(Faults(Sample.Record() with { Proof = ProofKind.CardState, Checks = [ReadRecord] }), Is.EqualTo(new[] { "1 checks" }));
    }

    [Test]
    public void ReadBack_NeedsResponseEncryptionOrToBeSaid()
    {
        var record = Sample.Record() with { Proof = ProofKind.ReadBack, Checks = [ReadRecord] };
        Assert.That(Faults(record), Is.Empty);
        Assert.That(Faults(record, SecurityLevel.CMacCEncRMac), Is.EqualTo(new[] { "1 checks" }));
        Assert.That(Faults(Sample.Product(record) with { SecurityLevel = SecurityLevel.CMacCEncRMac, ExposedToTerminal = true }), Is.Empty);
    }

    [Test]
    public void LookThatReadsData_NeedsResponseEncryptionToo()
    {
        var record = Sample.Record() with { Repeat = RepeatRule.LookFirst, Look = [ReadRecord] };
        Assert.That(Faults(record, SecurityLevel.CMacCEncRMac), Is.EqualTo(new[] { "1 look" }));
        var product = Sample.Product() with { SecurityLevel = SecurityLevel.CMacCEncRMac };
        Assert.That(Faults(product with { Close = product.Close with { Look = [ReadRecord] } }), Is.EqualTo(new[] { "0 close.look" }));
    }

    [Test]
    public void RecordsOfASecurityDomain_CantBeRead()
    {
        var product = Sample.Product(Sample.Record() with { Proof = ProofKind.ReadBack, Checks = [ReadRecord] }) with { Application = Sample.Application };
        Assert.That(Faults(product), Is.EqualTo(new[] { "1 checks" }));
    }

    [Test]
    public void StateOfSomethingElseThanALifeCycle_IsAFault()
    {
        CheckDefinition[] wrong =
        [
            new(Sample.LifeCycle, Sample.Exactly("0F"), Sample.NotDone),
            new(Sample.LifeCycle, Sample.Done, new Expectation.Nothing()),
            new(new CheckCommand.GetData(0x9F36), Sample.Done, new Expectation.Nothing()),
        ];
        foreach (var check in wrong)
            Assert.That(Faults(Sample.Record() with { Repeat = RepeatRule.LookFirst, Look = [check] }), Is.EqualTo(new[] { "1 look" }), check.ToString());
    }

    [Test]
    public void LookFirst_NeedsALookThatTellsBothAndThatTheCardMacs()
    {
        var record = Sample.Record() with { Repeat = RepeatRule.LookFirst };
        Assert.That(Faults(record), Is.EqualTo(new[] { "1 look" }));
        Assert.That(Faults(record with { Look = [LifeCycle with { NotDone = null }] }), Is.EqualTo(new[] { "1 look" }));
        Assert.That(Faults(record with { Look = [LifeCycle with { NotDone = Sample.Done }] }), Is.EqualTo(new[] { "1 look" }));
        Assert.That(Faults(record with { Look = [LifeCycle] }), Is.Empty);
        Assert.That(Faults(record with { Look = [LifeCycle], Proof = ProofKind.TerminalWord }, SecurityLevel.CMacCEnc), Is.EqualTo(new[] { "1 look" }));
        Assert.That(Faults(Sample.Record() with { Look = [LifeCycle] }), Is.EqualTo(new[] { "1 look" }));
    }

    [TestCase(RepeatRule.StartOver, 0, false)]
    [TestCase(RepeatRule.StartOver, 1, true)]
    [TestCase(RepeatRule.StartOver, 2, true)]
    [TestCase(RepeatRule.StartOver, 3, false)]
    [TestCase(RepeatRule.Repeatable, 1, false)]
    public void RestartIndex_IsThisRecordOrAnEarlierOne(RepeatRule repeat, int at, bool sound) =>
        Assert.That(Faults(Sample.Product(Sample.Record(), Sample.Record() with { Repeat = repeat, RestartAt = at }, Sample.Record())),
            sound ? Is.Empty : Is.EqualTo(new[] { "2 repeat" }));

    [Test]
    public void Closing_DoesSomethingAndCanBeLookedAt()
    {
        var product = Sample.Product();
        Assert.That(Faults(product with { Close = product.Close with { Items = default } }), Is.EqualTo(new[] { "0 close" }));
        Assert.That(Faults(product with { Close = product.Close with { Look = default } }), Is.EqualTo(new[] { "0 close.look" }));
        Assert.That(Faults(product with { Close = product.Close with { Look = [LifeCycle with { NotDone = null }] } }), Is.EqualTo(new[] { "0 close.look" }));
    }
}
