using CardIssue.Reader.PcSc.Binding;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.PcSc;

/// <summary>
/// Watches one reader on a thread and a context of its own: the call blocks until something changes, and what is seen then is there for all who wait.
/// Nothing is polled, but what gives no event: a service that does not run, and on macOS a reader that is not there.
/// </summary>
internal sealed class ReaderWatch : IAsyncDisposable
{
    /// <summary>How often a service that does not run is asked for.</summary>
    private static readonly TimeSpan ServicePause = TimeSpan.FromMilliseconds(250);

    /// <summary>How often macOS, which never signals readers, is asked for one that is not there.</summary>
    private static readonly TimeSpan ReaderPause = TimeSpan.FromSeconds(1);

    /// <summary>pcsc-lite before 2.3 loses a reader that comes between two calls: the second one begins to count anew. So the wait has an end.</summary>
    private static readonly TimeSpan LostArrivalLimit = TimeSpan.FromSeconds(5);

    /// <summary>A card may be seen before it has answered its reset; how long and how often that is waited for.</summary>
    private static readonly TimeSpan AtrPause = TimeSpan.FromMilliseconds(200);
    private const int AtrLooks = 25;

    /// <summary>A cancellation that comes before the call which it is meant for is lost; so it is repeated.</summary>
    private static readonly TimeSpan CancelPause = TimeSpan.FromMilliseconds(50);

    private readonly IPcscApi _api;
    private readonly string _reader;
    private readonly TimeSpan _deadReader;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _sync = new();
    private readonly CallThread _thread;
    private ReaderSight _sight = new(SightKind.NotYet, default, 0, 0);
    private TaskCompletionSource _changed = NewChange();
    private nint _context;

    public ReaderWatch(IPcscApi api, string reader, TimeSpan deadReader, TimeProvider time, ILogger logger)
    {
        (_api, _reader, _deadReader, _time, _logger) = (api, reader, deadReader, time, logger);
        _thread = new CallThread($"PC/SC events of {reader}", static () => { });
        _ = _thread.Start(Watch);
    }

    /// <summary>What was seen last, and a task that completes at the next change.</summary>
    public (ReaderSight Sight, Task Changed) Look()
    {
        lock (_sync) return (_sight, _changed.Task);
    }

    /// <summary>Ends the watch; a service that does not react is left behind.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _thread.End();
        var canceller = new CallThread($"PC/SC cancel of {_reader}", static () => { });
        _ = canceller.Start(CancelUntilEnded);
        canceller.End();
        if (await Task.WhenAny(_thread.Ended, Task.Delay(_deadReader, _time)).ConfigureAwait(false) != _thread.Ended) PcscLog.Abandoned(_logger, _reader);
    }

    private bool CancelUntilEnded()
    {
        while (!_thread.Ended.IsCompleted)
        {
            if (Volatile.Read(ref _context) is not 0 and var context) _api.Cancel(context);
            if (_thread.Ended.Wait(CancelPause)) break;
        }
        return true;
    }

    private bool Watch()
    {
        for (var service = 1; !_end.IsCancellationRequested; service++)
        {
            if (_api.EstablishContext(out var context) == PcscCode.Success)
            {
                Volatile.Write(ref _context, context);
                Follow(context, service);
                Volatile.Write(ref _context, 0);
                _api.ReleaseContext(context);
            }
            if (_end.IsCancellationRequested) break;
            Publish(new ReaderSight(SightKind.ServiceGone, default, service, 0));
            Pause(ServicePause);
        }
        return true;
    }

    /// <summary>Follows the reader until the service goes or the watch ends.</summary>
    private void Follow(nint context, int service)
    {
        Span<ReaderState> reader = [new ReaderState(_reader)];
        Span<ReaderState> plugAndPlay = [new ReaderState(PcscLayout.PlugAndPlay)];
        var looks = 0;
        while (!_end.IsCancellationRequested)
        {
            var code = _api.GetStatusChange(context, looks > 0 ? AtrPause : null, reader);
            if (code is PcscCode.Cancelled) continue;
            if (code is not (PcscCode.Success or PcscCode.Timeout) && PcscFaults.Of(code) is not Core.Cards.CardFault.ReaderGone) return;
            var isKnown = code is PcscCode.Success or PcscCode.Timeout && (reader[0].Event & (PcscState.Unknown | PcscState.Ignore)) == 0;
            if (!isKnown)
            {
                Publish(new ReaderSight(SightKind.ReaderAbsent, default, service, 0));
                if (!AwaitReaders(context, plugAndPlay)) return;
                (reader[0].Known, looks) = (PcscState.Unaware, 0);
                continue;
            }
            reader[0].Known = reader[0].Event & ~PcscState.Changed;
            var sight = ReaderSight.Of(reader[0], service);
            looks = sight is { Kind: SightKind.Card, Atr.IsEmpty: true } ? looks + 1 : 0;
            if (looks > AtrLooks) (sight, looks) = (sight with { Kind = SightKind.MuteCard }, 0);
            // Asked anew, or nothing may be told of the answer that comes meanwhile.
            if (looks > 0) reader[0].Known = PcscState.Unaware;
            else Publish(sight);
            if (looks > 1) Pause(AtrPause);
        }
    }

    /// <summary>Waits until readers came or went.</summary>
    /// <returns>False when the service is gone.</returns>
    private bool AwaitReaders(nint context, Span<ReaderState> plugAndPlay)
    {
        if (!_api.SignalsReaders)
        {
            Pause(ReaderPause);
            return true;
        }
        var code = _api.GetStatusChange(context, LostArrivalLimit, plugAndPlay);
        // The upper 16 bits are the number of readers that was seen (Windows; pcsc-lite from 2.3 on).
        plugAndPlay[0].Known = (PcscState)((uint)plugAndPlay[0].Event & 0xFFFF_0000);
        return code is PcscCode.Success or PcscCode.Timeout or PcscCode.Cancelled;
    }

    private void Publish(ReaderSight sight)
    {
        TaskCompletionSource changed;
        lock (_sync)
        {
            if (sight == _sight) return;
            if (sight.Kind != _sight.Kind) PcscLog.Seen(_logger, _reader, sight.Kind);
            (changed, _changed, _sight) = (_changed, NewChange(), sight);
        }
        changed.SetResult();
    }

    private void Pause(TimeSpan pause) =>
        Task.Delay(pause, _time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
