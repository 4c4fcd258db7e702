using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Products.Json;

/// <summary>The card is the Visa-like one of the openemv project's tests: number 4761739001010119, expiry 1512, service code 201.</summary>
public sealed class EmvCheckTest
{
    private static readonly Dictionary<ushort, string> Good = new()
    {
        [0x0101] = "70 13 57 11 4761739001010119D15122011758989389",
        [0x0102] = "70 10 5A 08 4761739001010119 5F24 03 151231",
        [0x0103] = "70 1B 5F30 02 0201 8E 0C 00000000000000001E031F00 8C 06 9F02065F2A02",
        [0x9104] = "82 02 5C00 94 04 08010301",
        [0x8000] = "",
        [0x3000] = "0001",
    };

    private static string[] Faults(ushort grouping, string hex)
    {
        var all = new Dictionary<ushort, string>(Good) { [grouping] = hex };
        return [.. EmvCheck.Of(all.Select(g => (g.Key, ByteString.FromHex(g.Value)))).Faults.Select(f => f.Message)];
    }

    [Test]
    public void GoodCard_Checked_HasNoFault() => Assert.That(Faults(0x9104, Good[0x9104]), Is.Empty);

    [TestCase("70 0A 5A 08 4761739001010118", "The check digit of the card number in tag 5A is wrong.", "The card number in tag 5A is not the one in the other tags (5A, 57).")]
    [TestCase("70 0A 5A 08 4761739001010010", "The card number in tag 5A is not the one in the other tags (5A, 57).")]
    [TestCase("70 05 5A 03 476173", "Tag 5A is no card number of 8 to 19 digits.")]
    [TestCase("70 06 5F24 03 161231", "The expiry in tag 5F24 is not the one in the other tags (57, 5F24).")]
    [TestCase("70 05 5F24 02 1512", "Tag 5F24 is no date YYMMDD.")]
    [TestCase("70 05 5F30 02 0101", "The service code in tag 5F30 is not the one in tag 57.")]
    [TestCase("70 05 5F30 02 2010", "Tag 5F30 is no service code: 0 and three digits.")]
    [TestCase("70 0A 8E 08 0000000000000000", "Tag 8E (CVM list) has two amounts of 4 bytes and one or more rules of 2 bytes.")]
    [TestCase("70 0D 8E 0B 00000000000000001E031F", "Tag 8E (CVM list) has two amounts of 4 bytes and one or more rules of 2 bytes.")]
    [TestCase("70 04 8C 02 9F02", "Tag 8C (CDOL1) is no list of tags and lengths: The length after tag 9F02 is missing.")]
    [TestCase("70 04 8D 02 9F81", "Tag 8D (CDOL2) is no list of tags and lengths: A tag is cut short.")]
    [TestCase("70 06 9F49 03 9F3780", "Tag 9F49 (DDOL) is no list of tags and lengths: The length after tag 9F37 is more than 127.")]
    [TestCase("70 09 9F38 06 9F037F9F027F", "Tag 9F38 (PDOL) is no list of tags and lengths: It asks for 254 bytes; 252 are the most.")]
    [TestCase("5A 08 4761739001010119", "DGI 0103 is a record, but not one template 70.")]
    [TestCase("70 085A", "DGI 0103 is a record, but no template 70.")]
    public void OneRecordChanged_Checked_SaysWhy(string record, params string[] expected) => Assert.That(Faults(0x0103, record), Is.EqualTo(expected));

    [TestCase("94 04 08010401", "Entry 1 of tag 94 (AFL) names record 4 of SFI 1, but there is no DGI 0104.")]
    [TestCase("94 08 08010301 10010100", "Entry 2 of tag 94 (AFL) names record 1 of SFI 2, but there is no DGI 0201.")]
    [TestCase("94 04 08030101", "Entry 1 of tag 94 (AFL) is malformed.")]
    [TestCase("94 04 09010101", "Entry 1 of tag 94 (AFL) is malformed.")]
    [TestCase("94 04 08010105", "Entry 1 of tag 94 (AFL) is malformed.")]
    [TestCase("94 03 080101", "Tag 94 (AFL) is not made of entries of 4 bytes.")]
    [TestCase("94 00", "Tag 94 (AFL) is not made of entries of 4 bytes.")]
    public void FileLocatorChanged_Checked_SaysWhy(string locator, string expected)
    {
        var all = new Dictionary<ushort, string>(Good) { [0x0103] = "70 05 5F30 02 0201", [0x9104] = locator };
        Assert.That(EmvCheck.Of(all.Select(g => (g.Key, ByteString.FromHex(g.Value)))).Faults.Select(f => f.Message), Is.EqualTo(new[] { expected }));
    }

    [TestCase("70 13 57 11 4761739001010119D15132011758989389", "The expiry in tag 57 has no month 01 to 12.")]
    [TestCase("70 13 57 11 47617390010101191512201175898938FF", "Tag 57 is no track 2: number, D, expiry, service code, discretionary data.")]
    public void Track2Changed_Checked_SaysWhy(string record, string expected) => Assert.That(Faults(0x0101, record), Does.Contain(expected));

    [Test]
    public void OddNumberOfDigits_Checked_FillerIsNoDigit() =>
        Assert.That(Pan.FromPacked(Convert.FromHexString("476173900101011F")), Is.EqualTo("476173900101011"));

