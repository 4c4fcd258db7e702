using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Tlv;

namespace CardIssue.Test.Products.Emv;

/// <summary>
/// The dictionary against a second transcription of EMV 4.3 and 4.4 Book 3 annex A: each tag with its shortest and longest value, one byte less, one more,
/// and a value that is of another format. Values of tags with a rule of their own are written out.
/// </summary>
public sealed class EmvDictionaryTest
{
    /// <summary>Tag, fewest and most bytes, format: "n3" has elements of 3 digits, "n" any number of digits, "t" is a template.</summary>
    private const string Plain = """
        42 3 3 n6 | 4F 5 16 b | 61 0 252 t | 6F 0 252 t | 70 0 252 t | 71 0 252 t | 72 0 252 t | 73 0 252 t | 77 0 252 t | 80 0 252 b | 81 4 4 b | 82 2 2 b
        83 0 252 b | 84 5 16 b | 86 4 261 b | 87 1 1 b | 89 6 6 b | 8A 2 2 an | 8F 1 1 b | 90 1 248 b | 91 8 16 b | 92 0 248 b | 93 1 248 b | 95 5 5 b
        98 20 20 b | 99 1 252 b | 9B 2 2 b | 9C 1 1 n2 | 9D 5 16 b | A1 0 252 t | A5 0 252 t | 5F20 2 26 ans | 5F28 2 2 n3 | 5F2A 2 2 n3 | 5F34 1 1 n2
        5F36 1 1 n1 | 5F50 1 252 ans | 5F53 1 34 an | 5F55 2 2 a | 5F56 3 3 a | 5F57 1 1 n2 | 7F60 0 252 t | 9F01 6 6 n11 | 9F02 6 6 n12 | 9F03 6 6 n12
        9F04 4 4 b | 9F05 1 32 b | 9F06 5 16 b | 9F07 2 2 b | 9F08 2 2 b | 9F09 2 2 b | 9F0A 1 252 b | 9F0B 27 45 ans | 9F0C 3 4 n | 9F0D 5 5 b | 9F0E 5 5 b
        9F0F 5 5 b | 9F10 1 32 b | 9F13 2 2 b | 9F14 1 1 b | 9F15 2 2 n4 | 9F16 15 15 ans | 9F17 1 1 b | 9F18 4 4 b | 9F19 6 6 n11 | 9F1A 2 2 n3 | 9F1B 4 4 b
        9F1C 8 8 an | 9F1D 1 8 b | 9F1E 8 8 an | 9F1F 1 252 ans | 9F20 1 252 cn | 9F22 1 1 b | 9F23 1 1 b | 9F24 29 29 an | 9F25 2 2 n4 | 9F26 8 8 b
        9F27 1 1 b | 9F2D 1 248 b | 9F2F 0 248 b | 9F30 3 3 b | 9F31 0 252 b | 9F32 1 3 b | 9F33 3 3 b | 9F34 3 3 b | 9F35 1 1 n2 | 9F36 2 2 b | 9F37 4 4 b
        9F39 1 1 n2 | 9F3A 4 4 b | 9F3B 2 8 n3 | 9F3C 2 2 n3 | 9F3D 1 1 n1 | 9F40 5 5 b | 9F41 2 4 n | 9F42 2 2 n3 | 9F43 1 4 n1 | 9F44 1 1 n1 | 9F45 2 2 b
        9F46 1 248 b | 9F47 1 3 b | 9F48 0 248 b | 9F4B 1 248 b | 9F4C 2 8 b | 9F4E 1 252 ans | BF0C 0 222 t | BF4A 0 252 t | BF4B 0 252 t | BF4C 0 252 t
        BF4D 0 252 t | BF4E 0 252 t
        """;

    /// <summary>Tags with a rule: what is right, then what is wrong.</summary>
    private static readonly (string Tag, string[] Right, string[] Wrong)[] Ruled =
    [
        ("50", ["41", "56495341203132333435363738393041", "56495341000000"], ["", "5649534120313233343536373839304142", "5649534123", "0056", "C944"]),
        ("57", ["47617390D3012201", "4761739001010119D15122011758989389", "4761739001010119012D30122011111111111F"],
            ["", "4761739001010119", "4761739001010119D15122", "4761739001010119E15122011758989389", "4761739001010119D151220117589893891234567890"]),
        ("5A", ["47617390", "4761739001010119012F", "476173900101011F"], ["", "4761739F", "47617390010101190123", "47617A9001010119", "4761739001010119012FFF"]),
        ("88", ["01", "1E"], ["", "00", "1F", "0101"]),
        ("8C", ["9F0206", "9F377F"], ["", "9F02", "9F0280", "9F", "5F2A"]),
        ("8D", ["8A02"], ["", "8A"]),
        ("8E", ["00000000000000001F00", "00000000000000001E031F00"], ["", "0000000000000000", "00000000000000001F", "0000000000000000" + "1F001F"]),
        ("94", ["08010100", "0801010110010303"], ["", "080101", "00010100", "F8010100", "09010100", "08000100", "08020100", "08010102"]),
        ("97", ["9F0206"], ["", "9F02"]),
        ("9A", ["240229", "991231"], ["", "2402", "230229", "241301", "240100", "24013A", "24022900"]),
        ("5F24", ["301231", "000229"], ["", "3012", "300001", "301232", "301131" + "00", "301131"]),
        ("5F25", ["260101"], ["260229", "2601"]),
        ("5F2D", ["656E", "656E6672646569745F"[..16]], ["", "65", "656E66", "656E667264656974656E", "3635"]),
        ("5F30", ["0201", "0000"], ["", "201F", "1201", "020A", "02", "000201"]),
        ("5F54", ["4445555444454646", "4445555444454646353030"], ["", "44455554444546", "444555544445464635", "444555544445464635303041", "4445555444452D46"]),
        ("9F11", ["01", "10"], ["", "00", "11", "0A", "0101"]),
        ("9F12", ["41", "C4D6DC", "41424344454647484950515253545556"], ["", "4142434445464748495051525354555657", "410A", "4181", "7F"]),
        ("9F21", ["000000", "235959"], ["", "2359", "240000", "236000", "235960", "2359FF"]),
        ("9F2E", ["03", "010001"], ["", "0101", "01000101"]),
        ("9F38", ["9F1A025F2A02"], ["", "9F1A"]),
        ("9F49", ["9F3704"], ["", "9F37"]),
        ("9F4A", ["82"], ["", "84", "8294", "8282"]),
        ("9F4D", ["0B0A", "1E01"], ["", "0A0A", "1F0A", "0B00", "0B", "0B0A00"]),
        ("9F4F", ["9A039F2103"], ["", "9A"]),
    ];

