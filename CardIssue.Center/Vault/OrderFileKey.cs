using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>One of <see cref="IOrderFileKeys"/> with its private key, on P-256, for key agreement alone.</summary>
internal sealed class OrderFileKey : IDisposable
{
    private const int SerialLength = 16;

    private readonly P256PrivateKey _key;

    private OrderFileKey(int version, P256PrivateKey key, ByteString certificate)
    {
        _key = key;
        using var read = X509CertificateLoader.LoadCertificate(certificate.Span);
        Info = new OrderFileKeyInfo(version, certificate, read.NotAfter.ToUniversalTime());
        Serial = ByteString.Copy(read.SerialNumberBytes.Span);
        KeyIdentifier = ByteString.Copy(read.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span);
    }

    public OrderFileKeyInfo Info { get; }

    public ByteString Serial { get; }

    public ByteString KeyIdentifier { get; }

    public P256PrivateKey Key => _key;

    public static OrderFileKey Make(int version, CenterId center, P256PrivateKey signing, DateTimeOffset from, DateTimeOffset until)
    {
        var key = P256PrivateKey.Generate();
        var subject = new X500DistinguishedName($"CN=CardIssue {center.Value} orders {version}");
        var request = new CertificateRequest(subject, Public(key.PublicKey), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyAgreement, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.Create(new X500DistinguishedName($"CN=CardIssue {center.Value}"), new CenterSignature(signing),
            from, until, RandomNumberGenerator.GetBytes(SerialLength));
        return new OrderFileKey(version, key, ByteString.Own(certificate.RawData));
    }

    public static OrderFileKey Read(ref SecretReader from) =>
        new(from.Number(), P256PrivateKey.FromNumber(from.Bytes()), ByteString.Copy(from.Bytes()));

    public void Write(SecretWriter to)
    {
        to.Number(Info.Version);
        _key.WriteTo(to);
        to.Bytes(Info.Certificate.Span);
    }

    public void Dispose() => _key.Dispose();

    private static PublicKey Public(P256PublicKey key)
    {
        var point = key.Encoded.Span;
        using var ec = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33].ToArray(), Y = point[33..].ToArray() },
        });
        return new PublicKey(ec);
    }

    /// <summary>ECDSA with SHA-256 by the center's signing key; a certificate begins with no label of ours, and no label with DER's 30.</summary>
    private sealed class CenterSignature(P256PrivateKey signing) : X509SignatureGenerator
    {
        private const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";

        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            var der = new AsnWriter(AsnEncodingRules.DER);
            using (der.PushSequence()) der.WriteObjectIdentifier(EcdsaWithSha256);
            return der.Encode();
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm)
        {
            var signature = signing.Sign(data);
            var der = new AsnWriter(AsnEncodingRules.DER);
            using (der.PushSequence())
            {
                der.WriteIntegerUnsigned(Unsigned(signature.AsSpan(0, signature.Length / 2)));
                der.WriteIntegerUnsigned(Unsigned(signature.AsSpan(signature.Length / 2)));
            }
            return der.Encode();
        }

        protected override PublicKey BuildPublicKey() => Public(signing.PublicKey);

        private static ReadOnlySpan<byte> Unsigned(ReadOnlySpan<byte> number) =>
            number.TrimStart((byte)0) is { IsEmpty: false } short1 ? short1 : number[^1..];
    }
}
