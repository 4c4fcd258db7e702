using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>Why a step of a key ceremony was refused.</summary>
public enum CeremonyRefusal
{
    /// <summary>It was not: the step is done and saved.</summary>
    None,
    /// <summary>No ceremony for this key is under way.</summary>
    NoCeremony,
    /// <summary>A ceremony for this key is under way already.</summary>
    UnderWay,
    /// <summary>The vault has this key already; a new one gets a new version number.</summary>
    KeyExists,
    /// <summary>The key version number is 00, the number of components is outside 2 to 8, or the name is none.</summary>
    OutOfRange,
    /// <summary>There is no such component, or it is in already.</summary>
    ComponentTaken,
    /// <summary>This custodian gave a component of this key already: nobody may know two.</summary>
    SameCustodian,
    /// <summary>The component is not as long as the key.</summary>
    WrongLength,
    /// <summary>The check value is not that of what was entered.</summary>
    WrongCheckValue,
    /// <summary>The component is all zeros, equal to another, or a weak triple DES key.</summary>
    Weak,
    /// <summary>Components are missing.</summary>
    Incomplete,
    /// <summary>The approval is for something else, or was used already.</summary>
    NotApproved,
}

/// <summary>
/// How card master keys come into the vault: two or more custodians each enter one component as long as the key, with its check value; the key is their XOR and its own check value is
/// compared. What is entered survives a restart, sealed with the vault. No key and no component ever comes out again.
/// </summary>
public interface IKeyCeremony
{
    /// <summary>The fewest components.</summary>
    public const int MinComponents = 2;

    /// <summary>The most components.</summary>
    public const int MaxComponents = 8;

    /// <summary>The ceremonies under way.</summary>
    IReadOnlyList<KeyCeremonyInfo> Ceremonies { get; }

    /// <summary>Begins a ceremony.</summary>
    /// <param name="keySet">The key set's name, by <see cref="NameRule"/>.</param>
    /// <param name="keyVersion">Key version number, 01 to FF; a rotation is a new number.</param>
    /// <param name="algorithm">What the key is for.</param>
    /// <param name="components">How many components.</param>
    CeremonyRefusal Begin(string keySet, byte keyVersion, CardKeyAlgorithm algorithm, int components = MinComponents);

    /// <summary>Takes a component.</summary>
    /// <param name="keySet">The key set.</param>
    /// <param name="keyVersion">The key version number.</param>
    /// <param name="number">The component's number, from 1.</param>
    /// <param name="custodian">Who enters it.</param>
    /// <param name="component">As long as the key; stays the caller's.</param>
    /// <param name="checkValue">The component's check value, 3 bytes.</param>
    CeremonyRefusal Enter(string keySet, byte keyVersion, int number, CustodianId custodian, SecretBytes component, ByteString checkValue);

    /// <summary>Makes the key when all components are in.</summary>
    /// <param name="keySet">The key set.</param>
    /// <param name="keyVersion">The key version number.</param>
    /// <param name="checkValue">The key's check value as the key's letter has it, 3 bytes.</param>
    /// <param name="approval">What two people agreed on (<see cref="Approvals.CenterAct.MakeKey"/>); used up only when everything else is right.</param>
    CeremonyRefusal Complete(string keySet, byte keyVersion, ByteString checkValue, KeyApproval approval);

    /// <summary>Gives a ceremony up and forgets its components.</summary>
    CeremonyRefusal Cancel(string keySet, byte keyVersion);

    /// <summary>Destroys a card master key, for when no card of it is issued or rewritten any more.</summary>
    /// <param name="keySet">The key set.</param>
    /// <param name="keyVersion">The key version number.</param>
    /// <param name="approval">What two people agreed on (<see cref="Approvals.CenterAct.DestroyKey"/>).</param>
    /// <returns>False when there is none, or the approval is not for it.</returns>
    bool Destroy(string keySet, byte keyVersion, KeyApproval approval);
}
