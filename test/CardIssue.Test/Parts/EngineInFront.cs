using System.Data.Common;
using CardIssue.Center.Storage;

namespace CardIssue.Test.Parts;

/// <summary>A store's engine in front of another one, to which it hands everything on; what a test wants otherwise it does otherwise.</summary>
internal abstract class EngineInFront(IStoreEngine inner) : IStoreEngine
{
    public string Place => inner.Place;

    public long Commits => inner.Commits;

    public bool TakesHosts => inner.TakesHosts;

    public virtual T Write<T>(Func<DbConnection, T> work, Func<DbConnection, bool>? isSaved = null) => inner.Write(work, isSaved);

    public virtual void WriteInPassing(Action<DbConnection> work) => inner.WriteInPassing(work);

    public virtual T Read<T>(Func<DbConnection, T> work) => inner.Read(work);

    public virtual T Look<T>(Func<DbConnection, T> work) => inner.Look(work);

    public virtual void Serve(string host) => inner.Serve(host);

    public IReadOnlyList<string> Serving(IReadOnlyList<string> hosts) => inner.Serving(hosts);

    public virtual void Compact() => inner.Compact();

    public virtual void CopyTo(string path, CancellationToken cancellation) => inner.CopyTo(path, cancellation);

    public bool EndsTransaction(Exception error) => inner.EndsTransaction(error);

    public virtual void Dispose() => inner.Dispose();
}
