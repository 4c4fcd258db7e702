using CardIssue.Center.Sessions;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Center;

[TestFixture]
public class SessionLogTest
{
    private static readonly ByteString Secret = ByteString.FromHex("5EC4E75EC4E75EC4E75EC4E75EC4E75E");

    [Test]
    public void Message_Shown_IsItsTypeAndWhatTheLogHas()
    {
        Assert.Multiple(() =>
        {
            Assert.That(SessionLog.ShownOf(new Proof(Secret, Secret)), Is.EqualTo("Proof"));
            Assert.That(SessionLog.ShownOf(new Admitted(Secret, Secret, Secret)), Is.EqualTo("Admitted"));
            Assert.That(SessionLog.ShownOf(new Declined(1, DeclineCode.NotNow)), Is.EqualTo("Declined {\"code\":\"NotNow\"}"));
            Assert.That(SessionLog.ShownOf(new CardPresent(1, ByteString.FromHex("3B00"))), Is.EqualTo("CardPresent {\"atr\":\"3B00\"}"));
        });
    }
}
