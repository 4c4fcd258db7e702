using CardIssue.Center.Orders;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// The halves of a split line at two hosts: the data half's host tells in the store that it has it, and the results half's asks that one to
/// judge the token, and hands the half's frames on to it.
/// </summary>
internal sealed partial class CenterSession
{
    private ILine? _elsewhere;
    private Task _watching = Task.CompletedTask;

    /// <summary>Before the terminal has its token: by then any host finds this one.</summary>
    private async ValueTask TellDataHalfAsync(CancellationToken cancellation)
    {
        if (_terms.Results is { } results)
            await PatientlyAsync(async () =>
            {
                await _services.Orders.Hosts.TellDataHalfAsync(_terminal!.Identity.Id, results, Name, cancellation).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
    }

    /// <summary>At its end. What cannot be taken away leads to nobody, and goes with the host at the latest.</summary>
    private async ValueTask ForgetDataHalfAsync()
    {
        if (_terms.Results is not { } results || _terminal is not { } terminal) return;
        try
        {
            await _services.Orders.Hosts.ForgetDataHalfAsync(terminal.Identity.Id, results, Name, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            OperationLog.NotSaved(_logger, Name, nameof(ForgetDataHalfAsync), $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>The other host that has the data half; null where this one has it, or none.</summary>
    private async ValueTask<OtherHost?> DataHalfElsewhereAsync(CancellationToken cancellation) => await PatientlyAsync(
        () => _services.Orders.Hosts.FindDataHalfAsync(_terminal!.Identity.Id, _line.Peer.Line!.Value, cancellation)).ConfigureAwait(false);

    private async ValueTask JoinAtAsync(OtherHost host, Join join, CancellationToken cancellation)
    {
        var asked = new HalfAtHost(_services.Host, Name, _terminal!.Identity.Id, _line.Peer.Line!.Value, join);
        var (link, said) = await HostLinking.AskAsync(_services, host, asked, cancellation).ConfigureAwait(false);
        var kept = false;
        try
        {
            await DecideAsync(link is not null, $"at host {host.Host}: {said}", cancellation).ConfigureAwait(false);
            if (link is not null)
            {
                Volatile.Write(ref _elsewhere, link);
                kept = true;
                _watching = WatchAsync(link);
                await HandOnAsync(HalfReady.Write(), link, cancellation).ConfigureAwait(false);
            }
            _followUps.Enqueue(new CenterEvent.JoinJudged(link is not null));
        }
        finally
        {
            if (link is not null && !kept) await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask HandOnAsync(LineFrame frame, ILine link, CancellationToken cancellation)
    {
        await HandOnAsync(frame.Memory, link, cancellation).ConfigureAwait(false);
        FrameHandled();
    }

    /// <summary>A link that breaks is told by its receiving end.</summary>
    private async ValueTask HandOnAsync(ReadOnlyMemory<byte> bytes, ILine link, CancellationToken cancellation)
    {
        try
        {
            await link.SendAsync(bytes, cancellation).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            OperationLog.LinkLost(_logger, Name, e.Message);
        }
    }

    /// <summary>The host of the data half says no more on it; when it is gone, so is this half.</summary>
    private async Task WatchAsync(ILine link)
    {
        try
        {
            using var frame = await link.ReceiveAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            OperationLog.LinkLost(_logger, Name, e.Message);
        }
        await ((IHalf)this).CloseAsync().ConfigureAwait(false);
    }

    /// <summary>At the end of a results half; its data half ends by it.</summary>
    private async ValueTask CloseLinkAsync()
    {
        if (Volatile.Read(ref _elsewhere) is not { } link) return;
        await link.DisposeAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
