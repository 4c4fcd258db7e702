using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Terminal.TerminalState, CardIssue.Core.Protocol.Terminal.TerminalEffect>;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>Asking for an order (S230), having a card inserted (S240, S250) or another tried (S255), and the end (S320).</summary>
internal static partial class TerminalMachine
{
    private static Step OnIssueOrdered(TerminalState s, TerminalEvent.IssueOrdered ordered) =>
        To(s with { Phase = TerminalPhase.Requesting, Requests = s.Requests + 1 },
            Show(IssueNotice.AskingOrder),
            new TerminalEffect.Send(new RequestIssue(s.Requests + 1, ordered.Reference, ordered.SealedCode, ordered.Operator)),
            new TerminalEffect.ArmTimer());

    /// <summary>What is declined has no receipt: none that comes on this line later is for it.</summary>
    private static Step OnDeclined(TerminalState s, Declined declined) => declined.Number != s.Requests
        ? Ignore(s, Late)
        : Finish(s with { Printed = s.Requests }, Show(IssueNotice.OrderDeclined, declined.Code.ToString()));

    private static Step OnInsertCard(TerminalState s, InsertCard insert) => insert.Number != s.Requests
        ? Ignore(s, Late)
        : CheckReader(s with { Token = insert.Token }, Show(insert.SameCard ? IssueNotice.InsertSameCard : IssueNotice.InsertCard, insert.Display));

    /// <summary>The operator had cancelled before the center's answer came.</summary>
    private static Step OnInsertCardUnwanted(TerminalState s, InsertCard insert) => insert.Number != s.Requests
        ? Ignore(s, Late)
        : To(s, new TerminalEffect.Send(new Abort(AbortCode.OperatorCancelled)));

    /// <summary>S250: the reader is authenticated before each card.</summary>
    private static Step CheckReader(TerminalState s, params ReadOnlySpan<TerminalEffect> first) =>
        To(s with { Phase = TerminalPhase.CheckingReader }, [.. first, new TerminalEffect.StopTimer(), new TerminalEffect.CheckReader()]);

    private static Step OnReaderJudged(TerminalState s, TerminalEvent.ReaderJudged judged)
    {
        if (!judged.Known)
            return Finish(s, Show(IssueNotice.ReaderRefused, judged.Reader), new TerminalEffect.Send(new ReaderRefused(judged.Reader)));
        return s.CardIn ? OfferCard(s, ByteString.Empty) : To(s with { Phase = TerminalPhase.AwaitingCard });
    }

    /// <summary>Between orders, when a reader was connected or came back: the center hears of an unknown one at once.</summary>
    private static Step OnReaderSeen(TerminalState s, TerminalEvent.ReaderJudged judged) => judged.Known
        ? Ignore(s, "it is judged again before the card")
        : To(s, Show(IssueNotice.ReaderRefused, judged.Reader), new TerminalEffect.Send(new ReaderRefused(judged.Reader)));

    /// <param name="s">The state.</param>
    /// <param name="atr">Empty when the card was in before it was asked for.</param>
    private static Step OfferCard(TerminalState s, ByteString atr)
    {
        var offered = s with { Phase = TerminalPhase.Standby, Insertions = s.Insertions + 1 };
        var (shown, present) = (Show(IssueNotice.CardIn), new TerminalEffect.Send(new CardPresent(offered.Insertions, atr)));
        return s.Ahead is null ? To(offered, shown, present, new TerminalEffect.ArmTimer()) : BeginAhead(offered, shown, present);
    }

    private static Step OnCardRejected(TerminalState s, CardRejected rejected)
    {
        if (rejected.Insertion != s.Insertions) return Ignore(s, Late);
        var shown = Show(IssueNotice.CardRejected, rejected.Code.ToString());
        return s.CardIn
            ? To(s with { Phase = TerminalPhase.Swapping }, new TerminalEffect.StopTimer(), new TerminalEffect.ReleaseCard(), shown)
            : CheckReader(s, new TerminalEffect.ReleaseCard(), shown);
    }

    /// <summary>S300: told only after the center has saved it.</summary>
    private static Step OnIssued(TerminalState s, Issued issued) => s.Printed == s.Requests
        ? Ignore(s, Double)
        : Finish(s with { Printed = s.Requests }, Show(IssueNotice.Issued), new TerminalEffect.Print(issued.Receipt));

    /// <summary>
    /// The order that is being resumed was issued before the last line was lost. A resumption is the first request of its line: nothing of
    /// an order before can be taken for its answer.
    /// </summary>
    private static Step OnIssuedBefore(TerminalState s, Issued issued) => s.Token.IsEmpty ? Ignore(s, Late) : OnIssued(s, issued);

    private static Step OnAbort(TerminalState s, Abort abort) => Finish(s, Show(IssueNotice.Aborted, abort.Code.ToString()));

    private static Step Cancel(TerminalState s, AbortCode code) =>
        Finish(s, Show(IssueNotice.Aborted, code.ToString()), new TerminalEffect.Send(new Abort(code)));

    /// <summary>The order is over here, one way or another; on this access the next customer may follow (S320).</summary>
    private static Step Finish(TerminalState s, params ReadOnlySpan<TerminalEffect> first)
    {
        var over = s with { Token = ByteString.Empty, Ahead = null, Relay = null };
        return s.CardIn
            ? To(over with { Phase = TerminalPhase.Removing },
                [.. first, new TerminalEffect.StopTimer(), new TerminalEffect.ReleaseCard(), Show(IssueNotice.TakeCardOut)])
            : OnCardTaken(over, [.. first, new TerminalEffect.StopTimer(), new TerminalEffect.ReleaseCard()]);
    }

    private static Step OnCardTaken(TerminalState s, params ReadOnlySpan<TerminalEffect> first) =>
        To(s with { Phase = TerminalPhase.Idle, CardIn = false },
            [.. first, new TerminalEffect.Send(new CardRemoved()), Show(IssueNotice.Ready)]);
}
