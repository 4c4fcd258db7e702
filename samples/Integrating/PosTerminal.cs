// guide: namespaces of a terminal
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Transport.Reconnect;
using CardIssue.Transport.Tls;
// end

namespace CardIssue.Integrating;

// guide: terminal
/// <summary>A terminal inside of a POS: made when the shop opens, disposed when it closes.</summary>
public sealed class PosTerminal : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly SoftwareModule _module;
    private readonly Task _running;

    public PosTerminal(
        string moduleFile, SecretBytes passphrase, string center, int port, ICardReader reader,
        IReceiptPrinter? printer = null)
    {
        // What `terminalhost enroll` made: this terminal's keys, its certificate, and whom it trusts.
        using var file = SoftwareModuleFile.Open(moduleFile, passphrase);
        _module = file.OpenModule();
        _certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        var known = file.OpenCertificates();
        var line = new TlsLineConnector(center, port, _certificate, TlsTrust.Pinned(() => known.Pins));
        Relay = new TerminalRelay(
            new TerminalRelayOptions(), new ReconnectingConnector(line), reader, _module,
            printer: printer, certificates: known);
        _running = Relay.RunAsync(_stop.Token);
    }

    public TerminalRelay Relay { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Relay.DisposeAsync();
        _module.Dispose();
        _certificate.Dispose();
        _stop.Dispose();
    }
}
// end
