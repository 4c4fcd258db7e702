using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>A card's static SCP03 keys and their version. Owns the keys: they are zeroed with it.</summary>
public sealed class Scp03StaticKeys : IDisposable
{
    private readonly CardKeySet _keys;

    /// <summary>Takes over three keys.</summary>
    /// <param name="keyVersion">Key version number, 01 to FF.</param>
    /// <param name="enc">Key-ENC: 16, 24 or 32 bytes.</param>
    /// <param name="mac">Key-MAC, of the same length.</param>
    /// <param name="dek">Key-DEK, of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ or are none of AES, or the version is 00.</exception>
    public Scp03StaticKeys(byte keyVersion, SecretBytes enc, SecretBytes mac, SecretBytes dek) : this(keyVersion, new CardKeySet(enc, mac, dek)) { }

    /// <summary>Takes over a set of three keys.</summary>
    /// <param name="keyVersion">Key version number, 01 to FF.</param>
    /// <param name="keys">The keys.</param>
    /// <exception cref="ArgumentException">The version is 00.</exception>
    public Scp03StaticKeys(byte keyVersion, CardKeySet keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keyVersion == 0) throw new ArgumentException("Key version number 00 means any; a key set has one of its own.", nameof(keyVersion));
        (KeyVersion, _keys) = (keyVersion, keys);
    }

    /// <summary>Key version number.</summary>
    public byte KeyVersion { get; }

    /// <summary>Length of each key in bytes.</summary>
    public int KeyLength => _keys.KeyLength;

    internal SecretBytes Enc => _keys.Enc;

    internal SecretBytes Mac => _keys.Mac;

    internal SecretBytes Dek => _keys.Dek;

    /// <summary>Zeroes the keys.</summary>
    public void Dispose() => _keys.Dispose();

    /// <summary>Says only the version and how long the keys are.</summary>
    public override string ToString() => $"SCP03 keys, version {KeyVersion:X2}, {_keys}";
}
