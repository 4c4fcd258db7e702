using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Primitives;

namespace CardIssue.Transport.Tls;

/// <summary>Makes, keeps and names the certificates of centers and terminals.</summary>
public static class TlsCertificates
{
    private const int SerialLength = 16;
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>A new ECDSA P-256 key with a certificate signed by itself (RFC 5280), for either end of a line.</summary>
    /// <param name="subject">A distinguished name, as <c>CN=terminal-17</c>.</param>
    /// <param name="notBefore">Begin of its validity; whole seconds count.</param>
    /// <param name="notAfter">End of its validity.</param>
    /// <returns>The certificate with its key, which may be saved by <see cref="ToPfx"/>; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The validity ends before it begins.</exception>
    /// <exception cref="CryptographicException">The subject is no distinguished name.</exception>
    public static X509Certificate2 CreateSelfSigned(string subject, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(subject);
        if (notAfter <= notBefore) throw new ArgumentException("The validity must end after it begins.", nameof(notAfter));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerAuthentication, ClientAuthentication], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var fresh = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), notBefore, notAfter, RandomNumberGenerator.GetBytes(SerialLength));
        using var whole = fresh.CopyWithPrivateKey(key);
        using var pfx = ToPfx(whole, []);
        return FromPfx(pfx.Span, [], exportable: true);
    }

    /// <summary>The certificate and its key as PKCS #12 (RFC 7292; PBES2, AES-256, SHA-256).</summary>
    /// <param name="certificate">The certificate, with its key.</param>
    /// <param name="password">The password that it is to have; empty for none.</param>
    /// <returns>The file's bytes, which the caller disposes.</returns>
    /// <exception cref="CryptographicException">There is no private key, or it may not leave where it is.</exception>
    public static SecretBytes ToPfx(X509Certificate2 certificate, ReadOnlySpan<char> password)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey) throw new CryptographicException("The certificate has no private key to save.");
        return SecretBytes.Take(certificate.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, password.ToString()));
    }

    /// <summary>Reads a certificate and its key from PKCS #12, in the way that <c>SslStream</c> can use on every system.</summary>
    /// <param name="pfx">The file's bytes.</param>
    /// <param name="password">Its password; empty when it has none.</param>
    /// <param name="exportable">Whether <see cref="ToPfx"/> shall work on what is read.</param>
    /// <returns>The certificate with its key; the caller disposes it.</returns>
    /// <exception cref="CryptographicException">It is no PKCS #12, or the password is another.</exception>
    public static X509Certificate2 FromPfx(ReadOnlySpan<byte> pfx, ReadOnlySpan<char> password, bool exportable = false) =>
        // Windows' SChannel can't use a key in an ephemeral key set: the default one it is.
        X509CertificateLoader.LoadPkcs12(pfx, password, exportable ? X509KeyStorageFlags.Exportable : X509KeyStorageFlags.DefaultKeySet);

    /// <summary>What names a certificate everywhere here: SHA-256 of its DER, 32 bytes.</summary>
    public static ByteString Sha256(X509Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return ByteString.Own(SHA256.HashData(certificate.GetRawCertData()));
    }
}
