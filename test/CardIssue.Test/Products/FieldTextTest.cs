using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Text;

namespace CardIssue.Test.Products;

internal class FieldTextTest
{
    [TestCase(FieldEncoding.Ascii, "VISA 01", "56495341203031")]
    [TestCase(FieldEncoding.Ascii, "", "")]
    [TestCase(FieldEncoding.Hex, "00ffA1", "00FFA1")]
    [TestCase(FieldEncoding.Hex, "", "")]
    [TestCase(FieldEncoding.Digits, "4761739001010119", "4761739001010119")]
    [TestCase(FieldEncoding.Digits, "476173900101011", "476173900101011F")]
    [TestCase(FieldEncoding.Number, "201", "0201")]
    [TestCase(FieldEncoding.Number, "1", "01")]
    [TestCase(FieldEncoding.Number, "0840", "0840")]
    [TestCase(FieldEncoding.Date, "2015-12-31", "151231")]
    [TestCase(FieldEncoding.Date, "2028-02-29", "280229")]
    [TestCase(FieldEncoding.Track2, "4761739001010119D15122011758989389", "4761739001010119D15122011758989389")]
    [TestCase(FieldEncoding.Track2, "5413330089020011D2512601079360805", "5413330089020011D2512601079360805F")]
    public void Text_ThatFits_IsTheseBytes(FieldEncoding encoding, string text, string hex)
    {
        Assert.That(FieldText.Encode(text, encoding, out var error)?.ToString(), Is.EqualTo(hex));
        Assert.That(error, Is.Null);
    }

    [TestCase(FieldEncoding.Ascii, "Ä")]
    [TestCase(FieldEncoding.Ascii, "A\n")]
    [TestCase(FieldEncoding.Hex, "0")]
    [TestCase(FieldEncoding.Hex, "0G")]
    [TestCase(FieldEncoding.Hex, "00 01")]
    [TestCase(FieldEncoding.Digits, "")]
    [TestCase(FieldEncoding.Digits, "47A1")]
    [TestCase(FieldEncoding.Digits, "٤٧")]
    [TestCase(FieldEncoding.Number, "-1")]
    [TestCase(FieldEncoding.Number, "")]
    [TestCase(FieldEncoding.Date, "2015-02-29")]
    [TestCase(FieldEncoding.Date, "151231")]
    [TestCase(FieldEncoding.Track2, "4761739001010119=15122011758989389")]
    [TestCase(FieldEncoding.Track2, "4761739001010119D1512")]
    [TestCase(FieldEncoding.Track2, "4761739001010119D1512201D")]
    [TestCase(FieldEncoding.Track2, "4761739001010119D151220117589893890000")]
    public void Text_ThatDoesNotFit_IsToldWithoutIt(FieldEncoding encoding, string text)
    {
        Assert.That(FieldText.Encode(text, encoding, out var error), Is.Null);
        Assert.That(error, Is.Not.Null.And.Not.Empty);
        if (text.Length > 3) Assert.That(error, Does.Not.Contain(text));
    }
}
