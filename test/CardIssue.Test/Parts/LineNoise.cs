using CardIssue.Transport.Framing;

namespace CardIssue.Test.Parts;

/// <summary>What a bad serial cable does to bytes, each at a rate per byte. The same seed does the same.</summary>
internal sealed class LineNoise(int seed, double flipped = 0, double lost = 0, double doubled = 0, double delayed = 0)
{
    private readonly Random _random = new(seed);

    /// <summary>Flipped, lost, doubled and delayed, each at this rate.</summary>
    public static LineNoise Of(int seed, double rate) => new(seed, rate, rate, rate, rate);

    /// <summary>What comes out of <paramref name="bytes"/>, and how many of them are delayed. The order stays: that a cable keeps.</summary>
    public (byte[] Bytes, int Delays) Spoil(ReadOnlySpan<byte> bytes)
    {
        var spoilt = new List<byte>(bytes.Length + 4);
        var delays = 0;
        foreach (var b in bytes)
        {
            if (Happens(delayed)) delays++;
            if (Happens(lost)) continue;
            spoilt.Add(Happens(flipped) ? (byte)(b ^ 1 << _random.Next(8)) : b);
            if (Happens(doubled)) spoilt.Add(spoilt[^1]);
        }
        return ([.. spoilt], delays);
    }

    /// <summary>How long one delay is, up to <paramref name="most"/>.</summary>
    public TimeSpan Delay(TimeSpan most) => most * _random.NextDouble();

    private bool Happens(double rate) => rate > 0 && _random.NextDouble() < rate;
}

/// <summary>Spoils what is written to a stream.</summary>
internal sealed class NoisyStream(Stream inner, LineNoise noise, TimeSpan mostDelay) : ByteStream
{
    private volatile bool _cut;
    private long _written;

    /// <summary>Bytes that were written, before any was lost or doubled.</summary>
    public long BytesWritten => Interlocked.Read(ref _written);

    /// <summary>From now on everything that is written is lost, as when the cable is cut.</summary>
    public void Cut() => _cut = true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        // That the other end closed its port does not come over a cut cable either.
        if (read == 0 && _cut) await Task.Delay(Timeout.Infinite, cancellationToken);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Interlocked.Add(ref _written, buffer.Length);
        if (_cut) return;
        var (bytes, delays) = noise.Spoil(buffer.Span);
        for (; delays > 0; delays--) await Task.Delay(noise.Delay(mostDelay), cancellationToken);
        await inner.WriteAsync(bytes, cancellationToken);
        await inner.FlushAsync(cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
    public override void Flush() => inner.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
    }
}
