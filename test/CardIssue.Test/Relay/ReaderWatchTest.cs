using CardIssue.Core.Keys;
using CardIssue.Terminal.Relay;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Relay;

/// <summary>A reader with a loose plug must not fill the center's log.</summary>
public sealed class ReaderWatchTest
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private static readonly ReaderJudgement One = new ReaderJudgement.Unknown("one"), Another = new ReaderJudgement.Unknown("another");
    private static readonly ReaderJudgement Known = new ReaderJudgement.Known(new ReaderEntry(Serial: "S"));

    [Test]
    public void UnknownReader_ComesBackAgainAndAgain_IsReportedOnceAPause()
    {
        var time = new FakeTimeProvider();
        var watch = new ReaderWatch(Pause, time);
        Assert.That(watch.Looked(One), Is.True);
        Assert.That(watch.Looked(One), Is.False);
        time.Advance(Pause);
        Assert.That(watch.Looked(One), Is.True);
        Assert.That(watch.Looked(Another), Is.True, "another reason is news");
        Assert.That(watch.Looked(Known), Is.False);
        Assert.That(watch.Looked(Another), Is.True, "after a known one it is news");
        watch.NewAccess();
        Assert.That(watch.Looked(Another), Is.True, "on a new access the center has not heard of it");
    }

    [Test]
    public void Reader_ComesOrIsLookedAt_ALookIsDueOrNot()
    {
        var watch = new ReaderWatch(Pause, new FakeTimeProvider());
        Assert.That(watch.IsDue, Is.False);
        watch.Renew();
        Assert.That(watch.IsDue, Is.True);
        watch.Looked(Known);
        Assert.That(watch.IsDue, Is.False);
    }
}
