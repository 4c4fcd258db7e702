using System.Text;
using CardIssue.TerminalHost.Printing;

namespace CardIssue.Test.Counters;

/// <summary>The bytes of a receipt, by Epson's <i>ESC/POS Command Reference for TM Printers</i>.</summary>
[TestFixture, Parallelizable]
public sealed class EscPosTest
{
    [Test]
    public void LatinReceipt_IsTheseBytes()
    {
        var paper = new EscPos(42, PrinterCharacters.Latin, Cuts: true);
        Assert.That(Convert.ToHexString(paper.Receipt("RECEIPT", "Café €5\nOrder A-1", "AGAIN")), Is.EqualTo(
            "1B40"                          // ESC @
            + "1C2E"                        // FS .
            + "1B5200"                      // ESC R 0
            + "1B7410"                      // ESC t 16, WPC1252
            + "1B6101" + "1D2111"           // ESC a 1, GS ! 11
            + "52454345495054" + "0A"
            + "1D2100" + "1B6100"           // GS ! 00, ESC a 0
            + "436166E9208035" + "0A" + "4F7264657220412D31" + "0A"
            + "1B4501" + "414741494E" + "0A" + "1B4500"
            + "1D564200"));                 // GS V 66 0
    }

    [Test]
    public void JapaneseReceipt_IsShiftJisInKanjiMode()
    {
        var paper = new EscPos(32, PrinterCharacters.Japanese, Cuts: false);
        // 控え is 8D54 82A6 and ｶ (half-width) B6 in Shift_JIS; 表 is 955C, whose second byte is a backslash and no command.
        Assert.That(Convert.ToHexString(paper.Receipt("控え", "表ｶ 1", "")), Is.EqualTo(
            "1B40" + "1C26" + "1C4301"      // ESC @, FS &, FS C 1
            + "1B6101" + "1D2111" + "8D5482A6" + "0A" + "1D2100" + "1B6100"
            + "955CB62031" + "0A"
            + "1B6404"));                   // ESC d 4
    }

    [Test]
    public void Questions_AreRealTimeAndInTurn()
    {
        Assert.That(Convert.ToHexString(EscPos.AskOfflineCause), Is.EqualTo("100402"));
        Assert.That(Convert.ToHexString(EscPos.AskPaper), Is.EqualTo("100404"));
        Assert.That(Convert.ToHexString(EscPos.AskInTurn), Is.EqualTo("1D7201"));
    }

    [Test]
    public void AnyText_HasNoCommandInIt([Values] bool japanese)
    {
        // Every character that there is: nothing of it becomes a control character, for DLE DC4 would open a drawer and worse.
        var paper = new EscPos(42, japanese ? PrinterCharacters.Japanese : PrinterCharacters.Latin, Cuts: true);
        var frame = paper.Receipt("", "", "").Count(b => b is < 0x20 or 0x7F);
        var all = string.Concat(Enumerable.Range(0, 0x10000).Where(c => c != '\n').Select(c => (char)c));
        var receipt = paper.Receipt("", all, "");
        var lines = ReceiptLines.Of(all, 42).Count() - 1;
        Assert.That(receipt.Count(b => b is < 0x20 or 0x7F), Is.EqualTo(frame + lines));
    }

    [TestCase(32)]
    [TestCase(42)]
    [TestCase(48)]
    public void LongLines_BreakAtSpacesAndFitTheColumns(int columns)
    {
        const string Text = "Order E2E-0001 and a word that is longer than any line 0123456789012345678901234567890123456789012345678901234567890\n山田太郎様の会員カードを発行しました。次回からこのカードをお使いください。";
        var lines = ReceiptLines.Of(Text, columns).ToList();
        Assert.That(lines, Has.All.Matches<string>(line => ReceiptLines.Width(line!) <= columns && !line!.StartsWith(' ')));
        Assert.That(string.Concat(lines).Replace(" ", "", StringComparison.Ordinal), Is.EqualTo(Text.Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal)));
        Assert.That(ReceiptLines.Of("アイウエオ", 9).ToList(), Is.EqualTo(new[] { "アイウエ", "オ" }), "two columns each, and no half ones");
    }

    [Test]
    public void WidthOnPaper_IsTheBytesOfShiftJis()
    {
        var jis = CodePagesEncodingProvider.Instance.GetEncoding(932)!;
        foreach (var text in new[] { "ABC", "カード", "ｶｰﾄﾞ", "受付番号: E-1", "（１）" })
            Assert.That(ReceiptLines.Width(text), Is.EqualTo(jis.GetByteCount(text)), text);
    }
}
