using System.IO.Ports;
using CardIssue.Core.Cards;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.Serial.Framing;

/// <summary>A port's bytes, and what closes it.</summary>
internal sealed record OpenPort(Stream Stream, IDisposable Owner)
{
    /// <summary>Opens a serial port as a GemPC Twin wants it: 8 data bits, no parity, 2 stop bits, no flow control, RTS low.</summary>
    /// <exception cref="CardException"><see cref="CardFault.ReaderGone"/>: there is no such port; <see cref="CardFault.Busy"/>: it is taken, or not ours to open.</exception>
    public static OpenPort Serial(string name, int baudRate, ILogger logger)
    {
        var port = new SerialPort(name, baudRate, Parity.None, 8, StopBits.Two);
        try
        {
            port.Open();
            // RTS low keeps the reader from sending its plug-and-play string. A pseudo terminal has no such wires.
            Try(() => port.DtrEnable = true, "DTR");
            Try(() => port.RtsEnable = false, "RTS");
            Try(port.DiscardInBuffer, "flushing");
            return new OpenPort(port.BaseStream, port);
        }
        // System.IO.Ports calls a device that is not there denied, too, outside of Windows.
        catch (UnauthorizedAccessException e) when (OperatingSystem.IsWindows() || Path.Exists(name))
        {
            port.Dispose();
            throw new CardException(CardFault.Busy, $"Port {name} is taken by another program, or may not be opened by this user.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            port.Dispose();
            throw new CardException(CardFault.ReaderGone, $"Port {name} cannot be opened; plug the reader in, or name another port. {e.Message}", e);
        }

        void Try(Action set, string setting)
        {
            try
            {
                set();
            }
            catch (IOException e)
            {
                Log.SettingNotTaken(logger, name, setting, e.Message);
            }
        }
    }

    /// <summary>Closes it, whether what was written is gone or not: <see cref="SerialPort"/>'s own Dispose waits for that, which on a port that hung up is for ever.</summary>
    public void Close()
    {
        Stream.Dispose();
        Owner.Dispose();
    }
}
