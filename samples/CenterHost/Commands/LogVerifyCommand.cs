using System.CommandLine;
using CardIssue.Center.Storage;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>log verify</c>: reads the whole log and says what was changed, taken out or cut off.</summary>
internal static class LogVerifyCommand
{
    public static Command Make(Shell shell)
    {
        var checkpoint = new Option<string?>("--checkpoint") { Description = "A checkpoint from off this host, or a directory of them; else the latest that was exported here.", HelpName = "FILE|DIR" };
        var identity = new Option<FileInfo?>("--center") { Description = "The center's public identity from off this host, which its signatures are verified with; else center.json here.", HelpName = "FILE" };
        var former = new Option<string[]>("--former") { Description = "A file center-keys-N.json from off this host: keys that the center had, for what they signed; may be given several times. Else those here, without --center.", HelpName = "FILE", DefaultValueFactory = _ => [] };
        var vault = new Option<bool>("--vault") { Description = "Verify every entry's MAC too, with the center's vault." };
        var archives = new Option<string[]>("--archive") { Description = "A file of log archive, to be verified too, and that all goes on from one to the next and to the store; may be given several times.", HelpName = "FILE", DefaultValueFactory = _ => [] };
        var alone = new Option<bool>("--alone") { Description = "Only the archives: the store is not opened." };
        return shell.Command("verify", "Verifies the log. With a checkpoint from off this host, or with the vault, nothing can be cut off or made anew unseen.", [checkpoint, identity, former, vault, archives, alone], async (call, cancellation) =>
        {
            var files = call.Get(archives)!;
            if (call.Get(alone) && files.Length == 0) throw new CommandException(ExitCode.Usage, "--alone is for archives: name them with --archive.");
            // What is here is as good as the center.json here; beside one from elsewhere it counts for nothing.
            IReadOnlyList<FormerCenterKeys> before = call.Get(identity) is null && call.Get(former)!.Length == 0
                ? call.Files.ReadFormerKeys() : [.. call.Get(former)!.Select(CenterFiles.ReadFormerKeys)];
            await using var center = OpenCenter.In(call, withVault: call.Get(vault), identity: call.Get(identity), former: before);
            ILogKeys keys = call.Get(vault) ? center.Vault : new PublicLogKeys(center.Identity, before);
            var (archived, broken) = await LogArchiveCommand.VerifyAsync(call, files, keys);
            if (call.Get(alone)) return broken ? ExitCode.Damaged : ExitCode.Ok;
            var exported = Load(center.Checkpoints, call.Get(checkpoint));
            if (call.Get(vault) && center.Vault.Identity != center.Identity)
                throw new CommandException(ExitCode.Damaged, $"{call.Files.Identity} is not the identity of the center whose vault this is: find out who changed it.");
            var report = await center.Log.VerifyAsync(exported, cancellation);
            foreach (var finding in report.Findings) await call.Answers.WarnAsync($"{finding.Kind}: {finding.Text}");
            foreach (var gap in LogArchiveCommand.Gaps(archived, report, files.Length > 0))
            {
                await call.Answers.WarnAsync(gap);
                broken = true;
            }
            var value = new
            {
                ok = report.IsOk && !broken,
                entries = report.Entries,
                checkpoints = report.Checkpoints,
                witnesses = report.Witnesses,
                withVault = report.WithVault,
                heads = report.Heads.Select(head => new { instance = head.Instance, sequence = head.Sequence, hash = head.Hash.ToString() }),
                archivedTo = report.Starts.Select(head => new { instance = head.Instance, sequence = head.Sequence, hash = head.Hash.ToString() }),
                findings = report.Findings.Select(finding => new { kind = finding.Kind, instance = finding.Instance, sequence = finding.Sequence, text = finding.Text }),
            };
            var proved = report.WithVault || report.Checkpoints > 0;
            if (report.IsOk && report.Starts.Count > 0 && files.Length == 0)
                await call.Answers.WarnAsync($"What is before was archived: {string.Join(", ", report.Starts.Select(head => $"{head.Sequence} entries of {head.Instance}"))}. Give the files with --archive to verify them, too.");
            if (report.IsOk && !proved)
                await call.Answers.WarnAsync("There is no checkpoint: who can write the store can have made this log anew. Give one with --checkpoint, or verify with --vault.");
            await call.Answers.SayAsync(value, report.IsOk
                ? $"The log is whole: {report.Entries} entries, compared with {report.Checkpoints} checkpoints and what {report.Witnesses} terminals remember{(report.WithVault ? ", every MAC right" : "")}."
                : $"The log is damaged: {report.Findings.Count} findings in {report.Entries} entries. Keep the file as it is, and find out who could write it.");
            return !report.IsOk || broken ? ExitCode.Damaged : proved ? ExitCode.Ok : ExitCode.Unproved;
        });
    }

    private static LogCheckpoint? Load(string? exported, string? given)
    {
        if (given is null) return Directory.Exists(exported) ? LogCheckpoint.Load(exported) : null;
        return LogCheckpoint.Load(given) ?? throw new CommandException(ExitCode.Usage, $"{given} has no checkpoints.");
    }
}
