using System.IO.Ports;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Serial;

/// <summary>An open serial port. Reads go to its <c>BaseStream</c>, which honours cancellation; one read at a time. What was written is with the driver: its own flush would wait for the line.</summary>
internal sealed class SerialPortStream : ByteStream
{
    private readonly SerialPort _port;
    private readonly Stream _bytes;

    private SerialPortStream(SerialPort port) => (_port, _bytes) = (port, port.BaseStream);

    /// <summary>What opens the port of this name.</summary>
    public static OpenSerialPort Opener(string portName, SerialLineOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(portName);
        return async cancellation => await Task.Run(() => Open(portName, options), cancellation).ConfigureAwait(false);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _bytes.ReadAsync(buffer, cancellationToken);
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _bytes.WriteAsync(buffer, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (!disposing) return;
        // A driver that is held up by CTS would hold the closing up, too; and the port's own Dispose waits until all is written, which on a port that hung up
        // is never. Once its stream is closed, it does not.
        Try(_port.DiscardOutBuffer);
        Try(_bytes.Dispose);
        Try(_port.Dispose);
    }

    private static SerialPortStream Open(string portName, SerialLineOptions options)
    {
        var port = new SerialPort();
        try
        {
            port.PortName = portName;
            (port.BaudRate, port.Parity, port.DataBits, port.StopBits) = (options.BaudRate, options.Parity, SerialLineOptions.DataBits, options.StopBits);
            port.Handshake = options.RtsCts ? Handshake.RequestToSend : Handshake.None;
            port.Open();
            // Modems and converters want to see that somebody is there; a pseudo terminal has no such wires and throws.
            Try(() => port.DtrEnable = true);
            if (!options.RtsCts) Try(() => port.RtsEnable = true);
            return new SerialPortStream(port);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or PlatformNotSupportedException)
        {
            port.Dispose();
            throw new LineException(LineFault.Unreachable,
                $"The serial port {portName} can't be opened ({e.Message}). Check its name, that it is plugged in, that this user may use it, and that no other program has it.", e);
        }
    }

    /// <summary>Does what a port may be unable to do, or can't any more after a hang-up: nothing depends on it.</summary>
    private static void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or UnauthorizedAccessException)
        {
            return;
        }
    }
}
