using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Relay;

[TestFixture]
public class LineReturnTest
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private FakeTimeProvider _time = null!;
    private LineReturn _line = null!;

    [SetUp]
    public void Make()
    {
        _time = new FakeTimeProvider();
        _line = new LineReturn(Pause, _time);
    }

    private TimeSpan LostAfter(TimeSpan up, TerminalPhase phase = TerminalPhase.Relaying)
    {
        _line.Up();
        _time.Advance(up);
        return _line.Lost(phase);
    }

    [Test]
    public void LineThatDoesNotLast_LostAgainAndAgain_ReturnsAtOnceOnlyOnce()
    {
        Assert.That(LostAfter(TimeSpan.Zero), Is.EqualTo(TimeSpan.Zero));
        Assert.That(LostAfter(Pause - TimeSpan.FromMilliseconds(1)), Is.EqualTo(Pause));
        _time.Advance(Pause);
        Assert.That(LostAfter(TimeSpan.Zero), Is.EqualTo(Pause), "the pause is no time up");
    }

    [Test]
    public void LineThatLasted_Lost_ReturnsAtOnceAgain()
    {
        Assert.That(LostAfter(TimeSpan.Zero), Is.EqualTo(TimeSpan.Zero));
        Assert.That(LostAfter(Pause), Is.EqualTo(TimeSpan.Zero));
        Assert.That(LostAfter(TimeSpan.Zero), Is.EqualTo(Pause));
        Assert.That(LostAfter(Pause), Is.EqualTo(TimeSpan.Zero));
    }

    [TestCase(TerminalPhase.Offline)]
    [TestCase(TerminalPhase.Greeting)]
    [TestCase(TerminalPhase.Proving)]
    [TestCase(TerminalPhase.AwaitingAdmission)]
    [TestCase(TerminalPhase.VerifyingCenter)]
    [TestCase(TerminalPhase.AwaitingResults)]
    public void NoAccess_Lost_Waits(TerminalPhase phase) => Assert.That(LostAfter(Pause, phase), Is.EqualTo(Pause));

    [Test]
    public void LineThatDidNotComeUp_Lost_WaitsWhateverThePhaseStillSays() => Assert.That(_line.Lost(TerminalPhase.Relaying), Is.EqualTo(Pause));
}
