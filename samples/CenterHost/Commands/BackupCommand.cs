using System.CommandLine;
using CardIssue.Center.Recovery;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>backup</c>: a copy of the center, taken while it serves.</summary>
internal static class BackupCommand
{
    public static Command Make(Shell shell)
    {
        var folder = new Argument<string>("FOLDER") { Description = "A new folder for the backup; only its owner can read it." };
        return shell.Command("backup", "Copies the center's store, vault and settings into a new folder, while it is served or not.", [folder], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var path = Path.GetFullPath(call.Get(folder)!);
            var manifest = await CenterBackup.MakeAsync(
                center.Database, center.Vault, center.Identity.Id, call.Files.BackedUp(), path, center.By.Name.Value, cancellation);
            return await call.Answers.SayAsync(
                new { ok = true, folder = path, madeAt = manifest.MadeAt.UtcDateTime, generation = manifest.Generation, bytes = manifest.Parts.Sum(part => part.Length) },
                $"The backup is in {path}: commit {manifest.Generation} of {manifest.MadeAt:u}. Keep it off this host, and the passphrase elsewhere.");
        });
    }
}
