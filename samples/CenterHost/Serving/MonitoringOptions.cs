using System.Globalization;
using System.Net;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Serving;

/// <summary>The settings <c>Monitoring</c> of the program: whether, and where, it tells how it stands by HTTP.</summary>
internal sealed class MonitoringOptions
{
    /// <summary>ADDRESS:PORT, or a port of this machine alone; empty for nowhere.</summary>
    public string Listen { get; set; } = "";

    /// <summary>Where to listen; null for nowhere.</summary>
    /// <param name="text">An address as <see cref="Listen"/>.</param>
    /// <exception cref="CommandException">It is none.</exception>
    public static IPEndPoint? EndPoint(string text)
    {
        if (text.Length == 0) return null;
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)) return new IPEndPoint(IPAddress.Loopback, port);
        return ListenPlace.TryRead(text, out var place)
            ? place
            : throw new CommandException(ExitCode.Usage,
                $"\"{text}\" is nowhere to listen for monitoring: a port, or an IP address and a port, such as 127.0.0.1:9464, belongs there.");
    }
}
