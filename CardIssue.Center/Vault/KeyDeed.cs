using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>What two people agree on that is done to one key.</summary>
internal abstract record KeyDeed
{
    private KeyDeed() { }

    /// <summary>A card master key is made of its components.</summary>
    public sealed record Make(string KeySet, byte KeyVersion, ByteString CheckValue, CardKeyAlgorithm Algorithm) : KeyDeed;

    /// <summary>A card master key is destroyed.</summary>
    public sealed record Destroy(string KeySet, byte KeyVersion, ByteString CheckValue) : KeyDeed;

    /// <summary>A key that orders are encrypted to is destroyed.</summary>
    /// <param name="Version">Its number.</param>
    /// <param name="Certificate">SHA-256 of its certificate, 32 bytes.</param>
    public sealed record DestroyOrderFileKey(int Version, ByteString Certificate) : KeyDeed;
}
