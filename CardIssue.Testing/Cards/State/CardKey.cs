using CardIssue.Testing.Cards.Crypto;

namespace CardIssue.Testing.Cards.State;

/// <summary>A key's place: key version number and key identifier (1 ENC, 2 MAC, 3 DEK).</summary>
public readonly record struct KeyReference(byte Version, byte Id) : IComparable<KeyReference>
{
    /// <inheritdoc/>
    public int CompareTo(KeyReference other) => (Version, Id).CompareTo((other.Version, other.Id));
}

/// <summary>A key's type, coded as GPCS 11.1.8 codes it. Hosts name triple DES keys by any of the first five.</summary>
public enum CardKeyType : byte
{
    /// <summary>DES in a mode that is known otherwise.</summary>
    Des = 0x80,
    /// <summary>Triple DES in ECB mode.</summary>
    TripleDes = 0x81,
    /// <summary>Triple DES in CBC mode.</summary>
    TripleDesCbc = 0x82,
    /// <summary>DES in ECB mode.</summary>
    DesEcb = 0x83,
    /// <summary>DES in CBC mode.</summary>
    DesCbc = 0x84,
    /// <summary>AES, of 16, 24 or 32 bytes.</summary>
    Aes = 0x88,
}

/// <summary>A key of the simulated card. A test key: the state file holds it in the clear.</summary>
public sealed class CardKey
{
    private readonly byte[] _value;

    /// <param name="value">16, 24 or 32 bytes for AES, 16 or 24 for triple DES; copied.</param>
    public CardKey(ReadOnlySpan<byte> value, CardKeyType type = CardKeyType.Aes)
    {
        if (!IsLength(type, value.Length))
            throw new ArgumentException($"A key of type {type} can't have {value.Length} bytes.", nameof(value));
        Type = type;
        _value = value.ToArray();
    }

    internal CardKeyType Type { get; }

    internal int Length => _value.Length;

    internal ReadOnlySpan<byte> Span => _value;

    /// <summary>Its check value, 3 bytes.</summary>
    public byte[] CheckValue => Type == CardKeyType.Aes ? CardCrypto.AesCheckValue(_value) : CardCrypto.DesCheckValue(_value);

    /// <summary>Whether a key of that type can have that many bytes.</summary>
    internal static bool IsLength(CardKeyType type, int length) => type switch
    {
        CardKeyType.Aes => length is 16 or 24 or 32,
        >= CardKeyType.Des and <= CardKeyType.DesCbc => length is 16 or 24,
        _ => false,
    };

    /// <summary>Its type and length, never its value.</summary>
    public override string ToString() => $"{Type} key of {Length} bytes";
}

/// <summary>The three keys of one key version of a secure channel.</summary>
public sealed record CardKeySet(byte Version, CardKey Enc, CardKey Mac, CardKey Dek)
{
    /// <summary>Makes a set of three keys given in hexadecimal.</summary>
    internal static CardKeySet FromHex(byte version, string enc, string mac, string dek, CardKeyType type = CardKeyType.Aes) => new(
        version, new CardKey(Convert.FromHexString(enc), type), new CardKey(Convert.FromHexString(mac), type),
        new CardKey(Convert.FromHexString(dek), type));

    /// <summary>Derives a card's set from a master key.</summary>
    public static CardKeySet Derive(
        byte version, Diversification method, ReadOnlySpan<byte> master, ReadOnlySpan<byte> kdd, CardKeyType type = CardKeyType.Aes) => new(
        version, new CardKey(Diversified.Key(method, master, kdd, 1), type), new CardKey(Diversified.Key(method, master, kdd, 2), type),
        new CardKey(Diversified.Key(method, master, kdd, 3), type));
}
