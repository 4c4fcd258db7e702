using System.Threading.Channels;
using CardIssue.Test.Parts;
using CardIssue.Transport.Framing;

namespace CardIssue.Test.Transport.Serial;

/// <summary>A serial cable whose ends are opened and closed like ports: bytes for an end that nobody has open are lost, as with a real one.</summary>
internal sealed class Cable(LineNoise? towardCenter = null, LineNoise? towardTerminal = null)
{
    private readonly Lock _lock = new();
    private readonly LineNoise _towardCenter = towardCenter ?? new LineNoise(0);
    private readonly LineNoise _towardTerminal = towardTerminal ?? new LineNoise(0);
    private Port? _center;
    private Port? _terminal;

    public ValueTask<Stream> OpenCenter(CancellationToken cancellation)
    {
        lock (_lock) return ValueTask.FromResult(Noisy(_center = new Port(bytes => Deliver(_terminal, bytes)), _towardTerminal));
    }

    public ValueTask<Stream> OpenTerminal(CancellationToken cancellation)
    {
        lock (_lock) return ValueTask.FromResult(Noisy(_terminal = new Port(bytes => Deliver(_center, bytes)), _towardCenter));
    }

    /// <summary>The terminal's end falls silent as by a power cut: nothing that is said afterwards gets out.</summary>
    public void Crash()
    {
        lock (_lock) _terminal!.IsDead = true;
    }

    private static Stream Noisy(Port port, LineNoise noise) => new NoisyStream(port, noise, TimeSpan.FromMilliseconds(3));

    private void Deliver(Port? to, byte[] bytes)
    {
        lock (_lock) to?.Take(bytes);
    }

    private sealed class Port(Action<byte[]> send) : ByteStream
    {
        private readonly Channel<byte[]> _incoming = Channel.CreateBounded<byte[]>(10_000);
        private byte[] _rest = [];

        public bool IsDead { get; set; }

        public void Take(byte[] bytes)
        {
            if (!IsDead && bytes.Length > 0) _incoming.Writer.TryWrite(bytes);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                if (_rest.Length == 0) _rest = await _incoming.Reader.ReadAsync(cancellationToken);
            }
            catch (ChannelClosedException)
            {
                return 0;
            }
            var count = Math.Min(buffer.Length, _rest.Length);
            _rest.AsMemory(0, count).CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!IsDead) send(buffer.ToArray());
            return ValueTask.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            IsDead = true;
            _incoming.Writer.TryComplete();
        }
    }
}
