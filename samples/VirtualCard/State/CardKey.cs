using CardIssue.VirtualCard.Crypto;

namespace CardIssue.VirtualCard.State;

/// <summary>A key's place: key version number and key identifier (1 ENC, 2 MAC, 3 DEK).</summary>
public readonly record struct KeyReference(byte Version, byte Id) : IComparable<KeyReference>
{
    public int CompareTo(KeyReference other) => (Version, Id).CompareTo((other.Version, other.Id));
}

/// <summary>An AES key of the simulated card. A test key: the state file holds it in the clear.</summary>
public sealed class CardKey
{
    private readonly byte[] _value;

    /// <param name="value">16, 24 or 32 bytes; copied.</param>
    public CardKey(ReadOnlySpan<byte> value)
    {
        if (value.Length is not (16 or 24 or 32)) throw new ArgumentException($"An AES key has 16, 24 or 32 bytes; this has {value.Length}.", nameof(value));
        _value = value.ToArray();
    }

    public int Length => _value.Length;

    public ReadOnlySpan<byte> Span => _value;

    public byte[] CheckValue => CardCrypto.AesCheckValue(_value);

    public override string ToString() => $"AES-{Length * 8} key";
}

/// <summary>The three keys of one SCP03 key version.</summary>
public sealed record CardKeySet(byte Version, CardKey Enc, CardKey Mac, CardKey Dek)
{
    /// <summary>Makes a set of three keys given in hexadecimal.</summary>
    public static CardKeySet FromHex(byte version, string enc, string mac, string dek) =>
        new(version, new CardKey(Convert.FromHexString(enc)), new CardKey(Convert.FromHexString(mac)), new CardKey(Convert.FromHexString(dek)));

    /// <summary>Derives a card's set from a master key.</summary>
    public static CardKeySet Derive(byte version, Diversification method, ReadOnlySpan<byte> master, ReadOnlySpan<byte> kdd) => new(
        version, new CardKey(Diversified.Key(method, master, kdd, 1)), new CardKey(Diversified.Key(method, master, kdd, 2)),
        new CardKey(Diversified.Key(method, master, kdd, 3)));
}
