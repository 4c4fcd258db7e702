using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// The proof that two people agreed on what is done to one key: asked for by one custodian, approved by another
/// (<see cref="Approvals.IApprovals.UseAsync"/>). Good for that key and check value, once.
/// </summary>
public sealed class KeyApproval
{
    private int _used;

    internal KeyApproval(string keySet, byte keyVersion, ByteString checkValue, CardKeyAlgorithm? made) =>
        (KeySet, KeyVersion, CheckValue, Made) = (keySet, keyVersion, checkValue, made);

    private string KeySet { get; }

    private byte KeyVersion { get; }

    private ByteString CheckValue { get; }

    /// <summary>What the key that is to be made is for; null where one is to be destroyed.</summary>
    private CardKeyAlgorithm? Made { get; }

    /// <summary>Takes it, if it is for this.</summary>
    internal bool TryUse(string keySet, byte keyVersion, ByteString checkValue, CardKeyAlgorithm? made) =>
        KeySet == keySet && KeyVersion == keyVersion && CheckValue == checkValue && Made == made && Interlocked.Exchange(ref _used, 1) == 0;
}
