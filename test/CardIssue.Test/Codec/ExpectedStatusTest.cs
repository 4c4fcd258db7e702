using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Codec;

public class ExpectedStatusTest
{
    [Test]
    public void NoStatusWord_IsNamed_NormalEndAloneIsExpected()
    {
        for (var word = 0; word <= ushort.MaxValue; word++)
            Assert.That(ExpectedStatus.Admits(default, (ushort)word), Is.EqualTo(word == 0x9000), $"{word:X4}");
    }

    [Test]
    public void StatusWords_AreNamed_TheyAloneAreExpected()
    {
        ValueList<ushort> expected = [0x6A88, 0x6310];
        for (var word = 0; word <= ushort.MaxValue; word++)
            Assert.That(ExpectedStatus.Admits(expected, (ushort)word), Is.EqualTo(word is 0x6A88 or 0x6310), $"{word:X4}");
    }

    [Test]
    public void Any_IsNamed_EveryStatusWordIsExpected()
    {
        foreach (var expected in new ValueList<ushort>[] { [ExpectedStatus.Any], [0x9000, ExpectedStatus.Any] })
            for (var word = 0; word <= ushort.MaxValue; word++) Assert.That(ExpectedStatus.Admits(expected, (ushort)word), Is.True, $"{word:X4}");
    }

    /// <summary>Both ends share it: 0 on the line.</summary>
    [Test]
    public void Any_OnTheLine_IsZero() =>
        Assert.That(Convert.ToHexString(MessageCodec.Encode(new Command(5, ByteString.FromHex("80CA9F7F00"), [ExpectedStatus.Any]))), Is.EqualTo("A4000D0105024580CA9F7F00038100"));
}
