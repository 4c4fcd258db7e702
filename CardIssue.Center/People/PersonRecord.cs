using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>What a person may do at the center. The numbers are in the store: never change one.</summary>
[Flags]
public enum PersonRoles
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Takes orders in, lets them go on, gives new issue codes, asks for what undoes safety.</summary>
    Clerk = 1,
    /// <summary>All that a clerk does; terminals, readers, lines, people; approves what another asks for.</summary>
    Supervisor = 2,
    /// <summary>Enters components of keys; asks for and approves what is done to a key.</summary>
    KeyCustodian = 4,
    /// <summary>Reads everything, the log too, and changes nothing.</summary>
    Auditor = 8,
    /// <summary>Any of them.</summary>
    Any = Clerk | Supervisor | KeyCustodian | Auditor,
}

/// <summary>A person's account, as it may be shown.</summary>
/// <param name="Name">The name.</param>
/// <param name="Roles">What the person may do.</param>
/// <param name="IsOneTime">Whether the password is one that the person did not choose: it must be changed before anything else.</param>
/// <param name="IsLocked">Whether a supervisor locked it.</param>
/// <param name="LockedUntil">Until when too many wrong passwords shut it, unless that is lifted before.</param>
/// <param name="Changed">When it was changed last.</param>
public sealed record PersonRecord(
    PersonName Name, PersonRoles Roles, bool IsOneTime, bool IsLocked, DateTimeOffset? LockedUntil, DateTimeOffset Changed)
{
    /// <summary>Whose people he is one of; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }
}
