using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;

namespace CardIssue.Center.Recovery;

/// <summary>Settles what a restore left in quarantine from a later log, many orders at once: first as a plan, which two people agree on,
/// then in one commit.</summary>
public sealed class LogReconciliation
{
    /// <summary>The entry that says from which log orders were settled.</summary>
    internal const string Kind = "OrdersReconciled";

    private const int MaxHeads = 100;

    private readonly CenterDatabase _database;
    private readonly ILogKeys _keys;
    private readonly IRecordKeys _vault;
    private readonly LogOptions _options;

    /// <summary>Uses an open store.</summary>
    /// <param name="database">The restored store.</param>
    /// <param name="keys">The vault's keys: every entry of the later log is verified with them.</param>
    /// <param name="records">The vault's key for approvals.</param>
    /// <param name="options">Where checkpoints are exported to: the latest one there of what is lost shows how far the log must reach.</param>
    public LogReconciliation(CenterDatabase database, ILogKeys keys, IRecordKeys records, LogOptions options)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(options);
        (_database, _keys, _vault, _options) = (database, keys, records, options);
    }

    /// <summary>Reads and verifies a later log, and says what would be done. Nothing is changed.</summary>
    /// <param name="laterLog">A log export, or the store that was damaged or lost, or a folder with it.</param>
    /// <param name="checkpoint">The latest checkpoint that is known, besides what was exported here.</param>
    /// <param name="endsHere">Whether nothing more is left of the log: what it does not tell is lost.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RecoveryException">The log is not this store's, or was changed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public Task<ReconcilePlan> PlanAsync(string laterLog, LogCheckpoint? checkpoint, bool endsHere, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(laterLog);
        return _database.ReadAsync(store =>
        {
            // Those that were made since the put-back tell nothing of what is lost: the latest of before does.
            LogCheckpoint?[] given = [checkpoint, Exported(long.MaxValue), PutBack.LastCheckpoint(store) is var last and > 0 ? Exported(last) : null];
            var log = new LaterLogReading(store, _keys, [.. given.OfType<LogCheckpoint>()]).Read(laterLog);
            return new ReconcilePlan([.. new ReconcilePlanning(store, log).Steps()], log.Missing, endsHere, log.Heads,
                [.. log.Others.Select(row => new LostAct(row.At, row.Entry.Kind, row.Entry.Detail))]);
        }, cancellation);
    }

    /// <summary>
    /// Carries an approved plan out, in one commit with the use of its approval (<see cref="ReconcilePlan.ToAct"/>). Where the log is
    /// complete and no order stays
    /// quarantined for it, the put-back is settled.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="person">Who carries it out.</param>
    /// <param name="approval">The number under which another person approved it.</param>
    /// <param name="cancellation">Takes it back while it waits.</param>
    /// <exception cref="RecoveryException">It is not approved, or the store has changed since it was made, or it is incomplete and does
    /// not say that the log ends there. Nothing was changed.</exception>
    /// <exception cref="StoreException">It could not be saved; nothing was changed.</exception>
    public Task CarryOutAsync(ReconcilePlan plan, CenterPerson person, long approval, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _database.Check(person);
        plan.CheckPossible();
        return _database.WriteAsync(store =>
        {
            var (outcome, approved) = DatabaseApprovals.Use(store, _vault, person, approval, plan.ToAct(), store.Now);
            if (approved is null)
            {
                throw new RecoveryException(RecoveryFault.NotApproved,
                    $"Approval {approval} does not do for plan {plan.Hash} ({outcome}): it is for another plan, as when the store or the log has changed since, or not approved, used or expired. Nothing was settled.");
            }
            var (who, reason) = ($"{approved.AskedBy} and {approved.DecidedBy}", approved.Reason);
            foreach (var step in plan.Steps.Where(step => step.Way is ReconcileWay.AsBefore or ReconcileWay.AsLogged or ReconcileWay.ImportAgain))
            {
                if (OrderRow.Find(store, step.Order) != step.Row)
                    throw new RecoveryException(RecoveryFault.Changed,
                        $"Order {step.Order} has changed since the plan was made. Nothing was settled; make the plan again.");
                OrderSettling.Settle(store, step, plan.Missing.Count == 0, $"{who}: {reason}");
            }
            if (plan.Missing.Count == 0) PutBack.Settle(store, $"{who}: {reason}");
            return store.Log("reconcile", Kind, DetailOf(plan, who, reason));
        }, cancellation);
    }

    private LogCheckpoint? Exported(long most) => LogCheckpoint.Latest(_options.CheckpointDirectory, _keys, most);

    private static object DetailOf(ReconcilePlan plan, string who, string reason) => new
    {
        by = who,
        reason,
        plan = plan.Hash.ToString(),
        asBefore = plan.Count(ReconcileWay.AsBefore),
        asLogged = plan.Count(ReconcileWay.AsLogged),
        importAgain = plan.Count(ReconcileWay.ImportAgain),
        byHand = plan.Count(ReconcileWay.ByHand),
        missing = plan.Missing.Count,
        from = plan.From.Take(MaxHeads).Select(LogJson.Of),
    };
}
