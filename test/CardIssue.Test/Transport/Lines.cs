using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.Transport;

/// <summary>What the tests of lines share.</summary>
internal static class Lines
{
    /// <summary>Far longer than anything here takes; only a hang meets it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static readonly LineNumber Seven = new(7);
    public static readonly LinePeer Anyone = new(null, null, ByteString.Empty, ByteString.Empty);
    public static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    public static CancellationToken Soon() => new CancellationTokenSource(Patience).Token;

    public static X509Certificate2 Certificate(string name) => TlsCertificates.CreateSelfSigned(
        $"CN={name}", DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));

    public static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31 + length))];

    public static byte[] OnLine(params byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];

    public static async Task<byte[]?> ReceiveBytesAsync(this ILine line)
    {
        using var frame = await line.ReceiveAsync(Soon());
        return frame?.Span.ToArray();
    }

    /// <summary>Awaits the line's failure and gives its fault.</summary>
    public static async Task<LineException> FaultOf(Func<Task> act)
    {
        try
        {
            await act().WaitAsync(Patience);
        }
        catch (LineException e)
        {
            return e;
        }
        throw new AssertionException("No LineException came.");
    }

    public static Task<LineException> FaultOfReceive(ILine line) => FaultOf(() => line.ReceiveAsync(Soon()).AsTask());
}

/// <summary>Two joined streams inside the process; either end may be used raw.</summary>
internal sealed class JoinedStreams
{
    private readonly Pipe _toNear = new(new PipeOptions(pauseWriterThreshold: 256 * 1024, resumeWriterThreshold: 128 * 1024, useSynchronizationContext: false));
    private readonly Pipe _toFar = new(new PipeOptions(pauseWriterThreshold: 256 * 1024, resumeWriterThreshold: 128 * 1024, useSynchronizationContext: false));

    public JoinedStreams()
    {
        Near = new TwoWay(_toNear.Reader, _toFar.Writer);
        Far = new TwoWay(_toFar.Reader, _toNear.Writer);
    }

    public TwoWay Near { get; }
    public TwoWay Far { get; }

    public sealed class TwoWay(PipeReader reader, PipeWriter writer) : ByteStream
    {
        private readonly Stream _in = reader.AsStream();
        private readonly Stream _out = writer.AsStream();
        private int _disposed;
        private int _reads;
        private int _waits;
        private int _writes;

        /// <summary>The reads into memory that were begun; what they take may still grow.</summary>
        public int Reads => Volatile.Read(ref _reads);

        /// <summary>The reads into no memory that were begun: they only wait.</summary>
        public int Waits => Volatile.Read(ref _waits);

        /// <summary>The writes that were begun.</summary>
        public int Writes => Volatile.Read(ref _writes);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref buffer.IsEmpty ? ref _waits : ref _reads);
            return _in.ReadAsync(buffer, cancellationToken);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _writes);
            return _out.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => _out.FlushAsync(cancellationToken);
        public override void Flush() => _out.Flush();

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
            reader.CancelPendingRead();
            writer.Complete();
        }
    }
}
