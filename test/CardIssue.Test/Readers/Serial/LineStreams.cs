using CardIssue.Reader.Serial.Framing;
using CardIssue.Transport.Framing;

namespace CardIssue.Test.Readers.Serial;

/// <summary>A stream whose bytes are changed on their way.</summary>
internal abstract class ChangedStream(Stream inner) : ByteStream
{
    protected abstract byte[] Sent(ReadOnlySpan<byte> bytes);

    protected abstract byte[] Received(ReadOnlySpan<byte> bytes);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            // A doubled byte must have room.
            var count = await inner.ReadAsync(buffer[..Math.Max(1, buffer.Length / 2)], cancellationToken);
            if (count == 0) return 0;
            var changed = Received(buffer.Span[..count]);
            changed.CopyTo(buffer);
            if (changed.Length > 0) return changed.Length;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(Sent(buffer.Span), cancellationToken);

    public override void Flush() => inner.Flush();
}

/// <summary>Flips a bit of, loses, or doubles one byte in so many, both ways.</summary>
internal sealed class NoisyStream(Stream inner, Random random, int oneIn) : ChangedStream(inner)
{
    private readonly Lock _sync = new();
    private int _disturbed;

    /// <summary>How many bytes were flipped, lost or doubled so far.</summary>
    public int Disturbed => Volatile.Read(ref _disturbed);

    protected override byte[] Sent(ReadOnlySpan<byte> bytes) => Disturb(bytes);

    protected override byte[] Received(ReadOnlySpan<byte> bytes) => Disturb(bytes);

    private byte[] Disturb(ReadOnlySpan<byte> bytes)
    {
        var disturbed = new List<byte>(bytes.Length + 1);
        lock (_sync)
            foreach (var b in bytes)
            {
                if (random.Next(oneIn) > 0)
                {
                    disturbed.Add(b);
                    continue;
                }
                _disturbed++;
                disturbed.AddRange(random.Next(3) switch { 0 => [(byte)(b ^ 1 << random.Next(8))], 1 => [], _ => [b, b] });
            }
        return [.. disturbed.Take(bytes.Length * 2)];
    }
}

/// <summary>Makes of the command that asks to be told of cards one that the reader refuses.</summary>
internal sealed class RefusingStream(Stream inner) : ChangedStream(inner)
{
    private const byte Unknown = 0x05;

    protected override byte[] Sent(ReadOnlySpan<byte> bytes)
    {
        var frame = bytes.ToArray();
        if (frame.Length == 16 && frame.AsSpan(12, 3).SequenceEqual(new byte[] { 0x01, 0x01, 0x00 })) (frame[14], frame[15]) = (Unknown, (byte)(frame[15] ^ Unknown));
        Assert.That(SerialFrame.Check(frame), Is.Zero.Or.EqualTo(SerialFrame.Check(bytes)));
        return frame;
    }

    protected override byte[] Received(ReadOnlySpan<byte> bytes) => bytes.ToArray();
}
