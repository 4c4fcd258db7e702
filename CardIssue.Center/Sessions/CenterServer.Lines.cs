using CardIssue.Core.Lines;

namespace CardIssue.Center.Sessions;

/// <summary>The lines that the server accepts on; they may become others while it runs.</summary>
public sealed partial class CenterServer
{
    private readonly Lock _turn = new();
    private readonly List<AcceptedLine> _accepted = [];
    private CancellationToken _sessionsEnd, _serving;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _serves;

    /// <summary>Done once it accepts lines, as one of the store's hosts; or is over before.</summary>
    internal Task Begun => _begun.Task;

    /// <summary>Whether it accepts lines now.</summary>
    internal bool IsServing
    {
        get
        {
            lock (_turn) return _serves && !_serving.IsCancellationRequested;
        }
    }

    /// <summary>
    /// Serves these lines from now on instead of those that it serves; a server that is beginning to is waited for. A line whose
    /// listener is among both goes on. On one that is missing nothing is accepted any more, and its sessions end as with a lost line: an
    /// order under way goes on when its terminal comes in elsewhere. The same where what a line is half of has changed.
    /// </summary>
    /// <param name="lines">All of them. The listeners belong to the caller; those that are missing may be disposed when this returns.</param>
    /// <exception cref="ArgumentException">The lines do not fit each other: the results line of a data half is missing. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">The server does not run.</exception>
    public async Task ChangeLinesAsync(IReadOnlyList<ServedLine> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var terms = LineTerms.Of(lines);
        if (Volatile.Read(ref _runs) == 0) throw new InvalidOperationException("The server does not run.");
        await _begun.Task.ConfigureAwait(false);
        List<AcceptedLine> gone;
        lock (_turn)
        {
            if (!_serves || _serving.IsCancellationRequested) throw new InvalidOperationException("The server does not run any more.");
            gone = _accepted.FindAll(own => !lines.Where((line, i) => own.Is(line, terms[i])).Any());
            _accepted.RemoveAll(gone.Contains);
        }
        await Task.WhenAll(gone.Select(LeaveLineAsync)).ConfigureAwait(false);
        lock (_turn)
        {
            if (_serving.IsCancellationRequested) return;
            for (var i = 0; i < lines.Count; i++)
                if (!_accepted.Exists(own => own.Is(lines[i], terms[i]))) Accept(lines[i], terms[i]);
        }
    }

    private void Begin(IReadOnlyList<ServedLine> lines, IReadOnlyList<LineTerms> terms, CancellationToken sessionsEnd, CancellationToken serving)
    {
        lock (_turn)
        {
            (_sessionsEnd, _serving, _serves) = (sessionsEnd, serving, true);
            for (var i = 0; i < lines.Count; i++) Accept(lines[i], terms[i]);
        }
        _begun.TrySetResult();
    }

    private void Accept(ServedLine served, LineTerms terms)
    {
        served.Listener.Refused = refusal => Hear(refusal, refusal.Line);
        var end = CancellationTokenSource.CreateLinkedTokenSource(_serving);
        var accepting = AcceptAsync(served.Listener, line => ServeWalledAsync(line, served, terms, _sessionsEnd), end.Token);
        _accepted.Add(new AcceptedLine(served, terms, end, accepting));
    }

    /// <summary>No line is accepted any more; the sessions that there are go on.</summary>
    private async Task LeaveLinesAsync()
    {
        List<AcceptedLine> all;
        lock (_turn)
        {
            all = [.. _accepted];
            _accepted.Clear();
        }
        await Task.WhenAll(all.Select(EndAcceptingAsync)).ConfigureAwait(false);
    }

    private async Task LeaveLineAsync(AcceptedLine gone)
    {
        await EndAcceptingAsync(gone).ConfigureAwait(false);
        var number = gone.Served.Listener.Line;
        await Task.WhenAll(_sessions.Values.Where(session => session.Peer.Line == number)
            .Select(session => session.CutAsync($"line {number} is not served any more, or otherwise").AsTask())).ConfigureAwait(false);
    }

    private static async Task EndAcceptingAsync(AcceptedLine line)
    {
        await line.End.CancelAsync().ConfigureAwait(false);
        await line.Work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        line.End.Dispose();
        line.Served.Listener.Refused = null;
    }

    private async Task AcceptAsync(ILineListener listener, Func<ILine, Task> serve, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var line = await listener.AcceptAsync(cancellation).ConfigureAwait(false);
                _ = serve(line);
            }
            catch (LineException e)
            {
                OperationLog.ListenerFailed(_logger, listener.Line, e.Message);
                return;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                OperationLog.ListenerFault(_logger, e, listener.Line, ListenerPause);
                await Task.Delay(ListenerPause, _services.Time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private sealed record AcceptedLine(ServedLine Served, LineTerms Terms, CancellationTokenSource End, Task Work)
    {
        public bool Is(ServedLine line, LineTerms terms) => ReferenceEquals(line.Listener, Served.Listener) && line == Served && terms == Terms;
    }
}
