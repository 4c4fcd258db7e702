namespace CardIssue.Fuzz.Mutation;

/// <summary>Changes inputs: by what they are made of, or as mere bytes.</summary>
internal abstract class Mutator
{
    /// <summary>The most changes to one input.</summary>
    private const int MaxChanges = 4;

    /// <summary>A changed input.</summary>
    /// <param name="input">The input.</param>
    /// <param name="others">Others, whose parts may be taken.</param>
    /// <param name="random">Where chance comes from.</param>
    public byte[] Change(byte[] input, IReadOnlyList<byte[]> others, Random random)
    {
        var changed = input;
        for (var left = random.Next(1, MaxChanges + 1); left > 0; left--)
            changed = random.Next(3) == 0 ? Bytes.Change(changed, others, random) : ChangeOnce(changed, others, random);
        return changed;
    }

    /// <summary>One change by what the input is made of.</summary>
    protected abstract byte[] ChangeOnce(byte[] input, IReadOnlyList<byte[]> others, Random random);

    /// <summary>Random bytes.</summary>
    protected static byte[] Noise(int length, Random random)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}

/// <summary>Inputs of which nothing is known.</summary>
internal sealed class ByteMutator : Mutator
{
    protected override byte[] ChangeOnce(byte[] input, IReadOnlyList<byte[]> others, Random random) => Bytes.Change(input, others, random);
}

/// <summary>Changes to mere bytes.</summary>
internal static class Bytes
{
    private static readonly byte[] Interesting = [0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x83, 0x84, 0xFE, 0xFF, 0x20, 0x0A, 0x22, 0x30];

    /// <summary>The longest piece that is put in, in bytes.</summary>
    private const int MaxPiece = 64;

    /// <summary>One change.</summary>
    public static byte[] Change(byte[] input, IReadOnlyList<byte[]> others, Random random)
    {
        var at = random.Next(input.Length + 1);
        var some = Math.Min(random.Next(1, MaxPiece), input.Length - at);
        switch (random.Next(9))
        {
            case 0 when input.Length > 0: return With(input, random, b => (byte)(b ^ (1 << random.Next(8))));
            case 1 when input.Length > 0: return With(input, random, _ => Interesting[random.Next(Interesting.Length)]);
            case 2 when input.Length > 0: return With(input, random, b => (byte)(b + random.Next(-4, 5)));
            case 3: return [.. input[..at], .. input[(at + some)..]];
            case 4: return input[..at];
            case 5: return [.. input[..at], .. Enumerable.Repeat(Interesting[random.Next(Interesting.Length)], random.Next(1, MaxPiece)),
                .. input[at..]];
            case 6: return [.. input[..at], .. input.AsSpan(at, some), .. input[at..]];
            case 7: return Repeated(input, at, some, random);
            default:
                var other = others[random.Next(others.Count)];
                var from = random.Next(other.Length + 1);
                return [.. input[..at], .. other[from..]];
        }
    }

    private static byte[] With(byte[] input, Random random, Func<byte, byte> change)
    {
        var changed = input.ToArray();
        var at = random.Next(changed.Length);
        changed[at] = change(changed[at]);
        return changed;
    }

    /// <summary>A piece very often: what costs more than its bytes shows by it.</summary>
    private static byte[] Repeated(byte[] input, int at, int some, Random random)
    {
        if (some == 0 || random.Next(8) != 0) return input;
        var piece = input.AsSpan(at, some).ToArray();
        var times = Math.Min(random.Next(2, 4_096), (Running.FuzzTarget.MaxInput - input.Length) / some);
        return times < 1 ? input : [.. input[..at], .. Enumerable.Repeat(piece, times).SelectMany(b => b), .. input[at..]];
    }
}
