namespace CardIssue.Reader.PcSc;

/// <summary>
/// A thread of its own for calls that block, one at a time. It never keeps a process alive. Who awaits a call goes on right here and most often starts the
/// next one: two switches of threads cost as much as a tenth of a fast card's answer. Who does not come back soon is left to itself with that
/// thread, and another one takes its place; so awaiting code may block.
/// </summary>
internal sealed class CallThread
{
    /// <summary>How long the next call may lie there while the code that awaited the last one has the thread.</summary>
    private static readonly TimeSpan ReplaceAfter = TimeSpan.FromMilliseconds(20);

    private readonly string _name;
    private readonly Action _atEnd;
    private readonly ManualResetEventSlim _wake = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Timer _replacement;
    private Func<bool, bool>? _work;
    private Thread? _lent;
    private int _isReplacementDue;
    private volatile bool _isEnding;

    /// <summary>Starts it.</summary>
    /// <param name="name">For debuggers.</param>
    /// <param name="atEnd">Runs on it as the last thing.</param>
    public CallThread(string name, Action atEnd)
    {
        (_name, _atEnd) = (name, atEnd);
        _replacement = new Timer(static thread => ((CallThread)thread!).ReplaceIfLent(), this, Timeout.Infinite, Timeout.Infinite);
        StartThread();
    }

    /// <summary>Completes when the last call has returned and all is cleared away.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Runs a call; cancelled when the thread has ended. The call before must have returned.</summary>
    public Task<T> Start<T>(Func<T> call)
    {
        var done = new TaskCompletionSource<T>();
        Interlocked.Exchange(ref _work, isRunning =>
        {
            if (isRunning) return Complete(done, call);
            done.SetCanceled();
            return true;
        });
        Wake();
        if (Ended.IsCompleted) Take(isRunning: false);
        return done.Task;
    }

    /// <summary>Ends it after the call that is under way, however long that takes.</summary>
    public void End()
    {
        _isEnding = true;
        Wake();
    }

    private void StartThread() => new Thread(Run) { Name = _name, IsBackground = true }.Start();

    private void Wake()
    {
        _wake.Set();
        if (Volatile.Read(ref _lent) is not null && Interlocked.Exchange(ref _isReplacementDue, 1) == 0) _replacement.Change(ReplaceAfter, Timeout.InfiniteTimeSpan);
    }

    private void ReplaceIfLent()
    {
        Volatile.Write(ref _isReplacementDue, 0);
        if (Volatile.Read(ref _lent) is not { } lent || (Volatile.Read(ref _work) is null && !_isEnding)) return;
        if (Interlocked.CompareExchange(ref _lent, null, lent) != lent) return;
        _wake.Set();
        StartThread();
    }

    private void Run()
    {
        do
        {
            _wake.Wait();
            _wake.Reset();
            if (!Take(isRunning: true)) return;
        }
        while (!_isEnding);
        // A call that was started as the end came is not left without an answer.
        if (!Take(isRunning: true)) return;
        try
        {
            _atEnd();
            _ended.SetResult();
        }
        catch (Exception e)
        {
            _ended.SetException(e);
        }
        _replacement.Dispose();
        Take(isRunning: false);
    }

    /// <returns>False when another thread has taken this one's place.</returns>
    private bool Take(bool isRunning) => Interlocked.Exchange(ref _work, null)?.Invoke(isRunning) ?? true;

    /// <summary>Runs the call, and then lends the thread to who awaits it.</summary>
    private bool Complete<T>(TaskCompletionSource<T> done, Func<T> call)
    {
        var self = Thread.CurrentThread;
        try
        {
            var result = call();
            Volatile.Write(ref _lent, self);
            done.SetResult(result);
        }
        catch (Exception e)
        {
            Volatile.Write(ref _lent, self);
            done.SetException(e);
        }
        return Interlocked.CompareExchange(ref _lent, null, self) == self;
    }
}
