using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Tls;

/// <summary>
/// Stands between TLS and TCP and remembers whether TCP came to its end. An <c>SslStream</c> says "end" both after the peer's close_notify,
/// when it reads no further, and after a mere FIN, which anyone on the way can forge (RFC 8446 6.1).
/// </summary>
internal sealed class CutSensingStream(Stream inner) : ByteStream
{
    private volatile bool _ended;

    /// <summary>Whether the end of the inner stream was read.</summary>
    public bool Ended => _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        // A read into no memory only waits for bytes; its 0 is no end.
        if (count == 0 && !buffer.IsEmpty) _ended = true;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        if (read == 0 && count > 0) _ended = true;
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
    public override void Flush() => inner.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
