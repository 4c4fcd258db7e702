using CardIssue.Center.Approvals;
using CardIssue.Center.Log;
using CardIssue.Center.Recovery;
using CardIssue.Center.Storage;
using CardIssue.Core.Keys;

namespace CardIssue.Test.Center;

/// <summary>A bench whose store is backed up, goes on, is lost, and is restored from the backup.</summary>
internal static class LostStore
{
    private static readonly CenterId Center = new("C-1");

    public static string BackupOf(StoreBench bench) => Path.Combine(bench.Directory, "backup");

    public static StoreOptions OptionsOf(StoreBench bench) => bench.Place;

    public static Task<BackupManifest> BackUpAsync(this StoreBench bench, string? folder = null, CancellationToken cancellation = default) =>
        CenterBackup.MakeAsync(bench.Database, bench.Keys, Center, new Dictionary<string, string>(), folder ?? BackupOf(bench), "ann", cancellation);

    public static RestoreOutcome Restore(this StoreBench bench, bool overNewer = false, ILogKeys? keys = null) => CenterRestore.PutBack(
        BackupOf(bench), CenterBackup.Read(BackupOf(bench)), keys ?? bench.Keys, OptionsOf(bench), new Dictionary<string, string>(), overNewer, bench.Time);

    /// <summary>The store stops, the backup is put back over it, and it is opened again. Returns where what was lost is kept.</summary>
    public static async Task<string> LoseAndRestoreAsync(this StoreBench bench)
    {
        await bench.Database.DisposeAsync();
        var outcome = bench.Restore(overNewer: true);
        await bench.StartAsync();
        return outcome.KeptAside!;
    }

    public static async Task<string> ExportLogAsync(this StoreBench bench, string name = "later.jsonl")
    {
        var path = Path.Combine(bench.Directory, name);
        await using var file = File.Create(path);
        await bench.StoredLog().ExportAsync(file);
        return path;
    }

    public static StoredLog StoredLog(this StoreBench bench) => new(bench.Database, bench.Log, bench.Keys, bench.Time);

    public static LogReconciliation Reconciliation(this StoreBench bench) => new(bench.Database, bench.Keys, bench.RecordKeys, bench.Log);

    public static async Task<ReconcilePlan> SettleAsync(this StoreBench bench, string log, bool endsHere = false)
    {
        var plan = await bench.Reconciliation().PlanAsync(log, null, endsHere);
        await bench.CarryOutAsync(plan);
        return plan;
    }

    /// <summary>Ann asks, Bob approves, Ann carries it out.</summary>
    public static async Task CarryOutAsync(this StoreBench bench, ReconcilePlan plan)
    {
        using var asked = await bench.Approvals.AskAsync(bench.Ann, plan.ToAct(), "restored");
        using var approved = await bench.Approvals.ApproveAsync(bench.Bob, asked.Id);
        Assert.That(approved.Outcome, Is.EqualTo(ApprovalOutcome.Approved));
        await bench.Reconciliation().CarryOutAsync(plan, bench.Ann, asked.Id);
    }
}
