using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Serial;

/// <summary>
/// Brings up a line over a serial port: the link procedure (LAPB, ISO/IEC 7776) repairs noise, and TLS 1.3 runs over it when a certificate is given.
/// One line at a time: the port of the line before must be free again, and is waited for.
/// </summary>
public sealed class SerialLineConnector : ILineConnector
{
    private readonly OpenSerialPort _open;
    private readonly string _portName;
    private readonly SerialLineOptions _options;
    private readonly TlsClient? _tls;
    private readonly LineNumber? _line;
    private readonly LineOptions _lineOptions;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Task _portFree = Task.CompletedTask;

    /// <summary>Makes a connector; no port is opened yet.</summary>
    /// <param name="portName">The serial port, as <c>/dev/ttyUSB0</c> or <c>COM3</c>.</param>
    /// <param name="options">The port's and the link's parameters; the defaults when null.</param>
    /// <param name="certificate">The terminal's certificate with its key, for TLS; without TLS when null. Stays the caller's, who disposes it after the connector.</param>
    /// <param name="trust">The center's certificate, pinned; given if and only if <paramref name="certificate"/> is.</param>
    /// <param name="line">The line's number as this end's configuration has it, or null.</param>
    /// <param name="lineOptions">Times; those that fit the speed when null.</param>
    /// <param name="time">The clock, also for certificates; the system's when null.</param>
    /// <param name="logger">Hears of broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">There is no port name, an option is out of range, the certificate has no key, or only one of certificate and trust is given.</exception>
    public SerialLineConnector(
        string portName, SerialLineOptions? options = null, X509Certificate2? certificate = null, TlsTrust? trust = null, LineNumber? line = null,
        LineOptions? lineOptions = null, TimeProvider? time = null, ILogger? logger = null)
        : this(portName, null, options, certificate, trust, line, lineOptions, time, logger)
    {
    }

    /// <summary>Makes a connector over what <paramref name="open"/> opens: a modem that must be dialled, a port at another machine.</summary>
    /// <param name="open">Opens it, once for each line.</param>
    /// <param name="options">The port's and the link's parameters; the defaults when null.</param>
    /// <param name="certificate">The terminal's certificate with its key, for TLS; without TLS when null. Stays the caller's, who disposes it after the connector.</param>
    /// <param name="trust">The center's certificate, pinned; given if and only if <paramref name="certificate"/> is.</param>
    /// <param name="line">The line's number as this end's configuration has it, or null.</param>
    /// <param name="lineOptions">Times; those that fit the speed when null.</param>
    /// <param name="time">The clock, also for certificates; the system's when null.</param>
    /// <param name="logger">Hears of broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">There is no port name, an option is out of range, the certificate has no key, or only one of certificate and trust is given.</exception>
    internal SerialLineConnector(
        OpenSerialPort open, SerialLineOptions? options = null, X509Certificate2? certificate = null, TlsTrust? trust = null, LineNumber? line = null,
        LineOptions? lineOptions = null, TimeProvider? time = null, ILogger? logger = null)
        : this("the serial line", open ?? throw new ArgumentNullException(nameof(open)), options, certificate, trust, line, lineOptions, time, logger)
    {
    }

    private SerialLineConnector(
        string portName, OpenSerialPort? open, SerialLineOptions? options, X509Certificate2? certificate, TlsTrust? trust, LineNumber? line,
        LineOptions? lineOptions, TimeProvider? time, ILogger? logger)
    {
        if (certificate is null != trust is null) throw new ArgumentException("TLS needs both: this terminal's certificate and the center's, pinned.", nameof(trust));
        _options = SerialLineOptions.Checked(options);
        _lineOptions = LineOptions.Checked(lineOptions ?? _options.CreateLineOptions());
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _open = open ?? SerialPortStream.Opener(portName, _options);
        (_portName, _line) = (portName, line);
        if (certificate is not null) _tls = new TlsClient($"The center on {portName}", certificate, trust!, line, _lineOptions, _time, _logger);
    }

    /// <inheritdoc/>
    /// <exception cref="LineException">
    /// <see cref="LineFault.Unreachable"/>: the port can't be opened, or nobody answered in time. <see cref="LineFault.NotTrusted"/>: as with
    /// <see cref="TlsLineConnector"/>.
    /// </exception>
    public async ValueTask<ILine> ConnectAsync(CancellationToken cancellation)
    {
        _tls?.CheckOwnCertificate();
        var stream = await OpenLinkAsync(cancellation).ConfigureAwait(false);
        var end = new SerialEnd(stream);
        if (_tls is not null) return await _tls.BringUpAsync(stream, end, address: null, cancellation).ConfigureAwait(false);
        var peer = new LinePeer(_line, null, ByteString.Empty, ByteString.Empty);
        return new FramedLine(stream, end, peer, _lineOptions, new AlarmClock(_time), _logger, connected: true);
    }

    private async Task<SerialStream> OpenLinkAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_lineOptions.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        SerialStream? stream = null;
        try
        {
            await _portFree.WaitAsync(either.Token).ConfigureAwait(false);
            var wire = await _open(either.Token).ConfigureAwait(false);
            stream = new SerialStream(wire, LinkRole.Calling, _options, _time);
            _portFree = stream.Ended;
            await stream.WaitUntilUpAsync(either.Token).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            if (e is LineException) throw;
            if (stream is null && !_portFree.IsCompleted)
                throw new LineException(LineFault.Unreachable, $"{_portName} is still held by the line before, whose end takes longer than {_lineOptions.ConnectTimeout}.", e);
            throw new LineException(LineFault.Unreachable, e is IOException
                ? $"The port of {_portName} can't be had: {e.Message}"
                : $"Nobody answered on {_portName} in {_lineOptions.ConnectTimeout}. Check the cable, the speed at both ends, and that the center listens.", e);
        }
    }
}
