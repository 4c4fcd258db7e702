using System.CommandLine;
using System.Globalization;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;
using CardIssue.Transport;
using Microsoft.Extensions.Configuration;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>init</c>: a new center with its keys, its TLS certificate and empty stores.</summary>
internal static class InitCommand
{
    private const int CertificateYears = 5;

    public static Command Make(Shell shell)
    {
        var id = new Option<string>("--id") { Description = "The center's name: 1 to 64 of A-Z a-z 0-9 . _ -", HelpName = "NAME", Required = true };
        return shell.Command("init", "Makes a new center. An existing one is never changed.", [id], (call, cancellation) => RunAsync(call, new CenterId(call.Get(id)!), cancellation));
    }

    private static async Task<ExitCode> RunAsync(Call call, CenterId id, CancellationToken cancellation)
    {
        var files = call.Files;
        if (File.Exists(files.Identity) || File.Exists(files.Vault))
        {
            // A vault whose center.json a crash left unwritten is finished; anything else stays as it is.
            if (File.Exists(files.Identity)) throw new CommandException(ExitCode.File, $"{files.Directory} holds center {OpenCenter.ReadIdentity(files).Id} already; nothing was changed. For another center name another --data.");
            await FinishAsync(call, id, cancellation);
        }
        else
        {
            var cost = Cost(CenterSettings.Load(files));
            files.MakeDirectory();
            using var passphrase = call.ReadNewPassphrase();
            using var vault = FileKeyVault.Create(files.Vault, passphrase, id, cost);
            await CompleteAsync(call, vault, cancellation);
        }
        return await call.Answers.SayAsync(
            new { ok = true, center = id.Value, directory = files.Directory, identity = files.Identity },
            $"Center {id} is made in {files.Directory}. Give {files.Identity} to its terminals; keep the passphrase and a backup of {files.Vault}.");
    }

    private static async Task FinishAsync(Call call, CenterId id, CancellationToken cancellation)
    {
        using var passphrase = call.ReadPassphrase();
        using var vault = FileKeyVault.Open(call.Files.Vault, passphrase);
        if (vault.Identity.Id != id) throw new CommandException(ExitCode.Usage, $"{call.Files.Vault} is the vault of {vault.Identity.Id}, not of {id}; nothing was changed.");
        await CompleteAsync(call, vault, cancellation);
    }

    /// <summary>The certificate, the public identity, then the empty stores, which every later command would make too.</summary>
    private static async Task CompleteAsync(Call call, FileKeyVault vault, CancellationToken cancellation)
    {
        if (vault.Identity.TlsCertificate.IsEmpty)
        {
            var now = DateTimeOffset.UtcNow;
            using var certificate = TlsCertificates.CreateSelfSigned($"CN={vault.Identity.Id}", now.AddMinutes(-5), now.AddYears(CertificateYears));
            using var pkcs12 = TlsCertificates.ToPfx(certificate, []);
            vault.UseTlsServer(pkcs12.Span, TlsCertificates.Sha256(certificate));
        }
        var unfinished = call.Files.Identity + ".new";
        await File.WriteAllBytesAsync(unfinished, vault.Identity.Write(), cancellation);
        File.Move(unfinished, call.Files.Identity, overwrite: true);
        await using var center = call.Open();
        await center.Terminals.LinesAsync(cancellation);
        await center.NoteAsync("CenterMade", new { center = vault.Identity.Id.Value }, cancellation: cancellation);
    }

    /// <summary>What guessing the passphrase is to cost; the vault enforces the minimum.</summary>
    private static Argon2Cost Cost(IConfiguration settings)
    {
        var usual = Argon2Cost.Default;
        return new Argon2Cost(Number("MemoryKiB", usual.MemoryKiB), Number("Passes", usual.Passes), Number("Lanes", usual.Lanes));

        int Number(string name, int otherwise) => settings[$"{CenterSettings.Argon2}:{name}"] is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new CommandException(ExitCode.Usage, $"The setting Argon2:{name} is no number.");
    }
}
