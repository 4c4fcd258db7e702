namespace CardIssue.Reader;

/// <summary>A thread of its own for calls that block, one at a time. It never keeps a process alive.</summary>
internal sealed class CallThread
{
    private readonly Action _atEnd;
    private readonly ManualResetEventSlim _wake = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<bool>? _work;
    private volatile bool _isEnding;

    /// <summary>Starts it.</summary>
    /// <param name="name">For debuggers.</param>
    /// <param name="atEnd">Runs on it as the last thing.</param>
    public CallThread(string name, Action atEnd)
    {
        _atEnd = atEnd;
        new Thread(Run) { Name = name, IsBackground = true }.Start();
    }

    /// <summary>Completes when the last call has returned and all is cleared away.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Runs a call; cancelled when the thread has ended. The call before must have returned.</summary>
    public Task<T> Start<T>(Func<T> call)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _work, isRunning =>
        {
            if (!isRunning) done.SetCanceled();
            else Complete(done, call);
        });
        _wake.Set();
        if (Ended.IsCompleted) Take(isRunning: false);
        return done.Task;
    }

    /// <summary>Ends it after the call that is under way, however long that takes.</summary>
    public void End()
    {
        _isEnding = true;
        _wake.Set();
    }

    private void Run()
    {
        try
        {
            do
            {
                _wake.Wait();
                _wake.Reset();
                Take(isRunning: true);
            }
            while (!_isEnding);
            // A call that was started as the end came is not left without an answer.
            Take(isRunning: true);
            _atEnd();
            _ended.SetResult();
        }
        catch (Exception e)
        {
            _ended.SetException(e);
        }
        Take(isRunning: false);
    }

    private void Take(bool isRunning) => Interlocked.Exchange(ref _work, null)?.Invoke(isRunning);

    private static void Complete<T>(TaskCompletionSource<T> done, Func<T> call)
    {
        try { done.SetResult(call()); }
        catch (Exception e) { done.SetException(e); }
    }
}
