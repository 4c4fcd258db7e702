using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>What the store leaves to those who know what is kept in it, and who stand above it.</summary>
internal interface IStoreGuard
{
    /// <summary>The store was put back to an older copy of itself: what may have changed since goes no further until people have settled it.</summary>
    /// <param name="store">The transaction that nothing else is in.</param>
    /// <param name="by">Who found it, for people.</param>
    /// <param name="told">The generation that was told, of the store of this id; 0 when none was.</param>
    /// <param name="storeId">The store that it was told of.</param>
    /// <param name="knownUntil">When the last change was saved that the store has; null where all of them are known.</param>
    void PutBack(StoreTransaction store, string by, long told, ByteString storeId, DateTimeOffset? knownUntil);

    /// <summary>Whether an exported checkpoint, whose signature was verified, tells of what is not there.</summary>
    bool IsBehind(StoreView store, LogCheckpoint checkpoint);

    /// <summary>Whether nothing is wrong with the log, every MAC included, nor with what it says of what is kept.</summary>
    bool IsWhole(StoreView store, ILogKeys keys);
}
