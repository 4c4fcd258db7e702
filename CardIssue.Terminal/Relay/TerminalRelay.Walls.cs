using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// What must not fail and does (a bug here, or in a reader's driver, a module, a line, a display that the relay was given) ends an
/// order or a line, and not the relay.
/// </summary>
public sealed partial class TerminalRelay
{
    private bool _failed;
    private Task _printing = Task.CompletedTask;

    /// <summary>Does something; whatever it throws is logged and remembered for <see cref="RecoverAsync"/>.</summary>
    private async ValueTask WalledAsync(string part, Func<ValueTask> work, CancellationToken cancellation)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Fail(part, e);
        }
    }

    private void Fail(string part, Exception fault)
    {
        _failed = true;
        Log.Failed(_logger, fault, part, _state.Phase);
    }

    /// <summary>
    /// The order under way is given back, and the operator and the center are told so. What fails while access is asked for ends the
    /// line; so does what fails even here.
    /// A request that was not asked yet goes on waiting.
    /// </summary>
    private async ValueTask RecoverAsync(CancellationToken cancellation)
    {
        _failed = false;
        if (_state.Phase.HasAccess() || _state.Phase is TerminalPhase.Offline)
            await StepAsync(new TerminalEvent.CancelOrdered(AbortCode.TerminalFailed), cancellation).ConfigureAwait(false);
        else await CloseLineAsync().ConfigureAwait(false);
        if (_pending is { Asked: true })
            End(IssueEnding.Aborted, nameof(AbortCode.TerminalFailed), IssueReason.StoppedTerminalFailed);
        if (!_failed) return;
        _failed = false;
        await CloseLineAsync().ConfigureAwait(false);
    }

    /// <summary>A display that fails is told nothing more of this; the card goes on.</summary>
    private void Tell(IProgress<IssueProgress>? display, IssueProgress progress)
    {
        try
        {
            display?.Report(progress);
        }
        catch (Exception e)
        {
            Log.NotShown(_logger, e, progress.Notice);
        }
    }

    /// <summary>
    /// The card is issued, whatever the printer does; the outcome says whether the receipt is to be printed again. Beside the queue,
    /// one after the other.
    /// </summary>
    private void Print(string receipt, CancellationToken cancellation)
    {
        var issued = _pending;
        _pending = null;
        var outcome = _facts.In(new IssueOutcome(IssueEnding.Issued, "", receipt) { At = _time.GetUtcNow() }, IssueReason.None);
        _printing = PrintAsync(_printing, issued, outcome, cancellation);
    }

    private async Task PrintAsync(Task before, PendingIssue? issued, IssueOutcome outcome, CancellationToken cancellation)
    {
        await before.ConfigureAwait(false);
        var fault = await TryPrintAsync(outcome.Receipt, cancellation).ConfigureAwait(false);
        issued?.Done.TrySetResult(outcome with { PrintFault = fault });
    }

    /// <summary>Null when it is printed, or there is no printer.</summary>
    private async ValueTask<string?> TryPrintAsync(string receipt, CancellationToken cancellation)
    {
        if (_printer is null) return null;
        using var slow = new CancellationTokenSource(_options.Printing, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        var end = either.Token;
        try
        {
            // A printer may hold the thread that it is called on.
            await Task.Run(async () => await _printer.PrintAsync(receipt, end).ConfigureAwait(false), end).WaitAsync(end).ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            var fault = e is not OperationCanceledException ? e.Message
                : slow.IsCancellationRequested ? $"the printer did not print within {_options.Printing.TotalSeconds:0} s" : "the relay was stopped";
            Log.NotPrinted(_logger, e, fault);
            return fault;
        }
    }

    private async ValueTask CloseLineAsync()
    {
        if (_line is null) return;
        try
        {
            await _line.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Its receiving end says that it is gone, or the keep-alive does.
            Log.Failed(_logger, e, nameof(CloseLineAsync), _state.Phase);
        }
    }
}
