using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Tls;

namespace CardIssue.CenterHost.Serving;

/// <summary>
/// The center's TLS certificate with its key, as the vault has it now. Those of before stay until the program's end: listeners may hold them.
/// </summary>
internal sealed class CenterCertificateOfVault(IKeyVault vault) : IDisposable
{
    private readonly Lock _turn = new();
    private readonly List<X509Certificate2> _certificates = [];
    private ByteString _latest;

    /// <summary>The one that is in force.</summary>
    /// <exception cref="CommandException">The vault has none.</exception>
    public X509Certificate2 Now()
    {
        lock (_turn)
        {
            if (_certificates.Count > 0 && vault.Identity.TlsCertificate == _latest) return _certificates[^1];
            using var pkcs12 = (vault as FileKeyVault)?.CopyTlsServer();
            if (pkcs12 is not { Length: > 0 }) throw new CommandException(ExitCode.File, "The vault has no TLS certificate; make the center anew.");
            _certificates.Add(TlsCertificates.FromPfx(pkcs12.Span, []));
            _latest = TlsCertificates.Sha256(_certificates[^1]);
            return _certificates[^1];
        }
    }

    public void Dispose() => _certificates.ForEach(certificate => certificate.Dispose());
}
