using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>
/// Terminal to center, in place of <see cref="Hello"/>: know me by these keys. With the proof of a one-time code it is an enrolment; with
/// that of the present keys, and a signature, a renewal. The center answers once, and the line ends.
/// </summary>
/// <param name="Terminal">Who asks.</param>
/// <param name="Nonce">32 random bytes of the terminal.</param>
/// <param name="CredentialKey">The public credential key that it is to have, an uncompressed P-256 point of 65 bytes.</param>
/// <param name="AgreementKey">The public agreement key of its module, likewise.</param>
/// <param name="KeyVersion">Counts the terminal's sets of keys from 1.</param>
/// <param name="Certificate">SHA-256 of the TLS certificate that it is to have (32 bytes), or empty without TLS.</param>
/// <param name="Confirmation">What only who has the code, or the present agreement key, can make of all this, 32 bytes.</param>
/// <param name="Signature">For a renewal: the present credential's, 64 bytes; empty for an enrolment.</param>
internal sealed record EnrollTerminal(
    TerminalId Terminal, ByteString Nonce, ByteString CredentialKey, ByteString AgreementKey, int KeyVersion, ByteString Certificate,
    ByteString Confirmation, ByteString Signature = default) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.EnrollTerminal;
}

/// <summary>Center to terminal: the keys are known from now on, and this is the center. It is what <c>center.json</c> says.</summary>
/// <param name="Center">The center's name.</param>
/// <param name="SigningKey">Its public signing key, 65 bytes.</param>
/// <param name="AgreementKey">Its public agreement key, 65 bytes.</param>
/// <param name="Certificate">SHA-256 of its TLS certificate (32 bytes), or empty.</param>
/// <param name="Confirmation">What only who has the same code or key can make of it and of what was asked, 32 bytes.</param>
internal sealed record TerminalEnrolled(
    string Center, ByteString SigningKey, ByteString AgreementKey, ByteString Certificate, ByteString Confirmation) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.TerminalEnrolled;
}
