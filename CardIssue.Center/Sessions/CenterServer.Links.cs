using CardIssue.Core.Lines;

namespace CardIssue.Center.Sessions;

/// <summary>Results halves that came in at other hosts of the center, and whose data halves are here.</summary>
public sealed partial class CenterServer
{
    /// <summary>Accepts connections of other hosts, where there is a link to them; a connection's work ends with it, or with the sessions.</summary>
    private async Task AcceptLinksAsync(CancellationToken sessionsEnd, CancellationToken cancellation)
    {
        if (_services.Link is not { } own) return;
        own.Listener.Refused = refusal => Hear(refusal, line: null);
        try
        {
            await AcceptAsync(own.Listener, line => ServeLinkWalledAsync(line, sessionsEnd), cancellation).ConfigureAwait(false);
        }
        finally
        {
            own.Listener.Refused = null;
        }
    }

    private async Task ServeLinkWalledAsync(ILine link, CancellationToken cancellation)
    {
        try
        {
            await using var closing = link.ConfigureAwait(false);
            await ServeLinkAsync(link, cancellation).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            OperationLog.LinkRefused(_logger, PlaceOf(link), e.Message);
        }
        catch (OperationCanceledException)
        {
            OperationLog.LinkRefused(_logger, PlaceOf(link), "it did not say in time what it came for, or the sessions end");
        }
        catch (Exception e)
        {
            OperationLog.ServerFault(_logger, e, nameof(ServeLinkAsync));
        }
    }

    private async Task ServeLinkAsync(ILine link, CancellationToken cancellation)
    {
        if (!HostLinking.IsHost(_services, link.Peer))
        {
            if (_services.Admissions.Refused(link.Peer, known: null, tell: true))
                OperationLog.LinkRefused(_logger, PlaceOf(link), "it has not the center's certificate");
            return;
        }
        using var limit = new CancellationTokenSource(_services.Options.Admission, _services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        if (await HearAsync(link, HalfAtHost.Read, either.Token).ConfigureAwait(false) is not { } half)
        {
            OperationLog.LinkRefused(_logger, PlaceOf(link), "what it said is nothing that a host of this version says");
            return;
        }
        var outcome = _joins.TryJoin(half.Terminal, half.Results, half.Join);
        var detail = $"the results half {half.Session} at host {half.Host}: {outcome.Detail}";
        if (outcome.Data is not { } data)
        {
            await link.SendAsync(new HalfJudged(false, outcome.Detail).Write(), either.Token).ConfigureAwait(false);
            return;
        }
        using var results = new LinkedResults(data, link);
        var isAttached = outcome.Fits && data.TryAttach(results);
        var fits = isAttached;
        try
        {
            await link.SendAsync(new HalfJudged(fits, outcome.Detail).Write(), either.Token).ConfigureAwait(false);
            // It is in the log there before this end acts on it.
            fits = fits && await HearAsync(link, HalfReady.Read, either.Token).ConfigureAwait(false) is not null;
        }
        catch (Exception e) when (e is LineException or OperationCanceledException)
        {
            (fits, detail) = (false, $"{detail}; then the link was lost: {e.Message}");
        }
        await data.JudgedAsync(fits, detail).ConfigureAwait(false);
        if (fits) await results.RunAsync(cancellation).ConfigureAwait(false);
        // The session has it until it is over.
        if (isAttached) await results.Closed.ConfigureAwait(false);
    }

    private static async ValueTask<T?> HearAsync<T>(ILine link, Func<ReadOnlyMemory<byte>, T?> read, CancellationToken cancellation) where T : class
    {
        using var frame = await link.ReceiveAsync(cancellation).ConfigureAwait(false);
        return frame is null ? null : read(frame.Memory);
    }

    private static string PlaceOf(ILine link) => link.Peer.Address?.ToString() ?? "no address";
}
