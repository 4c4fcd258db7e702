using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Hosting;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Serial;
using CardIssue.Transport.Tcp;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.Logging;

namespace CardIssue.CenterHost.Serving;

/// <summary>The lines that the command line names; none when those of the registry are to be served.</summary>
internal sealed record ServedLineChoice(IReadOnlyList<LineRecord> Lines);

/// <summary>Opens the listeners of the lines to serve, TLS with the vault's certificate.</summary>
internal sealed class ServedLines(
    ServedLineChoice choice, ITerminalRegistry registry, TerminalDoor door, IKeyVault vault, CenterCertificateOfVault certificate, CenterFiles files,
    StepDisplay display, ILoggerFactory loggers, LinkPort? link = null) : ILineSource
{
    private readonly Dictionary<LineRecord, ServedLine> _open = [];
    private readonly Dictionary<LineNumber, string> _told = [];
    private List<LineRecord> _wanted = [];
    private CenterIdentity _written = vault.Identity;
    private X509Certificate2? _shown;

    /// <summary>How many are open.</summary>
    public int Count => _open.Count;

    public async Task<IReadOnlyList<ServedLine>> OpenAsync(CancellationToken cancellation)
    {
        var lines = choice.Lines.Count > 0 ? choice.Lines : await registry.LinesAsync(cancellation);
        if (lines.Count == 0) throw new CommandException(ExitCode.Usage, "There is no line to serve; add one with line add, or name it with --line.");
        if (lines.FirstOrDefault(line => !HasResults(line, lines)) is { } data)
            throw new CommandException(ExitCode.Usage, $"The results of line {data.Line} come on line {data.Results}, which is not served, or is itself the data half of a split line.");
        if (link is not null) Shown();
        var opened = new List<(LineRecord Record, ServedLine Line, string Place)>();
        try
        {
            foreach (var line in lines) opened.Add(Open(line));
        }
        catch
        {
            foreach (var (_, line, _) in opened) await line.Listener.DisposeAsync();
            throw;
        }
        return [.. opened.Select(Opened)];
    }

    /// <summary>Those of the command line stay.</summary>
    public async Task<IReadOnlyList<ServedLine>> GoneAsync(CancellationToken cancellation)
    {
        ShowCertificate();
        await WriteIdentityAsync(cancellation);
        if (choice.Lines.Count > 0) return [];
        _wanted = Fitting(await registry.LinesAsync(cancellation));
        // A data half does not stay without its results, which may be opened anew.
        var gone = _open.Where(own => !_wanted.Contains(own.Key)).ToList();
        gone.AddRange(_open.Where(own => !gone.Contains(own) && gone.Exists(other => other.Key.Line == own.Key.Results)).ToList());
        foreach (var (record, line) in gone)
        {
            _open.Remove(record);
            display.Gone(record.Line.Value, LineText.Of(record));
        }
        return [.. gone.Select(own => own.Value)];
    }

    /// <summary>Those of the look that <see cref="GoneAsync"/> took.</summary>
    public Task<IReadOnlyList<ServedLine>> OpenNewAsync(CancellationToken cancellation)
    {
        var opened = new List<ServedLine>();
        // Results before the data that needs them.
        foreach (var line in _wanted.Where(line => !_open.ContainsKey(line)).OrderBy(line => line.Results is not null))
        {
            if (line.Results is { } results && !_open.Keys.Any(own => own.Line == results)) continue;
            try
            {
                opened.Add(Opened(Open(line)));
                _told.Remove(line.Line);
            }
            catch (Exception e) when (e is CardIssueException or CommandException or FormatException)
            {
                Tell(line.Line, e.Message);
            }
        }
        return Task.FromResult<IReadOnlyList<ServedLine>>(opened);
    }

    private ServedLine Opened((LineRecord Record, ServedLine Line, string Place) opened)
    {
        _open.Add(opened.Record, opened.Line);
        display.Ready(opened.Record.Line.Value, opened.Place);
        return opened.Line;
    }

    /// <summary>Without the data halves whose results are not served.</summary>
    private List<LineRecord> Fitting(IReadOnlyList<LineRecord> lines)
    {
        foreach (var data in lines.Where(line => !HasResults(line, lines)))
            Tell(data.Line, $"its results come on line {data.Results}, which is not served, or is itself the data half of a split line");
        return [.. lines.Where(line => HasResults(line, lines))];
    }

    /// <summary>Whether a line's results, where it has some, come on a line that is there and is no data half itself.</summary>
    private static bool HasResults(LineRecord data, IReadOnlyList<LineRecord> lines) =>
        data.Results is null || lines.Any(line => line.Line == data.Results && line.Results is null);

    /// <summary>Once, until it is something else.</summary>
    private void Tell(LineNumber line, string reason)
    {
        if (_told.TryGetValue(line, out var before) && before == reason) return;
        _told[line] = reason;
        ServingLog.LineNotServed(loggers.CreateLogger<ServedLines>(), line, reason);
    }

    /// <summary>The center changed over to another certificate: lines that are up stay up, and whoever comes sees the new one.</summary>
    private void ShowCertificate()
    {
        if (_shown is null) return;
        var next = certificate.Now();
        if (ReferenceEquals(next, _shown)) return;
        foreach (var line in _open.Values)
        {
            (line.Listener as TlsLineListener)?.UseCertificate(next);
            (line.Listener as SerialLineListener)?.UseCertificate(next);
        }
        link?.Show(next);
        _shown = next;
    }

    /// <summary>The center has another certificate or other keys: terminals that are made known from now on begin with these.</summary>
    private async Task WriteIdentityAsync(CancellationToken cancellation)
    {
        var now = vault.Identity;
        if (now == _written) return;
        await files.WriteIdentityAsync(vault, cancellation);
        _written = now;
    }

    private (LineRecord Record, ServedLine Line, string Place) Open(LineRecord line)
    {
        switch (line.Kind)
        {
            case LineKind.Tls:
                var tls = new TlsLineListener(line.Line, IPEndPoint.Parse(line.Listen), Shown(), door.KnowsAsync,
                    logger: loggers.CreateLogger<TlsLineListener>());
                return (line, new ServedLine(tls, Results: line.Results), tls.LocalEndPoint.ToString());
            case LineKind.Tcp:
                var tcp = new TcpLineListener(line.Line, IPEndPoint.Parse(line.Listen), logger: loggers.CreateLogger<TcpLineListener>());
                return (line, new ServedLine(tcp, WithoutTls: true, line.Results), tcp.LocalEndPoint.ToString());
            case LineKind.Serial or LineKind.SerialTls:
                var port = LineText.SerialOf(line);
                var tlsOf = line.Kind is LineKind.SerialTls ? Shown() : null;
                var serial = new SerialLineListener(line.Line, port.Device, port.ForLine(), tlsOf, door.KnowsAsync,
                    logger: loggers.CreateLogger<SerialLineListener>());
                return (line, new ServedLine(serial, WithoutTls: tlsOf is null, line.Results), port.ToString());
            default:
                throw new CommandException(ExitCode.Usage, $"Line {line.Line} is of no kind that this program knows; see line list.");
        }
    }

    /// <summary>For a line that is opened. Where others are up that show the one before, the next look has them change over.</summary>
    private X509Certificate2 Shown()
    {
        var now = certificate.Now();
        _shown ??= now;
        return now;
    }
}

internal static partial class ServingLog
{
    [LoggerMessage(1, LogLevel.Error, "Line {Line} is not served: {Reason}")]
    public static partial void LineNotServed(ILogger logger, LineNumber line, string reason);

    [LoggerMessage(2, LogLevel.Error, "The settings can't be taken as they are now, and those of before stay in force: {Reason}")]
    public static partial void SettingsNotTaken(ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The settings were changed; from this host's next start on: {Name}")]
    public static partial void SettingLater(ILogger logger, string name);
}
