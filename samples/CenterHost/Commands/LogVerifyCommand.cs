using System.CommandLine;
using CardIssue.Center.Log;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>log verify</c>: reads the whole log and says what was changed, taken out or cut off.</summary>
internal static class LogVerifyCommand
{
    public static Command Make(Shell shell)
    {
        var checkpoint = new Option<string?>("--checkpoint") { Description = "A checkpoint from off this host, or a directory of them; else the latest that was exported here.", HelpName = "FILE|DIR" };
        return shell.Command("verify", "Verifies the log. With a checkpoint from off this host nothing can be cut off unseen.", [checkpoint], async (call, cancellation) =>
        {
            var exported = Load(call, call.Get(checkpoint));
            await using var center = call.OpenToRead();
            var report = await center.Log.VerifyAsync(exported, cancellation);
            foreach (var finding in report.Findings) await call.Answers.WarnAsync($"{finding.Kind}: {finding.Text}");
            var value = new
            {
                ok = report.IsOk,
                entries = report.Entries,
                checkpoints = report.Checkpoints,
                witnesses = report.Witnesses,
                heads = report.Heads.Select(head => new { instance = head.Instance, sequence = head.Sequence, hash = head.Hash.ToString() }),
                findings = report.Findings.Select(finding => new { kind = finding.Kind, instance = finding.Instance, sequence = finding.Sequence, text = finding.Text }),
            };
            await call.Answers.SayAsync(value, report.IsOk
                ? $"The log is whole: {report.Entries} entries, compared with {report.Checkpoints} checkpoints and what {report.Witnesses} terminals remember."
                : $"The log is damaged: {report.Findings.Count} findings in {report.Entries} entries. Keep the file as it is, and find out who could write it.");
            return report.IsOk ? ExitCode.Ok : ExitCode.Damaged;
        });
    }

    private static LogCheckpoint? Load(Call call, string? given)
    {
        if (given is null) return Directory.Exists(call.Files.Checkpoints) ? LogCheckpoint.Load(call.Files.Checkpoints) : null;
        return LogCheckpoint.Load(given) ?? throw new CommandException(ExitCode.Usage, $"{given} has no checkpoints.");
    }
}
