using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Sessions;

/// <summary>What the server does about those who may not, or may no longer, come in.</summary>
public sealed partial class CenterServer
{
    /// <summary>The most counts of one window that get a row each in the log; the others get one together.</summary>
    private const int MaxCountsTold = 64;

    /// <summary>A terminal that was disabled, or whose place or keys were changed, or a reader of which was taken away, loses its session: by this program or by another one.</summary>
    private async Task WatchRegistryAsync(CancellationToken cancellation)
    {
        var seen = -1L;
        using var timer = new PeriodicTimer(_services.Options.RegistryLook, _services.Time);
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                var changes = await _services.Terminals.ChangedSinceAsync(seen, cancellation).ConfigureAwait(false);
                await Task.WhenAll(changes.Terminals.SelectMany(SessionsThatDoNotFit)).ConfigureAwait(false);
                foreach (var changed in changes.Terminals) await EndWithRevokedReaderAsync(changed.Terminal, cancellation).ConfigureAwait(false);
                seen = changes.Revision;
                await EndAskedForAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                if (e is not StoreException) OperationLog.ServerFault(_logger, e, nameof(WatchRegistryAsync));
                OperationLog.RegistryNotRead(_logger, e.Message);
            }
        }
    }

    /// <summary>A key that was made or destroyed by another program counts for this one, too; without a word for as long as nothing can be read anew.</summary>
    private async Task WatchVaultAsync(CancellationToken cancellation)
    {
        string? told = null;
        using var timer = new PeriodicTimer(_services.Options.RegistryLook, _services.Time);
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                if (_services.Vault.Refresh()) OperationLog.VaultChanged(_logger);
                told = null;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                if (e.Message != told) OperationLog.VaultNotRead(_logger, told = e.Message);
            }
        }
    }

    /// <summary>All at once: closing a line in order takes its time.</summary>
    private IEnumerable<Task> SessionsThatDoNotFit(TerminalRecord changed)
    {
        foreach (var session in _sessions.Values)
            if (session.Terminal?.Id == changed.Terminal && session.NoLongerFits(changed) is { } reason) yield return session.CutAsync(reason).AsTask();
    }

    private async Task EndWithRevokedReaderAsync(TerminalId terminal, CancellationToken cancellation)
    {
        foreach (var session in _sessions.Values.Where(session => session.Terminal?.Id == terminal))
            if (await session.HasRevokedReaderAsync(cancellation).ConfigureAwait(false) is { } reason) await session.CutAsync(reason).ConfigureAwait(false);
    }

    /// <summary>A terminal that was let in once too often loses the sessions that it was let in to first.</summary>
    private void EndOldestOf(TerminalId terminal)
    {
        var own = _sessions.Values.Where(session => session.LetInAt > 0 && session.Terminal?.Id == terminal).OrderBy(session => session.LetInAt).ToList();
        foreach (var oldest in own.SkipLast(_services.Options.MaxSessionsPerTerminal))
            _ = oldest.CutAsync($"terminal {terminal} was let in again: it has {own.Count} sessions, and {_services.Options.MaxSessionsPerTerminal} are allowed").AsTask();
    }

    /// <summary>Refused attempts that were not logged one by one get a row for each place and window.</summary>
    private async Task TellCountsAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(_services.Admissions.Window, _services.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                await TellAsync(_services.Admissions.Take()).ConfigureAwait(false);
                await TellHandshakesAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            await TellAsync(_services.Admissions.Take(all: true)).ConfigureAwait(false);
            await TellHandshakesAsync().ConfigureAwait(false);
        }
    }

    private async Task TellAsync(IReadOnlyList<AdmissionCount> counts)
    {
        var told = counts.Take(MaxCountsTold).ToList();
        if (counts.Count > MaxCountsTold) told.Add(new AdmissionCount(null, counts.Skip(MaxCountsTold).Sum(count => count.Count)));
        foreach (var (who, count) in told)
        {
            var place = who ?? "other places";
            OperationLog.Refused(_logger, count, place, _services.Admissions.Window);
            var detail = $"{{\"count\":{count},\"from\":\"{place}\",\"seconds\":{(long)_services.Admissions.Window.TotalSeconds}}}";
            try
            {
                await _services.Log.AppendAsync(new LogEntry(_services.Host, null, null, null, LogDirection.None, 310, "RefusedMany", detail), default).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The others are told all the same.
                OperationLog.NotLogged(_logger, _services.Host, $"{e.GetType().Name}: {e.Message}");
            }
        }
    }
}
