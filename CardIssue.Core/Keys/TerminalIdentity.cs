using System.Globalization;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>What a center knows a terminal's keys by; all of it public. Its enrolment file is <c>terminal.json</c>.</summary>
/// <param name="Id">The terminal.</param>
/// <param name="CredentialKey">Signs the proof of admission (S220).</param>
/// <param name="AgreementKey">The module's; the terminal transport key is agreed with it.</param>
/// <param name="KeyVersion">Counts the terminal's sets of keys from 1.</param>
/// <param name="TlsCertificate">SHA-256 of its TLS client certificate's DER (32 bytes), or empty without TLS.</param>
public sealed record TerminalIdentity(TerminalId Id, P256PublicKey CredentialKey, P256PublicKey AgreementKey, int KeyVersion, ByteString TlsCertificate)
{
    /// <summary>Reads <c>terminal.json</c>.</summary>
    /// <param name="json">The file, UTF-8.</param>
    /// <param name="source">Its name, for the error.</param>
    /// <exception cref="FormatException">With file, line, column and what is wrong.</exception>
    public static TerminalIdentity Read(ReadOnlySpan<byte> json, string source = "terminal.json")
    {
        var fields = IdentityFile.Read(json, source, ["terminal", "credentialKey", "agreementKey", "keyVersion", "tlsCertificateSha256"]);
        return new TerminalIdentity(
            fields.Value("terminal", text => new TerminalId(text)),
            fields.Value("credentialKey", IdentityFile.PublicKey),
            fields.Value("agreementKey", IdentityFile.PublicKey),
            fields.Value("keyVersion", Version),
            fields.Value("tlsCertificateSha256", IdentityFile.Sha256));
    }

    /// <summary>Writes <c>terminal.json</c>, UTF-8.</summary>
    public byte[] Write() => IdentityFile.Write(
        ("terminal", Id.Value), ("credentialKey", CredentialKey.ToString()), ("agreementKey", AgreementKey.ToString()),
        ("keyVersion", KeyVersion.ToString(CultureInfo.InvariantCulture)), ("tlsCertificateSha256", TlsCertificate.ToString()));

    private static int Version(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
        ? version
        : throw new FormatException("a key version is a number from 1, as a string");
}
