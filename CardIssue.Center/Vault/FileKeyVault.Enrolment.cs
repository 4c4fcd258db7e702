using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// What is kept of an enrolment code. Layout: version of the key (4) ‖ nonce (12) ‖ enrolment key (32) ‖ tag (16), AES-256-GCM, bound to
/// the terminal: who reads the store can neither enrol with it nor answer as this center.
/// </summary>
public sealed partial class FileKeyVault
{
    private const int NonceLength = 12, TagLength = 16, VerifierLength = VersionLength + NonceLength + EnrolmentKey.Length + TagLength;

    /// <inheritdoc/>
    public ByteString CreateEnrolmentVerifier(EnrolmentCode code)
    {
        ArgumentNullException.ThrowIfNull(code);
        using var key = EnrolmentKey.Of(code);
        var verifier = new byte[VerifierLength];
        RandomNumberGenerator.Fill(verifier.AsSpan(VersionLength, NonceLength));
        lock (_gate)
        {
            BinaryPrimitives.WriteInt32BigEndian(verifier, _content.VerifierKeys.Count);
            using var gcm = EnrolmentSeal(_content.VerifierKeys[^1]);
            gcm.Encrypt(verifier.AsSpan(VersionLength, NonceLength), key.Span,
                verifier.AsSpan(VersionLength + NonceLength, EnrolmentKey.Length),
                verifier.AsSpan(^TagLength..), Encoding.UTF8.GetBytes(code.Terminal.Value));
        }
        return ByteString.Own(verifier);
    }

    /// <inheritdoc/>
    public bool TryOpenEnrolment(TerminalId terminal, ByteString verifier, [NotNullWhen(true)] out EnrolmentKey? key)
    {
        key = null;
        if (verifier.Length != VerifierLength) return false;
        var version = BinaryPrimitives.ReadInt32BigEndian(verifier.Span);
        Span<byte> plain = stackalloc byte[EnrolmentKey.Length];
        lock (_gate)
        {
            if (Version(_content.VerifierKeys, version) is not { } of) return false;
            using var gcm = EnrolmentSeal(of);
            try
            {
                gcm.Decrypt(verifier.Span.Slice(VersionLength, NonceLength), verifier.Span[(VersionLength + NonceLength)..^TagLength],
                    verifier.Span[^TagLength..], plain, Encoding.UTF8.GetBytes(terminal.Value));
            }
            catch (AuthenticationTagMismatchException)
            {
                return false;
            }
        }
        key = EnrolmentKey.Copy(plain);
        CryptographicOperations.ZeroMemory(plain);
        return true;
    }

    private static AesGcm EnrolmentSeal(SecretBytes verifierKey)
    {
        Span<byte> key = stackalloc byte[MacLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, verifierKey.Span, key, [], "CardIssue enrolment seal v1"u8);
        try
        {
            return new AesGcm(key, TagLength);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
