using CardIssue.Transport.Framing;

namespace CardIssue.Test.Parts;

/// <summary>
/// One end of a serial cable of a given speed over any other stream: what is written takes its time, 10 bits for each byte (8N1), and what is read and
/// written is counted. Wrap both ends for both directions. Put it between a serial line and what its port opener gives.
/// </summary>
internal sealed class PacedStream(Stream inner, int baud, TimeProvider time) : ByteStream
{
    private const int BitsPerByte = 10;

    /// <summary>Bytes that go together: a UART's queue.</summary>
    private const int Chunk = 16;

    /// <summary>Timers are late by some milliseconds; that much is made good by the next bytes.</summary>
    private static readonly TimeSpan MostMadeGood = TimeSpan.FromMilliseconds(50);

    private readonly TimeSpan _byteTime = TimeSpan.FromSeconds((double)BitsPerByte / baud);
    private readonly long _epoch = time.GetTimestamp();
    private TimeSpan _free;
    private long _written;
    private long _read;

    /// <summary>Bytes that went out at this end.</summary>
    public long BytesWritten => Interlocked.Read(ref _written);

    /// <summary>Bytes that came in at this end.</summary>
    public long BytesRead => Interlocked.Read(ref _read);

    /// <summary>The bytes' own time on the line, of the direction in which more went.</summary>
    public TimeSpan LineTime => Math.Max(BytesWritten, BytesRead) * _byteTime;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        Interlocked.Add(ref _read, count);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var chunk = buffer[..Math.Min(Chunk, buffer.Length)];
            var now = time.GetElapsedTime(_epoch);
            _free = (_free > now - MostMadeGood ? _free : now) + chunk.Length * _byteTime;
            if (_free - now is var wait && wait >= TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, time, cancellationToken);
            await inner.WriteAsync(chunk, cancellationToken);
            Interlocked.Add(ref _written, chunk.Length);
            buffer = buffer[chunk.Length..];
        }
        await inner.FlushAsync(cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
    public override void Flush() => inner.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
    }
}
