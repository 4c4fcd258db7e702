using CardIssue.Core.Crypto;
using NSec.Cryptography;

namespace CardIssue.CommandLine;

/// <summary>
/// Argon2id of libsodium, through NSec: a fifth of the time that BouncyCastle's takes. It has one lane, and salts of 16 bytes; what older versions made with four
/// lanes is left to BouncyCastle, as is everything on machines that the library is not for.
/// </summary>
internal static class SodiumArgon2
{
    private const int SaltLength = 16;

    private static readonly Lazy<bool> IsHere = new(Load);

    /// <summary>This process derives by it from now on.</summary>
    public static void Use() => Argon2Cost.DeriveBy(TryDerive);

    internal static bool TryDerive(Argon2Cost cost, ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, Span<byte> key)
    {
        if (cost.Lanes != 1 || salt.Length != SaltLength || !IsHere.Value) return false;
        new Argon2id(Of(cost)).DeriveBytes(passphrase, salt, key);
        return true;
    }

    private static Argon2Parameters Of(Argon2Cost cost) =>
        new() { DegreeOfParallelism = 1, MemorySize = cost.MemoryKiB, NumberOfPasses = cost.Passes };

    private static bool Load()
    {
        try
        {
            _ = new Argon2id(Of(Argon2Cost.Default));
            return true;
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException
            or PlatformNotSupportedException or TypeInitializationException)
        {
            return false;
        }
    }
}
