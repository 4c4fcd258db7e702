using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// What a host asks of the relay: to run, to issue a card, how it stands. Misuse is told at once; nothing waits that nobody would ever
/// answer.
/// </summary>
public sealed partial class TerminalRelay
{
    private readonly Lock _life = new();
    private readonly CancellationTokenSource _stopped = new(), _over = new();
    private Task? _running;
    private bool _ended, _disposed;
    private PendingIssue? _issuing;
    private int _asking, _enrolling;
    private volatile bool _hadAccess;

    /// <summary>A request from <see cref="IssueAsync"/> on its way.</summary>
    private sealed record PendingIssue(IssueRequest Request, IProgress<IssueProgress>? Progress)
    {
        public TaskCompletionSource<IssueOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Asked { get; set; }
    }

    /// <summary>A question from <see cref="AskStatusAsync"/> on its way.</summary>
    private sealed class PendingStatus
    {
        public TaskCompletionSource<StatusReport> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Sent { get; set; }
    }

    /// <summary>
    /// Keeps the line up and works until cancelled, once per relay. Whatever a card, a reader, the center or a part that the relay was
    /// given does, it ends an order or a
    /// line, and never this.
    /// </summary>
    /// <param name="cancellation">Ends the relay; a request under way ends as cancelled.</param>
    /// <exception cref="InvalidOperationException">The relay runs already, or ran before: make another.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or disposed.</exception>
    public Task RunAsync(CancellationToken cancellation)
    {
        lock (_life)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_running is not null) throw new InvalidOperationException("RunAsync was called before; a relay runs once: make another one.");
            var run = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopped.Token);
            return _running = Task.Run(() => RunToTheEndAsync(run), CancellationToken.None);
        }
    }

    /// <summary>
    /// Has one card issued: S230 to S300. Waits for access, for as long as the line is away, and for the last customer's card to be
    /// taken out:
    /// <paramref name="cancellation"/> is the limit of that. One at a time. The relay needs no thread of the caller's: it works on the pool,
    /// also when the caller has a synchronization context and even blocks it, and the task ends on the pool.
    /// </summary>
    /// <param name="request">Whose card.</param>
    /// <param name="progress">
    /// Is told each step of this request, in the relay's turn, on a thread of the pool: it must return soon. One that throws is logged. Where
    /// it goes on from there is its own affair: a <see cref="Progress{T}"/> that was made on a window's thread goes to that thread, later.
    /// </param>
    /// <param name="cancellation">Cancels the request at the center too; what was begun stays with its card.</param>
    /// <exception cref="OperationCanceledException">Cancelled, or the relay ended.</exception>
    /// <exception cref="InvalidOperationException">
    /// The relay does not run, not yet or not any more; or another request is under way.
    /// </exception>
    public async Task<IssueOutcome> IssueAsync(
        IssueRequest request, IProgress<IssueProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var pending = new PendingIssue(request, progress);
        lock (_life)
        {
            ThrowIfNotRunning();
            if (_issuing is not null)
                throw new InvalidOperationException("A card is being issued; await that request, or cancel it, before the next.");
            _issuing = pending;
        }
        try
        {
            await _queue.PostAsync(new Item.Wanted(pending), cancellation).ConfigureAwait(false);
            await using var _ = cancellation.Register(() => CancelLater(pending)).ConfigureAwait(false);
            return await pending.Done.Task.ConfigureAwait(false);
        }
        finally
        {
            lock (_life) _issuing = null;
        }
    }

    /// <summary>Asks the center what it takes this terminal for. Where the line is down for a moment, the question waits for it.</summary>
    /// <exception cref="InvalidOperationException">
    /// The relay does not run; access was never granted yet; or the same question is under way.
    /// </exception>
    /// <exception cref="TimeoutException">The center did not answer within <see cref="TerminalRelayOptions.CenterSilence"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the relay ended.</exception>
    public async Task<StatusReport> AskStatusAsync(CancellationToken cancellation)
    {
        using var _ = AskedOnce(ref _asking, nameof(AskStatusAsync), () => _asking = 0);
        var pending = new PendingStatus();
        await _queue.PostAsync(new Item.StatusWanted(pending), cancellation).ConfigureAwait(false);
        return await AnswerAsync(pending.Done.Task, cancellation).ConfigureAwait(false);
    }

    /// <summary>The center's answer to a question; nobody answers once the relay has ended.</summary>
    private async Task<T> AnswerAsync<T>(Task<T> answer, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _over.Token);
        return await answer.WaitAsync(_options.CenterSilence, _time, either.Token).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the relay if it runs, then zeroes what is left; twice is harmless. The reader, module and connector belong to the caller.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_life)
        {
            if (_disposed) return;
            _disposed = _ended = true;
            running = _running ?? Task.CompletedTask;
        }
        await _stopped.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _queue.Dispose();
        await _card.DisposeAsync().ConfigureAwait(false);
        _commands.Dispose();
        _responses.Dispose();
    }

    private async Task RunToTheEndAsync(CancellationTokenSource run)
    {
        using var stop = run;
        var cancellation = stop.Token;
        if (_connector is IRetryingConnector retrying) retrying.TryFailed += TryFailed;
        Task[] running = [_card.RunAsync(cancellation), KeepLineAsync(cancellation), WatchReaderAsync(cancellation), WorkAsync(cancellation)];
        try
        {
            // Any of them ends only by cancellation or by a bug, which must not be hidden.
            await await Task.WhenAny(running).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException && cancellation.IsCancellationRequested)
        {
            // What breaks while all of it is being stopped is no news.
            throw new OperationCanceledException("The relay was stopped.", e, cancellation);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            _queue.Complete();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await CloseLineAsync().ConfigureAwait(false);
            await _printing.ConfigureAwait(false);
            if (_connector is IRetryingConnector tried) tried.TryFailed -= TryFailed;
            Stand(new RelayStatus(RelayState.Closed, default));
            lock (_life)
            {
                _ended = true;
                _issuing?.Done.TrySetCanceled(CancellationToken.None);
                _over.Cancel();
            }
        }
    }

    private void ThrowIfNotRunning()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_running is null) throw new InvalidOperationException("The relay does not run: call RunAsync first, or start the host that does.");
        if (_ended) throw new InvalidOperationException("The relay has ended: make another one and run it.");
    }

    /// <summary>Takes the turn of a question to the center, which one asks at a time.</summary>
    private Turn AskedOnce(ref int asked, string question, Action end)
    {
        lock (_life) ThrowIfNotRunning();
        if (!_hadAccess)
            throw new InvalidOperationException("Access was not granted yet; wait until the display is told that it is (S220), then ask.");
        if (Interlocked.Exchange(ref asked, 1) == 1)
            throw new InvalidOperationException($"{question} was called before and is not answered; await that first.");
        return new Turn(end);
    }

    private void CancelLater(PendingIssue pending) =>
        _ = Task.Run(async () => await _queue.PostAsync(new Item.Cancelled(pending)).ConfigureAwait(false));

    private readonly struct Turn(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
