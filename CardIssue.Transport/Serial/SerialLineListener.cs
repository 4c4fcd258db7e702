using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using CardIssue.Core.Hosting;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CardIssue.Transport.Serial;

/// <summary>
/// Accepts the lines that come up on one serial port, one at a time: the next one when the last has ended. The port is the dedicated line, so its number
/// is this listener's. The link procedure (LAPB, ISO/IEC 7776) repairs noise, and TLS 1.3 runs over it when a certificate is given.
/// </summary>
/// <remarks>
/// A port that is not there, or is pulled, is tried again until it is back. A peer that begins anew while its line is up ends that line as broken; what
/// it began is the next line.
/// </remarks>
public sealed class SerialLineListener : ILineListener
{
    private readonly OpenSerialPort _open;
    private readonly SerialLineOptions _options;
    private readonly TlsServer? _tls;
    private readonly LineOptions _lineOptions;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<FramedLine> _lines;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private int _disposed;

    /// <summary>Listens at once, or as soon as the port is there.</summary>
    /// <param name="line">The number of the dedicated line that this port is, from the center's configuration.</param>
    /// <param name="portName">The serial port, as <c>/dev/ttyUSB0</c> or <c>COM3</c>.</param>
    /// <param name="options">The port's and the link's parameters; the defaults when null.</param>
    /// <param name="certificate">The center's certificate with its key, for TLS; without TLS when null. Stays the caller's, who disposes it after the listener.</param>
    /// <param name="isKnown">Whether to let a peer with this certificate in; all when null. Called on any thread, once in each handshake.</param>
    /// <param name="lineOptions">Times; those that fit the speed when null.</param>
    /// <param name="time">The clock, also for certificates; the system's when null.</param>
    /// <param name="logger">Hears of ports that can't be opened and of broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">An option is out of range, there is no line number or port name, or the certificate has no key or is not valid now.</exception>
    public SerialLineListener(
        LineNumber line, string portName, SerialLineOptions? options = null, X509Certificate2? certificate = null, IsKnownPeer? isKnown = null,
        LineOptions? lineOptions = null, TimeProvider? time = null, ILogger? logger = null)
        : this(line, checkedOptions => SerialPortStream.Opener(portName, checkedOptions), options, certificate, isKnown, lineOptions, time, logger)
    {
    }

    /// <summary>Listens at once on what <paramref name="open"/> opens: a modem, a port at another machine.</summary>
    /// <param name="line">The number of the dedicated line that this port is, from the center's configuration.</param>
    /// <param name="open">Opens it, once for each line.</param>
    /// <param name="options">The port's and the link's parameters; the defaults when null.</param>
    /// <param name="certificate">The center's certificate with its key, for TLS; without TLS when null. Stays the caller's, who disposes it after the listener.</param>
    /// <param name="isKnown">Whether to let a peer with this certificate in; all when null. Called on any thread, once in each handshake.</param>
    /// <param name="lineOptions">Times; those that fit the speed when null.</param>
    /// <param name="time">The clock, also for certificates; the system's when null.</param>
    /// <param name="logger">Hears of ports that can't be opened and of broken lines; nobody when null.</param>
    /// <exception cref="ArgumentException">An option is out of range, there is no line number, or the certificate has no key or is not valid now.</exception>
    internal SerialLineListener(
        LineNumber line, OpenSerialPort open, SerialLineOptions? options = null, X509Certificate2? certificate = null, IsKnownPeer? isKnown = null,
        LineOptions? lineOptions = null, TimeProvider? time = null, ILogger? logger = null)
        : this(line, _ => open ?? throw new ArgumentNullException(nameof(open)), options, certificate, isKnown, lineOptions, time, logger)
    {
    }

