using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp02;

/// <summary>SCP02's derivation of session keys from static ones and the sequence counter (GPCS §E.4.1).</summary>
internal static class Scp02Kdf
{
    /// <summary>Derivation constant of the C-MAC session key, from Key-MAC.</summary>
    public const ushort CommandMac = 0x0101;

    /// <summary>Derivation constant of the R-MAC session key, from Key-MAC.</summary>
    public const ushort ResponseMac = 0x0102;

    /// <summary>Derivation constant of the session's DEK, from Key-DEK.</summary>
    public const ushort DataEncryption = 0x0181;

    /// <summary>Derivation constant of S-ENC, from Key-ENC.</summary>
    public const ushort Encryption = 0x0182;

    /// <summary>Length of the sequence counter in bytes.</summary>
    public const int SequenceLength = 2;

    /// <summary>Triple DES in CBC mode over constant | sequence counter | 12 zeros, under the static key.</summary>
    public static SecretBytes DeriveKey(SecretBytes key, ushort constant, ReadOnlySpan<byte> sequenceCounter)
    {
        var input = new byte[TripleDes.KeyLength];
        (input[0], input[1]) = ((byte)(constant >> 8), (byte)constant);
        sequenceCounter.CopyTo(input.AsSpan(2, SequenceLength));
        return SecretBytes.Create(input.Length, (key, input), static (derived, from) => TripleDes.EncryptCbc(from.key.Span, from.input, derived));
    }
}
