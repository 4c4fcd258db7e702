using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Cards;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Readers;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Cli;
using CardIssue.TerminalHost.Display;
using CardIssue.Transport.Reconnect;
using CardIssue.Transport.Tls;

namespace CardIssue.TerminalHost.Counter;

/// <summary>A counter at work: module, reader, line and relay put together, from the first request to the end of the program.</summary>
internal sealed class TerminalCounter : IAsyncDisposable, IProgress<IssueProgress>
{
    private readonly SoftwareModule _module;
    private readonly X509Certificate2? _certificate;
    private readonly ICardReader _reader;
    private readonly ICardReader? _samSlot;
    private readonly SamReaderKey? _readerKey;
    private readonly IStepDisplay _display;
    private readonly Action<ReaderSight>? _saw;
    private readonly LinePatience? _patience;
    private readonly Exports _exports = Exports.Begin("terminalhost", [TerminalTelemetry.Name]);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isIssued;
    private Task? _running;

    private TerminalCounter(
        SoftwareModuleFile file, LineAddress center, ICardReader reader, IStepDisplay display, bool endlessly, ICardReader? samSlot, IReceiptPrinter? printer, Action<ReaderSight>? saw)
    {
        _reader = new WatchedReader(reader, Saw);
        (_display, _samSlot, _saw) = (display, samSlot, saw);
        _readerKey = samSlot is null ? null : new SamReaderKey(samSlot);
        _certificate = file.TlsClient.IsEmpty ? null : TlsCertificates.FromPfx(file.TlsClient, []);
        _module = file.OpenModule();
        var certificates = file.OpenCertificates();
        _patience = endlessly ? null : new LinePatience(center, TimeProvider.System);
        Relay = new TerminalRelay(new TerminalRelayOptions(), CenterLine.Connector(center, _certificate, center.NeedsTls ? TlsTrust.Pinned(() => certificates.Pins) : null, Failed), _reader, _module, this,
            printer, readerKey: _readerKey, certificates: certificates);
    }

    /// <summary>The relay.</summary>
    public TerminalRelay Relay { get; }

    /// <summary>Puts a counter together; the line comes up with the first call, and is given up when it stays away.</summary>
    /// <param name="file">The module; may be closed afterwards.</param>
    /// <param name="center">Where the center is.</param>
    /// <param name="reader">The card reader; is disposed with this.</param>
    /// <param name="display">Is told each step and each failed try.</param>
    /// <param name="samSlot">The slot of the SAM that carries the reader's key, or null; is disposed with this.</param>
    /// <param name="printer">Prints receipts, or null.</param>
    /// <exception cref="CommandException">The module trusts no center, or one without TLS.</exception>
    public static TerminalCounter Open(
        SoftwareModuleFile file, LineAddress center, ICardReader reader, IStepDisplay display, ICardReader? samSlot = null, IReceiptPrinter? printer = null) =>
        Open(file, center, reader, display, endlessly: false, samSlot, printer, saw: null);

    /// <summary>The same for a program that stays: it never gives the line up, and its readers need not be there yet.</summary>
    /// <param name="file">The module; may be closed afterwards.</param>
    /// <param name="center">Where the center is.</param>
    /// <param name="reader">Where the card reader is.</param>
    /// <param name="samSlot">Where the slot is of the SAM that carries the reader's key, or null.</param>
    /// <param name="missing">Is told why one of them is not there, if it is not.</param>
    /// <param name="display">Is told each step and each failed try.</param>
    /// <param name="printer">Prints receipts, or null.</param>
    /// <param name="saw">Is told what is seen of the reader, or null.</param>
    /// <exception cref="CommandException">The module trusts no center, or one without TLS; or an address does not say which reader it is.</exception>
    public static TerminalCounter OpenEndlessly(
        SoftwareModuleFile file, LineAddress center, ReaderAddress reader, ReaderAddress? samSlot, Action<string> missing, IStepDisplay display,
        IReceiptPrinter? printer = null, Action<ReaderSight>? saw = null) =>
        Open(file, center, LateReader.Open(reader, missing), display, endlessly: true, samSlot is null ? null : LateReader.Open(samSlot, missing), printer, saw);

