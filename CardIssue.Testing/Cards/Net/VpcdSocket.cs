using System.Buffers.Binary;
using System.Net.Sockets;

namespace CardIssue.Testing.Cards.Net;

/// <summary>vpcd's messages on a socket: 2 bytes of length, big-endian, and as many bytes. No Nagle; on Linux no delayed acknowledgement either, which would cost 40 ms per command.</summary>
internal sealed class VpcdSocket : IDisposable
{
    private const int TcpLevel = 6, TcpQuickAck = 12;
    private readonly Socket _socket;

    public VpcdSocket(Socket socket)
    {
        _socket = socket;
        socket.NoDelay = true;
    }

    /// <summary>The next message; null at the end of the stream.</summary>
    public async Task<byte[]?> ReadAsync(CancellationToken cancellation)
    {
        var header = new byte[2];
        if (!await FillAsync(header, cancellation).ConfigureAwait(false)) return null;
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(header)];
        return await FillAsync(message, cancellation).ConfigureAwait(false) ? message : null;
    }

    /// <param name="message">0 to 65,535 bytes.</param>
    public async Task WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        var frame = new byte[2 + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, checked((ushort)message.Length));
        message.CopyTo(frame.AsMemory(2));
        for (var sent = 0; sent < frame.Length;)
            sent += await _socket.SendAsync(frame.AsMemory(sent), cancellation).ConfigureAwait(false);
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> FillAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        while (!buffer.IsEmpty)
        {
            AcknowledgeAtOnce();
            var count = await _socket.ReceiveAsync(buffer, cancellation).ConfigureAwait(false);
            AcknowledgeAtOnce();
            if (count == 0) return false;
            buffer = buffer[count..];
        }
        return true;
    }

    // The kernel forgets this option by itself, so it is set around every receive.
    private void AcknowledgeAtOnce()
    {
        if (OperatingSystem.IsLinux()) _socket.SetRawSocketOption(TcpLevel, TcpQuickAck, BitConverter.GetBytes(1));
    }
}
