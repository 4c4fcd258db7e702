using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Crypto;

/// <summary>
/// The head of a passphrase file, in the clear and authenticated. Layout: "CIKEYS" (6) ‖ version 01 (1) ‖ kind (1) ‖ memory in KiB (4) ‖ passes (4) ‖ lanes (4) ‖ salt (16) ‖ nonce (12); big-endian.
/// </summary>
internal readonly record struct PassphraseHeader(PassphraseFileKind Kind, Argon2Cost Cost, ByteString Salt, ByteString Nonce)
{
    public const int Length = 48, NonceLength = 12;

    private const int SaltLength = 16, SaltAt = 20, NonceAt = SaltAt + SaltLength;
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Magic => "CIKEYS"u8;

    public static PassphraseHeader New(PassphraseFileKind kind, Argon2Cost cost) =>
        new(kind, cost, ByteString.Own(RandomNumberGenerator.GetBytes(SaltLength)), ByteString.Own(RandomNumberGenerator.GetBytes(NonceLength)));

    public static bool TryRead(ReadOnlySpan<byte> bytes, out PassphraseHeader header, [NotNullWhen(false)] out string? error)
    {
        header = default;
        error = bytes.Length < Length || !bytes.StartsWith(Magic) ? "this is no CardIssue key file."
            : bytes[6] != Version ? $"the file has layout version {bytes[6]}; this program knows {Version}."
            : !Enum.IsDefined((PassphraseFileKind)bytes[7]) ? $"the file holds an unknown kind, {bytes[7]}."
            : null;
        if (error is not null) return false;
        var cost = new Argon2Cost(
            BinaryPrimitives.ReadInt32BigEndian(bytes[8..]), BinaryPrimitives.ReadInt32BigEndian(bytes[12..]), BinaryPrimitives.ReadInt32BigEndian(bytes[16..]));
        error = cost.Fault();
        header = new PassphraseHeader((PassphraseFileKind)bytes[7], cost, ByteString.Copy(bytes[SaltAt..NonceAt]), ByteString.Copy(bytes[NonceAt..Length]));
        return error is null;
    }

    public void Write(Span<byte> head)
    {
        Magic.CopyTo(head);
        head[6] = Version;
        head[7] = (byte)Kind;
        BinaryPrimitives.WriteInt32BigEndian(head[8..], Cost.MemoryKiB);
        BinaryPrimitives.WriteInt32BigEndian(head[12..], Cost.Passes);
        BinaryPrimitives.WriteInt32BigEndian(head[16..], Cost.Lanes);
        Salt.Span.CopyTo(head[SaltAt..]);
        Nonce.Span.CopyTo(head[NonceAt..]);
    }

    public SecretBytes DeriveKey(SecretBytes passphrase) => Cost.Derive(passphrase, Salt.Span);
}
