using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Codec;

/// <summary>How a peer of a later minor version is understood.</summary>
public class GrowthTest
{
    /// <summary>The types that grow, by name: a type that is made later is refused until somebody thought about it.</summary>
    private static readonly RelayMessageType[] Open =
    [
        RelayMessageType.Hello, RelayMessageType.Challenge, RelayMessageType.Refused, RelayMessageType.Declined, RelayMessageType.InsertCard, RelayMessageType.CardPresent,
        RelayMessageType.CardRejected, RelayMessageType.Issued, RelayMessageType.CardRemoved, RelayMessageType.Abort, RelayMessageType.ReaderRefused,
        RelayMessageType.StatusRequest, RelayMessageType.StatusReport, RelayMessageType.Joined, RelayMessageType.ReaderEnrollment, RelayMessageType.Witness,
        RelayMessageType.Disconnect,
    ];

    [Test]
    public void EveryMessage_GainsAField_IsReadWithoutItOrRefusedWhole()
    {
        foreach (var (message, golden) in MessageSamples.All)
        {
            var result = MessageCodec.Decode(With(golden, "186301"));
            if (Open.Contains(message.Type)) Assert.That(result.Message, Is.EqualTo(message), message.Type.ToString());
            else Assert.That(result.Error, Does.Contain("99"), message.Type.ToString());
            Assert.That(Growth.IsOpen(message.Type), Is.EqualTo(Open.Contains(message.Type)), message.Type.ToString());
        }
    }

    [TestCase("0963616263", TestName = "a text")]
    [TestCase("0943010203", TestName = "bytes")]
    [TestCase("09A2000101820203", TestName = "a map")]
    [TestCase("0982A1008101F5", TestName = "an array")]
    [TestCase("09F6", TestName = "null")]
    [TestCase("0920", TestName = "a negative number")]
    public void AnUnknownField_IsOfAnyForm_IsPassedOver(string field) =>
        Assert.That(MessageCodec.Decode(With(MessageSamples.All[0].Golden, field)).IsMessage, Is.True);

    [TestCase("091800", TestName = "a number longer than needed")]
    [TestCase("099F01FF", TestName = "no definite length")]
    [TestCase("09A201010000", TestName = "keys out of order inside")]
    [TestCase("09C101", TestName = "a tag")]
    [TestCase("0961FF", TestName = "no UTF-8")]
    [TestCase("09", TestName = "no value")]
    [TestCase("190100 01", TestName = "a key above 255")]
    [TestCase("6161 01", TestName = "a key that is a text")]
    public void AnUnknownField_IsNoDeterministicCborOrHasNoKey_TheMessageIsNone(string field) =>
        Assert.That(MessageCodec.Decode(With(MessageSamples.All[0].Golden, field)).IsMessage, Is.False);

    [TestCase(16, true)]
    [TestCase(17, false)]
    public void UnknownFields_AreMany_AreCounted(int fields, bool isMessage)
    {
        var abort = string.Concat(Enumerable.Range(2, fields).Select(key => $"{key:X2}01"));
        var hex = $"{0xA2 + fields:X2}00120108{abort}";
        Assert.That(MessageCodec.Decode(Convert.FromHexString(hex)).IsMessage, Is.EqualTo(isMessage));
    }

    private static byte[] With(string golden, string field)
    {
        var bytes = (byte[])[.. Convert.FromHexString(golden), .. ByteString.FromHex(field).Span];
        bytes[0]++;
        return bytes;
    }
}
