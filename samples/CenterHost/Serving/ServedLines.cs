using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Hosting;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Lines;
using CardIssue.Transport;
using Microsoft.Extensions.Logging;

namespace CardIssue.CenterHost.Serving;

/// <summary>The lines that the command line names; none when those of the registry are to be served.</summary>
internal sealed record ServedLineChoice(IReadOnlyList<LineRecord> Lines);

/// <summary>Opens the listeners of the lines to serve, TLS with the vault's certificate.</summary>
internal sealed class ServedLines(
    ServedLineChoice choice, ITerminalRegistry registry, IKeyVault vault, StepDisplay display, ILoggerFactory loggers) : ILineSource, IDisposable
{
    private X509Certificate2? _certificate;

    public async Task<IReadOnlyList<ServedLine>> OpenAsync(CancellationToken cancellation)
    {
        var lines = choice.Lines.Count > 0 ? choice.Lines : await registry.LinesAsync(cancellation);
        if (lines.Count == 0) throw new CommandException(ExitCode.Usage, "There is no line to serve; add one with line add, or name it with --line.");
        var opened = new List<(ILineListener Listener, IPEndPoint Place)>();
        try
        {
            foreach (var line in lines) opened.Add(Open(line));
        }
        catch
        {
            foreach (var (listener, _) in opened) await listener.DisposeAsync();
            throw;
        }
        foreach (var (listener, place) in opened) display.Ready(listener.Line.Value, place.ToString());
        return [.. opened.Select(line => new ServedLine(line.Listener))];
    }

    public void Dispose() => _certificate?.Dispose();

    private (ILineListener Listener, IPEndPoint Place) Open(LineRecord line)
    {
        var place = IPEndPoint.Parse(line.Listen);
        switch (line.Kind)
        {
            case LineKind.Tls:
                var tls = new TlsLineListener(line.Line, place, Certificate(), logger: loggers.CreateLogger<TlsLineListener>());
                return (tls, tls.LocalEndPoint);
            default:
                throw new CommandException(ExitCode.Usage, $"Line {line.Line} is {line.Kind}, which this program cannot serve; tls it can.");
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
