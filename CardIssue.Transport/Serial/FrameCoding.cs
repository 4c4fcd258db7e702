using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CardIssue.Transport.Serial;

/// <summary>Asynchronous HDLC-like framing (RFC 1662 4): what a frame looks like on the line.</summary>
internal static class FrameCoding
{
    public const byte Flag = 0x7E;
    public const byte Escape = 0x7D;
    public const byte Complement = 0x20;

    /// <summary>The most bytes on the line for a frame of <paramref name="length"/>: two flags, and everything else escaped.</summary>
    public static int MostOnLine(int length) => 2 + 2 * (length + FrameCheck.Size);

    /// <summary>
    /// Writes a frame as it goes on the line and gives the number of bytes. It has both its flags: after noise on an idle line the first one ends
    /// what the noise began (RFC 1662 4.4.2), and a spoilt one spoils no second frame.
    /// </summary>
    public static int Encode(ReadOnlySpan<byte> frame, Span<byte> line)
    {
        Span<byte> check = stackalloc byte[FrameCheck.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(check, FrameCheck.Of(frame));
        line[0] = Flag;
        var used = 1;
        used += EscapeInto(frame, line[used..]);
        used += EscapeInto(check, line[used..]);
        line[used++] = Flag;
        return used;
    }

    private static int EscapeInto(ReadOnlySpan<byte> bytes, Span<byte> line)
    {
        var used = 0;
        foreach (var b in bytes)
        {
            if (b is Flag or Escape)
            {
                line[used++] = Escape;
                line[used++] = (byte)(b ^ Complement);
            }
            else
            {
                line[used++] = b;
            }
        }
        return used;
    }
}

/// <summary>Finds frames in what comes from the line (RFC 1662 4.2, 4.3). What is damaged, cut, aborted or too long is left out and counted.</summary>
internal sealed class FrameDecoder
{
    /// <summary>Address and the shortest control field.</summary>
    private const int Shortest = 2;

    private readonly byte[] _frame = GC.AllocateArray<byte>(LinkFrame.MaxHeader + SerialLineOptions.MaxFrameSize + FrameCheck.Size, pinned: true);
    private int _length;
    private bool _escaped;

    /// <summary>Before the first flag, and after a frame that is too long, bytes mean nothing.</summary>
    private bool _lost = true;

    /// <summary>How many frames were left out.</summary>
    public long Damaged { get; private set; }

    /// <summary>
    /// Takes bytes until a whole, undamaged frame is there, which lasts until the next call. False when all bytes were taken without one.
    /// </summary>
    public bool TryNext(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> frame)
    {
        while (!bytes.IsEmpty)
        {
            var b = bytes[0];
            bytes = bytes[1..];
            if (b != FrameCoding.Flag)
            {
                Add(b);
                continue;
            }
            var length = _length;
            var whole = !_lost && !_escaped && length >= Shortest + FrameCheck.Size && FrameCheck.Holds(_frame.AsSpan(0, length));
            if (!whole && (length > 0 || _escaped)) Damaged++;
            (_length, _escaped, _lost) = (0, false, false);
            if (!whole) continue;
            frame = _frame.AsSpan(0, length - FrameCheck.Size);
            return true;
        }
        frame = default;
        return false;
    }

    /// <summary>Zeroes what is held.</summary>
    public void Clear() => CryptographicOperations.ZeroMemory(_frame);

    private void Add(byte b)
    {
        if (_lost) return;
        if (b == FrameCoding.Escape && !_escaped)
        {
            _escaped = true;
            return;
        }
        if (_length == _frame.Length)
        {
            _lost = true;
            return;
        }
        _frame[_length++] = _escaped ? (byte)(b ^ FrameCoding.Complement) : b;
        _escaped = false;
    }
}
