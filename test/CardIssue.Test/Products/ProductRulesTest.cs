using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol;
using static CardIssue.Test.Products.SmallProduct;

namespace CardIssue.Test.Products;

public sealed class ProductRulesTest
{
    private static readonly RecordDefinition One = Good.Records[0];

    [Test]
    public void GoodProducts_Checked_BreakNoRule() =>
        Assert.That(ProductRules.Check(Good).Concat(ProductRules.Check(Behind)), Is.Empty);

    /// <summary>Which of the levels leave write data readable on the way, in both modes: in module mode what leaves the module passes the terminal too.</summary>
    [Test]
    public void ExposureRule_IsTheSameInBothModes(
        [Values(SecurityLevel.CMac, SecurityLevel.CMacCEnc, SecurityLevel.CMacRMac, SecurityLevel.CMacCEncRMac, SecurityLevel.CMacCEncRMacREnc)] SecurityLevel level,
        [Values] KeyMode mode, [Values] bool exposed)
    {
        var product = Good with { SecurityLevel = level, Mode = mode, ExposedToTerminal = exposed, Records = [One with { Proof = ProofKind.TerminalWord }] };
        var isReadable = level is SecurityLevel.CMac or SecurityLevel.CMacRMac;
        Assert.That(ProductRules.Check(product).Select(f => f.Property), isReadable && !exposed ? Is.EqualTo(new[] { "exposedToTerminal" }) : Is.Empty);
    }

    [TestCase(SecurityLevel.CMacCEnc, false)]
    [TestCase(SecurityLevel.CMacCEncRMac, true)]
    [TestCase(SecurityLevel.CMacCEncRMacREnc, true)]
    public void CardMac_NeedsAMacOnResponses(SecurityLevel level, bool isGood) =>
        Assert.That(ProductRules.Check(Good with { SecurityLevel = level }).Select(f => (f.Property, f.Record)), isGood ? Is.Empty : Is.EqualTo(new[] { ("proof", 1) }));

