using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Channel;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>PUT KEY with AES and triple DES keys (GPCS 11.8, GPC Amd D 7.2): all keys of the command are taken, or none.</summary>
internal static class PutKey
{
    private const byte AddNew = 0x00, Several = 0x80, LastIdentifier = 0x7F, LastVersion = 0x7F;
    private const int CheckValueLength = 3;

    public static Reply Execute(CardMemory card, Command command)
    {
        ReadOnlySpan<byte> rest = command.Data;
        if (rest.IsEmpty || rest[0] is 0 or > LastVersion) return Sw.WrongData;
        var version = rest[0];
        rest = rest[1..];
        if (command.P1 != AddNew && card.State.KeysOf(card.SelectedDomain!.Value).Keys.Keys.All(k => k.Version != command.P1))
            return Sw.ReferenceNotFound;

        var fresh = new List<(byte Id, CardKey Key)>();
        var answer = new List<byte> { version };
        for (var id = command.P2 & LastIdentifier; !rest.IsEmpty; id++)
        {
            if (id > LastIdentifier) return Sw.WrongData;
            if (Read(ref rest, card.Volatile.Channel!, out var key, out var checkValue) is { } fault) return fault;
            fresh.Add(((byte)id, key!));
            answer.AddRange(card.State.MisstatesCheckValues ? checkValue.Select(b => (byte)~b) : checkValue);
        }
        if (fresh.Count == 0 || fresh.Count > 1 && (command.P2 & Several) == 0) return Sw.WrongData;
        return Store(card, command.P1, version, fresh) is { } refusal ? refusal : Reply.Ok([.. answer]);
    }

    /// <param name="checkValue">As it came: empty, or the key's, which the answer repeats (11.8.3.1).</param>
    private static ushort? Read(ref ReadOnlySpan<byte> rest, SecureChannel channel, out CardKey? key, out byte[] checkValue)
    {
        (key, checkValue) = (null, []);
        var type = (CardKeyType)rest[0];
        if (!Enum.IsDefined(type)) return Sw.NotSupported;
        rest = rest[1..];
        if (!Tlv.TryReadLv(ref rest, out var block) || !Tlv.TryReadLv(ref rest, out checkValue)) return Sw.WrongData;
        key = Open(block, type, channel);
        if (key is null || checkValue.Length is not (0 or CheckValueLength)) return Sw.WrongData;
        return checkValue.Length > 0 && !checkValue.AsSpan().SequenceEqual(key.CheckValue) ? Sw.Security : null;
    }

    /// <summary>
    /// Takes a key out of its block (11.8.2.3.2): the encrypted key alone where it fills whole blocks (table 11-71), or behind its own length
    /// (table 11-70).
    /// </summary>
    private static CardKey? Open(ReadOnlySpan<byte> block, CardKeyType type, SecureChannel channel)
    {
        var (length, size) = (block.Length, channel.SecretBlock);
        if (length % size != 0 && !Tlv.TryReadLength(ref block, out length)) return null;
        var blocks = (length + size - 1) / size;
        if (!CardKey.IsLength(type, length) || block.Length != blocks * size) return null;
        return new CardKey(channel.DecryptSecret(block).AsSpan(0, length), type);
    }

    private static ushort? Store(CardMemory card, byte replaced, byte version, List<(byte Id, CardKey Key)> fresh)
    {
        var domain = card.SelectedDomain!.Value;
        var keys = card.State.KeysOf(domain).Keys;
        foreach (var (id, key) in fresh)
        {
            if (replaced != AddNew)
            {
                var old = new KeyReference(replaced, id);
                if (!keys.TryGetValue(old, out var present)) return Sw.ReferenceNotFound;
                // Type and size of a key that is there can't change (11.8.2.3).
                if (present.Type != key.Type || present.Length != key.Length) return Sw.WrongData;
                keys = keys.Remove(old);
            }
            // A key is replaced by its own version alone, and added only where there is none.
            if (keys.ContainsKey(new KeyReference(version, id))) return Sw.WrongData;
            keys = keys.Add(new KeyReference(version, id), key);
        }
        return KeptKeys.Keep(card, domain, keys, [.. fresh.Select(key => new KeyReference(version, key.Id))]);
    }
}
