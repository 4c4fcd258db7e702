using CardIssue.Center.Storage;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// A database server that is away costs the time that it is away: a session that was let in waits for it where it stands, and goes on.
/// Who asks for access meanwhile is told to come again.
/// </summary>
internal sealed partial class CenterSession
{
    private static readonly TimeSpan AwayPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Until the session is to end: then nothing is waited for.</summary>
    private CancellationToken _ending;

    /// <summary>Does something with the store, again and again as long as it is away and nothing of it can have been saved.</summary>
    private async Task<T> PatientlyAsync<T>(Func<Task<T>> act)
    {
        var began = _services.Time.GetTimestamp();
        for (var isTold = false; ; isTold = true)
        {
            try
            {
                return await act().ConfigureAwait(false);
            }
            catch (StoreException away) when (IsAway(away) && _services.Time.GetElapsedTime(began) < _services.Options.StoreAway && !_ending.IsCancellationRequested)
            {
                if (!isTold)
                {
                    CenterTelemetry.StoreAway();
                    OperationLog.StoreAway(_logger, Name, away.Message);
                }
                await Task.Delay(AwayPause, _services.Time, _ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static bool IsAway(StoreException fault) => fault is { Fault: StoreFault.Unreachable, MayBeSaved: false };

    /// <summary>
    /// Access cannot be decided now. It is not in the log, which is away too; nothing of the terminal's is answered but that it come again.
    /// </summary>
    private void RefuseForNow(StoreException away)
    {
        OperationLog.StoreAway(_logger, Name, away.Message);
        _isTold = true;
        Volatile.Write(ref _terminal, null);
        _log.Terminal = null;
        _followUps.Enqueue(new CenterEvent.ProofJudged(RefusalCode.NotNow, null));
    }
}
