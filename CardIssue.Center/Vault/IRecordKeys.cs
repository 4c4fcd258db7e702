namespace CardIssue.Center.Vault;

/// <summary>
/// The vault's key for what the store keeps of people and of what they ask for: whoever can write the store's file and has not the vault can make
/// himself no account, no role and no approval.
/// </summary>
public interface IRecordKeys
{
    /// <summary>HMAC-SHA256 under a key of the vault that is for this alone, 32 bytes. May be called from several threads.</summary>
    byte[] MacRecord(ReadOnlySpan<byte> record);

    /// <summary>
    /// Whether no people have begun at this center yet. Kept in the vault: the store and its log can be put back, emptied or exchanged.
    /// </summary>
    bool MayBeginPeople { get; }

    /// <summary>People have begun: nobody begins again, whatever the store says.</summary>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    void EndBeginningPeople();
}
