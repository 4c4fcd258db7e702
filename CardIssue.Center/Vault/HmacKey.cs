using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>HMAC-SHA-256 under a key of the vault's. The library's state for the key is kept: an issue has some hundred of them.</summary>
/// <param name="key">The key, which it owns.</param>
internal sealed class HmacKey(SecretBytes key) : IDisposable
{
    private readonly Kept<IncrementalHash> _kept = new(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Span));

    /// <summary>The key itself, for what is derived from it.</summary>
    public SecretBytes Key => key;

    /// <summary>The HMAC, 32 bytes, of two pieces, one behind the other.</summary>
    public byte[] Of(ReadOnlySpan<byte> data, ReadOnlySpan<byte> more = default)
    {
        var hmac = _kept.Take();
        hmac.AppendData(data);
        hmac.AppendData(more);
        var mac = hmac.GetHashAndReset();
        // One that threw is not given back: it may hold a piece.
        _kept.GiveBack(hmac);
        return mac;
    }

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        key.Dispose();
        _kept.Dispose();
    }
}
