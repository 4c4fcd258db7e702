using System.CommandLine;
using CardIssue.Center.Hosting;
using CardIssue.Center.Log;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>init</c>: a new center with its keys, its TLS certificate and empty stores.</summary>
internal static class InitCommand
{
    public static Command Make(Shell shell)
    {
        var id = new Option<string>("--id") { Description = "The center's name: 1 to 64 of A-Z a-z 0-9 . _ -", HelpName = "NAME", Required = true };
        var (names, passwords) = (FirstPeople.Names(), FirstPeople.Passwords());
        var store = StorePlace.Option("--store", "Keep orders, registries and log in a PostgreSQL database, empty, in UTF-8 and owned by the user; else they are in a file in the directory.");
        return shell.Command("init", "Makes a new center with its first two people. An existing one is never changed.", [id, names, passwords, store], (call, cancellation) =>
        {
            var people = FirstPeople.Check(call.Get(names)!, call.Get(passwords)!);
            return RunAsync(call, new CenterId(call.Get(id)!), people, call.Get(passwords)!, call.Get(store) is { } given ? StorePlace.Parse(given) : null, cancellation);
        });
    }

    private static async Task<ExitCode> RunAsync(
        Call call, CenterId id, IReadOnlyList<PersonName> people, IReadOnlyList<string> passwords, string? store, CancellationToken cancellation)
    {
        var files = call.Files;
        if (File.Exists(files.Identity) || File.Exists(files.Vault))
        {
            // A vault whose center.json a crash left unwritten is finished; anything else stays as it is.
            if (File.Exists(files.Identity)) throw new CommandException(ExitCode.File, $"{files.Directory} holds center {OpenCenter.ReadIdentity(files).Id} already; nothing was changed. For another center name another --data.");
            await FinishAsync(call, id, people, passwords, cancellation);
        }
        else
        {
            var cost = CenterSettings.Cost(CenterSettings.Load(files));
            files.MakeDirectory();
            Place(call, store);
            using var passphrase = call.ReadNewPassphrase();
            using var first = FirstPeople.Read(people, passwords, cancellation);
            first.Check(call);
            using var vault = FileKeyVault.Create(files.Vault, passphrase, id, cost);
            await CompleteAsync(call, vault, passphrase, first, cancellation);
        }
        return await call.Answers.SayAsync(
            new { ok = true, center = id.Value, directory = files.Directory, identity = files.Identity },
            $"Center {id} is made in {files.Directory}. Give {files.Identity} to its terminals; keep the passphrase and a backup of {files.Vault}. "
            + $"{string.Join(" and ", people)} are its first people.");
    }

    /// <summary>Looked at before anything is made: a database that cannot be used leaves no half of a center.</summary>
    private static void Place(Call call, string? store)
    {
        var options = new CenterOptions();
        OpenCenter.Configure(options, call);
        if (store is not null) options.Store.Postgres = store;
        if (options.Store.Postgres.Length == 0) return;
        if (CenterDatabase.IsThere(options.Store))
            throw new CommandException(ExitCode.File, "The database has a center's store already; nothing was changed. For another center name an empty database.");
        if (store is not null) StorePlace.Save(call.Files, store);
    }

    private static async Task FinishAsync(
        Call call, CenterId id, IReadOnlyList<PersonName> people, IReadOnlyList<string> passwords, CancellationToken cancellation)
    {
        using var passphrase = call.ReadPassphrase();
        using var first = FirstPeople.Read(people, passwords, cancellation);
        first.Check(call);
        using var vault = FileKeyVault.Open(call.Files.Vault, passphrase);
        if (vault.Identity.Id != id) throw new CommandException(ExitCode.Usage, $"{call.Files.Vault} is the vault of {vault.Identity.Id}, not of {id}; nothing was changed.");
        await CompleteAsync(call, vault, passphrase, first, cancellation);
    }

    /// <summary>The certificate, the public identity, then the stores with the first people.</summary>
    private static async Task CompleteAsync(Call call, FileKeyVault vault, SecretBytes passphrase, FirstPeople first, CancellationToken cancellation)
    {
        if (vault.Identity.TlsCertificate.IsEmpty)
        {
            using var pkcs12 = CertificateCommands.Create(vault, out var sha256);
            vault.UseTlsServer(pkcs12.Span, sha256);
        }
        await call.Files.WriteIdentityAsync(vault, cancellation);
        // Not asked for again: the same passphrase opens the vault for the accounts.
        await using var center = OpenCenter.In(call, passphrase: () => SecretBytes.Copy(passphrase.Span));
        await first.MakeAsync(center, cancellation);
        await center.NoteAsync("CenterMade", new { center = vault.Identity.Id.Value }, cancellation: cancellation);
    }
}
