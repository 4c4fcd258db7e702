using System.Threading.Channels;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Operators;
using CardIssue.Transport.Reconnect;

namespace CardIssue.NativeTerminal;

/// <summary>What a terminal of cardissue.h is made of.</summary>
internal sealed record NativePlace(TerminalFolder Folder, LineAddress Line, ReaderAddress Reader, ReaderAddress? Sam);

/// <summary>A terminal of cardissue.h. Calls come from any thread, and block.</summary>
internal sealed class NativeTerminal : IStepDisplay
{
    /// <summary>Steps that wait for the thread of the issue; of more, the oldest are left out.</summary>
    private const int MaxWaiting = 1_024;

    /// <summary>How long before the certificate runs out it and the keys are renewed.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);

    private readonly NativePlace _place;
    private readonly SoftwareModuleFile _file;
    private readonly KeyRotation _rotation;
    private readonly OperatorList _operators;
    private readonly OperatorLogin _login;
    private readonly Lock _gate = new();
    private TerminalCounter? _counter;
    private Issue? _issue;
    private bool _destroyed;

    /// <summary>An issue under way.</summary>
    private sealed class Issue
    {
        public CancellationTokenSource Cancel { get; } = new();

        public Channel<IssueProgress> Steps { get; } =
            Channel.CreateBounded<IssueProgress>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest });

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private NativeTerminal(NativePlace place, SoftwareModuleFile file)
    {
        (_place, _file) = (place, file);
        _rotation = new KeyRotation(place.Folder, place.Line, RenewBefore, TimeProvider.System);
        _operators = new OperatorList(place.Folder.Operators);
        _login = new OperatorLogin(_operators, TimeProvider.System);
        OpenCounter();
    }

    /// <summary>Opens one; the line begins to come up.</summary>
    /// <exception cref="CommandException">The module is missing, or trusts no center.</exception>
    public static NativeTerminal Open(NativePlace place, SecretBytes passphrase)
    {
        if (!InputFile.IsThere(place.Folder.Module))
            throw new CommandException(ExitCode.File, $"{place.Folder.Module} does not exist; make the module with `terminalhost enroll` first.");
        var file = SoftwareModuleFile.Open(place.Folder.Module, passphrase);
        try
        {
            return new NativeTerminal(place, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public RelayStatus Status
    {
        get
        {
            lock (_gate) return _destroyed ? throw NativeTerminals.None() : _counter?.Relay.Status ?? new RelayStatus(RelayState.Closed, TimeProvider.System.GetUtcNow());
        }
    }

    /// <summary>Whether operators log in here, with each request.</summary>
    public bool LogsIn => _operators.IsThere;

    /// <summary>Slow on purpose, and one at a time.</summary>
    /// <exception cref="CommandException">The name or the password is wrong, or there were too many wrong ones.</exception>
    public void LogIn(OperatorId who, SecretBytes password)
    {
        lock (_login)
            if (_login.Try(who.Value, password) is not LoginResult.Right)
                throw new CommandException(ExitCode.Refused, "The operator's name or password is wrong, or there were too many wrong ones.");
    }

    /// <summary>Has one card issued; what it shows is told on this very thread.</summary>
    /// <param name="request">Whose; its code stays the caller's.</param>
    /// <param name="tell">Is told each step.</param>
    /// <exception cref="NativeFaultException">Another issue is under way, or the terminal is gone.</exception>
    public IssueOutcome IssueCard(IssueRequest request, Action<IssueProgress> tell)
    {
        var issue = Begin();
        try
        {
            var running = Task.Run(() => RunAsync(issue, request));
            while (Next(issue) is { } step) tell(step);
            return running.GetAwaiter().GetResult();
        }
        finally
        {
            lock (_gate) _issue = null;
            issue.Ended.SetResult();
        }
    }

    /// <exception cref="NativeFaultException">No issue is under way.</exception>
    public void Cancel()
    {
        lock (_gate)
        {
            if (_destroyed) throw NativeTerminals.None();
            if (_issue is null) throw new NativeFaultException(NativeError.Busy, "No issue is under way.");
            _ = _issue.Cancel.CancelAsync();
        }
    }

    /// <summary>Cancels what is under way, waits for it, and closes everything.</summary>
    public void Destroy()
    {
        Task ended;
        lock (_gate)
        {
            _destroyed = true;
            _ = _issue?.Cancel.CancelAsync();
            ended = _issue?.Ended.Task ?? Task.CompletedTask;
        }
        ended.GetAwaiter().GetResult();
        using (_file) Task.Run(CloseCounterAsync).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Show(IssueProgress step)
    {
        lock (_gate) _issue?.Steps.Writer.TryWrite(step);
    }

    /// <summary>Of the keys alone, which are none of the program's.</summary>
    public void Tell(Text text) { }

    /// <summary>The state says it.</summary>
    public void Failed(FailedTry failed) { }

    /// <summary>The outcome says it.</summary>
    public void End(IssueOutcome outcome) { }

    private static IssueProgress? Next(Issue issue)
    {
        while (issue.Steps.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            if (issue.Steps.Reader.TryRead(out var step)) return step;
        return null;
    }

    private Issue Begin()
    {
        lock (_gate)
        {
            if (_destroyed) throw NativeTerminals.None();
            if (_issue is not null) throw new NativeFaultException(NativeError.Busy, "An issue is under way: one card at a time.");
            return _issue = new Issue();
        }
    }

    private async Task<IssueOutcome> RunAsync(Issue issue, IssueRequest request)
    {
        try
        {
            await RenewKeysAsync(issue.Cancel.Token);
            return await (_counter ?? OpenCounter()).IssueAsync(request, issue.Cancel.Token);
        }
        catch (OperationCanceledException) when (issue.Cancel.IsCancellationRequested)
        {
            return TerminalCounter.Cancelled(TimeProvider.System.GetUtcNow());
        }
        finally
        {
            issue.Steps.Writer.Complete();
        }
    }

    /// <summary>Between two customers; what goes wrong holds no card up.</summary>
    private async Task RenewKeysAsync(CancellationToken cancellation)
    {
        if (!_rotation.IsDue(_file)) return;
        await CloseCounterAsync();
        try
        {
            await _rotation.WhenDueAsync(_file, this, cancellation);
        }
        finally
        {
            OpenCounter();
        }
    }

    /// <summary>Where that fails, it is tried again with the next request.</summary>
    private TerminalCounter OpenCounter()
    {
        var counter = TerminalCounter.OpenEndlessly(_file, _place.Line, _place.Reader, _place.Sam, static _ => { }, this);
        counter.Start();
        lock (_gate) return _counter = counter;
    }

    private async Task CloseCounterAsync()
    {
        TerminalCounter? counter;
        lock (_gate) (counter, _counter) = (_counter, null);
        if (counter is not null) await counter.DisposeAsync();
    }
}
