using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Orders;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Crypto;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>vault</c>: the vault's passphrase and the keys that it made itself. Card master keys are <c>key</c>'s.</summary>
internal static class VaultCommands
{
    private const string OrderData = "order-data", IssueCode = "issue-code";

    public static Command Make(Shell shell) => Shell.Group("vault", "The vault: its passphrase, and the keys that it made itself.",
        Show(shell), Passphrase(shell), Rotate(shell), Rewrap(shell));

    private static Command Show(Shell shell) => shell.Command("show", "Lists the kinds of keys, their versions, and what stands under each.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var vault = center.Vault;
        var orders = await OrderRewrapping.CountAsync(center.Database, cancellation);
        var codes = await OrderRewrapping.CountCodesAsync(center.Database, cancellation);
        IEnumerable<(string Kind, int? Version, int? Count, string Text)> kinds =
        [
            .. Versions(OrderData, vault.OrderDataVersion, orders, "orders' write data"),
            .. Versions(IssueCode, vault.IssueCodeVersion, codes, "open orders' codes"),
            ("card-keys", null, vault.CardMasterKeys.Count, $"{vault.CardMasterKeys.Count} master keys; see key list"),
            ("signing", null, null, $"SHA-256 {Fingerprint(vault.Identity.SigningKey)}; terminals know the center by it"),
            ("agreement", null, null, $"SHA-256 {Fingerprint(vault.Identity.AgreementKey)}; terminals know the center by it"),
            ("log", null, null, "seals log, rows and accounts; made with the center"),
            ("tls", null, null, Certificate(vault)),
        ];
        return await call.Answers.ListAsync(kinds, it => new { kind = it.Kind, version = it.Version, count = it.Count, text = it.Text },
            it => $"{it.Kind}{(it.Version is { } version ? $"  version {version}" : "")}  {it.Text}", "No keys.");
    });

    private static Command Passphrase(Shell shell)
    {
        var file = new Option<string?>("--new-passphrase-file") { Description = "The file with the new passphrase, - for standard input; asked for twice when left out.", HelpName = "FILE|-" };
        return shell.Command("passphrase", "Seals the vault under a new passphrase; the old one opens it no longer. Backups that were made before open with the old one still.", [file], async (call, cancellation) =>
        {
            Call.OnlyOnce("-", call.PassphraseFile, call.PasswordFile, call.Get(file));
            await using var center = await call.OpenAsync(cancellation);
            using var input = new SecretInput();
            using var passphrase = input.ReadNew("vault's new passphrase", call.Get(file), "--new-passphrase-file FILE, or --new-passphrase-file -", cancellation);
            var person = center.By.Name.Value;
            // The vault is another file than the store: what is about to be done is in the log before, what came of it after.
            await center.NoteAsync("VaultStep", new { person, step = "passphrase" }, cancellation: cancellation);
            await center.Vault.RewrapAsync(passphrase, CenterSettings.Cost(CenterSettings.Load(call.Files)), cancellation);
            await center.NoteAsync("VaultPassphraseChanged", new { person }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, vault = call.Files.Vault },
                $"{call.Files.Vault} opens with the new passphrase alone. Backups and copies of the vault that were made before open with the old one: make a new backup, "
                + "and destroy them, or keep the old passphrase with its keepers. A running center goes on; it needs the new passphrase at its next start.");
        });
    }

    private static Command Rotate(Shell shell)
    {
        var kind = new Argument<string>("KEY") { Description = $"{OrderData}: wraps write data at rest. {IssueCode}: verifies issue codes, and marks the numbers that the center gives cards." };
        kind.AcceptOnlyFromAmong(OrderData, IssueCode);
        return shell.Command("rotate", "Makes a new version of a key; what stands under older ones opens still.", [kind], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var (key, person) = (call.Get(kind)!, center.By.Name.Value);
            await center.NoteAsync("VaultStep", new { person, step = "rotate", key }, cancellation: cancellation);
            var version = key == OrderData ? center.Vault.RotateMaster() : center.Vault.RotateIssueCodeKey();
            await center.NoteAsync("VaultKeyRotated", new { person, key, version }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, key, version }, $"Key {key} has version {version}. A running center takes it now; copy {CenterFiles.VaultName} to the other hosts, if there are any: until then they decline what stands "
                + "under this version. " + (key == OrderData ? "Then wrap what is there under it: vault rewrap." : "Codes that are out are verified with the version that they were made with."));
        });
    }

    private static Command Rewrap(Shell shell) => shell.Command("rewrap", "Wraps the orders' write data under the latest version of its key, batch by batch; once more goes on where it was cut.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var progress = new Told(report => call.Answers.WarnAsync(string.Create(CultureInfo.InvariantCulture, $"{report.Rewrapped} done, {report.Waiting} to come")).Wait(CancellationToken.None));
        var report = await OrderRewrapping.RunAsync(center.Database, center.Vault, center.By, progress, cancellation)
            ?? throw new CommandException(ExitCode.Refused, $"{center.By} may not do this any more.");
        await call.Answers.SayAsync(new { ok = report.Left == 0, version = report.Version, rewrapped = report.Rewrapped, left = report.Left },
            $"{report.Rewrapped} orders are under version {report.Version} now. Hosts whose {CenterFiles.VaultName} has not got it decline them: copy this one to them, if there are any."
            + (report.Left == 0 ? "" : $" {report.Left} did not open: their data is damaged, its key gone, or their product unknown to this version."));
        return report.Left == 0 ? ExitCode.Ok : ExitCode.Damaged;
    });

    private static IEnumerable<(string, int?, int?, string)> Versions(string kind, int latest, IReadOnlyDictionary<int, int> counts, string what) =>
        Enumerable.Range(1, latest).Select(version => (kind, (int?)version, (int?)counts.GetValueOrDefault(version),
            $"{counts.GetValueOrDefault(version)} {what}{(version == latest ? ", the latest" : "")}"));

    private static string Fingerprint(P256PublicKey key) => Convert.ToHexString(SHA256.HashData(key.Encoded.Span));

    private static string Certificate(FileKeyVault vault)
    {
        using var pkcs12 = vault.CopyTlsServer();
        if (pkcs12.Span.IsEmpty) return "no certificate";
        using var certificate = X509CertificateLoader.LoadPkcs12(pkcs12.Span, null);
        return string.Create(CultureInfo.InvariantCulture, $"certificate {vault.Identity.TlsCertificate}, until {certificate.NotAfter.ToUniversalTime():u}");
    }

    /// <summary>Tells on the thread that reports: in order, and before the command ends.</summary>
    private sealed class Told(Action<RewrapReport> tell) : IProgress<RewrapReport>
    {
        public void Report(RewrapReport value) => tell(value);
    }
}
