using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Test.Explorer;
using static CardIssue.Test.Protocol.TerminalTable;

namespace CardIssue.Test.Protocol;

using Relay = CardIssue.Core.Protocol.Terminal.Relay;
using Row = MachineRow<TerminalState, TerminalEvent, TerminalEffect>;

/// <summary>
/// One step each of the terminal machine: an order is asked for, a card offered or refused, and the order's end (S230 to S255, S300,
/// S320).
/// </summary>
public sealed class TerminalOrderStepTest
{
    [TestCaseSource(nameof(Requests))]
    [TestCaseSource(nameof(Readers))]
    [TestCaseSource(nameof(Cards))]
    [TestCaseSource(nameof(Ends))]
    [TestCaseSource(nameof(Receipts))]
    public void Step(object row) => ((Row)row).Check(TerminalMachine.On);

    private static IEnumerable<TestCaseData> Requests()
    {
        var idle = At(TerminalPhase.Idle, hasOrder: false);
        var asking = At(TerminalPhase.Requesting, hasOrder: false);
        yield return Handled("Issue_BetweenOrders_IsAskedFor", idle, new TerminalEvent.IssueOrdered("order", Names.Nonce, Names.Operator),
            asking with { Requests = 3 }, Show(IssueNotice.AskingOrder), Send(new RequestIssue(3, "order", Names.Nonce, Names.Operator)), Arm);
        foreach (var phase in new[] { TerminalPhase.Requesting, TerminalPhase.CheckingReader, TerminalPhase.AwaitingCard,
            TerminalPhase.Swapping, TerminalPhase.Standby, TerminalPhase.Removing })
            yield return Ignored($"Issue_{phase}_IsIgnored", At(phase), new TerminalEvent.IssueOrdered("order", default, Names.Operator));
        foreach (var number in new[] { 1, 3 })
        {
            yield return Ignored($"Decline_OfRequest{number}_IsLate", asking, Got(new Declined(number, DeclineCode.Busy)));
            foreach (var phase in new[] { TerminalPhase.Idle, TerminalPhase.Requesting, TerminalPhase.Standby, TerminalPhase.Removing })
                yield return Ignored($"InsertCard_OfRequest{number}_{phase}_IsLate", At(phase), Got(Insert(number)));
        }
        foreach (var cardIn in new[] { true, false })
            yield return Finishes($"Decline_OfThisRequest_CardIn{cardIn}_Ends", asking with { CardIn = cardIn },
                Got(new Declined(2, DeclineCode.Busy)), asking with { CardIn = cardIn, Printed = 2 },
                Show(IssueNotice.OrderDeclined, nameof(DeclineCode.Busy)));
        foreach (var same in new[] { true, false })
        {
            foreach (var state in new[] { asking, At(TerminalPhase.Standby) with { Token = Names.Nonce } })
                yield return Handled($"InsertCard_{state.Phase}_Same{same}_TheReaderIsCheckedFirst", state, Got(Insert(2, same)),
                    state with { Phase = TerminalPhase.CheckingReader, Token = Names.Token },
                        Show(same ? IssueNotice.InsertSameCard : IssueNotice.InsertCard, "card"), StopTimer, CheckReader);
        }
        foreach (var phase in new[] { TerminalPhase.Idle, TerminalPhase.Removing })
            yield return Handled($"InsertCard_AfterItWasCancelled_{phase}_IsGivenBack", At(phase, hasOrder: false), Got(Insert(2)),
                At(phase, hasOrder: false), Send(new Abort(AbortCode.OperatorCancelled)));

        static InsertCard Insert(int number, bool same = false) => new(number, Names.Token, same, "card");
    }

    private static IEnumerable<TestCaseData> Readers()
    {
        var checking = At(TerminalPhase.CheckingReader);
        foreach (var cardIn in new[] { true, false })
            yield return Finishes($"Reader_Unknown_CardIn{cardIn}_EndsTheOrder", checking with { CardIn = cardIn },
                new TerminalEvent.ReaderJudged(false, "reader"), checking with { CardIn = cardIn },
                Show(IssueNotice.ReaderRefused, "reader"), Send(new ReaderRefused("reader")));
        yield return Handled("Reader_KnownAndACardIn_ItIsOffered", checking, new TerminalEvent.ReaderJudged(true, "reader"),
            checking with { Phase = TerminalPhase.Standby, Insertions = 4 }, Show(IssueNotice.CardIn),
                Send(new CardPresent(4, ByteString.Empty)), Arm);
        yield return Handled("Reader_KnownAndNoCardIn_OneIsAwaited", checking with { CardIn = false },
            new TerminalEvent.ReaderJudged(true, "reader"), At(TerminalPhase.AwaitingCard, cardIn: false));
        var idle = At(TerminalPhase.Idle, hasOrder: false);
        yield return Handled("Reader_UnknownBetweenOrders_IsTold", idle, new TerminalEvent.ReaderJudged(false, "reader"), idle,
            Show(IssueNotice.ReaderRefused, "reader"), Send(new ReaderRefused("reader")));
        yield return Ignored("Reader_KnownBetweenOrders_IsIgnored", idle, new TerminalEvent.ReaderJudged(true, "reader"));
        foreach (var phase in new[] { TerminalPhase.Requesting, TerminalPhase.AwaitingCard, TerminalPhase.Swapping, TerminalPhase.Standby,
            TerminalPhase.Removing })
            yield return Ignored($"Reader_Judged_{phase}_IsLate", At(phase), new TerminalEvent.ReaderJudged(false, "reader"));
    }

