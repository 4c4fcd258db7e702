using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>SCP03's data derivation (Amendment D §4.1.5): SP 800-108 in counter mode over AES-CMAC. Host and card use the same.</summary>
internal static class Scp03Kdf
{
    /// <summary>Derivation constant of the card cryptogram, 8 bytes, from S-MAC.</summary>
    public const byte CardCryptogram = 0x00;

    /// <summary>Derivation constant of the host cryptogram, 8 bytes, from S-MAC.</summary>
    public const byte HostCryptogram = 0x01;

    /// <summary>Derivation constant of the pseudo-random card challenge, 8 bytes, from Key-ENC; context: sequence counter | AID.</summary>
    public const byte CardChallenge = 0x02;

    /// <summary>Derivation constant of S-ENC, from Key-ENC.</summary>
    public const byte SessionEnc = 0x04;

    /// <summary>Derivation constant of S-MAC, from Key-MAC.</summary>
    public const byte SessionMac = 0x06;

    /// <summary>Derivation constant of S-RMAC, from Key-MAC.</summary>
    public const byte SessionRmac = 0x07;

    /// <summary>The longest context in bytes: two S16 challenges.</summary>
    public const int MaxContext = 32;

    private const int ConstantAt = 11, LengthAt = 13, CounterAt = 15, ContextAt = 16;

    /// <summary>Derives <paramref name="output"/>.Length bytes.</summary>
    /// <param name="key">The AES key to derive from.</param>
    /// <param name="constant">The derivation constant.</param>
    /// <param name="context">At most 32 bytes: for session keys and cryptograms the host challenge and the card challenge.</param>
    /// <param name="output">Receives 1 to 32 bytes.</param>
    /// <exception cref="ArgumentException">A length is out of its range.</exception>
    public static void Derive(ReadOnlySpan<byte> key, byte constant, ReadOnlySpan<byte> context, Span<byte> output)
    {
        if (context.Length > MaxContext) throw new ArgumentException($"A context has at most {MaxContext} bytes.", nameof(context));
        if (output.Length is 0 or > 2 * AesCmac.Length) throw new ArgumentException("1 to 32 bytes can be derived.", nameof(output));
        Span<byte> input = stackalloc byte[ContextAt + MaxContext];
        input.Clear();
        input[ConstantAt] = constant;
        BinaryPrimitives.WriteUInt16BigEndian(input[LengthAt..], (ushort)(8 * output.Length));
        context.CopyTo(input[ContextAt..]);
        input = input[..(ContextAt + context.Length)];
        using var aes = new AesSession(key);
        Span<byte> block = stackalloc byte[AesCmac.Length];
        for (var at = 0; at < output.Length; at += block.Length)
        {
            input[CounterAt]++;
            BinaryPrimitives.WriteUInt128BigEndian(block, aes.Mac(input));
            block[..Math.Min(block.Length, output.Length - at)].CopyTo(output[at..]);
        }
        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>Derives a session key as long as the key that it comes from.</summary>
    /// <param name="key">16, 24 or 32 bytes.</param>
    /// <param name="constant"><see cref="SessionEnc"/>, <see cref="SessionMac"/> or <see cref="SessionRmac"/>.</param>
    /// <param name="hostChallenge">8 bytes.</param>
    /// <param name="cardChallenge">8 bytes.</param>
    public static SecretBytes DeriveKey(SecretBytes key, byte constant, ReadOnlySpan<byte> hostChallenge, ReadOnlySpan<byte> cardChallenge)
    {
        ArgumentNullException.ThrowIfNull(key);
        ByteString context = ByteString.Own([.. hostChallenge, .. cardChallenge]);
        return SecretBytes.Create(key.Length, (key, constant, context), static (output, from) => Derive(from.key.Span, from.constant, from.context.Span, output));
    }
}
