using System.CommandLine;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>log</c>: the log of every exchange. Verifying needs the public identity alone.</summary>
internal static class LogCommands
{
    public static Command Make(Shell shell) => Shell.Group("log", "The log of every exchange.", LogShowCommand.Make(shell), LogVerifyCommand.Make(shell), LogArchiveCommand.Make(shell), Export(shell), Checkpoint(shell));

    private static Command Export(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "A new file for the JSON lines; only its owner can read it." };
        return shell.Command("export", "Writes the whole log as JSON lines.", [file], async (call, cancellation) =>
        {
            var path = call.Get(file)!;
            await using var center = await call.OpenAsync(cancellation);
            var count = await WholeFile.MakePrivateAsync(path, target => center.Log.ExportAsync(target, cancellation));
            return await call.Answers.SayAsync(new { ok = true, file = path, entries = count }, $"{count} entries are in {path}.");
        });
    }

    private static Command Checkpoint(Shell shell) => shell.Command("checkpoint", "Signs the log's ends and exports that; keep it off this host.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var checkpoint = await center.Log.CheckpointAsync(cancellation);
        var path = center.Checkpoints is { } directory ? Path.Combine(directory, checkpoint.FileName) : null;
        return await call.Answers.SayAsync(
            new { ok = true, number = checkpoint.Number, at = checkpoint.At.UtcDateTime, file = path },
            path is null
                ? $"Checkpoint {checkpoint.Number} is in the store alone; name where it is exported to in the setting Center:Log:CheckpointDirectory."
                : $"Checkpoint {checkpoint.Number} is in {path}; keep a copy off this host.");
    });
}
