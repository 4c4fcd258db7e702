using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Cli;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Counter;

/// <summary>Watches how long the line is away. Relay and connector try on for ever; somebody who waits at a counter does not.</summary>
internal sealed class LinePatience : IDisposable
{
    private readonly LineAddress _center;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<CommandException> _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IssueNotice> _access = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FailedTry? _last;
    private TimeSpan _patience;

    public LinePatience(LineAddress center, TimeProvider time)
    {
        (_center, _patience) = (center, center.ConnectTimeout);
        _timer = time.CreateTimer(_ => GiveUp(), null, _patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends with why, when the line was away for too long.</summary>
    public Task<CommandException> GivenUp => _givenUp.Task;

    /// <summary>Ends with the center's first word on access: <see cref="IssueNotice.AccessGranted"/>, <see cref="IssueNotice.AccessRefused"/> or <see cref="IssueNotice.CenterNotKnown"/>.</summary>
    public Task<IssueNotice> Access => _access.Task;

    /// <summary>A try failed.</summary>
    public void Failed(FailedTry failed)
    {
        lock (_gate) _last = failed;
        // A certificate does not mend itself while somebody waits.
        if (failed.Fault is LineFault.NotTrusted) _givenUp.TrySetResult(new CommandException(ExitCode.Refused, failed.Message));
    }

    /// <summary>A step was shown.</summary>
    public void Shown(IssueNotice notice)
    {
        if (notice is IssueNotice.AccessGranted or IssueNotice.AccessRefused or IssueNotice.CenterNotKnown) _access.TrySetResult(notice);
        if (notice is IssueNotice.AccessGranted) Arm(Timeout.InfiniteTimeSpan);
        if (notice is IssueNotice.LineLost or IssueNotice.AskAgain && _access.Task.IsCompleted) Arm(_center.ResumeTimeout);
    }

    public void Dispose() => _timer.Dispose();

    private void Arm(TimeSpan patience)
    {
        lock (_gate)
        {
            (_patience, _last) = (patience, null);
            _timer.Change(patience, Timeout.InfiniteTimeSpan);
        }
    }

    private void GiveUp()
    {
        lock (_gate)
        {
            var why = _last?.Message ?? $"{_center} accepts the connection but says nothing on access; see the center's log.";
            _givenUp.TrySetResult(new CommandException(ExitCode.Failed, $"No access to the center within {_patience.TotalSeconds:0} s. {why} An order under way stays with its card: ask for it again when the line is back."));
        }
    }
}