    private static IEnumerable<TestCaseData> Faulty()
    {
        TestCaseData Case(string name, CardProduct product, string property, int record, string message) =>
            new TestCaseData(product, property, record, message).SetArgDisplayNames(name);
        var look = One with { Repeat = Repeat.LookFirst, Look = [Closed] };
        var readBack = One with { Proof = ProofKind.ReadBack, Checks = [Read(1, "AA")] };
        const string readable = "what is read passes the terminal readable at this security level; use 33, or say exposedToTerminal: true";

        yield return Case("no key version", Good with { KeyVersion = 0 }, "keyVersion", 0, "a key version number is 01 to FF: keys are named, never left to the card");
        yield return Case("triple DES keys", Good with { Diversification = KeyDiversification.EmvCps }, "diversification", 0, "EMV CPS and VISA2 make triple-DES keys, and SCP03 needs AES: kdf3 or none");
        yield return Case("no MAC on commands", Good with { SecurityLevel = SecurityLevel.None, ExposedToTerminal = true, Records = [One with { Proof = ProofKind.TerminalWord }] }, "securityLevel", 0, "write data is at least MACed: 01, 03, 11, 13 or 33");
        yield return Case("no records", Good with { Records = default }, "records", 0, "a product has 1 to 255 records");
        yield return Case("nothing written", Of(Record()), "items", 1, "a record writes something: items, or status");
        yield return Case("unknown profile", Good with { Profile = "other" }, "profile", 0, "there is no such card profile; there are: globalplatform");

        yield return Case("P1 with the last block's bit", Good with { PlainP1 = 0x88 }, "storeData", 0, "bit 8 of P1 marks the last block; the closing sets it, and nothing else may");
        yield return Case("plain P1 of encrypted data", Good with { PlainP1 = 0x68 }, "storeData", 0, "plainP1 says that data is encrypted (bits 7 and 6)");
        yield return Case("encrypted P1 of plain data", Good with { EncryptedP1 = 0x08 }, "storeData", 0, "encryptedP1 does not say that data is encrypted (bits 7 and 6)");
        yield return Case("DGI with P1 of BER-TLV", Good with { PlainP1 = 0x10, Close = Good.Close with { Items = default, Status = new StatusChange(Core.Cards.GlobalPlatform.StatusScope.Application, Application, 0x0F) } }, "items", 1, "data groupings need a P1 of DGI (08, 68) or no format (00, 60): see storeData");
        yield return Case("BER-TLV with P1 of DGI", Of(Record(Tlv())), "items", 1, "data objects need a P1 of BER-TLV (10) or no format (00): see storeData");
        yield return Case("secret BER-TLV", Of(Record(Tlv() with { Secret = true })), "items", 1, "secret data goes into a data grouping: what of a data object is encrypted, its value or all of it, cards do not agree on");
        yield return Case("closing with another format", Good with { Close = Good.Close with { Items = [Tlv()] } }, "close", 0, "data objects need a P1 of BER-TLV (10) or no format (00): see storeData");

        TestCaseData Command(uint header, string message) => Case($"command {header:X8}", Of(Record(new ItemDefinition.Command(header, default))), "items", 1, $"command {header:X8}: {message}");
        const string itsClass = "its class must be 00 or 80: the secure channel and its logical channel are not the product's to choose";
        yield return Command(0x84F04007, itsClass);
        yield return Command(0x81F04007, itsClass);
        yield return Command(0x00A40400, "SELECT and MANAGE CHANNEL end the secure channel");
        yield return Command(0x00700000, "SELECT and MANAGE CHANNEL end the secure channel");
        yield return Command(0x80503000, "the secure channel is the profile's to open and close");
        yield return Command(0x80820000, "the secure channel is the profile's to open and close");
        yield return Command(0x80780003, "the secure channel is the profile's to open and close");
        yield return Command(0x80E20800, "STORE DATA is written by dgi, tag and hexDgi, which count its blocks");
        yield return Command(0x00C00000, "GET RESPONSE is the reader's to send");
        yield return Command(0x00620000, "INS 6X and 9X are no instructions (ISO 7816-3 §12.2.2)");

        yield return Case("read-back without checks", Of(One with { Proof = ProofKind.ReadBack }), "checks", 1, "this proof reads something back: say what in checks");
        yield return Case("checks without read-back", Of(One with { Checks = [Closed] }), "checks", 1, "checks belong to the proofs readBack, readBackAfterClose and cardState");
        yield return Case("cardState by a record", Of(One with { Proof = ProofKind.CardState, Checks = [Read(1, "AA")] }), "checks", 1, "cardState reads life cycle states");
        yield return Case("read-back in the clear", Of(readBack) with { SecurityLevel = SecurityLevel.CMacCEncRMac }, "checks", 1, readable);
        yield return Case("read-back by digest in the clear", Of(readBack with { Checks = [Digest()] }) with { SecurityLevel = SecurityLevel.CMacCEncRMac }, "checks", 1, readable);
        yield return Case("read-back behind a domain", Behind with { Records = [readBack] }, "checks", 1, "readRecord reads the selected application, and a security domain has no records: select the application itself, or prove it otherwise");

        yield return Case("look first without look", Of(look with { Look = default }), "look", 1, "lookFirst needs a look");
        yield return Case("look without look first", Of(look with { Repeat = Repeat.Repeatable }), "look", 1, "a look belongs to lookFirst");
        yield return Case("look without notDone", Of(look with { Look = [Closed with { NotDone = null }] }), "look", 1, "each check of a look says what it reads when the record was not done (notDone)");
        yield return Case("look in the clear", Of(look with { Look = [Read(1, "AA", "BB")] }) with { SecurityLevel = SecurityLevel.CMacCEncRMac }, "look", 1, readable);
        yield return Case("look on the terminal's word", Of(look with { Proof = ProofKind.TerminalWord }) with { SecurityLevel = SecurityLevel.CMacCEnc }, "look", 1, "a look is worth nothing without the card's MAC on its responses: security level 11, 13 or 33");
        yield return Case("look that tells nothing", Of(look with { Look = [Read(1, "AA", "AA")] }), "look", 1, "done and notDone are the same, so the check tells nothing");
        yield return Case("state of a record", Of(look with { Look = [Read(1, "AA") with { NotDone = new Expectation.State(7) }] }), "look", 1, "a state is what lifeCycle reads, and nothing else does");
        yield return Case("life cycle as bytes", Of(look with { Look = [Closed with { NotDone = new Expectation.Nothing() }] }), "look", 1, "of a lifeCycle a state is expected");

        yield return Case("start over later", Of(One with { Repeat = Repeat.StartOver, RestartAt = 2 }, One), "repeat", 1, "startOver names this record or an earlier one, and nothing else does");
        yield return Case("start over nowhere", Of(One with { Repeat = Repeat.StartOver }), "repeat", 1, "startOver names this record or an earlier one, and nothing else does");
        yield return Case("restart without start over", Of(One with { RestartAt = 1 }), "repeat", 1, "startOver names this record or an earlier one, and nothing else does");

        yield return Case("closing that does nothing", Good with { Close = Good.Close with { Items = default } }, "close", 0, "the closing does something: items, or status");
        yield return Case("closing without look", Good with { Close = Good.Close with { Look = default } }, "close.look", 0, "a closing needs a look, so that one in doubt can be settled");
        yield return Case("closing's look without notDone", Good with { Close = Good.Close with { Look = [Closed with { NotDone = null }] } }, "close.look", 0, "each check of the look says what it reads when the card is not closed (notDone)");
        yield return Case("closing's look in the clear", Good with { SecurityLevel = SecurityLevel.CMacCEncRMac, Close = Good.Close with { Look = [Read(1, "AA", "BB")] } }, "close.look", 0, readable);
    }

    [TestCaseSource(nameof(Faulty))]
    public void OneRuleBroken_Checked_IsToldOnceAtItsProperty(CardProduct product, string property, int record, string message) =>
        Assert.That(ProductRules.Check(product), Is.EqualTo(new[] { new ProductFault(property, record, message) }));

    private static ItemDefinition.DataObject Tlv() => new(new TemplateNode.Tlv(0x9F36, Bytes("0000")));

    private static CheckDefinition Digest() => new(new CheckCommand.ReadRecord(1, 1), new Expectation.Digest(Bytes(new string('0', 64))));
}
