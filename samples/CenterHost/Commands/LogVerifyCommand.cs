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
        var vault = new Option<bool>("--vault") { Description = "Verify every entry's MAC too, with the center's vault." };
        return shell.Command("verify", "Verifies the log. With a checkpoint from off this host, or with the vault, nothing can be cut off or made anew unseen.", [checkpoint, identity, vault], async (call, cancellation) =>
        {
            var exported = Load(call, call.Get(checkpoint));
            await using var center = OpenCenter.In(call, withVault: call.Get(vault), identity: call.Get(identity));
            if (call.Get(vault) && center.Vault.Identity != center.Identity)
                throw new CommandException(ExitCode.Damaged, $"{call.Files.Identity} is not the identity of the center whose vault this is: find out who changed it.");
            var report = await center.Log.VerifyAsync(exported, cancellation);
            foreach (var finding in report.Findings) await call.Answers.WarnAsync($"{finding.Kind}: {finding.Text}");
            var value = new
            {
                ok = report.IsOk,
                entries = report.Entries,
                checkpoints = report.Checkpoints,
                witnesses = report.Witnesses,
                withVault = report.WithVault,
                heads = report.Heads.Select(head => new { instance = head.Instance, sequence = head.Sequence, hash = head.Hash.ToString() }),
                findings = report.Findings.Select(finding => new { kind = finding.Kind, instance = finding.Instance, sequence = finding.Sequence, text = finding.Text }),
            };
            var proved = report.WithVault || report.Checkpoints > 0;
            if (report.IsOk && !proved)
                await call.Answers.WarnAsync("There is no checkpoint: who can write the store can have made this log anew. Give one with --checkpoint, or verify with --vault.");
            await call.Answers.SayAsync(value, report.IsOk
                ? $"The log is whole: {report.Entries} entries, compared with {report.Checkpoints} checkpoints and what {report.Witnesses} terminals remember{(report.WithVault ? ", every MAC right" : "")}."
                : $"The log is damaged: {report.Findings.Count} findings in {report.Entries} entries. Keep the file as it is, and find out who could write it.");
            return !report.IsOk ? ExitCode.Damaged : proved ? ExitCode.Ok : ExitCode.Unproved;
        });
    }

    private static LogCheckpoint? Load(Call call, string? given)
    {
        if (given is null) return Directory.Exists(call.Files.Checkpoints) ? LogCheckpoint.Load(call.Files.Checkpoints) : null;
        return LogCheckpoint.Load(given) ?? throw new CommandException(ExitCode.Usage, $"{given} has no checkpoints.");
    }
}
