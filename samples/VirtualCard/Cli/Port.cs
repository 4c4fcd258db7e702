using System.IO.Ports;
using System.Net.Sockets;
using CardIssue.Testing.Cards.Serial;

namespace CardIssue.VirtualCard.Cli;

/// <summary>Ports that the command line names.</summary>
internal static class Port
{
    /// <summary>Opens a server on a loopback port.</summary>
    /// <exception cref="CommandException">It can't be had.</exception>
    public static T Open<T>(int port, Func<int, T> open)
    {
        try
        {
            return open(port);
        }
        catch (SocketException e)
        {
            throw new CommandException(ExitCode.Failed, $"Port {port} can't be had: {e.Message}. Name another, or 0 for any that is free.", e);
        }
    }

    /// <summary>Opens the serial port that a reader is on.</summary>
    /// <exception cref="CommandException">It can't be had.</exception>
    public static SerialPort OpenSerial(string name)
    {
        try
        {
            return GemPcTwin.OpenPort(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandException(ExitCode.Failed, $"The serial port {name} can't be had: {e.Message} See that it is there, this user's, and free.", e);
        }
    }
}
