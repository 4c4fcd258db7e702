using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>S250, the center's side: a terminal asks for its reader to be known.</summary>
internal sealed partial class CenterSession
{
    private async ValueTask<bool> SendEnrollmentAsync(EnrollReader request, CancellationToken cancellation)
    {
        var (answer, detail) = await _readers.EnrollAsync(_terminal!.Identity.Id, request, cancellation).ConfigureAwait(false);
        _log.Decided(250, "ReaderEnrollment", detail);
        Show(250, $"reader {detail}");
        return await SendAsync(answer, cancellation).ConfigureAwait(false);
    }
}
