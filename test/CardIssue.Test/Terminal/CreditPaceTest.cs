using CardIssue.Terminal.Relay;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Terminal;

/// <summary>When credit is due, by what line and card take.</summary>
public sealed class CreditPaceTest
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void NothingMeasured_NothingIsKnown() => Assert.That(new CreditPace(_time).Ahead, Is.Zero);

    [TestCase(10, 50, 3)]
    [TestCase(100, 50, 4)]
    [TestCase(300, 40, 10)]
    public void LineAndCardMeasured_CreditIsDueForARoundTripOfCommandsAndTwo(int roundTrip, int command, int ahead)
    {
        var pace = new CreditPace(_time);
        Report(pace, roundTrip);
        Answer(pace, command);
        Assert.That(pace.Ahead, Is.EqualTo(ahead));
    }

    [Test]
    public void CreditAnswered_TellsTheRoundTrip_ByTheFirstCommandThatItBrought()
    {
        var pace = new CreditPace(_time);
        Report(pace, 10);
        Answer(pace, 50);
        pace.Credited(20);
        Wait(490);
        pace.CommandCame(7);
        Assert.That(pace.Ahead, Is.EqualTo(3), "command 7 was granted before");
        pace.CommandCame(8);
        Assert.That(pace.Ahead, Is.EqualTo(2 + 5), "half way from 10 to 490 ms, a longer one counts at once");
    }

    [Test]
    public void NewLine_NothingIsKnownOfIt()
    {
        var pace = new CreditPace(_time);
        Report(pace, 300);
        Answer(pace, 50);
        pace.LineUp();
        Assert.That(pace.Ahead, Is.Zero);
    }

    private void Report(CreditPace pace, int roundTrip)
    {
        pace.Reported();
        Wait(roundTrip);
        pace.ScriptCame(8);
    }

    private void Answer(CreditPace pace, int command)
    {
        pace.Transmitted();
        Wait(command);
        pace.Answered();
    }

    private void Wait(int milliseconds) => _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
}
