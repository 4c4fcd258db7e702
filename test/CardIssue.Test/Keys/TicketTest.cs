using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Cards.SecureChannel;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Keys;

/// <summary>What is a ticket and what is none, before any key is asked. <see cref="SharedLayoutTest"/> pins what one is made of.</summary>
public class TicketTest
{
    /// <summary>A ticket's head with a card's identity, as <c>messages.cddl</c> says, and sealed keys that nobody can open.</summary>
    private static byte[] TicketOf(string card, string sealedKeys = "41AA") =>
        ByteString.FromHex($"A7 0001 0164412D3137 02{card} 0307 0402 05481122334455667788 06{sealedKeys}").ToArray();

    private static string Zeros(int bytes) => new('0', 2 * bytes);

    private static IEnumerable<TestCaseData> Cards()
    {
        yield return new TestCaseData("40", false).SetArgDisplayNames("0 bytes");
        yield return new TestCaseData("4100", true).SetArgDisplayNames("1 byte");
        yield return new TestCaseData($"583F{Zeros(63)}", true).SetArgDisplayNames("63 bytes");
        yield return new TestCaseData($"5840{Zeros(64)}", true).SetArgDisplayNames("64 bytes");
        yield return new TestCaseData($"5841{Zeros(65)}", false).SetArgDisplayNames("65 bytes");
    }

    [TestCaseSource(nameof(Cards))]
    public void ACardsIdentity_HasALength_IsReadWithinItsBounds(string card, bool isTicket)
    {
        Assert.That(Ticket.TryRead(TicketOf(card), out var ticket), Is.EqualTo(isTicket));
        Assert.That(ticket is not null, Is.EqualTo(isTicket));
    }

    [TestCase(0, false)]
    [TestCase(1, true)]
    [TestCase(64, true)]
    [TestCase(65, false)]
    public void ACardsIdentity_HasALength_IsSealedWithinTheSameBounds(int length, bool isSealed)
    {
        using var transport = TerminalTransportKey.AtCenter(
            P256PrivateKey.FromNumber([.. new byte[31], 1]), new TerminalIdentity(new TerminalId("T-1"), Public(2), Public(3), 1, default));
        var context = new OpeningContext(new OrderId("A-17"), new CardId(ByteString.Own(new byte[length])), 7, 1, ByteString.Own(new byte[8]));
        using var admission = AdmissionKey.Derive(transport, ByteString.Own(new byte[32]));
        using var key = OpeningKey.Derive(admission, context);
        using var session = Scp03SessionTest.Open(Vector.Load("scp03_sessions.json").First());
        if (!isSealed) Assert.That(() => Ticket.Seal(key, context, 1, session), Throws.ArgumentException);
        else Assert.That(Ticket.TryRead(Ticket.Seal(key, context, 1, session).Memory, out _), Is.True);
    }

    [Test]
    public void ATicket_HasBytesBehindIt_IsNone()
    {
        var ticket = TicketOf("4100");
        Assert.That(Ticket.TryRead(ticket, out _), Is.True);
        foreach (var behind in new byte[][] { [0x00], [0xF6], [0xA0], [.. ticket] })
            Assert.That(Ticket.TryRead((byte[])[.. ticket, .. behind], out _), Is.False, Convert.ToHexString(behind));
        for (var length = 0; length < ticket.Length; length++) Assert.That(Ticket.TryRead(ticket.AsMemory(0, length), out _), Is.False, $"cut to {length}");
    }

    [Test]
    public void ATicket_IsLongerThanAMessageCarries_IsNone()
    {
        byte[] Of(int length) => TicketOf("4100", $"59{length:X4}{Zeros(length)}");
        var most = FieldLimits.MaxTicket - Of(256).Length + 256;
        Assert.That(Ticket.TryRead(Of(most), out _), Is.True);
        Assert.That(Ticket.TryRead(Of(most + 1), out _), Is.False);
    }

    /// <summary>One change of the head's layout each.</summary>
    [TestCase("A6 0001 0164412D3137 024100 0307 0402 05481122334455667788", TestName = "ATicket_LacksAField_IsNone")]
    [TestCase("A7 0002 0164412D3137 024100 0307 0402 05481122334455667788 0641AA", TestName = "ATicket_HasAnotherLayoutVersion_IsNone")]
    [TestCase("A7 0001 0160 024100 0307 0402 05481122334455667788 0641AA", TestName = "ATicket_NamesNoOrder_IsNone")]
    [TestCase("A7 0001 0164412D3137 024100 0326 0402 05481122334455667788 0641AA", TestName = "ATicket_HasANegativeFence_IsNone")]
    [TestCase("A7 0001 0164412D3137 024100 0307 0400 05481122334455667788 0641AA", TestName = "ATicket_IsForOpeningZero_IsNone")]
    [TestCase("A7 0001 0164412D3137 024100 0307 0402 0547112233445566 77 0641AA", TestName = "ATicket_HasAShortCryptogram_IsNone")]
    [TestCase("A7 0001 0164412D3137 024100 0307 0402 0549112233445566778899 0641AA", TestName = "ATicket_HasALongCryptogram_IsNone")]
    public void ATicket_OfAnotherLayout_IsNone(string hex) => Assert.That(Ticket.TryRead(ByteString.FromHex(hex).Memory, out _), Is.False);

    private static P256PublicKey Public(byte number)
    {
        using var key = P256PrivateKey.FromNumber([.. new byte[31], number]);
        return key.PublicKey;
    }
}
