using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What must be durable before the next message leaves, gathered and written in one commit: the message that came, what was found in it, the changes
/// of the order, and the message that leaves. One wait for the disk for each answer.
/// </summary>
internal sealed partial class CenterSession
{
    private readonly List<SessionRecord> _unwritten = [];
    private Task _trailing = Task.CompletedTask;
    private bool _savesLost;

    private bool HasUnwrittenSaves => _unwritten.Exists(record => record is SessionRecord.Saved);

    /// <summary>Before a message leaves. False when a change of the order was refused: then nothing after it is durable, and nothing may leave.</summary>
    /// <exception cref="StoreException">Nothing of it is durable.</exception>
    private async ValueTask<bool> MakeDurableAsync(CancellationToken cancellation)
    {
        _savesLost = HasUnwrittenSaves;
        var records = await TakeUnwrittenAsync().ConfigureAwait(false);
        if (records.Count == 0) return true;
        using var wait = WaitForStore();
        var outcome = await PatientlyAsync(() => _services.Orders.CommitAsync(records, cancellation)).ConfigureAwait(false);
        _savesLost = false;
        foreach (var saved in records.Take(outcome.Kept).OfType<SessionRecord.Saved>())
        {
            Measure(saved.Change);
            Show(SaveStep(saved.Change), saved.Change.ToString());
        }
        if (outcome.Refusal is not { } refusal) return true;
        OperationLog.NotSaved(_logger, Name, ((SessionRecord.Saved)records[outcome.Kept]).Change.GetType().Name, refusal.GetType().Name);
        _followUps.Enqueue(new CenterEvent.SaveFailed(refusal is SaveOutcome.ClaimLost));
        return false;
    }

    /// <summary>At the end of a step after which nothing leaves: a change of the order is waited for; what is only logged is written without.</summary>
    private async ValueTask SettleAsync(CancellationToken cancellation)
    {
        if (!HasUnwrittenSaves && _trailing.IsCompletedSuccessfully)
        {
            if (_unwritten.Count > 0) _trailing = TrailAsync([.. _unwritten]);
            _unwritten.Clear();
            return;
        }
        // One such commit at a time: a terminal that talks without end is read no faster than its words are written.
        var released = _unwritten.OfType<SessionRecord.Saved>().Where(saved => saved.Change is OrderChange.Released).ToList();
        try
        {
            await MakeDurableAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            if (e is StoreException) OperationLog.NotSaved(_logger, Name, nameof(SettleAsync), e.Message);
            else await FailAsync(nameof(SettleAsync), e).ConfigureAwait(false);
            if (_state.Phase is not CenterPhase.Ended) _followUps.Enqueue(new CenterEvent.SaveFailed(ClaimLost: false));
            // What failed may be a row of before: the order is not kept from others for that.
            foreach (var (order, fence, _) in released) await LetGoAsync(order, fence).ConfigureAwait(false);
        }
    }

    /// <summary>What was gathered, once all before it is written.</summary>
    /// <exception cref="StoreException">What went before is not in the log: nothing after it may be.</exception>
    private async ValueTask<IReadOnlyList<SessionRecord>> TakeUnwrittenAsync()
    {
        SessionRecord[] records = [.. _unwritten];
        _unwritten.Clear();
        var trailing = _trailing;
        _trailing = Task.CompletedTask;
        await trailing.ConfigureAwait(false);
        return records;
    }

    private async Task TrailAsync(IReadOnlyList<SessionRecord> records) =>
        await PatientlyAsync(() => _services.Orders.CommitAsync(records, CancellationToken.None)).ConfigureAwait(false);

    /// <summary>At the session's end: what is left to be written.</summary>
    private async ValueTask WriteLastAsync()
    {
        try
        {
            await MakeDurableAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            OperationLog.NotLogged(_logger, Name, $"{e.GetType().Name}: {e.Message}");
        }
    }
}
