using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>What has been heard of the request under way, from the messages themselves. In the relay's turn.</summary>
internal sealed class RequestFacts
{
    private OrderId? _order;
    private CardId? _card;
    private string? _maskedNumber;
    private int _record, _records, _attempt;
    private ushort? _cardStatus;
    private CardFault? _readerFault;
    private IssueReason _said, _stop;

    /// <summary>The record that the last script was for, or 0.</summary>
    public int Record => _record;

    /// <summary>Another request begins, or another customer is served.</summary>
    public void Begin()
    {
        (_order, _card, _maskedNumber) = (null, null, null);
        (_record, _records, _attempt) = (0, 0, 0);
        (_cardStatus, _readerFault) = (null, null);
        (_said, _stop) = (IssueReason.None, IssueReason.None);
    }

    /// <summary>Something happened, of which the machine is told next.</summary>
    public void Take(TerminalEvent happened)
    {
        if (happened is TerminalEvent.CardInserted) _readerFault = null;
        if (happened is TerminalEvent.CancelOrdered cancelled) _said = IssueReasons.Of(cancelled.Code);
        if (happened is not TerminalEvent.Received { Message: var message }) return;
        switch (message)
        {
            case Refused refused: _said = IssueReasons.Of(refused.Code); break;
            case Declined declined: _said = IssueReasons.Of(declined.Code); break;
            case CardRejected rejected: _said = IssueReasons.Of(rejected.Code); break;
            case Abort abort: _said = IssueReasons.Of(abort.Code); break;
            case InsertCard insert:
                (_order, _card, _maskedNumber, _records) = (insert.Order, insert.Card, insert.MaskedNumber, insert.Records);
                (_cardStatus, _readerFault) = (null, null);
                break;
            case Script script: (_record, _attempt) = (script.Record, script.Attempt); break;
            case Issued issued: (_order, _card) = (issued.Order ?? _order, issued.Card ?? _card); break;
        }
    }

    /// <summary>The card answered, or did not.</summary>
    public void Take(CardAnswer answer) => (_cardStatus, _readerFault) = (answer.Status ?? _cardStatus, answer.Fault ?? _readerFault);

    /// <summary>The reader does not answer.</summary>
    public void Take(CardFault fault) => _readerFault = fault;

    /// <summary>A script ended.</summary>
    public void Take(ScriptStop stop) => _stop = IssueReasons.Of(stop);

    /// <summary>The relay itself refuses a card or an access, before the center says anything.</summary>
    public void Say(IssueReason reason) => _said = reason;

    /// <summary>With what is known now.</summary>
    public T In<T>(T report, IssueReason reason) where T : IssueReport => report with
    {
        Reason = reason, Order = _order, Card = _card, MaskedNumber = _maskedNumber, Record = _record, Records = _records, Attempt = _attempt,
        CardStatus = _cardStatus, ReaderFault = _readerFault,
    };

    /// <summary>The reason that a notice has.</summary>
    public IssueReason ReasonOf(IssueNotice notice) => notice switch
    {
        IssueNotice.AccessRefused or IssueNotice.OrderDeclined or IssueNotice.CardRejected or IssueNotice.Aborted => _said,
        IssueNotice.CenterNotKnown => IssueReason.CenterNotKnown,
        IssueNotice.ReaderRefused => IssueReason.ReaderNotKnown,
        IssueNotice.ReaderAway => IssueReason.ReaderAway,
        IssueNotice.Reporting => _stop,
        _ => IssueReason.None,
    };
}
