using System.Buffers.Binary;
using System.Net.Sockets;
using CardIssue.Core.Cards;

namespace CardIssue.Reader.Tcp;

/// <summary>The reader's end of vpcd's wire on one socket: 2 bytes of length, big-endian, and as many bytes, both ways.</summary>
internal sealed class TcpWire : IDisposable
{
    /// <summary>The most that a length of 2 bytes can name.</summary>
    public const int MaximumMessage = 0xFFFF;

    private const int TcpLevel = 6, TcpQuickAck = 12;

    private readonly Socket _socket;
    private readonly byte[] _frame = GC.AllocateArray<byte>(2 + MaximumMessage, pinned: true);

    private TcpWire(Socket socket) => _socket = socket;

    /// <exception cref="CardException">Nothing listens there.</exception>
    public static async Task<TcpWire> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellation).ConfigureAwait(false);
            return new TcpWire(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new CardException(CardFault.ReaderGone, $"No reader listens on {host}:{port}; start it.", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="CardException">The connection broke.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        if (message.Length > MaximumMessage) throw new ArgumentException($"A message has at most {MaximumMessage} bytes.", nameof(message));
        BinaryPrimitives.WriteUInt16BigEndian(_frame, (ushort)message.Length);
        message.CopyTo(_frame.AsMemory(2));
        try
        {
            for (var sent = 0; sent < 2 + message.Length;)
                sent += await _socket.SendAsync(_frame.AsMemory(sent..(2 + message.Length)), cancellation).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw Gone(e);
        }
        finally
        {
            // A command may hold write data; the frame outlives it.
            Array.Clear(_frame, 0, 2 + message.Length);
        }
    }

    /// <summary>Receives one message into <paramref name="buffer"/> and returns its length; 0 means that no card answers.</summary>
    /// <exception cref="CardException">The connection broke, or the message is longer than the buffer.</exception>
    public async Task<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        await FillAsync(_frame.AsMemory(0, 2), cancellation).ConfigureAwait(false);
        int length = BinaryPrimitives.ReadUInt16BigEndian(_frame);
        if (length > buffer.Length) throw new CardException(CardFault.Protocol, $"The reader sent {length} bytes where at most {buffer.Length} may come.");
        await FillAsync(buffer[..length], cancellation).ConfigureAwait(false);
        return length;
    }

    public void Dispose() => _socket.Dispose();

    private async Task FillAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                AcknowledgeAtOnce();
                var count = await _socket.ReceiveAsync(buffer, cancellation).ConfigureAwait(false);
                AcknowledgeAtOnce();
                if (count == 0) throw Gone(null);
                buffer = buffer[count..];
            }
        }
        catch (SocketException e)
        {
            throw Gone(e);
        }
    }

    // Without this an APDU takes 40 ms more; the kernel forgets the option by itself, so it is set around every receive.
    private void AcknowledgeAtOnce()
    {
        if (OperatingSystem.IsLinux()) _socket.SetRawSocketOption(TcpLevel, TcpQuickAck, BitConverter.GetBytes(1));
    }

    private static CardException Gone(Exception? inner) =>
        new(CardFault.ReaderGone, "The reader closed the connection; it has stopped, or another program holds it.", inner);
}
