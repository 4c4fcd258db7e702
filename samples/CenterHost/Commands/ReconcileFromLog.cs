using System.CommandLine;
using CardIssue.Center.Recovery;
using CardIssue.Center.Storage;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order reconcile --from-log</c>: settles from a later log what a restore left in quarantine, many orders at once.</summary>
internal static class ReconcileFromLog
{
    public static Option<string?> Log() => new("--from-log")
    {
        Description = "Instead of one ORDER, all of them: a later log (log export), or the center.db or folder that was damaged or lost.", HelpName = "FILE|DIR",
    };

    public static Option<string?> Checkpoint() => new("--checkpoint")
    {
        Description = "With --from-log: the latest checkpoint from off this host, or a directory of them.", HelpName = "FILE|DIR",
    };

    public static Option<bool> EndsHere() => new("--log-ends-here")
    {
        Description = "With --from-log: what is missing after its end is lost. Orders that it does not name, or names without a card, stay quarantined.",
    };

    public static Option<long?> Approval() => new("--approval") { Description = "With --from-log: the number under which another person approved the plan.", HelpName = "N" };

    public static Option<bool> DryRun() => new("--dry-run") { Description = "With --from-log: only says what would be done." };

    /// <summary>Makes the plan and says it; asks for it, or carries out what was approved.</summary>
    public static async Task<ExitCode> RunAsync(
        Call call, string log, string? checkpoint, bool endsHere, bool dryRun, long? approval, string reason, CancellationToken cancellation)
    {
        var given = checkpoint is null ? null
            : LogCheckpoint.Load(checkpoint) ?? throw new CommandException(ExitCode.Usage, $"{checkpoint} has no checkpoints.");
        await using var center = await call.OpenAsync(cancellation);
        var reconciliation = new LogReconciliation(center.Database, center.Vault, center.Vault, center.LogOptions);
        var plan = await reconciliation.PlanAsync(log, given, endsHere, cancellation);
        foreach (var missing in plan.Missing) await call.Answers.WarnAsync($"The log is not complete: {missing}.");
        if (dryRun || !call.Answers.IsJson) await TellAsync(call.Answers, plan);
        if (!dryRun && approval is null)
        {
            plan.CheckPossible();
            return await Asking.AskAsync(call, center, plan.ToAct(), reason, null, cancellation);
        }
        if (!dryRun) await reconciliation.CarryOutAsync(plan, center.By, approval!.Value, cancellation);
        return await call.Answers.SayAsync(
            new
            {
                ok = true, done = !dryRun, plan = plan.Hash.ToString(), asBefore = plan.Count(ReconcileWay.AsBefore), asLogged = plan.Count(ReconcileWay.AsLogged),
                importAgain = plan.Count(ReconcileWay.ImportAgain), byHand = plan.Count(ReconcileWay.ByHand), settled = plan.Count(ReconcileWay.Settled),
                missing = plan.Missing,
            },
            $"{(dryRun ? "Would be done" : "Done")}, plan {plan.Hash}: {plan.Count(ReconcileWay.AsBefore)} orders as before, {plan.Count(ReconcileWay.AsLogged)} as the log says, "
            + $"{plan.Count(ReconcileWay.ImportAgain)} to be imported again, {plan.Count(ReconcileWay.ByHand)} for people to look at.");
    }

    private static async Task TellAsync(Answers answers, ReconcilePlan plan)
    {
        foreach (var step in plan.Steps)
            await answers.SayAsync(new { order = step.Order.Value, way = step.Way, state = step.State, card = step.Card?.ToString(), text = step.Text }, $"{step.Order} {step.Text} ({step.Way})");
        foreach (var act in plan.LostActs)
            await answers.SayAsync(new { lost = act.Kind, at = act.At.UtcDateTime, detail = act.Detail }, $"look at, and do again where needed: {act.Kind} of {act.At:u} {act.Detail}");
    }
}
