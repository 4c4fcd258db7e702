using CardIssue.Core.Lines;

namespace CardIssue.Transport.Framing;

/// <summary>
/// What stands before each frame's bytes: their number, big-endian. A frame of no bytes is the keep-alive, which no caller ever sees.
/// </summary>
internal static class FrameHeader
{
    /// <summary>The header's length in bytes.</summary>
    public const int Size = 3;

    /// <summary>The most bytes that a frame has on the line.</summary>
    public const int MaxFrameOnLine = Size + ILine.MaxFrame;

    /// <summary>Writes the header of a frame of <paramref name="length"/> bytes.</summary>
    internal static void Write(Span<byte> header, int length)
    {
        header[0] = (byte)(length >> 16);
        header[1] = (byte)(length >> 8);
        header[2] = (byte)length;
    }

    /// <summary>The number that a header holds, 0 to 16,777,215: not yet checked against <see cref="ILine.MaxFrame"/>.</summary>
    internal static int Read(ReadOnlySpan<byte> header) => header[0] << 16 | header[1] << 8 | header[2];
}
