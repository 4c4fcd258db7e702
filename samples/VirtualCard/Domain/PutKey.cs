using CardIssue.VirtualCard.Apdu;
using CardIssue.VirtualCard.Crypto;
using CardIssue.VirtualCard.State;

namespace CardIssue.VirtualCard.Domain;

/// <summary>PUT KEY with AES keys (GPCS 11.8, GPC Amd D 7.2): all keys of the command are taken, or none.</summary>
internal static class PutKey
{
    private const byte AddNew = 0x00, AesType = 0x88, FactoryVersion = 0xFF, Several = 0x80;

    public static Reply Execute(CardMemory card, Command command)
    {
        if ((command.P1 & 0x80) != 0 && command.P1 != FactoryVersion || (command.P2 & 0x7F) == 0) return Sw.WrongP1P2;
        ReadOnlySpan<byte> rest = command.Data;
        if (rest.IsEmpty || rest[0] is 0 or > 0x7F) return Sw.WrongData;
        var version = rest[0];
        rest = rest[1..];
        if (command.P1 != AddNew && card.State.Keys.Keys.All(k => k.Version != command.P1)) return Sw.ReferenceNotFound;
        if (version != command.P1 && card.State.Keys.Keys.Any(k => k.Version == version)) return Sw.Conditions;

        var fresh = new List<(byte Id, CardKey Key)>();
        var answer = new List<byte> { version };
        for (var id = (byte)(command.P2 & 0x7F); !rest.IsEmpty; id++)
        {
            if (Read(ref rest, card.Volatile.Channel!.KeySet.Dek, out var key) is { } fault) return fault;
            fresh.Add((id, key!));
            answer.AddRange(key!.CheckValue);
        }
        if (fresh.Count == 0 || fresh.Count > 1 && (command.P2 & Several) == 0) return Sw.WrongData;
        return Store(card, command.P1, version, fresh) ? Reply.Ok([.. answer]) : Sw.WrongData;
    }

    private static ushort? Read(ref ReadOnlySpan<byte> rest, CardKey dek, out CardKey? key)
    {
        key = null;
        if (rest.Length < 2) return Sw.WrongData;
        if (rest[0] != AesType) return Sw.NotSupported;
        rest = rest[1..];
        if (!Tlv.TryReadLv(ref rest, out var block) || !Tlv.TryReadLv(ref rest, out var checkValue)) return Sw.WrongData;
        if (block.Length < 1 || block[0] is not (16 or 24 or 32) || block.Length - 1 != (block[0] + 15) / 16 * 16) return Sw.WrongData;
        var clear = CardCrypto.DecryptCbc(dek.Span, new byte[CardCrypto.BlockLength], block.AsSpan(1));
        key = new CardKey(clear.AsSpan(0, block[0]));
        return checkValue.Length > 0 && !checkValue.AsSpan().SequenceEqual(key.CheckValue) ? Sw.Security : null;
    }

    private static bool Store(CardMemory card, byte replaced, byte version, List<(byte Id, CardKey Key)> fresh)
    {
        var keys = card.State.Keys;
        foreach (var (id, key) in fresh)
        {
            var old = new KeyReference(replaced, id);
            // The size of a key that is there can't change (GPCS 11.8.2.3); nor can a key be replaced that is not there.
            if (replaced != AddNew && (!keys.TryGetValue(old, out var present) || present.Length != key.Length)) return false;
            keys = keys.Remove(old).SetItem(new KeyReference(version, id), key);
        }
        // What the factory left goes with the first keys of the issuer's own.
        keys = keys.RemoveRange(keys.Keys.Where(k => k.Version == FactoryVersion && version != FactoryVersion));
        var isWholeSet = fresh.Count >= 3;
        card.State = card.State with
        {
            Keys = keys,
            SequenceCounters = isWholeSet ? card.State.SequenceCounters.SetItem(version, 0) : card.State.SequenceCounters,
        };
        return true;
    }
}
