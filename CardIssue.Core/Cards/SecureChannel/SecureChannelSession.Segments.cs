using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;

namespace CardIssue.Core.Cards.SecureChannel;

/// <content>Commands in segments (<see cref="CommandSegments"/>).</content>
internal abstract partial class SecureChannelSession
{
    private SegmentBuffer? _segments;

    /// <summary>
    /// The answer to a segment that others follow: nothing in it has a MAC, and success is worth what the last one's is, whose MAC is over
    /// all.
    /// </summary>
    private protected static UnwrapResult JudgeSegment(ResponseApdu response) => response.IsOk
        ? UnwrapResult.NoProtection.Of(default, response.StatusWord) : new UnwrapResult.Unauthenticated(response.StatusWord);

    /// <summary>
    /// Encryption is that of the whole as far as it came: of the same blocks under the same ICV it is the same each time. Returns the length
    /// of the wrapped segment.
    /// </summary>
    private int ProtectSegment(ReadOnlySpan<byte> command, CommandShape shape, bool goesOn, Span<byte> wrapped, out SegmentBuffer? whole)
    {
        whole = null;
        _segments ??= new SegmentBuffer(command);
        var before = _segments.Plain.Length;
        _segments.Add(command.Slice(shape.DataStart, shape.DataLength));
        var plain = _segments.Plain;
        var sent = new byte[plain.Length + BlockLength];
        var length = plain.Length;
        if (!Level.HasCEnc()) plain.CopyTo(sent);
        else if (goesOn) EncryptBlocks(plain, sent);
        else length = Encrypt(plain, sent);

        var at = 5;
        var own = sent.AsSpan(before, length - before);
        own.CopyTo(wrapped[at..]);
        at += own.Length;
        if (!goesOn)
        {
            at += PutMac(command[..4], plain, sent.AsSpan(0, length), wrapped[at..]);
            (whole, _segments) = (_segments, null);
        }
        wrapped[4] = (byte)(at - 5);
        if (shape.Le is { } le) wrapped[at++] = (byte)le;
        return at;
    }

    private void EndSegments()
    {
        _segments?.Dispose();
        _segments = null;
    }

    /// <summary>A card takes what does not continue its segments as the end of them, so nothing else is wrapped between.</summary>
    private void CheckSegment(ReadOnlySpan<byte> command, CommandShape shape, bool goesOn)
    {
        var isNext = _segments is null || _segments.IsContinuedBy(command);
        if (!isNext) throw new ArgumentException("Another command's segments are not at their end.", nameof(command));
        if (_segments is null && !goesOn) return;
        if (goesOn && Level.HasCEnc() && shape.DataLength % BlockLength != 0)
            throw new ArgumentException($"A segment of encrypted data has whole blocks; this has {shape.DataLength} bytes.", nameof(command));
        if ((_segments?.Plain.Length ?? 0) + shape.DataLength > CommandSegments.MaxData)
            throw new ArgumentException($"A command in segments has {CommandSegments.MaxData} bytes of data at the most.", nameof(command));
    }

    /// <summary>What came of a command so far, in the clear.</summary>
    private sealed class SegmentBuffer(ReadOnlySpan<byte> first) : IDisposable
    {
        private readonly byte[] _plain = GC.AllocateArray<byte>(CommandSegments.MaxData, pinned: true);
        private readonly (byte Cla, byte Ins, byte P1, byte P2) _header = HeaderOf(first);
        private int _length;

        public ReadOnlySpan<byte> Plain => _plain.AsSpan(0, _length);

        public bool IsContinuedBy(ReadOnlySpan<byte> command) => _header == HeaderOf(command);

        public void Add(ReadOnlySpan<byte> data)
        {
            data.CopyTo(_plain.AsSpan(_length));
            _length += data.Length;
        }

        public void Dispose() => CryptographicOperations.ZeroMemory(_plain);

        private static (byte Cla, byte Ins, byte P1, byte P2) HeaderOf(ReadOnlySpan<byte> command) =>
            (command[0], command[1], (byte)(command[2] | CommandSegments.MoreFollow), command[3]);
    }
}
