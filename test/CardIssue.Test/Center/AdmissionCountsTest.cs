using System.Net;
using CardIssue.Center.Terminals;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Center;

[TestFixture]
public class AdmissionCountsTest
{
    private readonly FakeTimeProvider _time = new();

    private static LinePeer Peer(string address) => new(new LineNumber(1), IPAddress.Parse(address), default, default);

    [Test]
    public void ManyRefusals_OfOnePlace_FirstAreToldAndOthersCounted()
    {
        var counts = new AdmissionCounts(new AdmissionOptions { Attempts = 2 }, _time);
        var told = Enumerable.Range(0, 5).Select(_ => counts.Refused(Peer("10.0.0.1"), null, tell: true)).ToList();
        Assert.That(told, Is.EqualTo(new[] { true, true, false, false, false }));
        Assert.That(counts.Take(), Is.Empty, "the window is not over");
        _time.Advance(counts.Window);
        Assert.That(counts.Take(), Is.EqualTo(new[] { new AdmissionCount("10.0.0.1", 3) }));
        Assert.That(counts.Take(all: true), Is.Empty);
        Assert.That(counts.Refused(Peer("10.0.0.1"), null, tell: true), Is.True, "a new window");
    }

    [Test]
    public void KnownTerminalAndStrangers_BehindOneAddress_AreCountedApart()
    {
        var counts = new AdmissionCounts(new AdmissionOptions { Attempts = 1 }, _time);
        Assert.That(counts.Refused(Peer("10.0.0.1"), null, tell: true), Is.True);
        Assert.That(counts.Refused(Peer("10.0.0.1"), null, tell: true), Is.False);
        Assert.That(counts.Refused(Peer("10.0.0.1"), new TerminalId("t-1"), tell: true), Is.True);
        Assert.That(counts.Refused(Peer("10.0.0.1"), new TerminalId("t-2"), tell: true), Is.True);
        Assert.That(counts.Refused(Peer("10.0.0.9"), new TerminalId("t-2"), tell: true), Is.False, "a known terminal is one, wherever it comes from");
        Assert.That(counts.Take(all: true), Is.EquivalentTo(new[] { new AdmissionCount("10.0.0.1", 1), new AdmissionCount("terminal t-2", 1) }));
    }

    [Test]
    public void RefusalsThatNobodyTells_AreAllCounted_AndTakeNothingFromThoseThatAreTold()
    {
        var counts = new AdmissionCounts(new AdmissionOptions { Attempts = 1 }, _time);
        for (var i = 0; i < 3; i++) Assert.That(counts.Refused(Peer("10.0.0.1"), null, tell: false), Is.False);
        Assert.That(counts.Refused(Peer("10.0.0.1"), null, tell: true), Is.True);
        Assert.That(counts.Take(all: true), Is.EqualTo(new[] { new AdmissionCount("10.0.0.1", 3) }));
    }

    [Test]
    public void MorePlacesThanTheCap_Refused_AreCountedTogetherAndTakeNoMemory()
    {
        var counts = new AdmissionCounts(new AdmissionOptions { Attempts = 1, MaxPlaces = 16 }, _time);
        for (var i = 0; i < 16; i++) Assert.That(counts.Refused(Peer($"10.0.0.{i}"), null, tell: true), Is.True);
        for (var i = 16; i < 200; i++) Assert.That(counts.Refused(Peer($"10.0.0.{i}"), null, tell: true), Is.False);
        Assert.That(counts.Take(all: true), Is.EqualTo(new[] { new AdmissionCount(null, 184) }));
    }

    [Test]
    public void WallClockSetBack_Window_EndsAllTheSame()
    {
        var counts = new AdmissionCounts(new AdmissionOptions { Attempts = 1 }, new WallClockJumps(_time));
        counts.Refused(Peer("10.0.0.1"), null, tell: true);
        counts.Refused(Peer("10.0.0.1"), null, tell: true);
        _time.Advance(counts.Window);
        Assert.That(counts.Take(), Has.Count.EqualTo(1));
    }

    /// <summary>A clock whose time of day goes backwards while its timestamps go on.</summary>
    private sealed class WallClockJumps(FakeTimeProvider inner) : TimeProvider
    {
        private int _reads;

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() - TimeSpan.FromDays(_reads++);

        public override long GetTimestamp() => inner.GetTimestamp();
    }
}