    private SerialLineListener(
        LineNumber line, Func<SerialLineOptions, OpenSerialPort> opener, SerialLineOptions? options, X509Certificate2? certificate,
        IsKnownPeer? isKnown, LineOptions? lineOptions, TimeProvider? time, ILogger? logger)
    {
        if (line.Value < 1) throw new ArgumentException("A listener has a line number, 1 or greater.", nameof(line));
        Line = line;
        _options = SerialLineOptions.Checked(options);
        _lineOptions = LineOptions.Checked(lineOptions ?? _options.CreateLineOptions());
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _open = opener(_options);
        if (certificate is not null) _tls = new TlsServer(certificate, isKnown, _lineOptions, _time, _logger);
        // One line at a time: one that nobody took before it ended makes room for the next.
        _lines = Channel.CreateBounded<FramedLine>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }, static untaken => _ = untaken.DisposeAsync().AsTask());
        _loop = Task.Run(RunAsync);
    }

    /// <inheritdoc/>
    public LineNumber Line { get; }

    /// <inheritdoc/>
    public Action<HandshakeRefusal>? Refused { get; set; }

    /// <summary>With TLS, shows another certificate from the next handshake on; a line that is up stays with the one before.</summary>
    /// <param name="certificate">The center's certificate with its key; stays the caller's, who disposes it, and the one before, after the listener.</param>
    /// <exception cref="ArgumentException">The certificate has no key or is not valid now; the one before stays.</exception>
    public void UseCertificate(X509Certificate2 certificate) => _tls?.Use(certificate);

    /// <inheritdoc/>
    /// <exception cref="LineException"><see cref="LineFault.Closed"/>: the listener was disposed.</exception>
    public async ValueTask<ILine> AcceptAsync(CancellationToken cancellation)
    {
        try
        {
            return await _lines.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new LineException(LineFault.Closed, "The listener was closed.", e);
        }
    }

    /// <summary>Stops listening; a line that was taken with <see cref="AcceptAsync"/> goes on, and keeps the port until it ends. Twice is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _lines.Writer.Complete();
        while (_lines.Reader.TryRead(out var line)) await line.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var failed = false;
        while (true)
        {
            try
            {
                if (failed) await Task.Delay(_options.ReopenDelay, _time, _stop.Token).ConfigureAwait(false);
                var wire = await OpenPortAsync().ConfigureAwait(false);
                failed = !await ServeAsync(new SerialStream(wire, LinkRole.Answering, _options, _time)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // A local bug, or a port that fails in a way of its own: the line's number stays served, after a pause.
                Log.SerialListenerFailed(_logger, Line.Value, e);
                failed = true;
            }
        }
    }

    /// <summary>Opens the port, however often it takes; the waits double up to their cap.</summary>
    private async Task<Stream> OpenPortAsync()
    {
        var delay = _options.ReopenDelay;
        for (var told = false; ; told = true)
        {
            try
            {
                var wire = await _open(_stop.Token).ConfigureAwait(false);
                if (told) Log.PortOpened(_logger, Line.Value);
                return wire;
            }
            catch (IOException e)
            {
                if (!told) Log.PortNotOpened(_logger, Line.Value, e.Message);
            }
            await Task.Delay(delay, _time, _stop.Token).ConfigureAwait(false);
            delay = delay * 2 < _options.MaxReopenDelay ? delay * 2 : _options.MaxReopenDelay;
        }
    }

    /// <summary>One link from its beginning to its end. False when no line came of it.</summary>
    private async Task<bool> ServeAsync(SerialStream stream)
    {
        FramedLine? line = null;
        try
        {
            await stream.WaitUntilUpAsync(_stop.Token).ConfigureAwait(false);
            line = await BringUpAsync(stream).ConfigureAwait(false);
            await _lines.Writer.WriteAsync(line, _stop.Token).ConfigureAwait(false);
            await stream.Ended.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or AuthenticationException or ObjectDisposedException || e is OperationCanceledException && !_stop.IsCancellationRequested)
        {
            Log.SerialLineNotUp(_logger, Line.Value, e is HandshakeException { Fault: var fault } ? $"{fault}: {e.Message}" : e.Message);
            if (e is HandshakeException named) Refused?.Invoke(new HandshakeRefusal(Line, null, named.Fault, named.Message));
        }
        finally
        {
            if (line is null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
                await stream.Ended.ConfigureAwait(false);
            }
        }
        return line is not null;
    }

    private async Task<FramedLine> BringUpAsync(SerialStream stream)
    {
        var end = new SerialEnd(stream);
        if (_tls is not null) return await _tls.BringUpAsync(stream, end, Line, address: null, _stop.Token).ConfigureAwait(false);
        return new FramedLine(stream, end, new LinePeer(Line, null, ByteString.Empty, ByteString.Empty), _lineOptions, new AlarmClock(_time), _logger, connected: false);
    }
}
