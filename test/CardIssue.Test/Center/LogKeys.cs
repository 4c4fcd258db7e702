using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Center;

/// <summary>A log's keys without a vault: what a vault does, from random bytes.</summary>
internal sealed class LogKeys : ILogKeys
{
    /// <summary>Signs notes.</summary>
    public P256PrivateKey Signing { get; } = P256PrivateKey.Generate();

    public CenterIdentity Center => new(new CenterId("C-1"), Signing.PublicKey, Signing.PublicKey, default);

    public bool TryVerifyNote(ByteString bytes, [NotNullWhen(true)] out VerifiedWitnessNote? note) =>
        SignedWitnessNote.TryVerify(bytes, Center, out note);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32), _entryKey = RandomNumberGenerator.GetBytes(32);

    public bool HasSecrets => true;

    public bool TakesOverLog { get; set; }

    public bool TakesOverRows { get; set; }

    public void EndTakingOverRows() => TakesOverRows = false;

    public byte[] Hmac(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_key, data);

    public byte[] MacOf(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_entryKey, data);

    public byte[] SignCheckpoint(ReadOnlySpan<byte> data) => HMACSHA512.HashData(_key, data);

    public bool VerifyCheckpoint(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, long? number = null) =>
        CryptographicOperations.FixedTimeEquals(HMACSHA512.HashData(_key, data), signature);
}
