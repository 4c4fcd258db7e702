using CardIssue.Core.Primitives;
using CardIssue.Terminal.Enrolment;
using CardIssue.Terminal.Modules;
using CardIssue.TerminalHost.Cli;
using CardIssue.TerminalHost.Display;
using CardIssue.Transport.Tls;

namespace CardIssue.TerminalHost.Counter;

/// <summary>Renews the terminal's keys and its certificate over its own line, before they run out, without a visit.</summary>
/// <param name="folder">The terminal's folder, whose public file is written anew.</param>
/// <param name="line">The way to the center.</param>
/// <param name="before">How long before the certificate runs out.</param>
/// <param name="time">The clock.</param>
internal sealed class KeyRotation(TerminalFolder folder, LineAddress line, TimeSpan before, TimeProvider time)
{
    /// <summary>What did not go well is left alone for so long: cards are issued with the present keys meanwhile.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    private long _failed;

    /// <summary>Whether the keys are to be renewed now: the certificate soon runs out, or an earlier renewal was cut.</summary>
    public bool IsDue(SoftwareModuleFile file)
    {
        if (file.Center is null || (_failed != 0 && time.GetElapsedTime(_failed) < Pause)) return false;
        if (file.NextIdentity is not null) return true;
        if (file.TlsClient.IsEmpty) return false;
        using var certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        return certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime < before;
    }

    /// <summary>
    /// Renews them when that is due. What goes wrong is told and holds nothing up: a center that is away is tried once, for somebody waits at the counter.
    /// </summary>
    public async Task WhenDueAsync(SoftwareModuleFile file, IStepDisplay display, CancellationToken cancellation)
    {
        if (!IsDue(file)) return;
        try
        {
            await RunAsync(file, TimeSpan.Zero, cancellation);
            display.Tell(new Text($"The terminal's keys were renewed: key version {file.Identity.KeyVersion}.", $"端末の鍵を更新しました（鍵の版 {file.Identity.KeyVersion}）。"));
        }
        catch (Exception e) when (e is CommandException or CardIssueException or IOException)
        {
            _failed = time.GetTimestamp();
            display.Tell(new Text($"The terminal's keys were not renewed, and will be tried again: {e.Message}", $"端末の鍵を更新できませんでした。あとで再試行します: {e.Message}"));
        }
    }

    /// <summary>Renews them now; a center that is away is tried again as long as for access.</summary>
    /// <exception cref="CommandException">The center did not take them; the present ones stay.</exception>
    public Task RunAsync(SoftwareModuleFile file, CancellationToken cancellation) => RunAsync(file, line.ConnectTimeout, cancellation);

    private async Task RunAsync(SoftwareModuleFile file, TimeSpan patience, CancellationToken cancellation)
    {
        if (file.NextIdentity is null)
        {
            if (file.TlsClient.IsEmpty) file.PrepareNextKeys([], default);
            else
            {
                using var pfx = TerminalCertificate.Create(file.Identity.Id, out var sha256);
                file.PrepareNextKeys(pfx.Span, sha256);
            }
        }
        using var certificate = file.TlsClient.IsEmpty ? null : TlsCertificates.FromPfx(file.TlsClient, []);
        var trust = line.Ways[0].HasTls ? TlsTrust.Pinned([.. file.OpenCertificates().Pins]) : null;
        await using var up = await CenterLine.ConnectAsync(line.Ways, line.Line, certificate, trust, line.ConnectTimeout, patience, cancellation);
        var result = await TerminalEnrolment.RenewAsync(up, file, cancellation);
        if (result.Fault is not EnrolmentFault.None) throw Failure(result.Fault);
        WholeFile.Replace(folder.Terminal, file.Identity.Write());
    }

    private static CommandException Failure(EnrolmentFault fault) => fault switch
    {
        EnrolmentFault.NoAnswer => new CommandException(ExitCode.Failed,
            "The line ended before the center answered; try again: it goes on with the same new keys."),
        EnrolmentFault.NotTheCenter => new CommandException(ExitCode.Refused,
            "The other end could not prove that it is the known center; nothing was changed."),
        _ => new CommandException(ExitCode.Refused, "The center did not take the new keys; why is in its log. The present ones stay."),
    };
}
