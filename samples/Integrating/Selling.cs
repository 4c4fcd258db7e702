using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;

namespace CardIssue.Integrating;

/// <summary>What a POS does with a terminal.</summary>
public static class Selling
{
    // guide: issue
    /// <summary>One card: for an order's number or a customer's id, and the code that the customer brings.</summary>
    public static async Task<IssueOutcome> IssueAsync(
        TerminalRelay relay, string order, byte[] typed, string clerk, IProgress<IssueProgress> steps,
        CancellationToken cancellation)
    {
        using var code = SecretBytes.Take(typed);          // copied where it can be wiped, and wiped where it was
        if (IssueRequest.Fault(order, code) is { } fault) throw new ArgumentException(fault);
        return await relay.IssueAsync(new IssueRequest(order, code, new OperatorId(clerk)), steps, cancellation);
    }
    // end

    // guide: steps
    /// <summary>What a clerk is to do now; null where there is nothing to do.</summary>
    public static string? ToDo(IssueProgress step) => step.Notice switch
    {
        IssueNotice.InsertCard or IssueNotice.InsertSameCard when step.ReaderFault is not null => "See to the reader.",
        IssueNotice.InsertCard => "Put a new card in.",
        IssueNotice.InsertSameCard => "Put the same card in again.",
        IssueNotice.CardRejected => $"Take it out and try another card ({step.Reason}).",
        IssueNotice.WritingRecord => $"Leave the card in: {step.Record} of {step.Records}.",
        IssueNotice.LineLost => "Leave the card in: the line is away, it goes on by itself.",
        IssueNotice.TakeCardOut => "Take the card out.",
        _ => null,
    };
    // end

    // guide: outcome
    /// <summary>What comes next, by the reason's number alone: nothing here reads a text.</summary>
    public static string Next(IssueOutcome outcome) => ((int)outcome.Reason / 100, outcome.Reason) switch
    {
        (0, _) when outcome.IsIssued => "hand the card over",
        (_, IssueReason.OrderAlreadyIssued) => "this order has its card; look at the receipt of before",
        (1, _) => "this terminal is not let in: call the center",
        (2, _) => "ask the customer for number and code again, else call the center",
        (3, _) => "try another card",
        (4, IssueReason.StoppedByOperator) => "cancelled; what was begun stays with its card",
        (5, _) => "this reader is not known: have the center approve it",
        (6, _) => "ask again when the line is back",
        _ => "ask again with the same card; after that call the center",
    };
    // end

    // guide: state
    /// <summary>Whether a customer can be served now, and if not, why.</summary>
    public static string Standing(RelayStatus status) => status.State switch
    {
        RelayState.Ready => "ready",
        RelayState.Issuing => "a card is being issued",
        RelayState.Connecting => $"no line to the center yet: {status.Error ?? "it is being brought up"}",
        RelayState.Refused => $"the center does not let this terminal in: {status.Reason}",
        _ => "closed",
    };

    /// <summary>Keeps a lamp on the screen true. Called on a thread of the pool, one change after the other.</summary>
    public static void Watch(TerminalRelay relay, Action<string> lamp)
    {
        relay.StatusChanged += (_, status) => lamp(Standing(status));
        lamp(Standing(relay.Status));
    }
    // end

    // guide: cancel
    /// <summary>Gives up after a while, or when the clerk says so; the center is told.</summary>
    public static async Task<IssueOutcome?> IssueWithinAsync(
        TerminalRelay relay, IssueRequest request, TimeSpan longest, CancellationToken clerk)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clerk);
        either.CancelAfter(longest);
        try
        {
            return await relay.IssueAsync(request, cancellation: either.Token);   // it may be Issued: too late
        }
        catch (OperationCanceledException)
        {
            return null;                                                          // cancelled, or the relay ended
        }
    }
    // end
}
