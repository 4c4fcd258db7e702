using System.Globalization;
using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// That an order is done, and what its receipt says, is one commit. So it is told again, word for word, to the terminal that lost the line
/// before it heard.
/// </summary>
internal sealed partial class CenterSession
{
    /// <summary>Of the order that was just done, or is told again.</summary>
    private string _receipt = "";
    private (OrderId Order, CardId Card)? _done;

    private SessionRecord.Saved Saving(CenterEffect.Save save)
    {
        var saved = new SessionRecord.Saved(save.Order, save.Fence, save.Change);
        if (save.Change is not OrderChange.Issued(var card)) return saved;
        (_receipt, _done) = (Receipt(save.Order, card), (save.Order, card));
        return saved with { Receipt = _receipt };
    }

    private string Receipt(OrderId order, CardId card)
    {
        var at = _services.Time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        var done = _work!.Rewrite is null ? "CARD ISSUED" : "CARD REWRITTEN";
        var receipt = $"{done}\n{_work.Display}\nOrder {order}\nCard {card}\n"
            + $"Terminal {_terminal!.Identity.Id}, line {_line.Peer.Line}\n{at}\nProof: {_work.Proofs}";
        if (_work.OwnKeys is { } keys) receipt += $"\nKeys: {keys}";
        return PlainText.Of(receipt, ProtocolLimits.MaxReceipt, lines: true);
    }

    private ValueTask<bool> SendIssuedAsync(CancellationToken cancellation) =>
        SendAsync(new Issued(_receipt) { Order = _done?.Order, Card = CardWork.Told(_done?.Card) }, cancellation);

    /// <summary>The terminal returned for an order that is done.</summary>
    private void TellAgain(ClaimOutcome.Done done)
    {
        const string Detail = "it is done, and this terminal has not begun another since: it is told again";
        (_receipt, _done) = (done.Receipt, (done.Order, done.Card));
        _log.Decided(230, "ToldAgain", Detail);
        Show(230, Detail);
        _followUps.Enqueue(new CenterEvent.FoundDone(done.Order, done.Card));
    }
}
