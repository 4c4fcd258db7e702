using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>S250, the center's side: a terminal asks for its reader to be known.</summary>
internal sealed partial class CenterSession
{
    private ReaderList? _listTold;

    /// <summary>
    /// S216: whether a reader that this terminal was told it may use has been taken away, or is to be known by something else now. One that was added it
    /// hears of when it asks, or comes again.
    /// </summary>
    public async Task<string?> HasRevokedReaderAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _terminal) is not { } terminal) return null;
        var told = Volatile.Read(ref _listTold) ?? terminal.Readers;
        var now = await _readers.ListAsync(terminal.Identity.Id, cancellation).ConfigureAwait(false);
        return now.Version == told.Version || told.Entries.All(now.Entries.Contains) ? null : $"a reader of terminal {terminal.Identity.Id} was taken from its list";
    }

    private async ValueTask<bool> SendEnrollmentAsync(EnrollReader request, CancellationToken cancellation)
    {
        var (answer, detail, list) = await _readers.EnrollAsync(_terminal!, request, cancellation).ConfigureAwait(false);
        if (list is not null) Volatile.Write(ref _listTold, list);
        _log.Decided(250, "ReaderEnrollment", detail);
        Show(250, $"reader {detail}");
        return await SendAsync(answer, cancellation).ConfigureAwait(false);
    }
}
