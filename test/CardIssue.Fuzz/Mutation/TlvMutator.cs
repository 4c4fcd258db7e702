namespace CardIssue.Fuzz.Mutation;

/// <summary>BER-TLV: objects are dropped, doubled, swapped, wrapped, padded, and given other tags and lengths that lie.</summary>
/// <param name="prefix">How many bytes before the first object, such as a command's head, are left as they are.</param>
internal sealed class TlvMutator(int prefix = 0) : Mutator
{
    private static readonly byte[][] Tags =
        [[0x70], [0x6F], [0xE3], [0x4F], [0x84], [0x9F, 0x70], [0xC5], [0xC0], [0x5A], [0x57], [0x94], [0x73], [0x06], [0xFF, 0x21],
            [0x9F, 0x7F], [0x53], [0x7C], [0x7F, 0x49]];

    protected override byte[] ChangeOnce(byte[] input, IReadOnlyList<byte[]> others, Random random)
    {
        var head = input[..Math.Min(prefix, input.Length)];
        return [.. head, .. Changed(input[head.Length..], random, 0)];
    }

    private static byte[] Changed(byte[] list, Random random, int depth)
    {
        var objects = Split(list);
        if (objects.Count == 0) return [.. list, .. Coded(Tags[random.Next(Tags.Length)], [], random)];
        var at = random.Next(objects.Count);
        var (tag, value) = objects[at];
        List<byte[]> coded = [.. objects.Select(o => Coded(o.Tag, o.Value, null))];
        switch (random.Next(8))
        {
            case 0: coded.RemoveAt(at); break;
            case 1: coded.InsertRange(at, Enumerable.Repeat(coded[at], random.Next(6) == 0 ? Math.Min(2_500, 50_000 / coded[at].Length)
                : 1)); break;
            case 2: coded.Reverse(); break;
            case 3: coded[at] = Coded(Tags[random.Next(Tags.Length)], value, null); break;
            case 4: coded[at] = Coded(tag, value, random); break;
            case 5: coded[at] = Coded(Tags[random.Next(Tags.Length)], coded[at], null); break;
            case 6: coded.Insert(at, [.. Enumerable.Repeat((byte)(random.Next(2) * 0xFF), random.Next(1, 4))]); break;
            default: coded[at] = Coded(tag, depth < 4 ? Changed(value, random, depth + 1) : value, null); break;
        }
        return [.. coded.SelectMany(c => c)];
    }

    /// <summary>The objects as far as they can be told; the rest is dropped.</summary>
    private static List<(byte[] Tag, byte[] Value)> Split(byte[] bytes)
    {
        var objects = new List<(byte[], byte[])>();
        for (var at = 0; at + 1 < bytes.Length;)
        {
            var tag = (bytes[at] & 0x1F) != 0x1F ? 1 : (bytes[at + 1] & 0x80) == 0 ? 2 : 3;
            if (at + tag >= bytes.Length) break;
            int length = bytes[at + tag];
            var more = length < 0x80 ? 0 : length & 3;
            var start = at + tag + 1 + more;
            if (start > bytes.Length) break;
            if (more > 0) length = bytes[(at + tag + 1)..start].Aggregate(0, (sum, b) => (sum << 8) | b);
            if (length > bytes.Length - start) break;
            objects.Add((bytes[at..(at + tag)], bytes[start..(start + length)]));
            at = start + length;
        }
        return objects;
    }

    /// <summary>An object; its length lies, or is longer than it need be, where there is chance.</summary>
    private static byte[] Coded(byte[] tag, byte[] value, Random? random)
    {
        var length = random is null || random.Next(2) == 0 ? value.Length : random.Next(4) switch
        {
            0 => value.Length + 1,
            1 => Math.Max(0, value.Length - 1),
            2 => 0xFFFFFF,
            _ => random.Next(0x1_0000),
        };
        byte[] coded = (random?.Next(4) ?? (length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3)) switch
        {
            0 => [(byte)length],
            1 => [0x81, (byte)length],
            2 => [0x82, (byte)(length >> 8), (byte)length],
            _ => [0x83, (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        };
        return [.. tag, .. coded, .. value];
    }
}
