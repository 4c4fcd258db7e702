using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.Relay;

/// <summary>What programs keep and compare: numbers that stay, a reason for every code, one base of all exceptions.</summary>
[TestFixture, Parallelizable]
public sealed class IssueReasonTest
{
    /// <summary>A new reason gets a line here; none is ever changed or taken away.</summary>
    private const string Pinned =
        """
        None=0
        AccessRefused=100 AccessNotKnown=101 AccessVersion=102 AccessTooMany=103 AccessNotNow=104 CenterNotKnown=150
        OrderOrCode=201 OrderBusy=202 OrderWaiting=203 OrderAlreadyIssued=204 OrderTooMany=205 OrderNotNow=206 OrderCenterLacks=207
        OrderTerminalHeld=208 OrderCodeUnreadable=209 OrderOtherBranch=210
        CardNotGenuine=301 CardUnknownKey=302 CardUnreadable=303 CardWrongState=304 CardOther=305 CardInUse=306 CardBarred=307
        CardRefusedUs=308 CardNoIdentity=309 CardChannelTooWeak=310 CardNoApplication=311 CardLocked=312
        StoppedByOperator=401 StoppedByCenter=402 StoppedTimedOut=403 StoppedWriteFailed=404 StoppedStoreFailed=405 StoppedClaimLost=406
        StoppedReaderRefused=407 StoppedTooManyCards=408 StoppedCenterFailed=409 StoppedTerminalFailed=410 StoppedModuleRefused=411
        ReaderNotKnown=500 ReaderAway=501
        LineLost=600 LineTimedOut=601 LineStopped=602 LineNotAMessage=603 LineUnfitResult=604 LineWrongHalf=605 LineNoCredit=606
        LineOutOfPlace=607 LineFailed=608
        WritingUnexpectedStatus=702 WritingCardLost=703 WritingGap=704 WritingModuleRefused=705 WritingTooLong=706
        """;

    [Test]
    public void Reasons_TheirNumbers_StayAsTheyAre() => Assert.That(
        Enum.GetValues<IssueReason>().Select(reason => $"{reason}={(int)reason}"),
        Is.EqualTo(Pinned.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)));

    [Test]
    public void States_TheirNumbers_StayAsTheyAre() => Assert.That(
        Enum.GetValues<RelayState>().Select(state => $"{state}={(int)state}"),
        Is.EqualTo(new[] { "Closed=0", "Connecting=1", "Refused=2", "Ready=3", "Issuing=4" }));

    [Test]
    public void EveryCodeOfTheLine_HasAReasonOfItsOwn()
    {
        IssueReason[] reasons =
        [
            .. Enum.GetValues<RefusalCode>().Select(IssueReasons.Of), .. Enum.GetValues<DeclineCode>().Select(IssueReasons.Of),
            .. Enum.GetValues<CardRejection>().Select(IssueReasons.Of), .. Enum.GetValues<AbortCode>().Select(IssueReasons.Of),
            .. Enum.GetValues<ScriptStop>().Select(IssueReasons.Of),
            .. Enum.GetValues<DisconnectCode>().Select(IssueReasons.Of),
        ];
        Assert.That(reasons, Is.Unique.And.All.Matches<IssueReason>(Enum.IsDefined));
        // By name where the names are alike, so that no number has slipped.
        Assert.That(IssueReasons.Of(DeclineCode.CodeUnreadable), Is.EqualTo(IssueReason.OrderCodeUnreadable));
        Assert.That(IssueReasons.Of(CardRejection.Locked), Is.EqualTo(IssueReason.CardLocked));
        Assert.That(IssueReasons.Of(AbortCode.ModuleRefused), Is.EqualTo(IssueReason.StoppedModuleRefused));
        Assert.That(IssueReasons.Of(ScriptStop.TooLong), Is.EqualTo(IssueReason.WritingTooLong));
    }

    [Test]
    public void CodeOfALaterVersion_ThatClosesALine_IsALostLine() =>
        Assert.That(IssueReasons.Of((DisconnectCode)200), Is.EqualTo(IssueReason.LineLost));

    [Test]
    public void PublicExceptions_OfAllLibraries_HaveOneBase()
    {
        Type[] libraries =
        [
            typeof(CardIssueException), typeof(TerminalRelay), typeof(CardIssue.Center.Vault.KeyVaultException),
            typeof(CardIssue.Transport.Tcp.TcpLineConnector), typeof(CardIssue.Reader.PcSc.PcscCardReader),
        ];
        var exceptions = libraries.SelectMany(type => type.Assembly.GetExportedTypes()).Where(typeof(Exception).IsAssignableFrom).ToList();
        Assert.That(exceptions, Has.Count.GreaterThan(5));
        Assert.That(exceptions.Where(type => !typeof(CardIssueException).IsAssignableFrom(type)), Is.Empty);
    }
}
