using CardIssue.Core.Protocol;

namespace CardIssue.Center.Sessions;

/// <summary>S250, the center's side: a terminal asks for its reader to be known.</summary>
internal sealed partial class CenterSession
{
    private async ValueTask SendEnrollmentAsync(EnrollReader request, CancellationToken cancellation)
    {
        var (answer, detail) = await _readers.EnrollAsync(_terminal!.Identity.Id, request, cancellation).ConfigureAwait(false);
        await _log.DecidedAsync(250, "ReaderEnrollment", detail, cancellation).ConfigureAwait(false);
        Show(250, $"reader {detail}");
        await SendAsync(answer, cancellation).ConfigureAwait(false);
    }
}