    private static IEnumerable<TestCaseData> PlainRows() => Plain.Split(['|', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(row => row.Split(' '))
        .Select(row => new TestCaseData(row[0], int.Parse(row[1]), int.Parse(row[2]), row[3]).SetArgDisplayNames(row[0], row[1], row[2], row[3]));

    [TestCaseSource(nameof(PlainRows))]
    public void Value_AtItsLimits_IsRight_OneByteBeyond_OrOfAnotherFormat_IsNot(string tag, int min, int max, string format)
    {
        var unit = format[0] == 'n' && format != "n" && int.TryParse(format[1..], out var digits) ? (digits + 1) / 2 : 1;
        Assert.Multiple(() =>
        {
            Assert.That(Fault(tag, Value(format, min)), Is.Null, "shortest");
            Assert.That(Fault(tag, Value(format, max)), Is.Null, "longest");
            if (min > 0) Assert.That(Fault(tag, Value(format, min - 1)), Does.StartWith($"Tag {tag} (").And.Contain($" has {min - 1} bytes; "), "one less");
            Assert.That(Fault(tag, Value(format, max + 1)), Does.Contain($" has {max + 1} bytes; ").And.Contain("Book 3 annex A"), "one more");
            foreach (var wrong in Wrong(format, Value(format, max), unit)) Assert.That(Fault(tag, wrong), Does.StartWith($"Tag {tag} ("), Convert.ToHexString(wrong));
        });
    }

    private static IEnumerable<TestCaseData> RuledRows() => Ruled.Select(row => new TestCaseData(row.Tag, row.Right, row.Wrong).SetArgDisplayNames(row.Tag));

    [TestCaseSource(nameof(RuledRows))]
    public void ValueWithARule_Checked_IsRightOrNamed(string tag, string[] right, string[] wrong) => Assert.Multiple(() =>
    {
        foreach (var hex in right) Assert.That(Fault(tag, Convert.FromHexString(hex)), Is.Null, hex);
        foreach (var hex in wrong) Assert.That(Fault(tag, Convert.FromHexString(hex)), Does.Contain($" {tag} ").And.EndWith("."), hex);
    });

    [Test]
    public void Dictionary_HasTheTagsOfTheTableAndNoOther()
    {
        var here = PlainRows().Select(row => (string)row.Arguments[0]!).Concat(Ruled.Select(row => row.Tag)).ToList();
        Assert.That(here, Is.Unique);
        Assert.That(EmvDictionary.All.Select(row => row.Tag.ToString()), Is.EquivalentTo(here));
    }

    [TestCase("9F6E", "20700000")]
    [TestCase("DF01", "FF")]
    [TestCase("C1", "")]
    [TestCase("9F50", "000000000000")]
    public void TagOfAPaymentSystem_Checked_Passes(string tag, string hex) => Assert.That(Fault(tag, Convert.FromHexString(hex)), Is.Null);

    private static string? Fault(string tag, ReadOnlySpan<byte> value) => EmvValue.Fault(new BerTag(Convert.ToUInt32(tag, 16)), value);

    private static byte[] Value(string format, int length)
    {
        var value = new byte[length];
        Array.Fill(value, format switch { "a" or "an" => (byte)'Q', "ans" => (byte)'/', "cn" => (byte)0x12, "b" or "t" => (byte)0xFE, _ => (byte)0x09 });
        return value;
    }

    /// <summary>Values of the same length that another format would have.</summary>
    private static IEnumerable<byte[]> Wrong(string format, byte[] right, int unit)
    {
        byte[] With(int at, byte wrong)
        {
            var value = right.ToArray();
            value[at] = wrong;
            return value;
        }
        if (format is "b" or "t") yield break;
        foreach (var at in new[] { 0, right.Length - 1 })
        {
            yield return With(at, format is "a" or "an" or "ans" ? (byte)0x1F : (byte)0x0A);
            yield return With(at, format is "a" ? (byte)'1' : format is "an" ? (byte)' ' : format is "ans" ? (byte)0xE9 : (byte)0xA0);
        }
        if (format is "an" or "ans" && right.Length > 1) yield return With(0, 0x00);
        if (format is "cn" && right.Length > 1) yield return With(0, 0x1F);
        if (format is "n1" or "n3" or "n11") yield return With(right.Length - unit, 0x19);
    }
}
