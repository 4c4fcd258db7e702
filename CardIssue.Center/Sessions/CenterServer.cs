using System.Collections.Concurrent;
using CardIssue.Center.Storage;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Center;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Sessions;

/// <summary>The center's communication (numeral 11): a session for every line that comes up on any of its listeners, and what has to be done now and then.</summary>
public sealed partial class CenterServer
{
    private readonly CenterServices _services;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, CenterSession> _sessions = new();
    private readonly AlarmClock _alarms;
    private readonly JoinDesk _joins;
    private readonly WaitingRoom _unadmitted;
    private readonly string _start = Guid.NewGuid().ToString("N")[..8];
    private int _count, _runs;

    /// <summary>Makes a server; <see cref="RunAsync"/> starts it.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public CenterServer(CenterServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.Options.Validate();
        _services = services;
        _logger = services.Loggers.CreateLogger<CenterServer>();
        _sessionChanged = () => Interlocked.Increment(ref _changes);
        _alarms = new AlarmClock(services.Time);
        _joins = new JoinDesk(services.Time, services.Options.Join);
        _unadmitted = new WaitingRoom(services.Options.MaxUnadmitted, services.Options.MaxUnadmittedPerPlace);
    }

    /// <summary>How long sessions may take to stop in order.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>How long a listener that failed as none does is left alone.</summary>
    public static readonly TimeSpan ListenerPause = TimeSpan.FromSeconds(1);

    /// <summary>How many sessions there are.</summary>
    public int Sessions => _sessions.Count;

    /// <summary>
    /// Serves the lines until cancelled, and those of <see cref="ChangeLinesAsync"/>; then orders under way are stopped and let go. Once per
    /// server. The listeners belong to the caller.
    /// </summary>
    /// <exception cref="InvalidOperationException">The server runs already, or ran before: make another.</exception>
    /// <exception cref="ArgumentException">The lines do not fit each other: the results line of a data half is missing.</exception>
    /// <exception cref="StoreException">The store cannot be used at the start, or another center serves from it.</exception>
    public async Task RunAsync(IReadOnlyList<ServedLine> lines, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var terms = LineTerms.Of(lines);
        if (Interlocked.Exchange(ref _runs, 1) == 1)
            throw new InvalidOperationException("RunAsync was called before; a server runs once: make another one.");
        try
        {
            await ServeAllAsync(lines, terms, cancellation).ConfigureAwait(false);
        }
        finally
        {
            // Whoever waits for the beginning waits no more.
            _begun.TrySetResult();
        }
    }

    private async Task ServeAllAsync(IReadOnlyList<ServedLine> lines, IReadOnlyList<LineTerms> terms, CancellationToken cancellation)
    {
        // What this host had before it was killed is not there any more.
        await TellSessionsAsync(cancellation).ConfigureAwait(false);
        foreach (var fault in await _services.Orders.History.SettleRowsAsync(cancellation).ConfigureAwait(false))
            OperationLog.Altered(_logger, "Store", fault);
        // Sessions of this host that a crash ended must not hold their orders until the lease ends.
        var released = await _services.Orders.ReleaseSessionsOfHostAsync(_services.Host, cancellation).ConfigureAwait(false);
        if (released > 0) OperationLog.Released(_logger, released);
        await _services.Orders.Hosts.EnterAsync(_services.Host, _services.Options.HostLost, _services.Link?.Address, cancellation).ConfigureAwait(false);
        using var stop = new CancellationTokenSource();
        var beating = BeatAsync(stop.Token);
        Begin(lines, terms, stop.Token, cancellation);
        await Task.WhenAll(
            AcceptLinksAsync(stop.Token, cancellation), CheckpointAsync(cancellation), WatchRegistryAsync(cancellation), WatchVaultAsync(cancellation),
            WatchKeysAsync(cancellation), TellCountsAsync(cancellation)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LeaveLinesAsync().ConfigureAwait(false);
        await StopSessionsAsync().ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await WaitAsync(static sessions => sessions.IsEmpty).ConfigureAwait(false);
        await beating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LeaveAsync().ConfigureAwait(false);
    }

    /// <summary>Nobody waits for this: whatever fails in it is said here and nowhere else.</summary>
    private async Task ServeWalledAsync(ILine line, ServedLine served, LineTerms terms, CancellationToken cancellation)
    {
        try
        {
            await ServeAsync(line, served, terms, cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            OperationLog.ServerFault(_logger, e, nameof(ServeAsync));
        }
    }

    private async Task ServeAsync(ILine line, ServedLine served, LineTerms terms, CancellationToken cancellation)
    {
        await using var closing = line.ConfigureAwait(false);
        var number = served.Listener.Line;
        if (!line.Peer.HasTls && !served.WithoutTls)
        {
            if (_services.Admissions.Refused(line.Peer, known: null, tell: true)) OperationLog.WithoutTls(_logger, number, line.Peer.Address?.ToString() ?? "no address");
            return;
        }
        // Without a copy of all of them, which their values would be: there may be ten thousand.
        if (_sessions.Count(static known => known.Value.Terminal is not null) >= _services.Options.MaxSessions)
        {
            if (_services.Admissions.Refused(line.Peer, known: null, tell: true)) OperationLog.TooManySessions(_logger, number, _services.Options.MaxSessions);
            return;
        }
        WaitingRoom.Guest? guest = null;
        using var session = new CenterSession(_services, _alarms, _joins, line, terms, $"{_services.Host}-{_start}-{Interlocked.Increment(ref _count)}")
        {
            WhenChanged = _sessionChanged,
            WhenLetIn = admitted =>
            {
                guest!.Dispose();
                EndOldestOf(admitted);
            },
        };
        using var waiting = guest = _unadmitted.Enter(LinePlace.Of(line.Peer), () => _ = session.CutAsync("others came, and it was not let in yet").AsTask());
        _sessions[session.Name] = session;
        using var span = CenterTelemetry.Session(session.Name, number);
        OperationLog.LineUp(_logger, session.Name, number, line.Peer.Address?.ToString() ?? "no address");
        try
        {
            await session.RunAsync(cancellation).ConfigureAwait(false);
            OperationLog.SessionOver(_logger, session.Terminal is null ? LogLevel.Debug : LogLevel.Information, session.Name);
        }
        catch (OperationCanceledException)
        {
            OperationLog.SessionOver(_logger, session.Terminal is null ? LogLevel.Debug : LogLevel.Information, session.Name);
        }
        catch (Exception e)
        {
            // One session's bug must not end the others; its claim was let go or runs out.
            OperationLog.SessionFailed(_logger, e, session.Name);
        }
        finally
        {
            _sessions.TryRemove(session.Name, out var _);
            _sessionChanged();
        }
    }

    /// <summary>Tells every terminal that works on an order that the center stops.</summary>
    private async Task StopSessionsAsync()
    {
        foreach (var session in _sessions.Values) await session.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await WaitAsync(static sessions => sessions.Values.All(s => s.Phase is CenterPhase.Ended or CenterPhase.AwaitingRemoval or CenterPhase.Attached)).ConfigureAwait(false);
    }

    private async Task WaitAsync(Func<ConcurrentDictionary<string, CenterSession>, bool> reached)
    {
        var pause = TimeSpan.FromMilliseconds(20);
        for (var waited = TimeSpan.Zero; waited < Grace && !reached(_sessions); waited += pause) await Task.Delay(pause).ConfigureAwait(false);
    }

    /// <summary>Signed checkpoints of the log, by time and by volume, and the deletion of write data that is no longer needed.</summary>
    private Task CheckpointAsync(CancellationToken cancellation)
    {
        var last = _services.Time.GetTimestamp();
        return LookAsync(_services.Options.RegistryLook, async ends =>
        {
            var due = _services.Time.GetElapsedTime(last) >= _services.Options.Checkpoint;
            try
            {
                if (!due && await _services.Log.CountSinceCheckpointAsync(ends).ConfigureAwait(false) < _services.Options.CheckpointEntries) return;
                await _services.Log.CheckpointAsync(ends).ConfigureAwait(false);
            }
            catch (Exception e) when (!ends.IsCancellationRequested)
            {
                if (e is not StoreException) OperationLog.ServerFault(_logger, e, nameof(CheckpointAsync));
                OperationLog.NoCheckpoint(_logger, e.Message);
            }
            last = _services.Time.GetTimestamp();
            try
            {
                await _services.Desk.DeleteWriteDataAsync(ends).ConfigureAwait(false);
            }
            catch (Exception e) when (!ends.IsCancellationRequested)
            {
                if (e is not StoreException) OperationLog.ServerFault(_logger, e, nameof(CheckpointAsync));
                OperationLog.NotDeleted(_logger, e.Message);
            }
        }, OperationLog.NotDeleted, nameof(CheckpointAsync), cancellation);
    }
}
