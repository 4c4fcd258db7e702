namespace CardIssue.Testing.Cards.Apdu;

/// <summary>BER-TLV as GlobalPlatform and EMV use it: tags of 1 to 3 bytes, lengths below 65,536.</summary>
internal static class Tlv
{
    public static byte[] Make(int tag, params ReadOnlySpan<byte> value) => [.. TagBytes(tag), .. LengthBytes(value.Length), .. value];

    /// <summary>Length and value, as the fields of INSTALL have it.</summary>
    public static byte[] Lv(ReadOnlySpan<byte> value) => [.. LengthBytes(value.Length), .. value];

    /// <summary>Takes one object off the front; false when it is malformed.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, out int tag, out byte[] value)
    {
        value = [];
        return TryReadTag(ref bytes, out tag) && TryReadLv(ref bytes, out value);
    }

    /// <summary>Reads all objects; null when one is malformed.</summary>
    public static List<(int Tag, byte[] Value)>? ReadAll(ReadOnlySpan<byte> bytes)
    {
        var all = new List<(int, byte[])>();
        while (!bytes.IsEmpty)
        {
            if (!TryRead(ref bytes, out var tag, out var value)) return null;
            all.Add((tag, value));
        }
        return all;
    }

    public static bool TryReadLv(ref ReadOnlySpan<byte> bytes, out byte[] value)
    {
        value = [];
        if (!TryReadLength(ref bytes, out var length) || bytes.Length < length) return false;
        value = bytes[..length].ToArray();
        bytes = bytes[length..];
        return true;
    }

    public static bool TryReadTag(ref ReadOnlySpan<byte> bytes, out int tag)
    {
        tag = 0;
        if (bytes.IsEmpty) return false;
        var size = (bytes[0] & 0x1F) != 0x1F ? 1 : bytes.Length > 1 && (bytes[1] & 0x80) == 0 ? 2 : 3;
        if (bytes.Length < size) return false;
        foreach (var b in bytes[..size]) tag = tag << 8 | b;
        bytes = bytes[size..];
        return true;
    }

    public static bool TryReadLength(ref ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.IsEmpty) return false;
        var first = bytes[0];
        // GPCS 11.1.5 lets 128 appear as the single byte 80 too; 80 as BER's indefinite form has no place on a card.
        var more = first <= 0x80 ? 0 : first - 0x80;
        if (more > 2 || bytes.Length < 1 + more) return false;
        length = more == 0 ? first : 0;
        for (var i = 1; i <= more; i++) length = length << 8 | bytes[i];
        bytes = bytes[(1 + more)..];
        return true;
    }

    private static byte[] TagBytes(int tag) => tag > 0xFFFF
        ? [(byte)(tag >> 16), (byte)(tag >> 8), (byte)tag]
        : tag > 0xFF ? [(byte)(tag >> 8), (byte)tag] : [(byte)tag];

    public static byte[] LengthBytes(int length) => length < 0x80
        ? [(byte)length]
        : length < 0x100 ? [0x81, (byte)length] : [0x82, (byte)(length >> 8), (byte)length];
}
