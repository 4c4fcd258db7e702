using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Sessions;

/// <summary>What the server does about those who may not, or may no longer, come in.</summary>
public sealed partial class CenterServer
{
    /// <summary>The most counts of one window that get a row each in the log; the others get one together.</summary>
    private const int MaxCountsTold = 64;

    /// <summary>A terminal that was disabled, or whose place or keys were changed, or a reader of which was taken away, loses its session: by this program or by another one. What there is then is told.</summary>
    private Task WatchRegistryAsync(CancellationToken cancellation)
    {
        var seen = -1L;
        return LookAsync(_services.Options.RegistryLook, async ends =>
        {
            var changes = await _services.Terminals.ChangedSinceAsync(seen, ends).ConfigureAwait(false);
            await EndWhatDoesNotFitAsync(changes.Terminals, ends).ConfigureAwait(false);
            seen = changes.Revision;
            await EndAskedForAsync(ends).ConfigureAwait(false);
            await TellSessionsAsync(ends).ConfigureAwait(false);
        }, OperationLog.RegistryNotRead, nameof(WatchRegistryAsync), cancellation);
    }

    /// <summary>A key that was made or destroyed by another program counts for this one, too.</summary>
    private Task WatchVaultAsync(CancellationToken cancellation) => LookAsync(_services.Options.RegistryLook, async ends =>
    {
        if (_services.Vault.Refresh()) OperationLog.VaultChanged(_logger);
        await ChangeCertificateAsync(ends).ConfigureAwait(false);
    }, OperationLog.VaultNotRead, nameof(WatchVaultAsync), cancellation);

    /// <summary>Apart from the rest of the vault: a certificate that is not here keeps no keys in force that have ended.</summary>
    private Task WatchKeysAsync(CancellationToken cancellation) =>
        LookAsync(_services.Options.RegistryLook, FollowKeysAsync, OperationLog.VaultNotRead, nameof(WatchKeysAsync), cancellation);

    /// <summary>Where people had the center change over to its next certificate, this host does, too.</summary>
    internal async Task ChangeCertificateAsync(CancellationToken cancellation)
    {
        var number = await _services.Terminals.CertificateInForceAsync(cancellation).ConfigureAwait(false);
        if (Follow(vault => vault.ChangeCertificate(number))) OperationLog.CertificateChanged(_logger, number);
    }

    /// <summary>
    /// Where people had the center tell its next keys, or end those of before, this host does, too: sessions of terminals that came with keys which
    /// have ended are cut, and the first checkpoint by the new ones is made.
    /// </summary>
    internal async Task FollowKeysAsync(CancellationToken cancellation)
    {
        var standing = await _services.Terminals.KeysStandingAsync(cancellation).ConfigureAwait(false);
        var before = _services.Vault.SigningKeys;
        try
        {
            if (Follow(vault => vault.FollowKeys(standing))) OperationLog.KeysFollowed(_logger, standing.Told!.Number, standing.Alone?.Number ?? 0);
        }
        finally
        {
            foreach (var session in _sessions.Values)
                if (session.KeysEnded() is { } reason) await session.CutAsync(reason).ConfigureAwait(false);
        }
        if (_services.Vault.SigningKeys != before) await CheckpointByNewKeysAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Has the vault follow what people have said; one that cannot is named by its host.</summary>
    private bool Follow(Func<IKeyVault, bool> follow)
    {
        try
        {
            return follow(_services.Vault);
        }
        catch (KeyVaultException e)
        {
            throw new KeyVaultException($"Host {_services.Host}: {e.Message}", e);
        }
    }

    private async Task CheckpointByNewKeysAsync(CancellationToken cancellation)
    {
        try
        {
            await _services.Log.CheckpointAsync(cancellation).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            // The next one that is due is by them as well.
            OperationLog.NoCheckpoint(_logger, e.Message);
        }
    }

    /// <summary>What cannot be read is told as that; whatever else goes wrong is a fault of this program besides.</summary>
    private Task LookAsync(
        TimeSpan pause, Func<CancellationToken, Task> look, Action<ILogger, string> trouble, string name, CancellationToken cancellation) =>
        RepeatedLook.RunAsync(pause, _services.Time, look, e =>
        {
            if (e is not (IOException or FormatException)) OperationLog.ServerFault(_logger, e, name);
            trouble(_logger, e.Message);
        }, cancellation);

    /// <summary>All at once: closing a line in order takes its time.</summary>
    private async Task EndWhatDoesNotFitAsync(IReadOnlyList<TerminalRecord> changed, CancellationToken cancellation)
    {
        if (changed.Count == 0) return;
        var sessions = _sessions.Values.Where(session => session.Terminal is not null).ToLookup(session => session.Terminal!.Id);
        await Task.WhenAll(changed.SelectMany(terminal => sessions[terminal.Terminal].Select(async session =>
        {
            var reason = session.NoLongerFits(terminal) ?? await session.HasRevokedReaderAsync(cancellation).ConfigureAwait(false);
            if (reason is not null) await session.CutAsync(reason).ConfigureAwait(false);
        }))).ConfigureAwait(false);
    }

    /// <summary>A terminal that was let in once too often loses the sessions that it was let in to first.</summary>
    private void EndOldestOf(TerminalId terminal)
    {
        var own = _sessions.Select(static known => known.Value).Where(session => session.LetInAt > 0 && session.Terminal?.Id == terminal).ToList();
        if (own.Count <= _services.Options.MaxSessionsPerTerminal) return;
        foreach (var oldest in own.OrderBy(static session => session.LetInAt).SkipLast(_services.Options.MaxSessionsPerTerminal))
            _ = oldest.CutAsync($"terminal {terminal} was let in again: it has {own.Count} sessions, and {_services.Options.MaxSessionsPerTerminal} are allowed").AsTask();
    }

    /// <summary>Refused attempts that were not logged one by one get a row for each place and window.</summary>
    private async Task TellCountsAsync(CancellationToken cancellation)
    {
        await LookAsync(_services.Admissions.Window, async _ =>
        {
            await TellAsync(_services.Admissions.Take()).ConfigureAwait(false);
            await TellHandshakesAsync().ConfigureAwait(false);
        }, (logger, reason) => OperationLog.NotLogged(logger, _services.Host, reason), nameof(TellCountsAsync), cancellation).ConfigureAwait(false);
        await TellAsync(_services.Admissions.Take(all: true)).ConfigureAwait(false);
        await TellHandshakesAsync().ConfigureAwait(false);
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
