using System.Text;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Text;

namespace CardIssue.Test.Products.Text;

public sealed class CharacterSetTest
{
    /// <summary>One text of each set, by the Unicode consortium's mapping files.</summary>
    [TestCase("iso8859-1", "Ångström é ÿ", "C56E67737472F66D20E920FF")]
    [TestCase("iso8859-2", "Łódź ů", "A3F364BC20F9")]
    [TestCase("iso8859-3", "Ħal Għaxaq ŝ", "A1616C2047B16178617120FE")]
    [TestCase("iso8859-4", "Ķekava ž", "D3656B61766120BE")]
    [TestCase("iso8859-5", "Москва ё", "BCDEE1DAD2D020F1")]
    [TestCase("iso8859-6", "بنك", "C8E6E3")]
    [TestCase("iso8859-7", "Τράπεζα €", "D4F1DCF0E5E6E120A4")]
    [TestCase("iso8859-8", "בנק", "E1F0F7")]
    [TestCase("iso8859-9", "İş Ğ", "DDFE20D0")]
    [TestCase("iso8859-10", "Þingvellir ŋ", "DE696E6776656C6C697220BF")]
    [TestCase("iso8859-11", "ธนาคาร", "B8B9D2A4D2C3")]
    [TestCase("iso8859-13", "Žemė", "DE656DEB")]
    [TestCase("iso8859-14", "Ŵŷ Ḃ", "D0FE20A1")]
    [TestCase("iso8859-15", "Œuvre €", "BC7576726520A4")]
    [TestCase("iso8859-16", "Ștefan ț €", "AA746566616E20FE20A4")]
    [TestCase("utf8", "Łódź 漢 😀", "C581C3B364C5BA20E6BCA220F09F9880")]
    [TestCase("shiftJis", "ｱﾞ ア漢 ～〜−", "B1DE2083418ABF2081608160817C")]
    [TestCase("jisX0201", "ﾔﾏﾀﾞ ¥‾", "D4CFC0DE205C7E")]
    public void Text_Encoded_IsTheSetsBytes(string word, string text, string hex) => Assert.That(Encode(word, text), Is.EqualTo((hex, (string?)null)));

    [TestCase("iso8859-1", "A€", 2)]
    [TestCase("iso8859-2", "José ñ", 6)]
    [TestCase("iso8859-5", "漢", 1)]
    [TestCase("iso8859-7", "\uFFFD", 1)]
    [TestCase("iso8859-16", "😀é", 1)]
    [TestCase("jisX0201", "ア", 1)]
    [TestCase("jisX0201", "A\\", 2)]
    [TestCase("jisX0201", "~", 1)]
    [TestCase("shiftJis", "漢é", 2)]
    [TestCase("shiftJis", "😀", 1)]
    public void CharacterThatTheSetLacks_Encoded_IsRefusedWithItsPlaceAndNeverReplaced(string word, string text, int character) =>
        Assert.That(Encode(word, text), Is.EqualTo(("", $"has a character that {word} does not have, character {character}")));

    [Test]
    public void ControlsPrivateOnesAndHalvesOfPairs_Encoded_AreRefusedByEachSet()
    {
        foreach (var set in CharacterSet.All)
        {
            foreach (var bad in new[] { "\n", "\0", "\u007F", "\u0085", "\uE000", "\u2028" })
                Assert.That(Encode(set.Word, $"A{bad}").Error, Does.Contain("character 2"), set.Word);
            Assert.That(Encode(set.Word, "AB\uD800").Error, Is.EqualTo("has half a surrogate pair as character 3"), set.Word);
            Assert.That(Encode(set.Word, "\uDC00").Error, Is.EqualTo("has half a surrogate pair as character 1"), set.Word);
        }
    }

    /// <summary>What has a byte has one character, so nothing that was written can be read as something else.</summary>
    [Test]
    public void PartsOfIso8859_EveryPlace_IsOneCharacterAndComesBack()
    {
        // .NET has these parts as the consortium maps them; 10, 11, 14 and 16 it has not, and of 7 and 8 older editions.
        foreach (var part in new[] { 1, 2, 3, 4, 5, 6, 9, 13, 15 })
        {
            var reference = CodePagesEncodingProvider.Instance.GetEncoding(28590 + part, EncoderFallback.ExceptionFallback, new DecoderReplacementFallback("\uFFFD")) ?? Encoding.Latin1;
            for (var place = 0xA0; place <= 0xFF; place++)
            {
                var expected = reference.GetString([(byte)place])[0];
                var known = expected is not '\uFFFD' && !char.IsSurrogate(expected) && expected is < '\uE000' or > '\uF8FF';
                Assert.That(Iso8859.Has(part, (byte)place), Is.EqualTo(known), $"part {part}, {place:X2}");
                if (known) Assert.That(Iso8859.Encode(part, expected), Is.EqualTo((byte)place), $"part {part}, {place:X2}");
            }
        }
        foreach (var part in Enumerable.Range(1, 16).Where(Iso8859.Exists))
            Assert.That(Enumerable.Range(0x80, 0xFFFF - 0x80).Count(c => Iso8859.Encode(part, (char)c) is not null),
                Is.EqualTo(Enumerable.Range(0xA0, 0x60).Count(place => Iso8859.Has(part, (byte)place))), $"part {part}");
        Assert.That(Iso8859.Exists(12), Is.False);
    }

    private static (string Hex, string? Error) Encode(string word, string text)
    {
        var bytes = FieldText.Encode(text, CharacterSet.All.Single(set => set.Word == word).Encoding, out var error);
        return (bytes?.ToString() ?? "", error);
    }
}
