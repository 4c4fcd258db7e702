using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Primitives;

namespace CardIssue.Transport.Tls;

/// <summary>The check of the peer's certificate in one handshake: it is there, valid today, and one that is let in. Its digest stays for <c>LinePeer</c>.</summary>
internal sealed class CertificateCheck(TimeProvider time, Func<ByteString, string?> refuse)
{
    /// <summary>SHA-256 of the peer's certificate, once it was seen.</summary>
    public ByteString Sha256 { get; private set; }

    /// <summary>Why it was refused, or null.</summary>
    public string? Refusal { get; private set; }

    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = certificate is null ? "The peer showed no certificate." : Outdated(certificate, time);
        if (certificate is not null) Sha256 = TlsCertificates.Sha256(certificate);
        Refusal ??= refuse(Sha256);
        return Refusal is null;
    }

    /// <summary>Says so when a certificate is not valid now.</summary>
    public static string? Outdated(X509Certificate certificate, TimeProvider time)
    {
        using var parsed = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        var now = time.GetUtcNow();
        if (now < parsed.NotBefore.ToUniversalTime()) return $"The certificate is valid only from {Text(parsed.NotBefore)}; check this machine's clock.";
        if (now > parsed.NotAfter.ToUniversalTime()) return $"The certificate expired on {Text(parsed.NotAfter)}; renew it, or check this machine's clock.";
        return null;
    }

    private static string Text(DateTime moment) => moment.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture);
}
