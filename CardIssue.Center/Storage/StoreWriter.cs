using System.Diagnostics;
using System.Threading.Channels;

namespace CardIssue.Center.Storage;

/// <summary>
/// All that is written into the store goes through here, in its order. What waits while a commit is under way shares the next one: as many
/// sessions as there are wait for one flush of the disk, not for one each.
/// </summary>
internal sealed class StoreWriter : IAsyncDisposable
{
    private readonly IStoreEngine _engine;
    private readonly Action<IReadOnlyList<Pending>> _commit;
    private readonly Channel<Pending> _queue;
    private readonly int _maxBatch;
    private readonly Task _writing;

    /// <param name="engine">Where to.</param>
    /// <param name="maxWaiting">How many may wait; further ones are refused.</param>
    /// <param name="maxBatch">How many share a commit at most.</param>
    /// <param name="commit">Runs all of them in one durable commit; what failed by itself is not in it.</param>
    public StoreWriter(IStoreEngine engine, int maxWaiting, int maxBatch, Action<IReadOnlyList<Pending>> commit)
    {
        (_engine, _maxBatch, _commit) = (engine, maxBatch, commit);
        _queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(maxWaiting) { SingleReader = true });
        // The engine blocks in fsync: away from the callers' threads, which may serve a line.
        _writing = Task.Factory.StartNew(WriteAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>Queues work; the task ends when it is durable.</summary>
    /// <param name="work">Runs in a transaction, alone; an exception in it undoes all that it did, and nothing else.</param>
    /// <param name="cancellation">Takes it back while it waits.</param>
    /// <exception cref="StoreException">It could not be saved; nothing of it is.</exception>
    public async Task<T> WriteAsync<T>(Func<StoreTransaction, T> work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var pending = new Pending<T>(work, cancellation);
        if (!_queue.Writer.TryWrite(pending))
        {
            ObjectDisposedException.ThrowIf(_queue.Reader.Completion.IsCompleted, this);
            throw new StoreException(StoreFault.Busy, $"{_engine.Place}: too many calls wait for it already; the disk is too slow for this load.");
        }
        return await pending.Durable.ConfigureAwait(false);
    }

    /// <summary>Does something with the engine outside of any commit.</summary>
    public Task BetweenAsync(Action<IStoreEngine> act, CancellationToken cancellation)
    {
        var pending = new Between(() => act(_engine), cancellation);
        return _queue.Writer.TryWrite(pending) ? pending.Durable : throw new StoreException(StoreFault.Busy, $"{_engine.Place}: too many calls wait for it already.");
    }

    /// <summary>Writes what is queued, then closes the engine.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
        _engine.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new List<Pending>(_maxBatch);
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < _maxBatch && _queue.Reader.TryPeek(out var next) && (batch.Count == 0 || (next.Shares && batch[0].Shares)))
            {
                _queue.Reader.TryRead(out _);
                if (!next.TryCancel()) batch.Add(next);
                if (!next.Shares) break;
            }
            if (batch.Count > 0) Commit(batch);
            batch.Clear();
        }
    }

    private void Commit(List<Pending> batch)
    {
        try
        {
            if (batch[0] is Between between) between.Run();
            else _commit(batch);
            foreach (var pending in batch) pending.Succeed();
        }
        catch (Exception error)
        {
            // Not swallowed: each caller gets it, and the writer lives on for the time after (a disk with room again).
            foreach (var pending in batch) pending.Fail(error);
        }
    }

    /// <summary>What waits to be written.</summary>
    internal abstract class Pending(CancellationToken cancellation)
    {
        /// <summary>The span of who waits for it, if any.</summary>
        public ActivityContext Asked { get; } = Activity.Current?.Context ?? default;

        /// <summary>Whether others may be in its commit.</summary>
        public virtual bool Shares => true;

        /// <summary>Why it failed by itself; the others of its commit do not.</summary>
        protected Exception? Failure { get; set; }

        public bool HasFailed => Failure is not null;

        /// <summary>Carries it out; keeps what it threw.</summary>
        public abstract void Run(StoreTransaction store, bool shared, Func<Exception, bool> endsAll);

        public abstract void Succeed();

        public abstract void Fail(Exception error);

        public bool TryCancel()
        {
            if (!cancellation.IsCancellationRequested) return false;
            Fail(new OperationCanceledException(cancellation));
            return true;
        }
    }

    private sealed class Pending<T>(Func<StoreTransaction, T> work, CancellationToken cancellation) : Pending(cancellation)
    {
        private readonly TaskCompletionSource<T> _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Durable => _durable.Task;

        public override void Run(StoreTransaction store, bool shared, Func<Exception, bool> endsAll)
        {
            try
            {
                _result = shared ? store.Part(work, endsAll) : store.Whole(work);
            }
            catch (Exception error) when (!endsAll(error))
            {
                // Its own fault, which its caller gets. A fault of the store is everybody's: it ends the whole commit.
                Failure = error;
            }
        }

        public override void Succeed()
        {
            if (Failure is { } failure) _durable.TrySetException(failure);
            else _durable.TrySetResult(_result!);
        }

        public override void Fail(Exception error)
        {
            if ((Failure ?? error) is OperationCanceledException cancelled) _durable.TrySetCanceled(cancelled.CancellationToken);
            else _durable.TrySetException(Failure ?? error);
        }
    }

    private sealed class Between(Action act, CancellationToken cancellation) : Pending(cancellation)
    {
        private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool Shares => false;

        public Task Durable => _durable.Task;

        public void Run() => act();

        public override void Run(StoreTransaction store, bool shared, Func<Exception, bool> endsAll) => throw new InvalidOperationException("No part of a commit.");

        public override void Succeed() => _durable.TrySetResult();

        public override void Fail(Exception error) => _durable.TrySetException(error);
    }
}
