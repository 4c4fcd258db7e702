namespace CardIssue.Testing.Cards.Serial;

/// <summary>What becomes of a frame on a bad line.</summary>
internal static class FaultyLine
{
    public static byte[] Echo(byte[] frame, IReadOnlyList<TwinFault> faults) => faults.OfType<TwinFault.FlippedEcho>().Any() ? FlipLast(frame) : frame;

    public static byte[] Answer(byte[] frame, IReadOnlyList<TwinFault> faults)
    {
        foreach (var fault in faults)
            frame = fault switch
            {
                TwinFault.FlippedLrc => FlipLast(frame),
                TwinFault.LostByte(var at) when at < frame.Length => [.. frame[..at], .. frame[(at + 1)..]],
                TwinFault.DoubledByte(var at) when at < frame.Length => [.. frame[..at], frame[at], .. frame[at..]],
                _ => frame,
            };
        return frame;
    }

    private static byte[] FlipLast(byte[] frame) => [.. frame[..^1], (byte)~frame[^1]];
}
