using System.Collections.Immutable;

namespace CardIssue.Testing.Cards.State;

/// <summary>The keys of one security domain, and what is counted for them.</summary>
/// <param name="Keys">By version and identifier.</param>
/// <param name="SequenceCounters">See <see cref="CardState.SequenceCounters"/>.</param>
/// <param name="FailedAuthentications">How many EXTERNAL AUTHENTICATEs in a row were wrong.</param>
internal sealed record DomainKeys(
    ImmutableSortedDictionary<KeyReference, CardKey> Keys, ImmutableSortedDictionary<byte, int> SequenceCounters, int FailedAuthentications = 0)
{
    /// <summary>No keys, as a supplementary domain has when it is installed.</summary>
    public static DomainKeys None { get; } =
        new(ImmutableSortedDictionary<KeyReference, CardKey>.Empty, ImmutableSortedDictionary<byte, int>.Empty);

    /// <summary>
    /// The set of that version: keys 1, 2 and 3, of one size, AES for SCP03 and two-key triple DES for SCP02; version 0 is the first such set.
    /// Null when there is none.
    /// </summary>
    public CardKeySet? Set(byte version, byte scp)
    {
        foreach (var v in Keys.Keys.Select(k => k.Version).Distinct().Where(v => version == 0 || v == version))
            if (Keys.TryGetValue(new(v, 1), out var enc) && Keys.TryGetValue(new(v, 2), out var mac) && Keys.TryGetValue(new(v, 3), out var dek)
                && enc.Length == mac.Length && mac.Length == dek.Length && new[] { enc, mac, dek }.All(key => IsOfChannel(key, scp)))
                return new CardKeySet(v, enc, mac, dek);
        return null;
    }

    /// <summary>The same with other keys: a set that is none any more is not counted for.</summary>
    /// <param name="keys">All that it has then.</param>
    /// <param name="scp">The protocol of its channels.</param>
    /// <param name="isNew">Whether a set of a version, which is one now, counts from 0.</param>
    public DomainKeys With(ImmutableSortedDictionary<KeyReference, CardKey> keys, byte scp, Func<byte, bool>? isNew = null)
    {
        var after = this with { Keys = keys };
        var counters = SequenceCounters.RemoveRange(SequenceCounters.Keys.Where(version => after.Set(version, scp) is null));
        foreach (var version in keys.Keys.Select(key => key.Version).Distinct())
            if (isNew?.Invoke(version) == true && after.Set(version, scp) is not null) counters = counters.SetItem(version, 0);
        return after with { SequenceCounters = counters };
    }

    private static bool IsOfChannel(CardKey key, byte scp) =>
        scp == CardState.Scp02 ? key.Type != CardKeyType.Aes && key.Length == 16 : key.Type == CardKeyType.Aes;
}
