using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Hosting;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Transport.Serial;
using CardIssue.Transport.Tcp;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.Logging;

namespace CardIssue.CenterHost.Serving;

/// <summary>The lines that the command line names; none when those of the registry are to be served.</summary>
internal sealed record ServedLineChoice(IReadOnlyList<LineRecord> Lines);

/// <summary>Opens the listeners of the lines to serve, TLS with the vault's certificate.</summary>
internal sealed class ServedLines(
    ServedLineChoice choice, ITerminalRegistry registry, TerminalDoor door, IKeyVault vault, StepDisplay display, ILoggerFactory loggers) : ILineSource, IDisposable
{
    private X509Certificate2? _certificate;

    public async Task<IReadOnlyList<ServedLine>> OpenAsync(CancellationToken cancellation)
    {
        var lines = choice.Lines.Count > 0 ? choice.Lines : await registry.LinesAsync(cancellation);
        if (lines.Count == 0) throw new CommandException(ExitCode.Usage, "There is no line to serve; add one with line add, or name it with --line.");
        foreach (var data in lines.Where(line => line.Results is not null))
            if (!lines.Any(line => line.Line == data.Results && line.Results is null))
                throw new CommandException(ExitCode.Usage, $"The results of line {data.Line} come on line {data.Results}, which is not served, or is itself the data half of a split line.");
        var opened = new List<(ServedLine Line, string Place)>();
        try
        {
            foreach (var line in lines) opened.Add(Open(line));
        }
        catch
        {
            foreach (var (line, _) in opened) await line.Listener.DisposeAsync();
            throw;
        }
        foreach (var (line, place) in opened) display.Ready(line.Listener.Line.Value, place);
        return [.. opened.Select(line => line.Line)];
    }

    public void Dispose() => _certificate?.Dispose();

    private (ServedLine Line, string Place) Open(LineRecord line)
    {
        switch (line.Kind)
        {
            case LineKind.Tls:
                var tls = new TlsLineListener(line.Line, IPEndPoint.Parse(line.Listen), Certificate(), door.KnowsAsync, logger: loggers.CreateLogger<TlsLineListener>());
                return (new ServedLine(tls, Results: line.Results), tls.LocalEndPoint.ToString());
            case LineKind.Tcp:
                var tcp = new TcpLineListener(line.Line, IPEndPoint.Parse(line.Listen), logger: loggers.CreateLogger<TcpLineListener>());
                return (new ServedLine(tcp, WithoutTls: true, line.Results), tcp.LocalEndPoint.ToString());
            case LineKind.Serial or LineKind.SerialTls:
                var port = LineText.SerialOf(line);
                var certificate = line.Kind is LineKind.SerialTls ? Certificate() : null;
                var serial = new SerialLineListener(line.Line, port.Device, port.ForLine(), certificate, door.KnowsAsync, logger: loggers.CreateLogger<SerialLineListener>());
                return (new ServedLine(serial, WithoutTls: certificate is null, line.Results), port.ToString());
            default:
                throw new CommandException(ExitCode.Usage, $"Line {line.Line} is of no kind that this program knows; see line list.");
        }
    }

    private X509Certificate2 Certificate()
    {
        if (_certificate is not null) return _certificate;
        using var pkcs12 = (vault as FileKeyVault)?.CopyTlsServer();
        if (pkcs12 is not { Length: > 0 }) throw new CommandException(ExitCode.File, "The vault has no TLS certificate; make the center anew.");
        return _certificate = TlsCertificates.FromPfx(pkcs12.Span, []);
    }
}
