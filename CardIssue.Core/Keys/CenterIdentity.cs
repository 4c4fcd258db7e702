using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>The name of a center.</summary>
public readonly record struct CenterId
{
    /// <summary>Checks and wraps a name.</summary>
    /// <exception cref="FormatException">Not a name by <see cref="NameRule"/>.</exception>
    public CenterId(string value) => Value = NameRule.Check(value, "center id");

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>What terminals know a center by; all of it public. Its file is <c>center.json</c>.</summary>
/// <param name="Id">The center.</param>
/// <param name="SigningKey">Signs admissions, reader lists and log checkpoints.</param>
/// <param name="AgreementKey">Issue codes and terminal transport keys are agreed with it.</param>
/// <param name="TlsCertificate">SHA-256 of its TLS certificate's DER (32 bytes), or empty when no line uses TLS.</param>
public sealed record CenterIdentity(CenterId Id, P256PublicKey SigningKey, P256PublicKey AgreementKey, ByteString TlsCertificate)
{
    /// <summary>Reads <c>center.json</c>.</summary>
    /// <param name="json">The file, UTF-8.</param>
    /// <param name="source">Its name, for the error.</param>
    /// <exception cref="FormatException">With file, line, column and what is wrong.</exception>
    public static CenterIdentity Read(ReadOnlySpan<byte> json, string source = "center.json")
    {
        var fields = IdentityFile.Read(json, source, ["center", "signingKey", "agreementKey", "tlsCertificateSha256"]);
        return new CenterIdentity(
            fields.Value("center", text => new CenterId(text)),
            fields.Value("signingKey", IdentityFile.PublicKey),
            fields.Value("agreementKey", IdentityFile.PublicKey),
            fields.Value("tlsCertificateSha256", IdentityFile.Sha256));
    }

    /// <summary>Writes <c>center.json</c>, UTF-8.</summary>
    public byte[] Write() => IdentityFile.Write(
        ("center", Id.Value), ("signingKey", SigningKey.ToString()), ("agreementKey", AgreementKey.ToString()), ("tlsCertificateSha256", TlsCertificate.ToString()));
}
