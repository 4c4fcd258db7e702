using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Recovery;

/// <summary>How an order is settled from a later log.</summary>
public enum ReconcileWay
{
    /// <summary>Nobody touched it since the backup: it goes back to what it was.</summary>
    AsBefore = 1,
    /// <summary>It becomes what the log says.</summary>
    AsLogged = 2,
    /// <summary>It was imported since the backup: import it again. Where it had come further than that, it is then quarantined; give the
    /// same log again.</summary>
    ImportAgain = 3,
    /// <summary>The log cannot settle it, or must not: it stays as it is, and people look at it.</summary>
    ByHand = 4,
    /// <summary>It was settled before.</summary>
    Settled = 5,
}

/// <summary>What becomes of one order.</summary>
/// <param name="Order">The order.</param>
/// <param name="Way">How it is settled.</param>
/// <param name="State">The state that it comes to.</param>
/// <param name="Card">The card that it has then.</param>
/// <param name="Progress">How far it is then.</param>
/// <param name="Text">In words, or why not.</param>
public sealed record ReconcileStep(OrderId Order, ReconcileWay Way, OrderState State, CardId? Card, OrderProgress Progress, string Text)
{
    internal OrderRow? Row { get; init; }

    internal OrderTrail? Trail { get; init; }

    /// <summary>Whether its code was renewed in what was lost: the code that the store has is no longer good.</summary>
    internal bool CodeEnds { get; init; }
}

/// <summary>Something that people did since the backup which no order has: it is to be looked at and done again.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Kind">What.</param>
/// <param name="Detail">As the log has it.</param>
public sealed record LostAct(DateTimeOffset At, string Kind, string Detail);

/// <summary>All that a later log settles, before it is done.</summary>
/// <param name="Steps">Order by order.</param>
/// <param name="Missing">What is known to have happened after the log's end, in words; with any, only orders with a card or an end are
/// settled.</param>
/// <param name="EndsHere">Whether people said that nothing more is left of the log.</param>
/// <param name="From">Where the log ends.</param>
/// <param name="LostActs">What people did since the backup that is of no order.</param>
public sealed record ReconcilePlan(
    ValueList<ReconcileStep> Steps, ValueList<string> Missing, bool EndsHere, ValueList<LogHead> From, ValueList<LostAct> LostActs)
{
    /// <summary>SHA-256 over all that will be done, 32 bytes: who approves a plan approves this.</summary>
    public ByteString Hash
    {
        get
        {
            var text = new StringBuilder("CardIssue reconcile plan v1\n").Append(EndsHere).Append('\n');
            foreach (var head in From) text.Append(head).Append('\n');
            foreach (var line in Missing) text.Append(line).Append('\n');
            foreach (var step in Steps) text.Append($"{step.Order} {step.Way} {step.State} {step.Card} {step.Progress} {step.CodeEnds}\n");
            return ByteString.Own(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        }
    }

    /// <summary>What is asked for and approved.</summary>
    public CenterAct ToAct() => new CenterAct.SettleFromLog(Hash, Count(ReconcileWay.AsBefore) + Count(ReconcileWay.AsLogged));

    /// <exception cref="RecoveryException">The log is incomplete, and nobody said that it ends there.</exception>
    public void CheckPossible()
    {
        if (Missing.Count > 0 && !EndsHere)
            throw new RecoveryException(RecoveryFault.Incomplete,
                $"The log does not reach far enough: {string.Join("; ", Missing)}. Nothing was settled.");
    }

    /// <summary>How many orders go each way.</summary>
    public int Count(ReconcileWay way) => Steps.Count(step => step.Way == way);
}