    [TestCase("70 06 9F07 03 FF0000", "Tag 9F07 (Application Usage Control) has 3 bytes; 2 are right (EMV 4.3 Book 3 annex A).")]
    [TestCase("70 06 5F24 03 301131", "Tag 5F24 is no date YYMMDD.")]
    [TestCase("E1 04 82 02 5C00", "DGI 0103 is a record, but not one template 70.")]
    [TestCase("70 05 E1 03 82 01 5C")]
    [TestCase("70 08 E1 06 5F28 03 084000", "Tag 5F28 (Issuer Country Code) has 3 bytes; 2 are right (EMV 4.3 Book 3 annex A).")]
    public void DictionaryBroken_Checked_SaysWhy(string record, params string[] expected) => Assert.That(Faults(0x0103, record), Is.EqualTo(expected));

    [TestCase((ushort)0x9000)]
    [TestCase((ushort)0x8201)]
    public void GroupingOfKeys_LooksLikeADataObject_IsNotLookedInto(ushort grouping)
    {
        Assert.That(Faults(grouping, "82 01 5C"), Is.Empty);
        Assert.That(Faults(0x9103, "82 01 5C"), Has.Length.EqualTo(1));
    }

    [TestCase("A5 09 9F11 01 07 9F12 02 C3C4")]
    [TestCase("A5 09 9F11 01 07 9F12 02 C3D2", "Tag 9F12 has a character that ISO 8859-7, which tag 9F11 names, does not have.")]
    [TestCase("A5 05 9F12 02 C3C4", "Tag 9F12 has characters beyond the common set: it needs tag 9F11 beside it, to say which part of ISO 8859 they are of.")]
    [TestCase("61 05 9F12 02 C3C4")]
    public void PreferredName_ByItsCodeTable_Checked(string fci, params string[] expected) => Assert.That(Faults(0x9102, fci), Is.EqualTo(expected));

    [Test]
    public void Account_IsOfTheNumberAndItsSequence_WhicheverTagHasIt()
    {
        static CardAccount? Of(params (ushort, string)[] groupings) => EmvCheck.Of(groupings.Select(g => (g.Item1, ByteString.FromHex(g.Item2)))).Account;
        Assert.That(Of((0x0101, "70 0A 5A 08 4761739001010119"), (0x0102, "70 04 5F34 01 12")), Is.EqualTo(new CardAccount("4761739001010119", 12)));
        Assert.That(Of((0x0101, Good[0x0101])), Is.EqualTo(new CardAccount("4761739001010119", 0)));
        Assert.That(Of((0x9104, Good[0x9104])), Is.Null);
        Assert.That(Of((0x8000, "70 0A 5A 08 4761739001010119")), Is.Null);
    }

    [TestCase("94 04 0801FF01", "Entry 1 of tag 94 (AFL) names record 3 of SFI 1, but there is no DGI 0103, nor for 251 more of its records.")]
    public void FileLocator_NamesManyRecordsThatAreNot_IsOneFault(string locator, string expected)
    {
        var all = new Dictionary<ushort, string>(Good) { [0x9104] = locator };
        all.Remove(0x0103);
        all[0x0104] = "70 00";
        Assert.That(EmvCheck.Of(all.Select(g => (g.Key, ByteString.FromHex(g.Value)))).Faults.Select(f => f.Message), Is.EqualTo(new[] { expected }));
    }

    [Test]
    public void FileLocator_LongerThanAny_IsOneFault()
    {
        var all = new Dictionary<ushort, string>(Good) { [0x9104] = "94 82 0100" + string.Concat(Enumerable.Repeat("08010301", 64)) };
        Assert.That(
            EmvCheck.Of(all.Select(g => (g.Key, ByteString.FromHex(g.Value)))).Faults.Select(f => f.Message),
            Is.EqualTo(new[] { "Tag 94 (AFL) has 256 bytes; 4 to 252 are right (EMV 4.3 Book 3 annex A)." }));
    }

    /// <summary>EMV Book 3 annex A: cn, filled with F; cards have more than one.</summary>
    [TestCase("4761739001010119")]
    [TestCase("4761739001010119FF")]
    [TestCase("4761739001010119FFFF")]
    [TestCase("476173900101011F")]
    [TestCase("476173900101011FFF")]
    public void CardNumber_AnyNumberOfFillers_IsTheSameNumber(string packed) =>
        Assert.That(Pan.FromPacked(Convert.FromHexString(packed)), Is.EqualTo(packed.TrimEnd('F')));

    [TestCase("4761FF9001010119")]
    [TestCase("F761739001010119")]
    [TestCase("476173FFFFFFFFFF")]
    public void CardNumber_FillersElsewhere_IsNone(string packed) => Assert.That(Pan.FromPacked(Convert.FromHexString(packed)), Is.Null);

    [TestCase("70 14 57 12 4761739001010119D15122011758989389FF")]
    [TestCase("70 15 57 13 4761739001010119D151220117589893FFFFFF")]
    [TestCase("00 70 13 57 11 4761739001010119D15122011758989389")]
    [TestCase("70 17 00 00 57 11 4761739001010119D15122011758989389 00 00")]
    [TestCase("70 13 57 11 4761739001010119D15122011758989389 FF FF FF")]
    public void FillersAndPadding_InARecord_AreNoFault(string record) => Assert.That(Faults(0x0101, record), Is.Empty);
}
