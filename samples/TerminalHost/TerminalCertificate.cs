using CardIssue.Core.Primitives;
using CardIssue.Transport.Tls;

namespace CardIssue.TerminalHost;

/// <summary>A terminal's TLS client certificate, signed by itself: the center knows it by its digest.</summary>
internal static class TerminalCertificate
{
    public const int Years = 5;

    /// <summary>A new one.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="sha256">SHA-256 of its DER.</param>
    /// <returns>PKCS#12 without a password; the caller disposes it.</returns>
    public static SecretBytes Create(TerminalId terminal, out ByteString sha256)
    {
        var now = DateTimeOffset.UtcNow;
        using var certificate = TlsCertificates.CreateSelfSigned($"CN={terminal}", now.AddDays(-1), now.AddYears(Years));
        sha256 = TlsCertificates.Sha256(certificate);
        return TlsCertificates.ToPfx(certificate, []);
    }
}
