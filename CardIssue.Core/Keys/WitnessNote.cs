using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// How far a center was when it told a terminal: a terminal that remembers it is a witness. A center that knows less later was put back.
/// Nothing of
/// any card, order or customer is in it. It counts only with the center's signature.
/// </summary>
/// <param name="Center">The center.</param>
/// <param name="Store">Names the center's store, <see cref="StoreIdLength"/> bytes; a store that is made anew has another.</param>
/// <param name="Generation">Which of the store's commits was the last one, counted from 1; 0 when there was none. The log is in the same
/// commits.</param>
/// <param name="Chain">Whose chain of the log: the host instance's name.</param>
/// <param name="Sequence">The last entry of that chain, from 1; 0 when it had none.</param>
/// <param name="Head">That entry's hash, <see cref="HeadLength"/> bytes; what stands before the first entry when there was none.</param>
public sealed record WitnessNote(CenterId Center, ByteString Store, long Generation, string Chain, long Sequence, ByteString Head)
{
    /// <summary>Length of a store's name in bytes.</summary>
    public const int StoreIdLength = 16;

    /// <summary>Length of an entry's hash in bytes: SHA-256.</summary>
    public const int HeadLength = 32;

    /// <summary>
    /// Whether a center that told one of the notes cannot, unchanged, have told the other: it was put back between, or told two stories.
    /// </summary>
    /// <param name="other">A note of the same center.</param>
    public bool Contradicts(WitnessNote other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Store != other.Store) return true;
        if (Chain != other.Chain) return false;
        if (Generation == other.Generation) return (Sequence, Head) != (other.Sequence, other.Head);
        var (older, newer) = Generation < other.Generation ? (this, other) : (other, this);
        return older.Sequence > newer.Sequence || (older.Sequence == newer.Sequence && older.Head != newer.Head);
    }

    internal string? Fault() =>
        Store.Length != StoreIdLength ? $"a store's name has {StoreIdLength} bytes"
        : Head.Length != HeadLength ? $"a hash has {HeadLength} bytes"
        : Generation < 0 || Sequence < 0 ? "generations and entries count from 1; 0 is none"
        : !NameRule.Accepts(Chain) ? "a chain has a name"
        : null;
}

/// <summary>A note whose signature was verified as its center's. No other can be made.</summary>
public sealed class VerifiedWitnessNote
{
    internal VerifiedWitnessNote(WitnessNote note, ByteString bytes) => (Note, Bytes) = (note, bytes);

    /// <summary>What it says.</summary>
    public WitnessNote Note { get; }

    /// <summary>The note as it travels and is kept, signed, at most 512 bytes.</summary>
    public ByteString Bytes { get; }
}
