using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Core.Crypto;

/// <summary>Argon2id (RFC 9106, version 13) in a library of the host's choice: see <see cref="Argon2Cost.DeriveBy"/>.</summary>
/// <param name="cost">Memory, passes and lanes, within their caps.</param>
/// <param name="passphrase">UTF-8; not kept.</param>
/// <param name="salt">8 bytes or more.</param>
/// <param name="key">Takes what is made: <see cref="Argon2Cost.KeyLength"/> bytes.</param>
/// <returns>Whether it could; false where the library has not these lanes or this length of a salt, or is not on this machine.</returns>
public delegate bool Argon2Library(Argon2Cost cost, ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, Span<byte> key);

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

    private static Argon2Library? _library;

    /// <summary>
    /// The memory and passes of RFC 9106's second recommended option (4.): 64 MiB, 3 passes. In one lane, which costs who guesses as much as four, and which
    /// every library can.
    /// </summary>
    public static Argon2Cost Default => new(64 * 1_024, 3, 1);

    /// <summary>The length of what <see cref="Derive"/> gives, in bytes.</summary>
    public const int KeyLength = 32;

    /// <summary>What is wrong with it, or null.</summary>
    public string? Fault() =>
        MemoryKiB is < MinMemoryKiB or > MaxMemoryKiB ? $"Argon2id with {MemoryKiB} KiB; {MinMemoryKiB} to {MaxMemoryKiB} are allowed."
        : Passes is < MinPasses or > MaxPasses ? $"Argon2id with {Passes} passes; {MinPasses} to {MaxPasses} are allowed."
        : Lanes is < 1 or > MaxLanes ? $"Argon2id with {Lanes} lanes; 1 to {MaxLanes} are allowed."
        : null;

    /// <summary>
    /// From now on this process derives by another library where that can, and by BouncyCastle where it can't. Whoever opens many files, or checks
    /// many passwords, saves most of the time; what is derived is the same. At the program's start, before the first file is opened.
    /// </summary>
    /// <param name="library">The library; null for BouncyCastle alone.</param>
    public static void DeriveBy(Argon2Library? library) => Volatile.Write(ref _library, library);

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
        // The library and the generator take what stays where it is: pinned, so that zeroing it leaves no copy.
        var key = GC.AllocateUninitializedArray<byte>(KeyLength, pinned: true);
        try
        {
            if (Volatile.Read(ref _library)?.Invoke(this, passphrase.Span, salt, key) is not true) DeriveByBouncyCastle(passphrase, salt, key);
            return SecretBytes.Take(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private void DeriveByBouncyCastle(SecretBytes passphrase, ReadOnlySpan<byte> salt, byte[] key)
    {
        var parameters = new Argon2Parameters.Builder(Argon2Parameters.Argon2id).WithVersion(Argon2Parameters.Version13)
            .WithMemoryAsKB(MemoryKiB).WithIterations(Passes).WithParallelism(Lanes).WithSalt(salt.ToArray()).Build();
        var generator = new Argon2BytesGenerator();
        generator.Init(parameters);
        var secret = GC.AllocateUninitializedArray<byte>(passphrase.Length, pinned: true);
        passphrase.Span.CopyTo(secret);
        try
        {
            generator.GenerateBytes(secret, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
