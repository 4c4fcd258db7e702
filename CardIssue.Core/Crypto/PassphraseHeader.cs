using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Core.Crypto;

/// <summary>What it costs to try one passphrase (Argon2id, RFC 9106). Read from files too, so it has caps besides minimums: a hostile file may not exhaust the machine.</summary>
/// <param name="MemoryKiB">Memory in KiB, <see cref="MinMemoryKiB"/> to <see cref="MaxMemoryKiB"/>.</param>
/// <param name="Passes">Passes over it, <see cref="MinPasses"/> to <see cref="MaxPasses"/>.</param>
/// <param name="Lanes">Lanes, 1 to <see cref="MaxLanes"/>.</param>
public readonly record struct Argon2Cost(int MemoryKiB, int Passes, int Lanes)
{
    /// <summary>The least memory in KiB: 19 MiB (OWASP's minimum, with two passes).</summary>
    public const int MinMemoryKiB = 19 * 1_024;

    /// <summary>The most memory in KiB: 512 MiB.</summary>
    public const int MaxMemoryKiB = 512 * 1_024;

    /// <summary>The fewest passes.</summary>
    public const int MinPasses = 2;

    /// <summary>The most passes.</summary>
    public const int MaxPasses = 16;

    /// <summary>The most lanes.</summary>
    public const int MaxLanes = 16;

    /// <summary>RFC 9106's second recommended option: 64 MiB, 3 passes, 4 lanes.</summary>
    public static Argon2Cost Default => new(64 * 1_024, 3, 4);

    /// <summary>The length of what <see cref="Derive"/> gives, in bytes.</summary>
    public const int KeyLength = 32;

    /// <summary>What is wrong with it, or null.</summary>
    public string? Fault() =>
        MemoryKiB is < MinMemoryKiB or > MaxMemoryKiB ? $"Argon2id with {MemoryKiB} KiB; {MinMemoryKiB} to {MaxMemoryKiB} are allowed."
        : Passes is < MinPasses or > MaxPasses ? $"Argon2id with {Passes} passes; {MinPasses} to {MaxPasses} are allowed."
        : Lanes is < 1 or > MaxLanes ? $"Argon2id with {Lanes} lanes; 1 to {MaxLanes} are allowed."
        : null;

    /// <summary>Makes <see cref="KeyLength"/> bytes of a passphrase, slowly on purpose.</summary>
    /// <param name="passphrase">UTF-8; stays the caller's.</param>
    /// <param name="salt">Random, 8 bytes or more (RFC 9106 3.1; 16 are usual); kept beside what is made.</param>
    /// <returns>The key; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The cost is outside its caps, or the salt too short.</exception>
    public SecretBytes Derive(SecretBytes passphrase, ReadOnlySpan<byte> salt)
    {
        ArgumentNullException.ThrowIfNull(passphrase);
        if (Fault() is { } fault) throw new ArgumentException(fault);
        ArgumentOutOfRangeException.ThrowIfLessThan(salt.Length, 8, nameof(salt));
        var parameters = new Argon2Parameters.Builder(Argon2Parameters.Argon2id).WithVersion(Argon2Parameters.Version13)
            .WithMemoryAsKB(MemoryKiB).WithIterations(Passes).WithParallelism(Lanes).WithSalt(salt.ToArray()).Build();
        var generator = new Argon2BytesGenerator();
        generator.Init(parameters);
        // The generator takes arrays only; both are pinned, so that zeroing them leaves no copy.
        var secret = GC.AllocateUninitializedArray<byte>(passphrase.Length, pinned: true);
        var key = GC.AllocateUninitializedArray<byte>(KeyLength, pinned: true);
        passphrase.Span.CopyTo(secret);
        try
        {
            generator.GenerateBytes(secret, key);
            return SecretBytes.Take(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(key);
        }
    }
}

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
