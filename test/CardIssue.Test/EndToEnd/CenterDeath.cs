using System.Data.Common;
using CardIssue.Center.Storage;
using CardIssue.Test.Parts;

namespace CardIssue.Test.EndToEnd;

/// <summary>On which side of a commit a center dies.</summary>
public enum DeathMoment
{
    /// <summary>All of the commit is written, and none of it is durable.</summary>
    Before,
    /// <summary>It is durable, and nobody was told so.</summary>
    After,
}

/// <summary>
/// Ends a center at one of its commits as SIGKILL ends a process: from that moment on it writes nothing, reads nothing and says nothing. Counts the commits of
/// every engine that it wraps.
/// </summary>
internal sealed class CenterDeath
{
    private readonly Lock _turn = new();
    private TaskCompletionSource _died = NewWait();
    private Action _silence = () => { };
    private DeathMoment _moment;
    private int _left;

    /// <summary>Ends with the center's life.</summary>
    public Task Died => _died.Task;

    /// <summary>Whether it is dead, and not revived yet.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Commits since it was told when to die.</summary>
    public int Commits { get; private set; }

    /// <param name="commit">At which commit from now on, from 1.</param>
    /// <param name="moment">On which side of it.</param>
    /// <param name="silence">Cuts the center off from everybody; called in that moment.</param>
    public void ComeAt(int commit, DeathMoment moment, Action silence)
    {
        lock (_turn) (_left, _moment, _silence, _died, Commits) = (commit, moment, silence, NewWait(), 0);
    }

    /// <summary>Another process has the store.</summary>
    public void Revive()
    {
        lock (_turn) IsDead = false;
    }

    public IStoreEngine Wrap(IStoreEngine engine) => new Engine(engine, this);

    /// <summary>Stands before whatever a dead center does no more.</summary>
    /// <exception cref="StoreException">It is dead.</exception>
    public void ThrowIfDead()
    {
        lock (_turn) if (IsDead) throw Dead();
    }

    private static TaskCompletionSource NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static StoreException Dead() => new(StoreFault.Broken, "This center was killed.");

    private void Pass(DeathMoment moment)
    {
        lock (_turn)
        {
            if (moment is DeathMoment.Before)
            {
                _left--;
                Commits++;
            }
            if (_left != 0 || moment != _moment) return;
            IsDead = true;
            _silence();
            _died.SetResult();
            throw Dead();
        }
    }

    private sealed class Engine(IStoreEngine inner, CenterDeath death) : EngineInFront(inner)
    {
        public override T Write<T>(Func<DbConnection, T> work, Func<DbConnection, bool>? isSaved = null)
        {
            death.ThrowIfDead();
            var result = base.Write(connection =>
            {
                var done = work(connection);
                death.Pass(DeathMoment.Before);
                return done;
            });
            death.Pass(DeathMoment.After);
            return result;
        }

        public override T Read<T>(Func<DbConnection, T> work)
        {
            death.ThrowIfDead();
            return base.Read(work);
        }

        public override T Look<T>(Func<DbConnection, T> work)
        {
            death.ThrowIfDead();
            return base.Look(work);
        }

        public override void WriteInPassing(Action<DbConnection> work)
        {
            death.ThrowIfDead();
            base.WriteInPassing(work);
        }

        public override void Serve(string host)
        {
            death.ThrowIfDead();
            base.Serve(host);
        }

        public override void Compact()
        {
            death.ThrowIfDead();
            base.Compact();
        }

        public override void CopyTo(string path, CancellationToken cancellation)
        {
            death.ThrowIfDead();
            base.CopyTo(path, cancellation);
        }
    }
}
