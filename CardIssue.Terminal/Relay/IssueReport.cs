using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// What is known of a request, for programs; what is not known yet, or not of this moment, is null or 0. Nothing of a customer's is in it but
/// what the center tells for the operator's eyes: the masked number.
/// </summary>
public abstract record IssueReport
{
    private protected IssueReport() { }

    /// <summary>Why it is not as it was wanted.</summary>
    public IssueReason Reason { get; init; }

    /// <summary>The order, as the center told it; a request may have named a customer instead.</summary>
    public OrderId? Order { get; init; }

    /// <summary>The card's identity at the center: of the card that the order is bound to, or that it was done on.</summary>
    public CardId? Card { get; init; }

    /// <summary>The card number, masked by the center: its first six and last four digits at most.</summary>
    public string? MaskedNumber { get; init; }

    /// <summary>Which record of <see cref="Records"/> is meant, from 1; one more for the closing; 0 for none.</summary>
    public int Record { get; init; }

    /// <summary>How many records the order has; 0 while the center has not told.</summary>
    public int Records { get; init; }

    /// <summary>The attempt at the record, from 1; 0 for none.</summary>
    public int Attempt { get; init; }

    /// <summary>The status word of the card's last answer (ISO 7816-4 §5.6), or null when it has not answered.</summary>
    public ushort? CardStatus { get; init; }

    /// <summary>What went wrong between reader and card last, or null.</summary>
    public CardFault? ReaderFault { get; init; }
}
