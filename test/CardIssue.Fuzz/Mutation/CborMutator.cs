namespace CardIssue.Fuzz.Mutation;

/// <summary>CBOR (RFC 8949): heads are changed in type, size and count, items replaced, dropped and doubled.</summary>
internal sealed class CborMutator : Mutator
{
    private static readonly byte[][] Items =
    [
        [0x00], [0x17], [0x18, 0x18], [0x18, 0x00], [0x19, 0xFF, 0xFF], [0x1A, 0x3F, 0xFF, 0xFF, 0xFF], [0x1A, 0x40, 0, 0, 0], [0x1A,
            0x7F, 0xFF, 0xFF, 0xFF], [0x1A, 0x80, 0, 0, 0],
        [0x1B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x20], [0x40],
            [0x41, 0x00], [0x60], [0x61, 0x0A], [0x62, 0xC3, 0xBC], [0x80],
        [0x9F], [0xA0], [0xBF], [0xF4], [0xF5], [0xF6], [0xFB, 0, 0, 0, 0, 0, 0, 0, 0], [0xFF], [0xC0], [0x5F], [0x7F], [0x5A, 0xFF, 0xFF,
            0xFF, 0xFF], [0x9A, 0xFF, 0xFF, 0xFF, 0xFF], [0xBB, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x7A, 0x7F, 0xFF, 0xFF, 0xFF],
    ];

    protected override byte[] ChangeOnce(byte[] input, IReadOnlyList<byte[]> others, Random random)
    {
        var heads = Heads(input);
        if (heads.Count == 0) return Items[random.Next(Items.Length)];
        var (start, head, end) = heads[random.Next(heads.Count)];
        switch (random.Next(6))
        {
            case 0: return [.. input[..start], .. Items[random.Next(Items.Length)], .. input[end..]];
            case 1: return [.. input[..start], .. input[end..]];
            case 2: return [.. input[..end], .. input[start..end], .. input[end..]];
            case 3: return [.. input[..start], (byte)(input[start] + random.Next(-2, 3)), .. input[(start + 1)..]];
            case 4: return [.. input[..head], .. Noise(end - head, random), .. input[end..]];
            default:
                // Another length of a string, with as many bytes.
                var length = random.Next(6) == 0 ? random.Next(70_000) : random.Next(300);
                byte[] count = [(byte)(input[start] & 0xE0 | 0x19), (byte)(length >> 8), (byte)length];
                return [.. input[..start], .. length < 24 ? [(byte)(input[start] & 0xE0 | length)] : length < 256
                    ? [(byte)(input[start] & 0xE0 | 0x18), (byte)length] : count, .. Noise(length, random), .. input[end..]];
        }
    }

    /// <summary>Where each item's head begins, where it ends, and where the item ends: for a string behind its bytes, else at its head's
    /// end.</summary>
    private static List<(int Start, int Head, int End)> Heads(byte[] bytes)
    {
        var heads = new List<(int, int, int)>();
        for (var at = 0; at < bytes.Length;)
        {
            var more = (bytes[at] & 0x1F) switch { 0x18 => 1, 0x19 => 2, 0x1A => 4, 0x1B => 8, _ => 0 };
            var head = Math.Min(bytes.Length, at + 1 + more);
            var value = more == 0 ? bytes[at] & 0x1F : bytes[(at + 1)..head].Aggregate(0L, (sum, b) => (sum << 8) | b);
            var end = (bytes[at] >> 5) is 2 or 3 && value >= 0 && value <= bytes.Length - head ? head + (int)value : head;
            heads.Add((at, head, end));
            at = end;
        }
        return heads;
    }
}
