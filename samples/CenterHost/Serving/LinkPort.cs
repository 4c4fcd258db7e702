using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Sessions;
using CardIssue.Center.Vault;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.Logging;

namespace CardIssue.CenterHost.Serving;

/// <summary>The port of this host's link to the others, and the way to theirs: TLS 1.3, with the center's certificate at both ends.</summary>
internal sealed class LinkPort : IAsyncDisposable
{
    /// <summary>It is no line of the registry; the listener asks for a number.</summary>
    private static readonly LineNumber NoLine = new(int.MaxValue);

    /// <summary>A host that is gone without a word is seen to be as soon as the others take it for dead, or nearly.</summary>
    private static readonly LineOptions Times = new()
    {
        KeepAliveInterval = TimeSpan.FromSeconds(2), SilenceLimit = TimeSpan.FromSeconds(8), ConnectTimeout = TimeSpan.FromSeconds(5),
    };

    private readonly TlsLineListener _listener;

    /// <summary>Listens at once.</summary>
    /// <exception cref="LineException">The port can't be had.</exception>
    public LinkPort(LinkPlace place, IKeyVault vault, CenterCertificateOfVault certificate, StepDisplay display, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<LinkPort>();
        _listener = new TlsLineListener(
            NoLine, place.Listen, certificate.Now(), (peer, _) => ValueTask.FromResult(peer.PeerCertificate == vault.Identity.TlsCertificate), Times,
            logger: logger);
        Link = new HostLink(place.Address ?? _listener.LocalEndPoint.ToString(), _listener, To);
        display.Linked(Link.Address);

        ILineConnector To(string address) => LinkOptions.TrySplit(address, out var host, out var port)
            ? new TlsLineConnector(host, port, certificate.Now(), TlsTrust.Pinned(() => [vault.Identity.TlsCertificate]), options: Times, logger: logger)
            : throw new FormatException($"{address} is no name and port");
    }

    /// <summary>For the center's sessions.</summary>
    public HostLink Link { get; }

    /// <summary>Shows the center's certificate as it is now.</summary>
    public void Show(X509Certificate2 certificate) => _listener.UseCertificate(certificate);

    public ValueTask DisposeAsync() => _listener.DisposeAsync();
}
