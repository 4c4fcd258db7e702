using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Tls;

/// <summary>Which versions and cipher suites of TLS a line may have.</summary>
internal static class TlsSuites
{
    private static readonly TlsCipherSuite[] Tls13 =
    [
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
    ];

    private static readonly TlsCipherSuite[] Tls12 =
    [
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];

    public static SslProtocols Protocols(LineOptions options) =>
        options.AllowTls12Aead ? SslProtocols.Tls13 | SslProtocols.Tls12 : SslProtocols.Tls13;

    /// <summary>What to offer; on Windows the system's own policy decides, and <see cref="Accepts"/> looks at what came of it.</summary>
    public static CipherSuitesPolicy? Policy(LineOptions options) => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()
        ? new CipherSuitesPolicy(options.AllowTls12Aead ? [.. Tls13, .. Tls12] : Tls13)
        : null;

    public static bool Accepts(TlsCipherSuite suite, LineOptions options) =>
        Tls13.Contains(suite) || options.AllowTls12Aead && Tls12.Contains(suite);

    /// <summary>Keeps the system from fetching anything from where a certificate points to: pins decide, not chains.</summary>
    public static X509ChainPolicy NoDownloads() => new()
    {
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };
}
