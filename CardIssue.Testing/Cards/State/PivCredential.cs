using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Primitives;

namespace CardIssue.Testing.Cards.State;

/// <summary>A PIV card's Card Authentication key, a test key like all keys here, and its certificate.</summary>
/// <param name="PrivateKey">ECDSA P-256, PKCS #8.</param>
/// <param name="Certificate">X.509, DER; self-signed.</param>
public sealed record PivCredential(ByteString PrivateKey, ByteString Certificate)
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(3_650);

    /// <summary>The uncompressed point, 65 bytes, that goes with the private key.</summary>
    public ByteString PublicKey
    {
        get
        {
            using var key = Open();
            var point = key.ExportParameters(includePrivateParameters: false).Q;
            return ByteString.Own([0x04, .. point.X!, .. point.Y!]);
        }
    }

    /// <summary>A new key, certified by itself from now on.</summary>
    internal static PivCredential Generate(string name, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName($"CN={name}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now, now + Validity);
        return new PivCredential(ByteString.Own(key.ExportPkcs8PrivateKey()), ByteString.Own(certificate.RawData));
    }

    /// <summary>Signs a 32-byte hash. Returns the signature in DER, as SP 800-73-4 wants it.</summary>
    internal byte[] SignHash(ReadOnlySpan<byte> hash)
    {
        using var key = Open();
        return key.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>What it is, never the key.</summary>
    public override string ToString() => "PIV card authentication key";

    private ECDsa Open()
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(PrivateKey.Span, out _);
        return key;
    }
}
