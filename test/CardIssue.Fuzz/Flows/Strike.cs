namespace CardIssue.Fuzz.Flows;

/// <summary>What is done to one frame of a line or to one answer of a card.</summary>
internal enum StrikeKind
{
    /// <summary>Some of its bytes are changed.</summary>
    Change,
    /// <summary>It is left out.</summary>
    Drop,
    /// <summary>It comes twice.</summary>
    Double,
    /// <summary>It comes after the next one.</summary>
    Delay,
    /// <summary>Something else comes before it.</summary>
    Insert,
    /// <summary>Something else comes instead.</summary>
    Replace,
    /// <summary>It ends early.</summary>
    Cut,
}

/// <summary>
/// One strike, as it stands in an input: direction or command class (1 byte), which frame of it, from 0 (1), kind (1), and bytes that the
/// kind needs. Several of them
/// are the pieces of a <see cref="Mutation.ChunkMutator"/>.
/// </summary>
/// <param name="Up">Whether it is at what the terminal sends; of no meaning for a card.</param>
/// <param name="At">Which frame of that direction, or which answer.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Bytes">What is put in, or where and how bytes are changed.</param>
internal sealed record Strike(bool Up, int At, StrikeKind Kind, byte[] Bytes)
{
    private const int HeadLength = 3;

    /// <summary>How many frames a strike can be put at: an issue of the flows' product has about so many each way.</summary>
    private const int MaxAt = 40;

    /// <summary>The strikes of an input.</summary>
    public static List<Strike> Of(byte[] input) =>
    [
        .. Mutation.ChunkMutator.Split(input).Where(chunk => chunk.Length >= HeadLength)
            .Select(chunk => new Strike((chunk[0] & 1) == 0, chunk[1] % MaxAt, (StrikeKind)(chunk[2] % (int)(StrikeKind.Cut + 1)),
                chunk[HeadLength..])),
    ];

    /// <summary>A strike as a piece of an input.</summary>
    public static byte[] Piece(bool up, int at, StrikeKind kind, params byte[] bytes) => [up ? (byte)0 : (byte)1, (byte)at, (byte)kind,
        .. bytes];

    /// <summary>What comes in place of a frame; <see cref="StrikeKind.Delay"/> is the caller's.</summary>
    public byte[][] Do(byte[] frame) => Kind switch
    {
        StrikeKind.Change => [Changed(frame)],
        StrikeKind.Drop => [],
        StrikeKind.Double => [frame, frame],
        StrikeKind.Insert => [Bytes, frame],
        StrikeKind.Replace => [Bytes],
        StrikeKind.Cut => [frame[..(Bytes.Length == 0 ? frame.Length / 2 : Math.Min(frame.Length, Bytes[0]))]],
        StrikeKind.Delay => [],
    };

    /// <summary>Each two bytes are a place, and what is added there.</summary>
    private byte[] Changed(byte[] frame)
    {
        var changed = frame.ToArray();
        for (var i = 0; i + 1 < Bytes.Length && changed.Length > 0; i += 2) changed[Bytes[i] % changed.Length] += Bytes[i + 1];
        return changed;
    }
}
