using CardIssue.Center.Sessions;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Center;

[TestFixture]
public class JoinDeskTest
{
    private static readonly TerminalId Terminal = new("T-1");
    private static readonly LineNumber Results = new(8);
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    /// <summary>The desk hands the session on; what is refused needs none.</summary>
    private static readonly CenterSession Data = null!;

    private FakeTimeProvider _time = null!;
    private JoinDesk _desk = null!;

    [SetUp]
    public void Make() => _desk = new JoinDesk(_time = new FakeTimeProvider(), Lifetime);

    [Test]
    public void Token_AfterItsTime_IsTooLate()
    {
        var token = _desk.Open(Terminal, Results, Data);
        _time.Advance(Lifetime);
        Assert.That(_desk.TryJoin(Terminal, Results, new Join(token)), Is.EqualTo(new JoinOutcome(null, false, "the token came too late")));
    }

    [Test]
    public void Token_OnAnotherLineOrOfAnotherTerminal_FindsNobodyWaiting_AndSpendsNothing()
    {
        var token = _desk.Open(Terminal, Results, Data);
        Assert.That(_desk.TryJoin(Terminal, new LineNumber(9), new Join(token)).Detail, Does.StartWith("no data half"));
        Assert.That(_desk.TryJoin(new TerminalId("T-2"), Results, new Join(token)).Detail, Does.StartWith("no data half"));
        Assert.That(_desk.TryJoin(Terminal, Results, new Join(ByteString.Own(new byte[ProtocolLimits.TokenLength]))).Detail, Does.StartWith("the token is not"), "it was still waited for");
    }

    [Test]
    public void Token_WrongOnce_IsSpent()
    {
        var token = _desk.Open(Terminal, Results, Data);
        _desk.TryJoin(Terminal, Results, new Join(ByteString.Own(new byte[ProtocolLimits.TokenLength])));
        Assert.That(_desk.TryJoin(Terminal, Results, new Join(token)).Detail, Does.StartWith("no data half"));
    }

    [Test]
    public void DataHalf_Withdrawn_IsNotWaitedForAnyMore()
    {
        var token = _desk.Open(Terminal, Results, Data);
        _desk.Withdraw(Data);
        Assert.That(_desk.TryJoin(Terminal, Results, new Join(token)).Detail, Does.StartWith("no data half"));
    }
}
