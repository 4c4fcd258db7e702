using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Terminal.Relay;

/// <summary>How the relay stands, as a value and as an event.</summary>
public sealed partial class TerminalRelay
{
    private RelayStatus _standing = new(RelayState.Closed, DateTimeOffset.UnixEpoch);
    private IssueReason _refusal;
    private LineException? _lineFault;

    /// <summary>How the relay stands now. From any thread.</summary>
    public RelayStatus Status => Volatile.Read(ref _standing);

    /// <summary>
    /// The relay stands otherwise than before. Called in the relay's turn, one after the other, on a thread of the pool and never on the
    /// synchronization context of whoever made the relay or subscribed: a window's handler goes over to its own thread by itself. It must
    /// return soon; one that throws is logged.
    /// </summary>
    public event EventHandler<RelayStatus>? StatusChanged;

    /// <summary>In the relay's turn.</summary>
    private void TellStatus() => Stand(_state.Phase.HasAccess()
        ? new RelayStatus(_state.Phase is TerminalPhase.Idle ? RelayState.Ready : RelayState.Issuing, default)
        : _refusal is not IssueReason.None
            ? new RelayStatus(RelayState.Refused, default) { Reason = _refusal }
            : new RelayStatus(RelayState.Connecting, default)
            {
                Reason = _lineFault is null ? IssueReason.None : IssueReason.LineLost, LineFault = _lineFault?.Fault, Error = _lineFault?.Message,
            });

    private void Stand(RelayStatus now)
    {
        var before = _standing;
        if (now with { Since = before.Since } == before) return;
        now = now with { Since = now.State == before.State ? before.Since : _time.GetUtcNow() };
        Volatile.Write(ref _standing, now);
        try
        {
            StatusChanged?.Invoke(this, now);
        }
        catch (Exception e)
        {
            Log.Failed(_logger, e, nameof(StatusChanged), _state.Phase);
        }
    }

    private void TakeAccess(IssueNotice notice, IssueReason reason)
    {
        if (notice is IssueNotice.AccessGranted) (_refusal, _lineFault) = (IssueReason.None, null);
        if (notice is IssueNotice.AccessRefused or IssueNotice.CenterNotKnown) (_refusal, _lineFault) = (reason, null);
    }

    /// <summary>A center that refuses hangs up, too; that it refused stays until a line does not even come up.</summary>
    private void TakeLineFault(LineException fault)
    {
        _lineFault = fault;
        if (fault.Fault is LineFault.Unreachable or LineFault.NotTrusted) _refusal = IssueReason.None;
    }

    /// <summary>Beside the queue: who tries is not kept waiting.</summary>
    private void TryFailed(LineException fault) => _ = Task.Run(async () => await _queue.PostAsync(new Item.LineFailed(fault)).ConfigureAwait(false));
}
