using System.Buffers.Binary;

namespace CardIssue.Fuzz.Mutation;

/// <summary>
/// Several pieces in one input, each led by its length in two bytes: frames, answers, or strikes. Pieces are dropped, doubled, swapped and
/// taken from others; what is in one is
/// changed as <paramref name="within"/> does.
/// </summary>
internal sealed class ChunkMutator(Mutator within) : Mutator
{
    protected override byte[] ChangeOnce(byte[] input, IReadOnlyList<byte[]> others, Random random)
    {
        var chunks = Split(input);
        if (chunks.Count == 0) return Join(Noise(random.Next(1, 16), random));
        var at = random.Next(chunks.Count);
        switch (random.Next(6))
        {
            case 0: chunks.RemoveAt(at); break;
            case 1: chunks.Insert(at, chunks[random.Next(chunks.Count)]); break;
            case 2:
                var other = random.Next(chunks.Count);
                (chunks[at], chunks[other]) = (chunks[other], chunks[at]);
                break;
            case 3:
                var foreign = Split(others[random.Next(others.Count)]);
                if (foreign.Count > 0) chunks.Insert(at, foreign[random.Next(foreign.Count)]);
                break;
            default: chunks[at] = within.Change(chunks[at], [chunks[random.Next(chunks.Count)]], random); break;
        }
        return Join([.. chunks]);
    }

    /// <summary>The pieces; a last one that is cut short has what is there.</summary>
    public static List<byte[]> Split(byte[] input)
    {
        var chunks = new List<byte[]>();
        for (var at = 0; at + 2 <= input.Length;)
        {
            var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(at)), input.Length - at - 2);
            chunks.Add(input[(at + 2)..(at + 2 + length)]);
            at += 2 + length;
        }
        return chunks;
    }

    /// <summary>Pieces as one input; one that is longer than its length can say is cut.</summary>
    public static byte[] Join(params ReadOnlySpan<byte[]> chunks)
    {
        var joined = new List<byte>();
        foreach (var chunk in chunks)
        {
            var length = Math.Min(chunk.Length, ushort.MaxValue);
            joined.AddRange([(byte)(length >> 8), (byte)length, .. chunk.AsSpan(0, length)]);
        }
        return [.. joined];
    }
}