    private static IEnumerable<TestCaseData> Cards()
    {
        var awaiting = At(TerminalPhase.AwaitingCard, cardIn: false);
        yield return Handled("Card_Awaited_IsOfferedWithItsAnswerToReset", awaiting, new TerminalEvent.CardInserted(Names.Atr),
            awaiting with { Phase = TerminalPhase.Standby, CardIn = true, Insertions = 4 }, Show(IssueNotice.CardIn),
                Send(new CardPresent(4, Names.Atr)), Arm);
        foreach (var arrived in new[] { 0, 1, 2 })
        {
            var ahead = Ahead(awaiting, arrived);
            yield return Handled($"Card_Awaited_{arrived}CommandsCameAlong_IsOfferedAndOpenedAtOnce", ahead, new TerminalEvent.CardInserted(Names.Atr),
                ahead with { Phase = TerminalPhase.Relaying, CardIn = true, Insertions = 4, Ahead = null,
                    Relay = ahead.Relay! with { InCard = arrived > 0 } },
                [Show(IssueNotice.CardIn), Send(new CardPresent(4, Names.Atr)), Show(IssueNotice.AccessingCard),
                    new TerminalEffect.BeginScript(ahead.Ahead!), .. arrived > 0 ? [Transmit(0)] : Array.Empty<TerminalEffect>(), Arm]);
        }
        foreach (var phase in new[] { TerminalPhase.CheckingReader, TerminalPhase.AwaitingCard, TerminalPhase.Swapping })
        {
            var (waiting, opening) = (At(phase), Script(First, 3, ScriptKind.Open, 0));
            yield return Handled($"Opening_{phase}_IsKeptForTheCard", waiting, Got(opening), Ahead(waiting, 0));
            yield return Ignored($"Opening_{phase}_OfBefore_IsADouble", waiting, Got(Script(First - 1, 3, ScriptKind.Open, 0)));
            yield return Ignored($"Opening_{phase}_ASecond_IsADouble", Ahead(waiting, 0), Got(Script(First + 3, 3, ScriptKind.Open, 0)));
            yield return Ignored($"Script_{phase}_OfAnotherKind_IsLate", waiting, Got(Script(First, 3)));
            yield return Handled($"Command_{phase}_OfTheOpening_IsKept", Ahead(waiting, 1), Command(1), Ahead(waiting, 2));
            yield return Ignored($"Command_{phase}_Again_IsADouble", Ahead(waiting, 1), Command(0));
            yield return Handled($"Command_{phase}_OneMissing_NoneIsKept", Ahead(waiting, 1), Command(2),
                Ahead(waiting, 1) with { Ahead = null, Relay = null }, new TerminalEffect.DiscardCommands(First + 3));
            yield return Finishes($"Cancel_{phase}_NothingOfTheOpeningIsKept", Ahead(waiting, 2), new TerminalEvent.CancelOrdered(),
                Ahead(waiting, 2) with { Ahead = null }, Show(IssueNotice.Aborted, nameof(AbortCode.OperatorCancelled)),
                Send(new Abort(AbortCode.OperatorCancelled)));
        }
        var standby = At(TerminalPhase.Standby);
        foreach (var insertion in new[] { 2, 4 })
            yield return Ignored($"Rejection_OfCard{insertion}_IsLate", standby,
                Got(new CardRejected(insertion, CardRejection.NotGenuine)));
        yield return Handled("Rejection_OfTheCardThatIsIn_ItHasToBeTakenOut", standby, Got(new CardRejected(3, CardRejection.NotGenuine)),
            standby with { Phase = TerminalPhase.Swapping }, StopTimer, ReleaseCard,
                Show(IssueNotice.CardRejected, nameof(CardRejection.NotGenuine)));
        yield return Handled("Rejection_OfACardThatIsGone_TheReaderIsCheckedForTheNext", standby with { CardIn = false },
            Got(new CardRejected(3, CardRejection.NotGenuine)),
            At(TerminalPhase.CheckingReader, cardIn: false), ReleaseCard, Show(IssueNotice.CardRejected, nameof(CardRejection.NotGenuine)),
                StopTimer, CheckReader);
        yield return Handled("Card_RefusedAndTakenOut_TheReaderIsCheckedForTheNext", At(TerminalPhase.Swapping),
            new TerminalEvent.CardGone(),
            At(TerminalPhase.CheckingReader, cardIn: false), StopTimer, CheckReader);
        yield return Handled("Card_TakenOutAtTheEnd_TheNextCustomerMayCome", At(TerminalPhase.Removing), new TerminalEvent.CardGone(),
            At(TerminalPhase.Idle, cardIn: false), Send(new CardRemoved()), Show(IssueNotice.Ready));
    }

