using System.IO.Ports;
using System.Net.Sockets;

namespace CardIssue.TerminalHost.Printing;

/// <summary>Opens the way to a printer anew for each receipt: what was unplugged, switched off or moved meanwhile does no harm.</summary>
/// <param name="OpenAsync">Opens it; the caller disposes the stream. Throws an <see cref="IOException"/> when it can't be had now.</param>
internal sealed record PrinterPort(Func<CancellationToken, Task<Stream>> OpenAsync)
{
    /// <summary>A printer on the network; its port is 9100 mostly.</summary>
    public static PrinterPort Tcp(string host, int port) => new(async cancellation =>
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(host, port, cancellation);
            return client.GetStream();
        }
        catch (SocketException e)
        {
            client.Dispose();
            throw new IOException($"{host}:{port}: {e.Message}", e);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    });

    /// <summary>A printer on a serial port, 8N1; opening a device may block.</summary>
    public static PrinterPort Serial(SerialPlace place) => new(cancellation => Task.Run<Stream>(() => new SerialBytes(Open(place)), cancellation).WaitAsync(cancellation));

    private static SerialPort Open(SerialPlace place)
    {
        var port = new SerialPort(place.Device, place.Baud ?? 9_600) { Handshake = place.RtsCts is true ? Handshake.RequestToSend : Handshake.None };
        try
        {
            port.Open();
            Try(() => port.DtrEnable = true);
            if (place.RtsCts is not true) Try(() => port.RtsEnable = true);
            return port;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or PlatformNotSupportedException)
        {
            port.Dispose();
            throw new IOException($"{place.Device}: {e.Message}", e);
        }
    }

    /// <summary>A pseudo terminal has no such wires and throws; nothing depends on them.</summary>
    private static void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            return;
        }
    }

    /// <summary>The port's bytes. Flushing waits until they are sent.</summary>
    private sealed class SerialBytes(SerialPort port) : Stream
    {
        private readonly Stream _bytes = port.BaseStream;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => _bytes.Flush();
        public override Task FlushAsync(CancellationToken cancellationToken) => Task.Run(_bytes.Flush, cancellationToken).WaitAsync(cancellationToken);
        public override int Read(byte[] buffer, int offset, int count) => _bytes.Read(buffer, offset, count);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _bytes.ReadAsync(buffer, cancellationToken);
        public override void Write(byte[] buffer, int offset, int count) => _bytes.Write(buffer, offset, count);
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _bytes.WriteAsync(buffer, cancellationToken);
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        /// <summary>What a printer that is held up has not taken is dropped: it would hold the closing up.</summary>
        protected override void Dispose(bool disposing)
        {
            if (!disposing) return;
            Try(port.DiscardOutBuffer);
            Try(port.Dispose);
        }
    }
}