    private static TerminalCounter Open(
        SoftwareModuleFile file, LineAddress center, ICardReader reader, IStepDisplay display, bool endlessly, ICardReader? samSlot, IReceiptPrinter? printer,
        Action<ReaderSight>? saw)
    {
        if (file.Center is null) throw new CommandException(ExitCode.Failed, "The module trusts no center: take its center.json over with `terminalhost module import --center FILE`.");
        if (center.NeedsTls && (file.Center.TlsCertificate.IsEmpty || file.TlsClient.IsEmpty))
            throw new CommandException(ExitCode.Failed, "The module knows no TLS certificate of the center: take a complete center.json over with `terminalhost module import --center FILE`.");
        return new TerminalCounter(file, center, reader, display, endlessly, samSlot, printer, saw);
    }

    /// <summary>Brings the line up before anybody is served.</summary>
    public void Start() => _running ??= Relay.RunAsync(_stop.Token);

    /// <summary>Has one card issued. Cancelling tells the center, too.</summary>
    /// <exception cref="CommandException">The line was away for too long.</exception>
    public async Task<IssueOutcome> IssueAsync(IssueRequest request, CancellationToken cancellation)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Asked before the line is up, so that a refusal of access finds somebody who waits for it.
        Start();
        var issue = Relay.IssueAsync(request, null, abandon.Token);
        await FirstOfAsync(issue, abandon);
        return await issue;
    }

    /// <summary>How an issue ended that was cancelled here before the center had a word to say.</summary>
    public static IssueOutcome Cancelled(DateTimeOffset at) =>
        new(IssueEnding.Aborted, nameof(AbortCode.OperatorCancelled), "") { Reason = IssueReason.StoppedByOperator, At = at };

    /// <summary>Waits for the center's word on access, and asks what it takes this terminal for when it is granted.</summary>
    /// <exception cref="CommandException">The line was away for too long.</exception>
    public async Task<(IssueNotice Access, StatusReport? Report)> AskAccessAsync(CancellationToken cancellation)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var access = _patience!.Access.WaitAsync(abandon.Token);
        await FirstOfAsync(access, abandon);
        return await access is IssueNotice.AccessGranted ? (IssueNotice.AccessGranted, await Relay.AskStatusAsync(cancellation)) : (await access, null);
    }

    /// <summary>Waits until the card is out (S320), also where the line is lost meanwhile, and nobody says so.</summary>
    public Task WaitForRemovalAsync(CancellationToken cancellation) => _removed.Task.WaitAsync(cancellation);

    /// <inheritdoc/>
    public void Report(IssueProgress value)
    {
        _patience?.Shown(value.Notice);
        _display.Show(value);
        _isIssued |= value.Notice is IssueNotice.Issued;
        if (value.Notice is IssueNotice.Ready) _removed.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_running is not null) await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Relay.DisposeAsync();
        await _reader.DisposeAsync();
        _readerKey?.Dispose();
        if (_samSlot is not null) await _samSlot.DisposeAsync();
        _module.Dispose();
        _certificate?.Dispose();
        _exports.Dispose();
        _patience?.Dispose();
        _stop.Dispose();
    }

    /// <summary>Waits for a task, for the relay, which only a bug ends, or for the end of patience, which abandons the task.</summary>
    private async Task FirstOfAsync(Task awaited, CancellationTokenSource abandon)
    {
        Start();
        Task[] all = _patience is null ? [awaited, _running!] : [awaited, _running!, _patience.GivenUp];
        var first = await Task.WhenAny(all);
        if (first == _running) await _running;
        if (first == awaited) return;
        await abandon.CancelAsync();
        await awaited.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        throw await _patience!.GivenUp;
    }

    private void Saw(ReaderSight sight)
    {
        if (_isIssued && sight is not ReaderSight.CardIn) _removed.TrySetResult();
        _saw?.Invoke(sight);
    }

    private void Failed(FailedTry failed)
    {
        _patience?.Failed(failed);
        _display.Failed(failed);
    }
}