    /// <summary>An opening of three commands came along with the word to insert a card.</summary>
    private static TerminalState Ahead(TerminalState state, int arrived) => state with
    {
        Ahead = Script(First, 3, ScriptKind.Open, 0), Relay = new Relay(First, 3, arrived, 0, 3, false), NextSequence = First + 3,
    };

    private static IEnumerable<TestCaseData> Ends()
    {
        foreach (var cardIn in new[] { true, false })
        {
            foreach (var phase in new[] { TerminalPhase.CheckingReader, TerminalPhase.AwaitingCard, TerminalPhase.Swapping,
                TerminalPhase.Standby, TerminalPhase.Relaying })
            {
                var state = phase is TerminalPhase.Relaying ? Relaying(new Relay(First, 5, 2, 1, 4, true), cardIn) : At(phase, cardIn);
                yield return Finishes($"Abort_{phase}_CardIn{cardIn}_EndsTheOrder", state, Got(new Abort(AbortCode.WriteFailed)), state,
                    Show(IssueNotice.Aborted, nameof(AbortCode.WriteFailed)));
                yield return Cancels(state);
            }
            yield return Cancels(At(TerminalPhase.Requesting, cardIn));
        }
        foreach (var phase in new[] { TerminalPhase.Idle, TerminalPhase.Removing })
        {
            yield return Ignored($"Abort_{phase}_IsLate", At(phase), Got(new Abort(AbortCode.WriteFailed)));
            yield return Ignored($"Cancel_{phase}_IsIgnored", At(phase), new TerminalEvent.CancelOrdered());
        }
        yield return Ignored("Abort_WhileAnOrderIsAskedFor_IsLate", At(TerminalPhase.Requesting), Got(new Abort(AbortCode.WriteFailed)));

        static TestCaseData Cancels(TerminalState state) =>
            Finishes($"Cancel_{state.Phase}_CardIn{state.CardIn}_EndsTheOrderAndTellsTheCenter", state, new TerminalEvent.CancelOrdered(),
            state,
            Show(IssueNotice.Aborted, nameof(AbortCode.OperatorCancelled)), Send(new Abort(AbortCode.OperatorCancelled)));
    }

    private static IEnumerable<TestCaseData> Receipts()
    {
        foreach (var cardIn in new[] { true, false })
        {
            foreach (var phase in new[] { TerminalPhase.Idle, TerminalPhase.Standby, TerminalPhase.Removing })
            {
                var state = At(phase, cardIn);
                yield return Finishes($"Issued_{phase}_CardIn{cardIn}_PrintsOneReceipt", state, Got(new Issued("receipt")),
                    state with { Printed = 2 },
                    Show(IssueNotice.Issued), new TerminalEffect.Print("receipt"));
                yield return Ignored($"Issued_{phase}_CardIn{cardIn}_Printed_IsADouble", state with { Printed = 2 },
                    Got(new Issued("receipt")));
            }
        }
        foreach (var phase in new[] { TerminalPhase.CheckingReader, TerminalPhase.AwaitingCard, TerminalPhase.Swapping })
            yield return Ignored($"Issued_{phase}_IsLate", At(phase), Got(new Issued("receipt")));
        yield return Ignored("Issued_WhenAnotherOrderIsAskedFor_IsLate", At(TerminalPhase.Requesting, hasOrder: false),
            Got(new Issued("receipt")));
        foreach (var cardIn in new[] { true, false })
        {
            var returning = At(TerminalPhase.Requesting, cardIn);
            yield return Finishes($"Issued_WhenItReturned_CardIn{cardIn}_PrintsTheReceipt", returning, Got(new Issued("receipt")),
                returning with { Printed = 2 }, Show(IssueNotice.Issued), new TerminalEffect.Print("receipt"));
        }
    }
}
