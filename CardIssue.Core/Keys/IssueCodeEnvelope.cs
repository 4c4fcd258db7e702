using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// What an issue code's envelope is bound to: in another session, for another request or another order, it does not open.
/// </summary>
/// <param name="Admission">The admission hash (<see cref="AdmissionTranscript.Hash"/>), 32 bytes, which has the terminal in it.</param>
/// <param name="Request">The request's number.</param>
/// <param name="Reference">The order number or customer id that the request names, 1 to 64 characters.</param>
public readonly record struct IssueCodeContext(ByteString Admission, int Request, string Reference);

/// <summary>
/// The one-time issue code, encrypted to the center's agreement key: ephemeral ECDH P-256, HKDF-SHA256, AES-256-GCM. Layout: ephemeral
/// public key (65), ciphertext of length byte, code and zeros (64), tag (16). The padding hides the code's length. The key is of this
/// context alone and used once, so the nonce is zero and nothing is bound besides.
/// </summary>
public static class IssueCodeEnvelope
{
    /// <summary>The longest code in bytes.</summary>
    public const int MaxCode = PaddedLength - 1;

    /// <summary>Length of an envelope in bytes.</summary>
    internal const int Length = P256PublicKey.Length + PaddedLength + TagLength;

    private const int PaddedLength = 64, TagLength = 16, NonceLength = 12;

    /// <summary>Seals a code at the terminal.</summary>
    /// <param name="center">The center's agreement key.</param>
    /// <param name="context">What it is bound to.</param>
    /// <param name="code">1 to <see cref="MaxCode"/> bytes; the caller zeroes it.</param>
    /// <exception cref="ArgumentException">The code is empty or too long.</exception>
    internal static ByteString Seal(P256PublicKey center, in IssueCodeContext context, ReadOnlySpan<byte> code)
    {
        ArgumentNullException.ThrowIfNull(center);
        if (code.Length is 0 or > MaxCode) throw new ArgumentException($"An issue code has 1 to {MaxCode} bytes.", nameof(code));
        using var ephemeral = P256PrivateKey.Generate();
        return Seal(ephemeral, center, context, code);
    }

    /// <summary>The same with an ephemeral key that is given: for vectors alone.</summary>
    internal static ByteString Seal(P256PrivateKey ephemeral, P256PublicKey center, in IssueCodeContext context, ReadOnlySpan<byte> code)
    {
        using var agreed = ephemeral.Agree(center);
        var envelope = new byte[Length];
        ephemeral.PublicKey.Encoded.Span.CopyTo(envelope);
        Span<byte> padded = stackalloc byte[PaddedLength];
        padded.Clear();
        padded[0] = (byte)code.Length;
        code.CopyTo(padded[1..]);
        using var gcm = Key(agreed, ephemeral.PublicKey, center, context);
        var sealedCode = envelope.AsSpan(P256PublicKey.Length, PaddedLength);
        gcm.Encrypt(stackalloc byte[NonceLength], padded, sealedCode, envelope.AsSpan(^TagLength..));
        CryptographicOperations.ZeroMemory(padded);
        return ByteString.Own(envelope);
    }

    /// <summary>Opens an envelope at the center.</summary>
    /// <param name="center">The center's agreement key.</param>
    /// <param name="context">What it must be bound to.</param>
    /// <param name="envelope">What came.</param>
    /// <param name="code">The code; the caller disposes it.</param>
    /// <returns>False when it was not sealed for this center and context.</returns>
    internal static bool TryOpen(P256PrivateKey center, in IssueCodeContext context, ReadOnlySpan<byte> envelope, [NotNullWhen(true)] out SecretBytes? code)
    {
        ArgumentNullException.ThrowIfNull(center);
        code = null;
        if (envelope.Length != Length || !center.TryAgree(envelope[..P256PublicKey.Length], out var ephemeral, out var agreed)) return false;
        using var gcm = Key(agreed, ephemeral, center.PublicKey, context);
        agreed.Dispose();
        Span<byte> padded = stackalloc byte[PaddedLength];
        try
        {
            gcm.Decrypt(stackalloc byte[NonceLength], envelope.Slice(P256PublicKey.Length, PaddedLength), envelope[^TagLength..], padded);
            if (padded[0] is 0 or > MaxCode) return false;
            code = SecretBytes.Copy(padded.Slice(1, padded[0]));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(padded);
        }
    }

    private static AesGcm Key(SecretBytes agreed, P256PublicKey ephemeral, P256PublicKey center, in IssueCodeContext context)
    {
        using var key = KeySchedule.Derive(agreed.Span, new Labelled(ProtocolLabels.IssueCode)
            .Bytes(ephemeral.Encoded.Span).Bytes(center.Encoded.Span)
            .Bytes(context.Admission.Span).Number(context.Request).Text(context.Reference));
        return new AesGcm(key.Span, TagLength);
    }
}
