using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Channel;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>
/// Keys that come by STORE DATA (GPCS 11.11.4.1): DGI 00B9 describes them, and DGI 8113 follows at once for each, under the DEK of the channel
/// that the command came in.
/// </summary>
internal static class KeyGroupings
{
    public const ushort Descriptions = 0x00B9, SecretKey = 0x8113;

    private const int Template = 0xB9, Usage = 0x95, Access = 0x96, Type = 0x80, Length = 0x81, Identifier = 0x82, Version = 0x83,
        CheckValue = 0x84;
    private const byte LastVersion = 0x7F;

    /// <summary>What the groupings of one command bring; null for the fault where they are not what the standard says.</summary>
    public static ushort? Store(CardMemory card, ByteString domain, IReadOnlyList<Grouping> groupings)
    {
        var keys = card.State.KeysOf(domain).Keys;
        var fresh = new List<KeyReference>();
        for (var at = 0; at < groupings.Count;)
        {
            if (groupings[at].Dgi != Descriptions || Read(groupings[at].Value) is not { Count: > 0 } described) return Sw.WrongData;
            if (groupings.Count - ++at < described.Count) return Sw.WrongData;
            foreach (var one in described)
            {
                var grouping = groupings[at++];
                if (grouping.Dgi != SecretKey || Open(one, grouping.Value, card.Volatile.Channel!) is not { } key) return Sw.WrongData;
                if (!key.CheckValue.AsSpan().SequenceEqual(one.CheckValue)) return Sw.Security;
                // Type and size of a key that is there can't change (11.8.2.3).
                if (keys.TryGetValue(one.Place, out var present) && (present.Type != key.Type || present.Length != key.Length))
                    return Sw.WrongData;
                keys = keys.SetItem(one.Place, key);
                fresh.Add(one.Place);
            }
        }
        return KeptKeys.Keep(card, domain, keys, fresh);
    }

    /// <summary>Table 11-92: usage, type, length, identifier, version and check value are there, access may be.</summary>
    private static List<Description>? Read(ReadOnlySpan<byte> data)
    {
        if (Tlv.ReadAll(data) is not { } templates) return null;
        var described = new List<Description>();
        foreach (var (tag, template) in templates)
        {
            if (tag != Template || Tlv.ReadAll(template) is not { } fields) return null;
            if (fields.Any(field => field.Tag is not (Usage or Access or Type or Length or Identifier or Version or CheckValue))) return null;
            byte[]? Of(int wanted) => fields.Find(field => field.Tag == wanted).Value;
            if (Of(Usage) is not { Length: 1 or 2 } || Of(Access) is not (null or { Length: 1 }) || Of(CheckValue) is not { Length: 3 } check
                || Of(Type) is not [var type] || Of(Length) is not { Length: 1 or 2 } length
                || Of(Identifier) is not [var id] || Of(Version) is not [var version] || version is 0 or > LastVersion) return null;
            described.Add(new Description(new KeyReference(version, id), (CardKeyType)type, length.Aggregate(0, (sum, b) => sum << 8 | b), check));
        }
        return described;
    }

    private static CardKey? Open(Description described, byte[] value, SecureChannel channel)
    {
        var block = channel.SecretBlock;
        var isKey = Enum.IsDefined(described.Type) && CardKey.IsLength(described.Type, described.Length)
            && value.Length == (described.Length + block - 1) / block * block;
        return isKey ? new CardKey(channel.DecryptSecret(value).AsSpan(0, described.Length), described.Type) : null;
    }

    private sealed record Description(KeyReference Place, CardKeyType Type, int Length, byte[] CheckValue);
}
