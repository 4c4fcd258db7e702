namespace CardIssue.Center.Vault;

/// <summary>
/// The proof that two people agreed on what is done to one key: asked for by one custodian, approved by another
/// (<see cref="Approvals.IApprovals.UseAsync"/>). Good for that key, and that it is made or destroyed, once.
/// </summary>
public sealed class KeyApproval
{
    private readonly KeyDeed _deed;
    private int _used;

    internal KeyApproval(KeyDeed deed) => _deed = deed;

    /// <summary>Takes it, if it is for this.</summary>
    internal bool TryUse(KeyDeed deed) => _deed == deed && Interlocked.Exchange(ref _used, 1) == 0;
}
