using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>An EMV terminal powers the virtual card.</summary>
public class AnswerToResetTests
{
    private static IEnumerable<TestCaseData> Cards() =>
        from profile in CardProfile.Names
        from protocol in Enum.GetValues<CardProtocol>()
        select new TestCaseData(profile, protocol);

    [TestCaseSource(nameof(Cards))]
    public void Card_OfEveryKind_IsAcceptedByAnEmvTerminal(string profile, CardProtocol protocol)
    {
        var card = CardSimulator.Create(CardProfile.ByName(profile, 1, [TestCard.Keys])! with { Protocol = protocol });
        Assert.That(EmvAtrRules.Reject(card.Reset()), Is.Null, "cold");
        Assert.That(EmvAtrRules.Reject(card.Reset()), Is.Null, "warm");
        Assert.That(card.Atr[1] & 0x0F, Is.GreaterThan(0), "historical bytes");
    }

    [TestCase(CardProtocol.T0, "3B6500FF8073C82100")]
    [TestCase(CardProtocol.T1, "3BF51800FF8131FE458073C8210003")]
    public void Atr_IsWhatIsWrittenHere(CardProtocol protocol, string atr) => Assert.That(Convert.ToHexString(AnswerToReset.Of(protocol)), Is.EqualTo(atr));

    // The book's own basic responses, and what each of its rules rejects.
    [TestCase("3B6000FF", null)]
    [TestCase("3B65000A8073C82100", null)]
    [TestCase("3BE000008131FE45", null, Description = "the basic response of T=1")]
    [TestCase("3BE000FF813110452B", "TCK")]
    [TestCase("3CE000008131FE45", "TS 3C")]
    [TestCase("3B70110000", null, Description = "negotiable mode: TA1 is left alone")]
    [TestCase("3B7018FFFF", "TB1 FF")]
    [TestCase("3BD518FF8191FE1FC38073C8210013", "TB1 absent", Description = "the virtual card as it was")]
    [TestCase("3BE025008131FE45", "TB1 25")]
    [TestCase("3BE000008231FE45", "TD1 82")]
    [TestCase("3BF018000091" + "81" + "31FE45", "TA1 18 in specific mode")]
    [TestCase("3BF013000091" + "81" + "31FE45", null, Description = "specific mode that every terminal has")]
    [TestCase("3BF013000091" + "91" + "31FE45", "TA2 91")]
    [TestCase("3BE00000A10031FE45", "TB2 00")]
    [TestCase("3BE0000040" + "00", "TC2 00")]
    [TestCase("3BE0000040" + "0A", null)]
    [TestCase("3BE0000040" + "14", "TC2 14")]
    [TestCase("3BE00000813FFE45", "TD2 3F")]
    [TestCase("3BE0000081310F45", "TA3 0F")]
    [TestCase("3BE000008131FF45", "TA3 FF")]
    [TestCase("3BE000008111FE", "TB3 absent")]
    [TestCase("3BE000008131FE55", "TB3 55", Description = "BWI 5")]
    [TestCase("3BE000008131FE46", "TB3 46", Description = "CWI 6")]
    [TestCase("3BE000058131FE42", "TB3 42", Description = "2^CWI is less than N + 1")]
    [TestCase("3BE000FF8131FE40", null, Description = "N is -1")]
    [TestCase("3BE000008171FE4501", "TC3 01")]
    [TestCase("3BE000008171FE4500", null)]
    [TestCase("3BE5", "T0 or TD announce characters that are not there")]
    public void Terminal_AcceptsAndRejects_AsTheBookSays(string hex, string? expected)
    {
        var atr = Convert.FromHexString(hex);
        // TCK where the case has not its own.
        var needsCheck = expected != "TCK" && hex.Length > 8 && (atr[1] & 0x80) != 0 && !hex.EndsWith("0013", StringComparison.Ordinal) && hex[8..10] != "40";
        if (needsCheck) atr = [.. atr, atr.Skip(1).Aggregate((byte)0, (sum, b) => (byte)(sum ^ b))];
        Assert.That(EmvAtrRules.Reject(atr), Is.EqualTo(expected));
    }
}
