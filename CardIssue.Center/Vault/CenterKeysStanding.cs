using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>Which of the center's sets of keys count, for all hosts.</summary>
/// <param name="Told">The set that terminals are told of, and may come with; null where there never was one but that which the center was made with.</param>
/// <param name="Alone">The set that alone counts since the end of those before; null before there was one.</param>
/// <param name="LastCheckpoint">Up to which checkpoint of the log the keys before <paramref name="Alone"/> are believed.</param>
/// <param name="LastGeneration">Up to which commit of the store they are believed in terminals' notes.</param>
public sealed record CenterKeysStanding(NamedKeys? Told, NamedKeys? Alone, long LastCheckpoint, long LastGeneration)
{
    /// <summary>Of a center that has the keys that it was made with.</summary>
    public static readonly CenterKeysStanding AsMade = new(null, null, 0, 0);
}

/// <summary>A set of the center's keys, as hosts know it by. By its hash, too: two vaults may each have made one of the same number.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Sha256"><see cref="CenterKeys.Sha256"/>.</param>
public sealed record NamedKeys(int Number, ByteString Sha256);
