using CardIssue.Core.Lines;

namespace CardIssue.Center.Sessions;

/// <summary>
/// A results half that came in at another host, as the session of its data half has it: that host's connection, on which the half's frames come as
/// they were said. They are trusted no more than those of a line of this host.
/// </summary>
internal sealed class LinkedResults(CenterSession data, ILine link) : IHalf, IDisposable
{
    private readonly SemaphoreSlim _frames = new(CenterSession.MaxFramesWaiting);
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _closes;

    /// <summary>Done once the data half's session is over; it says nothing to it any more then.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Hands the frames on until the half or its data half is gone; the loss of either ends both.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, cancellation);
        LineException? fault = null;
        try
        {
            while (await NextFrameAsync(either.Token).ConfigureAwait(false) is { } frame)
                using (frame) await data.TakeFrameAsync(frame, this, either.Token).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            fault = new LineException(e.Fault, $"The link to the host of the results half: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            // The data half's session is over, or is about to be.
            return;
        }
        finally
        {
            await data.LoseAsync(this, fault).ConfigureAwait(false);
        }
    }

    public void FrameHandled() => _frames.Release();

    public async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _closes, 1) == 1) return;
        try
        {
            await _over.CancelAsync().ConfigureAwait(false);
            await link.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _closed.TrySetResult();
        }
    }

    public void Dispose()
    {
        _frames.Dispose();
        _over.Dispose();
    }

    private async ValueTask<LineFrame?> NextFrameAsync(CancellationToken cancellation)
    {
        await _frames.WaitAsync(cancellation).ConfigureAwait(false);
        return await link.ReceiveAsync(cancellation).ConfigureAwait(false);
    }
}
