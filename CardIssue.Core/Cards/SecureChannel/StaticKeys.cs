using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>A card's static keys and their version. Owns the keys: they are zeroed with it.</summary>
internal sealed class StaticKeys : IDisposable
{
    internal const int TripleDesLength = 16;

    private readonly CardKeySet _keys;

    /// <summary>Takes over three keys.</summary>
    /// <param name="keyVersion">Key version number, 01 to FF.</param>
    /// <param name="enc">Key-ENC: 16, 24 or 32 bytes of AES, or 16 of triple DES.</param>
    /// <param name="mac">Key-MAC, of the same length.</param>
    /// <param name="dek">Key-DEK, of the same length.</param>
    /// <param name="protocol">What they are for: AES keys for SCP03, triple DES keys for SCP02.</param>
    /// <exception cref="ArgumentException">The lengths differ or are none of the protocol's, or the version is 00.</exception>
    public StaticKeys(byte keyVersion, SecretBytes enc, SecretBytes mac, SecretBytes dek, ScpProtocol protocol = ScpProtocol.Scp03)
        : this(keyVersion, new CardKeySet(enc, mac, dek), protocol) { }

    /// <summary>Takes over a set of three keys.</summary>
    /// <param name="keyVersion">Key version number, 01 to FF.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="protocol">What they are for.</param>
    /// <exception cref="ArgumentException">The version is 00, or the keys are too long for the protocol.</exception>
    public StaticKeys(byte keyVersion, CardKeySet keys, ScpProtocol protocol = ScpProtocol.Scp03)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keyVersion == 0) throw new ArgumentException("Key version number 00 means any; a key set has one of its own.", nameof(keyVersion));
        if (protocol is ScpProtocol.Scp02 && keys.KeyLength != TripleDesLength)
            throw new ArgumentException($"SCP02 has two-key triple DES keys, of {TripleDesLength} bytes.", nameof(keys));
        (KeyVersion, Protocol, _keys) = (keyVersion, protocol, keys);
    }

    /// <summary>Key version number.</summary>
    public byte KeyVersion { get; }

    /// <summary>The protocol that the keys are for; they are never used in another one.</summary>
    public ScpProtocol Protocol { get; }

    /// <summary>Length of each key in bytes.</summary>
    public int KeyLength => _keys.KeyLength;

    internal SecretBytes Enc => _keys.Enc;

    internal SecretBytes Mac => _keys.Mac;

    internal SecretBytes Dek => _keys.Dek;

    /// <summary>Zeroes the keys.</summary>
    public void Dispose() => _keys.Dispose();

    /// <summary>Says only the version and how long the keys are.</summary>
    public override string ToString() => $"SCP{(byte)Protocol:X2} keys, version {KeyVersion:X2}, {_keys}";
}
