using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>Events of a peer or a host that does not keep to the protocol: one of each kind, with numbers that may fit.</summary>
internal static class Injections
{
    private static readonly CenterEvent[] Center =
    [
        .. new RelayMessage[]
        {
            new Hello(1, 1, Names.Terminal, Names.Nonce, 2, Declines: (int)DeclineCode.OtherBranch), new Hello(2, 3, Names.Terminal, Names.Nonce, 2), Names.Proof,
            new RequestIssue(1, "order", default, Names.Operator), new RequestIssue(9, "order", default, Names.Operator), new Resume(9, Names.Token),
            new CardPresent(1, Names.Atr), new CardPresent(9, Names.Atr), new Credit(1), new Credit(99),
            new Result(0, ScriptStop.Completed, default), new Result(0, ScriptStop.Gap, default), new Result(50, ScriptStop.Completed, default),
            new CardRemoved(), new ReaderRefused("reader"), new Abort(AbortCode.OperatorCancelled), new StatusRequest(), new Join(Names.Token),
            new EnrollReader("virtual"),
        }.Select(m => new CenterEvent.Received(m)),
        new CenterEvent.Garbage("noise"),
    ];

    private static readonly TerminalEvent[] Terminal =
    [
        .. new RelayMessage[]
        {
            new Challenge(1, Names.Nonce, new LineNumber(1)), new Challenge(9, Names.Nonce, new LineNumber(1)), Names.Admitted,
            new Refused(RefusalCode.NotKnown), new Declined(1, DeclineCode.Busy), new InsertCard(1, Names.Token, false, "card"),
            new CardRejected(1, CardRejection.NotGenuine), new Script(ScriptKind.Open, 1, 0, 1, 30, 1, false, false, default),
            new Issued("receipt"), new Abort(AbortCode.CenterStopped), new StatusReport(Names.Terminal, new LineNumber(1)), new Joined(),
            new ReaderEnrollment(ReaderStanding.Waiting), new Witness(Names.Nonce),
        }.Select(m => new TerminalEvent.Received(m)),
        new TerminalEvent.CommandArrived(0),
        new TerminalEvent.CommandArrived(60),
        new TerminalEvent.Garbage("noise"),
    ];

    public static int CenterCount => Center.Length;

    public static int TerminalCount => Terminal.Length;

    public static CenterEvent ToCenter(int index) => Center[index];

    public static TerminalEvent ToTerminal(int index) => Terminal[index];
}
