using System.CommandLine;
using CardIssue.Center.Hosting;
using CardIssue.Center.Recovery;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>join</c>: a further host of a center whose store is in PostgreSQL.</summary>
internal static class JoinCommand
{
    public static Command Make(Shell shell)
    {
        var from = new Option<string>("--from")
        {
            Description = "A folder with the center's vault, identity and settings: a copy of another host's directory, or a backup.", HelpName = "FOLDER", Required = true,
        };
        var host = new Option<string>("--host") { Description = "This host's name, which no other host has: 1 to 64 of A-Z a-z 0-9 . _ -", HelpName = "NAME", Required = true };
        return shell.Command("join", "Makes a directory (--data) for a further host of a center whose store is in PostgreSQL, and which another host serves now.", [from, host],
            (call, cancellation) => RunAsync(call, new CenterFiles(call.Get(from)!), call.Get(host)!, cancellation));
    }

    private static async Task<ExitCode> RunAsync(Call call, CenterFiles from, string host, CancellationToken cancellation)
    {
        if (!NameRule.Accepts(host)) throw new CommandException(ExitCode.Usage, $"A host's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");
        var files = call.Files;
        var missing = from.BackupPlaces().Values.FirstOrDefault(place => !InputFile.IsThere(place));
        if (missing is not null) throw new CommandException(ExitCode.File, $"{missing} is not there: name a copy of another host's directory, or a backup.");
        if (files.BackupPlaces().Values.FirstOrDefault(File.Exists) is { } there)
            throw new CommandException(ExitCode.File, $"{there} is there already: a further host has a directory of its own. Nothing was changed.");
        files.MakeDirectory();
        try
        {
            foreach (var (name, place) in files.BackupPlaces()) await CopyAsync(from.BackupPlaces()[name], place, cancellation);
            StorePlace.SaveHost(files, host);
            return await JoinAsync(call, host, cancellation);
        }
        catch
        {
            // Half a host would be taken for one.
            foreach (var place in files.BackupPlaces().Values) File.Delete(place);
            throw;
        }
    }

    private static async Task<ExitCode> JoinAsync(Call call, string host, CancellationToken cancellation)
    {
        var options = new CenterOptions();
        OpenCenter.Configure(options, call);
        if (options.Host != host) throw new CommandException(ExitCode.Usage, $"The environment says that this host is {options.Host} (CARDISSUE_Center__Host), and --host that it is {host}.");
        using var passphrase = call.ReadPassphrase();
        IReadOnlyList<string> serving;
        using (var vault = FileKeyVault.Open(call.Files.Vault, passphrase))
        {
            await OpenCenter.CheckIdentityAsync(call.Files, OpenCenter.ReadIdentity(call.Files), vault, cancellation);
            serving = await HostJoin.RunAsync(options.Store, vault, TimeProvider.System, cancellation);
        }
        try
        {
            await using var center = OpenCenter.In(call, passphrase: () => SecretBytes.Copy(passphrase.Span));
            await center.LogInAsync(call, cancellation);
            await center.NoteAsync("HostJoined", new { person = center.By.Name.Value, host }, cancellation: cancellation);
            return await call.Answers.SayAsync(
                new { ok = true, center = center.Identity.Id.Value, host, directory = call.Directory, serving },
                $"Host {host} of center {center.Identity.Id} is in {call.Directory}, beside {string.Join(" and ", serving)}. It can be served.");
        }
        catch
        {
            File.Delete(options.Store.GenerationFile.Length > 0 ? options.Store.GenerationFile : Path.Combine(call.Directory, "log", "center.generation"));
            throw;
        }
    }

    private static async Task CopyAsync(string from, string to, CancellationToken cancellation)
    {
        await using var source = File.OpenRead(from);
        await using var target = CenterFiles.CreatePrivate(to);
        await source.CopyToAsync(target, cancellation);
        target.Flush(flushToDisk: true);
    }
}
