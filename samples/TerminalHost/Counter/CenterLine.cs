using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Cli;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Reconnect;
using CardIssue.Transport.Serial;
using CardIssue.Transport.Tcp;
using CardIssue.Transport.Tls;

namespace CardIssue.TerminalHost.Counter;

/// <summary>Makes the line to the center that the command line names.</summary>
internal static class CenterLine
{
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(10), LongestPause = TimeSpan.FromSeconds(5), TryPause = TimeSpan.FromSeconds(1);

    /// <param name="center">Where the center is.</param>
    /// <param name="certificate">This terminal's; null when no way needs it.</param>
    /// <param name="trust">Which certificate of the center is right; null when no way needs it.</param>
    /// <param name="failed">Hears of each failed try.</param>
    public static ILineConnector Connector(LineAddress center, X509Certificate2? certificate, TlsTrust? trust, Action<FailedTry> failed)
    {
        var atry = center.ConnectTimeout < LongestTry ? center.ConnectTimeout : LongestTry;
        var options = new LineOptions { ConnectTimeout = atry, HandshakeTimeout = atry };
        var again = new ReconnectOptions { MaxDelay = LongestPause };
        ReconnectingConnector Trying(IReadOnlyList<WayAddress> ways, LineNumber? line) => new(Connector(ways, line, certificate, trust, options), again, failed);
        var data = Trying(center.Ways, center.Line);
        return center.Results.Count > 0 ? new SplitConnector(data, Trying(center.Results, null)) : data;
    }

    /// <summary>A line of its own for one question. A center that is not there is tried again until patience is over; once, if there is none.</summary>
    /// <exception cref="LineException">It did not come up.</exception>
    public static async Task<ILine> ConnectAsync(
        IReadOnlyList<WayAddress> ways, LineNumber? line, X509Certificate2? certificate, TlsTrust? trust,
        TimeSpan timeout, TimeSpan patience, CancellationToken cancellation)
    {
        var atry = timeout < LongestTry ? timeout : LongestTry;
        var connector = Connector(ways, line, certificate, trust, new LineOptions { ConnectTimeout = atry, HandshakeTimeout = atry });
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await connector.ConnectAsync(cancellation);
            }
            catch (LineException e) when (e.Fault is LineFault.Unreachable && TimeProvider.System.GetElapsedTime(begun) + TryPause < patience)
            {
                await Task.Delay(TryPause, cancellation);
            }
        }
    }

    private static FailoverConnector Connector(
        IReadOnlyList<WayAddress> ways, LineNumber? line, X509Certificate2? certificate, TlsTrust? trust, LineOptions options) =>
        new([.. ways.Select(way => Connector(way, line, certificate, trust, options))], new ReconnectOptions().StableAfter);

    private static ILineConnector Connector(WayAddress way, LineNumber? line, X509Certificate2? certificate, TlsTrust? trust, LineOptions options) => way switch
    {
        { Tcp: var (host, port), HasTls: true } => new TlsLineConnector(host, port, certificate!, trust!, line, options),
        { Tcp: var (host, port) } => new TcpLineConnector(host, port, line, options),
        { Serial: { } port, HasTls: true } => new SerialLineConnector(port.Device, port.ForLine(), certificate!, trust!, line),
        { Serial: { } port } => new SerialLineConnector(port.Device, port.ForLine(), line: line),
        _ => throw new CommandException(ExitCode.Usage, $"{way} is no way to a center."),
    };
}
