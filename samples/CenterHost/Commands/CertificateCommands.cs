using System.CommandLine;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Tls;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>certificate</c>: the center's TLS certificate, and the change to the next one without a visit to the terminals.</summary>
internal static class CertificateCommands
{
    /// <summary>How long a certificate is good.</summary>
    public const int Years = 5;

    public static Command Make(Shell shell) => Shell.Group("certificate", "The center's TLS certificate, and the change to the next one.",
        MakeNext(shell), Show(shell), Change(shell));

    /// <summary>A certificate of a center, with its key.</summary>
    public static SecretBytes Create(FileKeyVault vault, out ByteString sha256)
    {
        var now = DateTimeOffset.UtcNow;
        using var certificate = TlsCertificates.CreateSelfSigned($"CN={vault.Identity.Id}", now.AddMinutes(-5), now.AddYears(Years));
        sha256 = TlsCertificates.Sha256(certificate);
        return TlsCertificates.ToPfx(certificate, []);
    }

    private static Command MakeNext(Shell shell) => shell.Command("make",
        "Makes the center's next certificate, which terminals are told of from now on; the present one stays in force.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var person = center.By.Name.Value;
        await center.NoteAsync("VaultStep", new { person, step = "certificate" }, cancellation: cancellation);
        var inForce = await center.Terminals.CertificateInForceAsync(cancellation);
        using var pkcs12 = Create(center.Vault, out var sha256);
        var number = center.Vault.PrepareTlsServer(pkcs12.Span, sha256, inForce);
        await center.NoteAsync("CenterCertificateMade", new { person, number, sha256 = sha256.ToString() }, cancellation: cancellation);
        return await call.Answers.SayAsync(new { ok = true, number, sha256 = sha256.ToString() },
            $"Certificate {number} is made ({sha256}). Copy {CenterFiles.VaultName} to the other hosts, if there are any. Terminals are told of it when they come in; "
            + "certificate show says which have it.");
    });

    private static Command Show(Shell shell) => shell.Command("show", "Says which certificate is in force, which is to follow, and which terminals and hosts have it.", [], async (call, cancellation) =>
    {
        await using var center = await call.OpenAsync(cancellation);
        var standing = await StandingAsync(center, cancellation);
        var (inForce, next) = (await center.Terminals.CertificateInForceAsync(cancellation), center.Vault.NextCertificate);
        return await call.Answers.SayAsync(
            new
            {
                number = center.Vault.CertificateNumber, sha256 = center.Vault.Identity.TlsCertificate.ToString(), inForce,
                next = next is null ? null : new { number = next.Number, sha256 = next.Sha256.ToString() },
                have = next is null ? null : standing.Have, lack = next is null ? null : standing.Lack,
                hostsLack = next is null ? null : standing.HostsLack,
            },
            string.Join('\n', (string[])[
                $"present   {center.Vault.CertificateNumber}  {center.Vault.Identity.TlsCertificate}",
                .. next is null ? ["next      none; see certificate make"] : (string[])[
                    $"next      {next.Number}  {next.Sha256}",
                    $"have it   {ChangeOver.Names(standing.Have)}",
                    $"not yet   {ChangeOver.Names(standing.Lack)}",
                    .. standing.HostsLack.Count == 0 ? [] : new[] { $"hosts     {ChangeOver.Names(standing.HostsLack)}: not yet; {ChangeOver.Copy}" },
                ],
            ]));
    });

    private static Command Change(Shell shell)
    {
        var evenSo = new Option<bool>("--even-so")
        {
            Description = "Also where terminals or hosts have not said that they have it: those terminals need a visit (enrolment, or center.json), "
                + "and those hosts serve nobody.",
        };
        return shell.Command("change", "Changes over to the next certificate, at all hosts, without a gap: lines that are up stay up.", [evenSo], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            if (center.Vault.NextCertificate is not { } next)
                throw new CommandException(ExitCode.Usage, "There is no certificate to change to; make it first: certificate make.");
            var standing = await StandingAsync(center, cancellation);
            if (!call.Get(evenSo)) standing.CheckHosts($"certificate {next.Number}");
            if (standing.Lack.Count > 0 && !call.Get(evenSo))
                throw new CommandException(ExitCode.Refused, $"Nothing was changed: {standing.Lack.Count} terminals have not said that they have certificate {next.Number}: "
                    + $"{ChangeOver.Names(standing.Lack)}. Wait until they have come in twice, or change with --even-so; those need a visit then.");
            TerminalCommands.Check(await center.Terminals.ChangeCertificateAsync(next.Number, center.By, cancellation), $"certificate {next.Number}");
            // A host that serves does it by itself, and its file is its own.
            if (!call.Files.IsServed())
            {
                center.Vault.ChangeCertificate(next.Number);
                await call.Files.WriteIdentityAsync(center.Vault, cancellation);
            }
            return await call.Answers.SayAsync(new { ok = true, number = next.Number, sha256 = next.Sha256.ToString(), lack = standing.Lack, hostsLack = standing.HostsLack },
                $"Certificate {next.Number} is in force: hosts that serve show it within two seconds, others from their start."
                + (standing.Lack.Count == 0 ? "" : $" These terminals have not said that they have it: {ChangeOver.Names(standing.Lack)}.")
                + (standing.HostsLack.Count == 0 ? "" : $" These hosts have not got it: {ChangeOver.Names(standing.HostsLack)}; {ChangeOver.Copy}."));
        });
    }

    private static async Task<ChangeOver> StandingAsync(OpenCenter center, CancellationToken cancellation) => await ChangeOver.OfAsync(
        center, center.Vault.NextCertificate?.Number ?? center.Vault.CertificateNumber, await center.Terminals.KeptCertificatesAsync(cancellation),
        host => host.Certificate == center.Vault.LatestCertificate, cancellation);
}
