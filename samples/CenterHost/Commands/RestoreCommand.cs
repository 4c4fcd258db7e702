using System.CommandLine;
using CardIssue.Center.Hosting;
using CardIssue.Center.Log;
using CardIssue.Center.Recovery;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>restore</c>: puts a backup back; what may have changed since is quarantined.</summary>
internal static class RestoreCommand
{
    public static Command Make(Shell shell)
    {
        var folder = new Argument<string>("FOLDER") { Description = "The backup's folder." };
        var overNewer = new Option<bool>("--over-newer") { Description = "Also where the store that is there can be read and is newer than the backup; it is kept aside." };
        var place = StorePlace.Option("--store", "Put the store into this PostgreSQL database; else it goes where the settings that are there say, and without any into a file in the directory.");
        return shell.Command("restore", "Puts a backup back where no center is served. What is there is kept aside.", [folder, overNewer, place], async (call, cancellation) =>
        {
            var path = Path.GetFullPath(call.Get(folder)!);
            var manifest = CenterBackup.Read(path);
            // A vault that is there is never older than the backup's: keys are only added to it.
            var own = InputFile.IsThere(call.Files.Vault) ? call.Files.Vault : Path.Combine(path, CenterFiles.VaultName);
            using var passphrase = call.ReadPassphrase();
            using var vault = FileKeyVault.Open(own, passphrase);
            Check(call, manifest, vault);
            var options = new CenterOptions();
            OpenCenter.Configure(options, call);
            if (call.Get(place) is { } given) options.Store.Postgres = StorePlace.Parse(given);
            var hasSettings = InputFile.IsThere(call.Files.Settings);
            options.Log.Instance = options.Host;
            var outcome = CenterRestore.PutBack(
                path, manifest, vault, options.Store, call.Files.BackupPlaces(), call.Get(overNewer), TimeProvider.System, cancellation);
            // The backup's settings name the store that it was made of; this one is where it was put.
            if (!hasSettings || call.Get(place) is not null) StorePlace.Name(call.Files, options.Store.Postgres);
            // Opened once: what may have changed since is quarantined before anybody can look at it.
            await using (var database = await CenterDatabase.OpenAsync(options.Store, options.Log, vault, TimeProvider.System, CancellationToken.None)) { }
            return await call.Answers.SayAsync(
                new { ok = true, center = manifest.Center.Value, madeAt = manifest.MadeAt.UtcDateTime, generation = manifest.Generation, keptAside = outcome.KeptAside, unchanged = outcome.Unchanged },
                $"The backup of {manifest.MadeAt:u} is in {call.Directory}." + (outcome.KeptAside is { } aside ? $" What was there is in {aside}." : "")
                + (outcome.Unchanged
                    ? " Nothing had changed since it was made: the center can be served."
                    : " What may have changed since is quarantined: go on with order reconcile --from-log FILE."));
        });
    }

    private static void Check(Call call, BackupManifest manifest, FileKeyVault vault)
    {
        var identity = vault.Identity;
        if (identity.Id != manifest.Center)
            throw new CommandException(ExitCode.Refused, $"{call.Directory} has the vault of center {identity.Id}; the backup is of {manifest.Center}. Nothing was changed.");
        if (InputFile.IsThere(call.Files.Identity) && !vault.WasIdentity(OpenCenter.ReadIdentity(call.Files)))
            throw new CommandException(ExitCode.Refused, $"{call.Files.Identity} is not the identity of the vault that is there. Nothing was changed; put the right file back.");
    }
}
